"""What one consulta costs: the whole service against other ways to look the same account up at the same portal.

`python benchmarks/consulta.py --demora 0`, `--demora 300` (ms that the portal takes), `--memoria`, `--mensajes`: each
writes resultados/consulta-*. Every way does batches of the same look-ups (login, submit, XHR, read the amount, which is
checked), so many at once, in interleaved rounds, at one sandbox without other latencies. Ours is the whole service, as
the Procfile starts it, on PostgreSQL (with fsync) and RabbitMQ, from the POST of one job to its callback's arrival; its
worker has as many threads as look-ups are wanted at once. It also stores results, proves each amount with a screenshot,
and lets no page out but through its guard; none of the others does. `--corto` is for development.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

from consulta_memoria import medir_memoria
from maneras import LOTE_MAX, Lote, Rival, Servicio
from medicion import barras, escribir, maquina, rondas, tabla

NUESTRA = "el servicio entero"
RIVALES = {
    "(a) pyppeteer, un Chromium nuevo": "pyppeteer_nuevo",
    "(b) Playwright, navegador compartido": "playwright_compartido",
    "(c) crawlee": "crawlee_playwright",
    "(d) piso: CDP a mano": "cdp_piso",
    "(e) sólo HTTP, sin navegador": "http_solo",
}
A, B, C, D, _ = RIVALES
METAS = ((A, 10.0), (B, 1.7), (C, 1.0), (D, 0.85))
PARTES = {"nuestro scraper, sin el servicio": "scraper_solo", "(d) y la captura": "cdp_captura"}
"""Measured only at the most at once: where our time goes."""
PAQUETES = ("pyppeteer", "playwright", "crawlee", "websockets", "requests", "dramatiq")
PRUEBA = 4
"""Look-ups, at least, of the batch that says how large the measured ones must be."""
SOLOS = 9
FAMILIAS = ("worker", "web", "callbacks", "reloj", "PostgreSQL", "RabbitMQ", "portales")

Manera = Callable[[int, int], Lote]
Medidas = dict[int, dict[str, list[Lote]]]
"""By how many at once, and by way."""


def cuantas(manera: Manera, a_la_vez: int, segundos: float) -> int:
    """Warm a way up, and how many look-ups it does in so many seconds: a multiple of `a_la_vez`, one at least."""
    manera(a_la_vez, a_la_vez)
    tandas = manera(-(-PRUEBA // a_la_vez) * a_la_vez, a_la_vez).por_segundo * segundos / a_la_vez
    return min(max(round(tandas), 1) * a_la_vez, LOTE_MAX)


def medir_juntas(maneras: dict[str, Manera], a_la_vez: int, veces: int, segundos: float) -> dict[str, list[Lote]]:
    """Interleaved rounds of every way at one concurrency."""
    lotes: defaultdict[str, list[Lote]] = defaultdict(list)
    tamanos = {nombre: cuantas(manera, a_la_vez, segundos) for nombre, manera in maneras.items()}

    def una(nombre: str) -> float:
        lotes[nombre].append(maneras[nombre](tamanos[nombre], a_la_vez))
        return lotes[nombre][-1].por_segundo

    print(f"{a_la_vez} a la vez; consultas por lote: {tamanos}", flush=True)
    rondas({nombre: partial(una, nombre) for nombre in maneras}, veces)
    return dict(lotes)


def medir(
    demora_ms: int, concurrencias: Sequence[int], veces: int, segundos: float, sin: Iterable[str]
) -> tuple[Medidas, float]:
    """Everything at one delay of the portal; and the seconds of a job of one servicio, from POST to callback."""
    medidas: Medidas = {}
    with Servicio(demora_ms) as servicio, ExitStack() as abiertas:
        elegidas = {n: m for n, m in (RIVALES | PARTES).items() if m not in sin}
        rivales = {n: abiertas.enter_context(Rival(m, servicio.portal)) for n, m in elegidas.items()}
        for a_la_vez in concurrencias:
            servicio.con_hilos(a_la_vez)
            maneras: dict[str, Manera] = {NUESTRA: servicio.lote}
            for nombre, rival in rivales.items():
                if nombre in RIVALES or a_la_vez == max(concurrencias):
                    maneras[nombre] = rival.lote
            medidas[a_la_vez] = medir_juntas(maneras, a_la_vez, veces, segundos)
        return medidas, median(servicio.pedir(1) for _ in range(SOLOS))


def por_segundo(lote: Lote) -> float:
    """The measure by which ways are compared."""
    return lote.por_segundo


def mediana(lotes: Sequence[Lote], que: Callable[[Lote], float]) -> float:
    """The median of a measure over the rounds."""
    return median(map(que, lotes))


def razon(de: dict[str, list[Lote]], otra: str, que: Callable[[Lote], float]) -> float:
    """Ours in times another way's: the median of the rounds' ratios, as both were measured moments apart."""
    return median(que(nuestro) / que(suyo) for nuestro, suyo in zip(de[NUESTRA], de[otra], strict=True))


def _fila(medidas: Medidas, nombre: str, celda: Callable[[dict[str, list[Lote]]], str]) -> list[str]:
    return [nombre, *(celda(de) if nombre in de else "" for de in medidas.values())]


def tablas(medidas: Medidas) -> list[str]:
    """Markdown: look-ups a second, our ratios, CPU, and the service's own by process."""
    nombres = list(medidas[max(medidas)])
    titulos = [f"{k} a la vez" for k in medidas]

    def velocidad(de: dict[str, list[Lote]], nombre: str) -> float:
        return mediana(de[nombre], por_segundo)

    def chromium(de: dict[str, list[Lote]], nombre: str) -> float:
        return mediana(de[nombre], lambda lote: lote.chromium_ms)

    def propia(de: dict[str, list[Lote]], nombre: str) -> float:
        return mediana(de[nombre], lambda lote: lote.propia_ms() - lote.propia_ms("portales"))

    def por_familia(de: dict[str, list[Lote]], familia: str) -> float:
        return mediana(de[NUESTRA], lambda lote: lote.propia_ms(familia))

    otras = [n for n in nombres if n != NUESTRA]
    return [
        "## Consultas por segundo",
        tabla(["manera", *titulos], [_fila(medidas, n, lambda de, n=n: f"{velocidad(de, n):.2f}") for n in nombres]),
        "## El servicio entero, en veces cada una de las otras",
        tabla(["manera", *titulos],
              [_fila(medidas, n, lambda de, n=n: f"{razon(de, n, por_segundo):.2f} ×") for n in otras]),
        "## CPU por consulta: Chromium + el resto (Python, Node, servidores), en ms",
        tabla(["manera", *titulos],
              [_fila(medidas, n, lambda de, n=n: f"{chromium(de, n):.0f} + {propia(de, n):.0f}") for n in nombres]),
        "## El servicio entero, CPU por consulta y por proceso, en ms",
        tabla(["proceso", *titulos],
              [["Chromium", *(f"{chromium(de, NUESTRA):.0f}" for de in medidas.values())],
               *([f, *(f"{por_familia(de, f):.1f}" for de in medidas.values())] for f in FAMILIAS)]),
    ]  # fmt: skip


