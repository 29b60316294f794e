"""The memory part of benchmarks/consulta.py: PSS of a worker and its Chromium, idle and busy, against two rivals."""

import time
from collections.abc import Callable, Sequence

import psutil
from maneras import Rival, Servicio
from medicion import escribir, lineas, tabla
from pila import hasta
from procesos import Muestras, pss_mb

NUESTRO = "worker y Chromium"
RIVALES = {"(b) Playwright": "playwright_compartido", "(d) piso: CDP a mano": "cdp_piso"}
CALMA_S = 2.0
POR_SEGUNDO = 8


def _ocupado(raiz: psutil.Process, hacer: Callable[[], object]) -> float:
    """The median of the memory while a batch runs, MB."""
    with Muestras(raiz) as muestras:
        hacer()
    return muestras.mediana


def _en_calma(raiz: psutil.Process) -> float:
    time.sleep(CALMA_S)
    return pss_mb(raiz)


def _nuestro(servicio: Servicio, a_la_vez: int, consultas: int) -> tuple[float, float, float]:
    """MB before the browser, with it open and idle, and busy."""
    servicio.con_hilos(a_la_vez)
    raiz = servicio.pila.proceso("worker")
    hasta(lambda: servicio.pila.obreros("worker"))
    sin_navegador = _en_calma(raiz)
    servicio.pedir(a_la_vez)
    abierto = _en_calma(raiz)
    return sin_navegador, abierto, _ocupado(raiz, lambda: servicio.pedir(consultas))


def medir_memoria(cabecera: str, concurrencias: Sequence[int], segundos: float) -> None:
    """Write resultados/consulta-memoria."""
    filas: list[list[str]] = []
    ocupados: dict[str, dict[float, float]] = {n: {} for n in (NUESTRO, *RIVALES)}
    with Servicio(0) as servicio:
        for a_la_vez in concurrencias:
            consultas = max(round(POR_SEGUNDO * segundos / a_la_vez), 2) * a_la_vez
            sin_navegador, abierto, ocupado = _nuestro(servicio, a_la_vez, consultas)
            ocupados[NUESTRO][a_la_vez] = ocupado
            fila = [f"{a_la_vez}", f"{sin_navegador:.0f}", *_celdas(abierto, ocupado, a_la_vez)]
            for nombre, modulo in RIVALES.items():
                with Rival(modulo, servicio.portal) as rival:
                    rival.pedir(a_la_vez, a_la_vez)
                    abierto = _en_calma(rival.raiz)
                    ocupado = _ocupado(rival.raiz, lambda r=rival, k=a_la_vez, n=consultas: r.pedir(n, k))  # type: ignore[misc]
                ocupados[nombre][a_la_vez] = ocupado
                fila += _celdas(abierto, ocupado, a_la_vez)
            filas.append(fila)
            print("  " + " | ".join(fila), flush=True)
    titulos = ["a la vez", "worker sin navegador"]
    titulos += [f"{n}: {que}" for n in ocupados for que in ("en reposo", "ocupado", "por consulta")]
    dibujo = lineas("consulta-memoria", "Memoria mientras consulta (PSS)", ("consultas a la vez", "MB"), ocupados)
    pie = "«Ocupado»: mediana de muestras durante un lote. «Por consulta»: lo que crece, entre cuántas hay a la vez."
    escribir("consulta-memoria", "# Memoria, en MB de PSS", cabecera, dibujo, tabla(titulos, filas), pie)


def _celdas(abierto: float, ocupado: float, a_la_vez: int) -> list[str]:
    return [f"{abierto:.0f}", f"{ocupado:.0f}", f"{(ocupado - abierto) / a_la_vez:.0f}"]
