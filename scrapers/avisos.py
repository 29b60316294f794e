"""What a portal says instead of what was asked: its notices and whole-screen interruptions, and their codes."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scrapers.fallas import Codigo, Falla
from scrapers.pagina import Marco
from scrapers.pestana import con_limite

TRAMO_S = 1.0

GENERICAS: Final[Mapping[str, Codigo]] = {
    r"\ben mantenimiento\b": Codigo.PORTAL_EN_MANTENIMIENTO,
    r"verifi(que|cá|car) que (es|sos|usted es) un (ser )?humano|no soy un robot": Codigo.CAPTCHA_REQUERIDO,
    r"^un momento…$|^just a moment|acceso denegado|access denied": Codigo.ACCESO_BLOQUEADO,
    r"(la|su|tu) sesión (ha )?(expir|venci|caduc)": Codigo.SESION_EXPIRADA,
    r"ingres(á|e|a) el código de verificación": Codigo.SEGUNDO_FACTOR_REQUERIDO,
    r"(actualiz|complet|confirm)(á|e|a) (tus|sus) datos": Codigo.ACCION_EN_PORTAL,
}
"""What portals say alike. None of these words decides an amount, a rejected password or an unknown account."""

TITULARES = "h1, h2, [role=alert]"
"""Where an interruption says what it is; the same words elsewhere are help texts and legal notes."""

DE_LA_RED = (Codigo.PORTAL_CAIDO, Codigo.LIMITE_DE_CONSULTAS, Codigo.ACCESO_BLOQUEADO)
"""HTTP statuses that say more than the sentence a page shows for them."""


@dataclass(frozen=True, slots=True)
class Avisos:
    """Where a portal puts its notices (`selector`, CSS), and the code of each of its own `frases` (patterns)."""

    selector: str
    frases: Mapping[str, Codigo]

    async def esperar(self, marco: Marco, *selectores: str, hasta_s: float, ocupado: str | None = None) -> str:
        """As `Marco.esperar`, but a notice or an interruption that comes instead is raised as its Falla."""
        limite = time.monotonic() + hasta_s
        while True:
            tramo_s = max(min(TRAMO_S, limite - time.monotonic()), 0.05)
            try:
                visto = await marco.esperar(self.selector, *selectores, hasta_s=tramo_s, ocupado=ocupado)
            except Falla as demora:
                if demora.codigo is not Codigo.NAVEGADOR_CAIDO:
                    await self._ver_interrupcion(marco)
                if demora.codigo is Codigo.NAVEGADOR_CAIDO or time.monotonic() >= limite:
                    raise
                continue
            if visto != self.selector:
                return visto
            texto = (await marco.foto(self.selector)).texto
            raise self.falla(texto, marco.fallo_de_red())

    def falla(self, texto: str, red: Falla | None) -> Falla:
        """The Falla of a notice that says `texto`, shown after the network failed as `red` says."""
        reconocida = _reconocer(texto, {**self.frases, **GENERICAS})
        if reconocida is not None:
            return reconocida
        if red is not None and red.codigo in DE_LA_RED:
            return red
        if not texto:
            return Falla(Codigo.RESULTADO_AMBIGUO, detalle="un aviso sin texto")
        return Falla(Codigo.PORTAL_ERROR_PROPIO, mensaje_portal=texto)

    async def _ver_interrupcion(self, marco: Marco) -> None:
        pantalla = await con_limite(marco.foto(), TRAMO_S)
        for titular in pantalla.todos(TITULARES) if pantalla is not None else ():
            reconocida = _reconocer(titular.texto, GENERICAS)
            if reconocida is not None:
                raise reconocida


def _reconocer(texto: str, frases: Mapping[str, Codigo]) -> Falla | None:
    for patron, codigo in frases.items():
        if re.search(patron, texto, re.IGNORECASE):
            return Falla(codigo, mensaje_portal=texto)
    return None