def _si(cumple: bool) -> str:
    return "sí" if cumple else "no"


def pedido(medidas: Medidas) -> str:
    """What was wanted at 8 at once without delay, and whether it is so."""
    de = medidas[8]
    medido = [(razon(de, n, por_segundo), f"veces {n}", meta) for n, meta in METAS]
    filas = [[que, f"≥ {meta}", f"{valor:.2f}", _si(valor >= meta)] for valor, que, meta in medido]
    gasto = razon(de, A, lambda lote: lote.chromium_ms)
    filas.append([f"CPU de Chromium, en veces {A}", "≤ 0.12", f"{gasto:.3f}", _si(gasto <= 0.12)])
    return "## Lo que se quería, a 8 a la vez\n\n" + tabla(["", "pedido", "medido", "alcanza"], filas)


def informar(demora_ms: int, medidas: Medidas, solo_s: float, veces: int, cabecera: str) -> None:
    """Write resultados/consulta-<demora>ms."""
    nombre, titulo = f"consulta-{demora_ms}ms", f"Una consulta, con un portal que demora {demora_ms} ms"
    series = {
        n: {f"{k} a la vez": mediana(de[n], por_segundo) for k, de in medidas.items() if n in de}
        for n in medidas[max(medidas)]
        if not n.startswith("(e)")
    }
    partes = [barras(nombre, titulo, "consultas por segundo", series), *tablas(medidas)]
    if demora_ms == 0 and 8 in medidas and {A, B, C, D} <= medidas[8].keys():
        partes.append(pedido(medidas))
    pie = (
        f"Medianas de {veces} rondas intercaladas, y de sus razones. Un job de un solo servicio, del POST al callback:"
        f" {solo_s * 1000:.0f} ms (mediana de {SOLOS}). `make medir QUE=consulta OPCIONES='--demora {demora_ms}'`"
    )
    escribir(nombre, f"# {titulo}", cabecera, *partes, pie)


