"""What is known of a consulta before it is claimed: its scraper, its credenciales, and what the settings say."""

import logging
from dataclasses import dataclass, field

from actors.claves import huella_de, huella_de_cuenta
from actors.navegacion import raspar
from models import Indescifrable, Servicio, rechazar, rechazos_de
from scrapers import de_empresa
from scrapers.base import Scraper
from scrapers.fallas import Codigo, Falla
from scrapers.secretos import NADA, Mascara
from scrapers.verdad import Deuda
from settings import ajustes

logger = logging.getLogger("consultas")

SIN_PORTAL = 100
"""How many consultas that visit no portal may be ended at once."""


@dataclass(frozen=True, slots=True)
class Tarea:
    """A scraper with valid credenciales, or the Falla that makes it pointless."""

    scraper: Scraper | None
    pedido: dict[str, str] = field(repr=False)
    cuenta: str | None = None
    """Whose it is, by fingerprint; None for a portal without a login."""
    imposible: Falla | None = None

    @classmethod
    def preparar(cls, empresa: str, servicio: Servicio) -> "Tarea":
        """Find the scraper, decrypt the credenciales and validate them; no browser."""
        scraper = de_empresa(empresa)
        if scraper is None:
            return cls(None, {}, imposible=Falla(Codigo.EMPRESA_NO_SOPORTADA))
        try:
            pedido = scraper.validar(servicio.credenciales)
            return cls(scraper, pedido, huella_de_cuenta(scraper, pedido))
        except Falla as falla:
            return cls(scraper, {}, imposible=falla)
        except Indescifrable as error:
            logger.error("Servicio %s de %s: %s", servicio.id, empresa, error)
            return cls(scraper, {}, imposible=Falla(Codigo.ERROR_INTERNO, detalle=str(error)))

    @property
    def mascara(self) -> Mascara:
        """Masks its secrets in a text."""
        return NADA if self.scraper is None else self.scraper.mascara(self.pedido)

    @property
    def pausa_s(self) -> float:
        """Seconds between the starts of two consultas of the empresa; none where no portal is visited."""
        if self.scraper is None or self.imposible is not None:
            return 0
        propia = ajustes().de_empresa(self.scraper.empresa).pausa_s
        return self.scraper.pausa_s if propia is None else propia

    def ejecutar(self) -> Deuda:
        """Scrape, unless there is no point. Raises the Falla, or FallaConEvidencia."""
        if self.imposible is not None:
            raise self.imposible
        assert self.scraper is not None
        if self._rechazada():
            raise Falla(Codigo.CREDENCIALES_INVALIDAS, detalle="ya rechazadas: no se prueban otra vez")
        return raspar(self.scraper, self.pedido, url=url_de(self.scraper), plazo_s=plazo_de(self.scraper))

    def _rechazada(self) -> bool:
        """Whether its portal rejected these very credenciales before."""
        assert self.scraper is not None
        previas = rechazos_de(self.cuenta) if self.cuenta is not None else []
        return bool(previas) and huella_de(self.scraper, self.pedido) in previas

    def rechazar(self) -> None:
        """Remember that its portal rejected these credenciales."""
        if self.scraper is not None and self.cuenta is not None:
            rechazar(huella_de(self.scraper, self.pedido), self.cuenta)


def simultaneas(scraper: Scraper | None) -> int:
    """How many consultas of an empresa may run at once, over all workers."""
    if scraper is None:
        return SIN_PORTAL
    return ajustes().de_empresa(scraper.empresa).simultaneas or scraper.simultaneas


def url_de(scraper: Scraper) -> str:
    """The portal's base URL: its own setting, the sandbox's, else the real one."""
    config = ajustes()
    propia = config.de_empresa(scraper.empresa).url
    if propia is not None:
        return propia
    return f"{config.portales_url.rstrip('/')}/{scraper.empresa}" if config.portales_url else scraper.url


def plazo_de(scraper: Scraper) -> float:
    """The longest time of one consulta, in seconds."""
    config = ajustes()
    return min(config.de_empresa(scraper.empresa).plazo_s or scraper.plazo_s, config.consulta_plazo_s)
