"""One servicio after another in one process, a new Chromium for each: what parallel jobs are compared with.

The scrapers are ours, so that both read the same pages in the same way; nothing is stored or queued.
"""

import time
from collections.abc import Mapping, Sequence

from scrapers import SCRAPERS
from scrapers.consulta import consultar
from scrapers.navegador import Navegador


async def en_orden(pedidos: Sequence[tuple[str, Mapping[str, str]]], portales_url: str) -> list[float]:
    """Look up each (empresa, credenciales). Returns the seconds of each, its Chromium included."""
    duraron = []
    for empresa, credenciales in pedidos:
        comienzo = time.monotonic()
        navegador = Navegador()
        scraper = SCRAPERS[empresa]
        await consultar(
            navegador,
            scraper,
            scraper.validar(dict(credenciales)),
            url=f"{portales_url}/{empresa}",
            plazo_s=60,
            evidencia_max_bytes=500_000,
        )
        await navegador.cerrar()
        duraron.append(time.monotonic() - comienzo)
    return duraron