def contar_mensajes(cabecera: str) -> None:
    """DevTools messages of each look-up, ours against the floor's: resultados/consulta-mensajes."""
    cuentas: dict[str, dict[str, float]] = {}
    with Servicio(0) as servicio:
        for nombre, modulo in {"nuestro scraper": "scraper_contado", "piso": "cdp_contado"}.items():
            with Rival(modulo, servicio.portal) as rival:
                rival.pedir(4, 4)
                mensajes = rival.pedir(20, 4)["mensajes"]
                cuentas[nombre] = {clase: cuenta / 20 for clase, cuenta in mensajes.items()}
    clases = sorted({clase for cuenta in cuentas.values() for clase in cuenta}, reverse=True)
    filas = [[clase, *(f"{cuenta.get(clase, 0):.1f}" for cuenta in cuentas.values())] for clase in clases]
    for hacia in "→←":
        sumas = [sum(n for c, n in cuenta.items() if c[0] == hacia and "bytes" not in c) for cuenta in cuentas.values()]
        filas.append([f"{hacia} en total", *(f"{suma:.1f}" for suma in sumas)])
    escribir("consulta-mensajes", "# Mensajes de DevTools por consulta", cabecera, tabla(["clase", *cuentas], filas))


def main() -> None:
    """Measure what was asked for and write its report."""
    lector = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    que = lector.add_mutually_exclusive_group(required=True)
    que.add_argument("--demora", type=int, metavar="MS", help="velocidad y CPU, con un portal que demora MS")
    que.add_argument("--memoria", action="store_true", help="PSS en reposo y con 1 a 16 consultas a la vez")
    que.add_argument("--mensajes", action="store_true", help="mensajes de DevTools por consulta")
    lector.add_argument("--a-la-vez", type=int, nargs="+", metavar="N", help="cuántas consultas a la vez")
    lector.add_argument("--rondas", type=int, default=3)
    lector.add_argument("--segundos", type=float, default=3.0, help="lo que debe durar un lote, más o menos")
    lector.add_argument("--sin", nargs="+", default=[], metavar="RIVAL", help="módulos de rivales/ que no se miden")
    lector.add_argument("--corto", action="store_true", help="una ronda de lotes de un segundo")
    opciones = lector.parse_args()
    if opciones.corto:
        opciones.rondas, opciones.segundos = 1, 1.0
    cabecera = maquina(*PAQUETES)
    if opciones.memoria:
        medir_memoria(cabecera, opciones.a_la_vez or [1, 2, 4, 8, 16], opciones.segundos)
    elif opciones.mensajes:
        contar_mensajes(cabecera)
    else:
        concurrencias = opciones.a_la_vez or [1, 4, 8]
        medidas, solo_s = medir(opciones.demora, concurrencias, opciones.rondas, opciones.segundos, opciones.sin)
        informar(opciones.demora, medidas, solo_s, opciones.rondas, cabecera)


if __name__ == "__main__":
    main()
