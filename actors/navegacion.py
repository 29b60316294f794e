"""The one browser of this worker process, on Dramatiq's event loop."""

import time
from typing import Any

from dramatiq.asyncio import async_to_sync

from scrapers.base import Scraper
from scrapers.chromium import ejecutable
from scrapers.consulta import consultar
from scrapers.fallas import Falla
from scrapers.navegador import Navegador, Opciones
from scrapers.verdad import Deuda
from settings import ajustes

_navegadores: list[Navegador] = []


def _navegador() -> Navegador:
    """This process's browser; called on the event loop, so that there is never a second one."""
    if not _navegadores:
        config = ajustes()
        _navegadores.append(
            Navegador(
                Opciones(
                    ejecutable=config.chromium_path,
                    con_sandbox=config.chromium_sandbox,
                    consultas_max=config.chromium_consultas_max,
                    vida_s=config.chromium_vida_s,
                )
            )
        )
    return _navegadores[0]


@async_to_sync
async def raspar(scraper: Scraper, pedido: dict[str, str], *, url: str, plazo_s: float) -> Deuda:
    """Run a scraper and wait for it in this (worker) thread. Raises Falla or FallaConEvidencia."""
    return await consultar(
        _navegador(),
        scraper,
        pedido,
        url=url,
        plazo_s=plazo_s,
        evidencia_max_bytes=ajustes().evidencia_max_bytes,
    )


def medidas_del_navegador() -> dict[str, Any]:
    """What this process's browser can say: its memory, and how long ago (s) it last did and did not open a page."""
    if not _navegadores:
        return _sin_abrir()
    navegador, ahora = _navegadores[0], time.monotonic()
    historia = navegador.historia
    return {
        "navegador_bytes": navegador.memoria_bytes,
        "abrio_hace_s": None if historia.abrio is None else round(ahora - historia.abrio, 1),
        "fallo_hace_s": None if historia.fallo is None else round(ahora - historia.fallo, 1),
        "navegador_error": historia.error,
    }


def _sin_abrir() -> dict[str, Any]:
    """Before the first page: whether there is a browser at all."""
    try:
        ejecutable(ajustes().chromium_path)
    except Falla as falla:
        return {"fallo_hace_s": 0.0, "navegador_error": falla.detalle}
    return {}


def sucesos_del_navegador() -> dict[str, int]:
    """How often it started, and how often it opened no page, since this process began."""
    if not _navegadores:
        return {}
    historia = _navegadores[0].historia
    return {"navegador_arranques": historia.arranques, "navegador_fallas": historia.fallas}


async def cerrar_navegador() -> None:
    """Kill the browser, if one was opened."""
    while _navegadores:
        await _navegadores.pop().cerrar()
