"""One consulta in the shared browser: opened, bounded in time, and, when it fails, photographed."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from scrapers.base import Scraper
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla
from scrapers.navegador import Navegador
from scrapers.pagina import Pagina
from scrapers.pestana import Pestana, con_limite
from scrapers.secretos import Mascara
from scrapers.verdad import Deuda

logger = logging.getLogger(__name__)

EVIDENCIA_S = 8.0
CANCELAR_S = 1.0


class FallaConEvidencia(Exception):
    """A falla of a consulta that reached a page, with what the page looked like."""

    def __init__(self, falla: Falla, evidencia: Evidencia) -> None:
        super().__init__(str(falla))
        self.falla = falla
        self.evidencia = evidencia


async def consultar(
    navegador: Navegador,
    scraper: Scraper,
    pedido: Mapping[str, str],
    *,
    url: str,
    plazo_s: float,
    evidencia_max_bytes: int,
    pagina: Callable[[Pestana, str], Pagina] = Pagina,
) -> Deuda:
    """Run `scraper` for the validated `pedido` at the portal's base `url`, for at most `plazo_s` seconds.

    A `url` that is not the scraper's own was configured, and may be at a private address.

    Returns the deuda with its prueba. Raises Falla when no page was reached, else FallaConEvidencia; a bug of
    the scraper is logged and comes out as ERROR_INTERNO. None of it shows a secret of `pedido`. `pagina` makes what
    the scraper drives.
    """
    mascara = scraper.mascara(pedido)
    async with navegador.pestana(url if url != scraper.url else None) as pestana:
        abierta = pagina(pestana, url)
        tarea = asyncio.ensure_future(scraper.consultar(abierta, pedido))
        try:
            esperados: set[asyncio.Future[Any]] = {tarea, pestana.rota}
            await asyncio.wait(esperados, timeout=plazo_s, return_when=asyncio.FIRST_COMPLETED)
            if tarea.done():
                return tarea.result().oculta(mascara.ocultar)
            codigo = Codigo.NAVEGADOR_CAIDO if pestana.rota.done() else Codigo.TIEMPO_AGOTADO
            raise Falla(codigo, detalle=f"a los {plazo_s} s o antes")
        except Exception as error:
            falla = _como_falla(error, scraper, mascara)
            if pestana.rota.done():
                raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=falla.detalle) from None
            tarea.cancel()  # else it would go on working the page that is photographed
            await asyncio.wait({tarea}, timeout=CANCELAR_S)
            evidencia = await con_limite(abierta.evidencia(mascara), EVIDENCIA_S) or Evidencia()
            raise FallaConEvidencia(falla, evidencia.saneada(mascara, evidencia_max_bytes)) from None
        finally:
            tarea.add_done_callback(_callar)
            tarea.cancel()


def _callar(tarea: "asyncio.Future[Deuda]") -> None:
    """What a scraper raises after its time is over is not for the log."""
    if not tarea.cancelled():
        tarea.exception()


def _como_falla(error: Exception, scraper: Scraper, mascara: Mascara) -> Falla:
    if isinstance(error, Falla):
        return error.oculta(mascara.ocultar)
    logger.error("Error en el scraper de %s\n%s", scraper.nombre, mascara.ocultar(_traza(error)))
    return Falla(Codigo.ERROR_INTERNO, detalle=type(error).__name__)


def _traza(error: Exception) -> str:
    return "".join(traceback.format_exception(error)).rstrip()
