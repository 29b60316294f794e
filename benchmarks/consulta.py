"""What one consulta costs: memory of an idle worker, and time through the whole service against its parts.

`python benchmarks/consulta.py [--rondas 5]`, on the embedded default against the sandbox without latencies. In every
round, one after the other: the service (POST to the end of the job), the scraper alone in the shared browser, and the
scraper in a new Chromium each time.
"""

import argparse
import asyncio
import contextlib
import platform
import statistics
import sys
import time
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

import psutil
from escenarios.conftest import Semilla, cuenta
from pila import Pila
from servidores import PostgresEmbebido

from sandbox.desenlaces import Desenlace
from scrapers import SCRAPERS
from scrapers.consulta import consultar
from scrapers.navegador import Navegador

EMPRESA = "metrogas"
SIN_LATENCIA = {
    "SANDBOX_HIDRATACION_MS": "0",
    "SANDBOX_CONSULTA_MS": "0",
    "SANDBOX_ASENTAR_MS": "0",
    f"EMPRESA__{EMPRESA.upper()}__PAUSA_S": "0",
}


def memoria_mb(raiz: psutil.Process) -> float:
    """Proportional set size of a process and its children, in MB."""
    total = 0
    for proceso in [raiz, *raiz.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # renderers come and go
            total += proceso.memory_full_info().pss
    return total / 1e6


async def _raspar(navegador: Navegador, url: str) -> float:
    scraper = SCRAPERS[EMPRESA]
    pedido = scraper.validar(cuenta(EMPRESA, Desenlace.UNA_FACTURA))
    comienzo = time.perf_counter()
    await consultar(navegador, scraper, pedido, url=url, plazo_s=30, evidencia_max_bytes=500_000)
    return time.perf_counter() - comienzo


async def _en_uno_nuevo(url: str) -> float:
    comienzo = time.perf_counter()
    navegador = Navegador()
    await _raspar(navegador, url)
    await navegador.cerrar()
    return time.perf_counter() - comienzo


def _por_el_servicio(pila: Pila, ids: list[int]) -> float:
    comienzo = time.perf_counter()
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    while not pila.pedir(f"/job/{alta['job_id']}")["completed_at"]:
        time.sleep(0.01)
    return time.perf_counter() - comienzo


def medir(pila: Pila, rondas: int) -> None:
    """Print the memory of the worker and the times of each way."""
    worker = pila.proceso("worker")
    _, ids = Semilla(pila).propiedad((EMPRESA, Desenlace.UNA_FACTURA))
    print(f"worker en reposo, antes de abrir el navegador: {memoria_mb(worker):.0f} MB (PSS)")
    _por_el_servicio(pila, ids)
    print(f"worker en reposo, con el navegador abierto:     {memoria_mb(worker):.0f} MB (PSS)")
    tiempos: dict[str, list[float]] = {"por el servicio": [], "scraper solo": [], "Chromium nuevo cada vez": []}
    url = f"{pila.entorno['PORTALES_URL']}/{EMPRESA}"
    with asyncio.Runner() as corredor:
        compartido = Navegador()
        corredor.run(_raspar(compartido, url))
        for _ in range(rondas):
            tiempos["por el servicio"].append(_por_el_servicio(pila, ids))
            tiempos["scraper solo"].append(corredor.run(_raspar(compartido, url)))
            tiempos["Chromium nuevo cada vez"].append(corredor.run(_en_uno_nuevo(url)))
        corredor.run(compartido.cerrar())
    for nombre, medidos in tiempos.items():
        print(
            f"{nombre:<26} {statistics.median(medidos) * 1000:6.0f} ms de mediana  (mínimo {min(medidos) * 1000:.0f})"
        )


def main() -> None:
    """Run the benchmark on a stack of its own."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=5)
    opciones = lector.parse_args()
    print(f"{platform.platform()}, {psutil.cpu_count()} núcleos, Python {platform.python_version()}")
    with PostgresEmbebido() as postgres:
        base = postgres.crear_base("medicion")
        with Pila(base, base, SIN_LATENCIA) as pila:
            medir(pila, opciones.rondas)


if __name__ == "__main__":
    main()
