"""The contract of a scraper: credenciales in, a Deuda or a Falla out. No database, no actors, no pyppeteer."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrapers.dinero import normal
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.secretos import Mascara
from scrapers.verdad import Deuda, Hallazgo, concluir


@dataclass(frozen=True, slots=True)
class Campo:
    """One of the credenciales that an empresa asks for.

    `patron` is the whole form of the value once the characters of `separadores` are dropped; `secreto`
    values are masked in every evidencia, and so are `oculto` ones, which are only personal.
    """

    nombre: str
    etiqueta: str
    patron: str
    separadores: str = ""
    secreto: bool = False
    oculto: bool = False

    def leer(self, credenciales: Mapping[str, str]) -> str:
        """The value without separators. Raises Falla DATOS_INCOMPLETOS or FORMATO_INVALIDO."""
        valor = str(credenciales.get(self.nombre) or "")
        if not self.secreto:
            valor = "".join(c for c in normal(valor) if c not in self.separadores)
        if not valor:
            raise Falla(Codigo.DATOS_INCOMPLETOS, detalle=f"falta {self.nombre}")
        if re.fullmatch(self.patron, valor) is None:
            raise Falla(Codigo.FORMATO_INVALIDO, detalle=f"forma de {self.nombre}")
        return valor


CLAVE = Campo("clave", "Clave", r"(?s).{1,200}", secreto=True)
EMAIL = Campo("email", "E-mail", r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}", oculto=True)


class Scraper(ABC):
    """How one empresa is consulted. A subclass per file; it is registered by existing.

    Facts about the portal are class attributes. `navegar` walks the portal to its result page and returns what it
    showed; `interpretar` is pure and reads it: both raise a Falla for everything that is not a proved amount.
    """

    empresa: ClassVar[str]
    """Identifier, as in `EMPRESA__METROGAS__URL` and the sandbox's folder: lower case, ASCII."""
    nombre: ClassVar[str]
    """As people write it, and as `servicios.empresa` stores it."""
    tipo_servicio: ClassVar[str]
    url: ClassVar[str]
    """Base URL of the real portal, without a slash at the end."""
    campos: ClassVar[tuple[Campo, ...]]
    """The credenciales it needs, the account number first."""
    moneda: ClassVar[str] = "ARS"
    simultaneas: ClassVar[int] = 2
    """How many consultas of this empresa may run at once, over all workers."""
    pausa_s: ClassVar[float] = 0.5
    """Between the starts of two consultas of this empresa, over all workers."""
    plazo_s: ClassVar[float] = 60
    espera_s: ClassVar[float] = 25
    """How long the portal may take to show its next screen."""
    verificado_en_vivo: ClassVar[date | None] = None
    """The day on which somebody checked it against the real portal."""

    def validar(self, credenciales: Mapping[str, str]) -> dict[str, str]:
        """The credenciales in the form the portal wants, before any browser opens. Raises Falla."""
        return {campo.nombre: campo.leer(credenciales) for campo in self.campos}

    def cuenta(self, pedido: Mapping[str, str]) -> str:
        """The account number that the result page must show."""
        return pedido[self.campos[0].nombre]

    def secretos(self, pedido: Mapping[str, str]) -> tuple[str, ...]:
        """The values of `pedido` that nothing may show."""
        return tuple(pedido[c.nombre] for c in self.campos if c.secreto and pedido.get(c.nombre))

    def mascara(self, pedido: Mapping[str, str]) -> Mascara:
        """Masks the values of `pedido` that nothing kept of a consulta may show."""
        return Mascara(pedido.get(c.nombre, "") for c in self.campos if c.secreto or c.oculto)

    def usuario(self, pedido: Mapping[str, str]) -> tuple[str, ...]:
        """What logs in, secrets included, in a fixed order; of no use for a portal without a login."""
        return tuple(pedido[c.nombre] for c in self._de_ingreso)

    def quien(self, pedido: Mapping[str, str]) -> tuple[str, ...] | None:
        """Who logs in: `usuario` without what is secret. None for a portal without a login."""
        if not any(c.secreto for c in self.campos):
            return None
        return tuple(pedido[c.nombre] for c in self._de_ingreso if not c.secreto)

    @property
    def _de_ingreso(self) -> tuple[Campo, ...]:
        """All but the account number, unless that is who logs in."""
        otros = self.campos[1:]
        return otros if any(not c.secreto for c in otros) else self.campos

    @abstractmethod
    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Walk from the portal's base URL to the result of `pedido` and return what the page showed."""

    @abstractmethod
    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Read the result page: only what it states."""

    async def consultar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Deuda:
        """One consulta with validated credenciales. Returns the deuda with its prueba, or raises a Falla."""
        lectura = await self.navegar(pagina, pedido)
        deuda = self.concluir(lectura, pedido)
        return deuda.con_captura(await pagina.captura(deuda.prueba.texto, self.mascara(pedido)))

    def concluir(self, lectura: Lectura, pedido: Mapping[str, str]) -> Deuda:
        """From what the page showed to a deuda, by the rules of truth; no browser needed."""
        hallazgo = self.interpretar(lectura, pedido)
        return concluir(hallazgo, cuenta=self.cuenta(pedido), moneda=self.moneda)
