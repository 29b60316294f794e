"""What every benchmark shares: interleaved rounds, medians and ratios, and the report with its machine and versions."""

import os
import platform
import statistics
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib import metadata
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "consultas"  # the same numbers give the same file

import matplotlib.pyplot as plt
import psutil

RESULTADOS = Path(__file__).resolve().parent / "resultados"


def _dicho(*orden: str) -> str:
    """The first line that a program prints, or that it is not there."""
    try:
        hecho = subprocess.run(orden, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return f"sin {Path(orden[0]).name}"
    return (hecho.stdout or hecho.stderr).strip().partition("\n")[0]


def maquina(*paquetes: str) -> str:
    """Markdown: when, on what machine, how loaded before the start, and with which versions."""
    cpu = next((li.partition(":")[2].strip() for li in Path("/proc/cpuinfo").read_text().splitlines()
                if li.startswith("model name")), platform.processor())  # fmt: skip
    postgres = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=Path("postgres"))
    versiones = [
        f"Python {platform.python_version()}",
        _dicho("chromium-headless-shell", "--version"),
        _dicho(str(postgres), "--version"),
        f"RabbitMQ {_dicho('dpkg-query', '-W', '-f', '${Version}', 'rabbitmq-server')}",
        *(f"{paquete} {metadata.version(paquete)}" for paquete in paquetes),
    ]
    memoria = psutil.virtual_memory().total / 2**30
    return (
        f"{date.today().isoformat()} · {platform.platform()} · {cpu}, {psutil.cpu_count()} núcleos, {memoria:.0f} GiB"  # noqa: DTZ011
        f" · carga antes de empezar {os.getloadavg()[0]:.1f}\n\n{' · '.join(versiones)}\n"
    )


def rondas(maneras: Mapping[str, Callable[[], float]], cuantas: int) -> dict[str, list[float]]:
    """Measure each way once a round, each round beginning with another one. Prints as it goes."""
    medido: dict[str, list[float]] = {nombre: [] for nombre in maneras}
    nombres = list(maneras)
    for ronda in range(cuantas):
        turno = ronda % len(nombres)
        for nombre in nombres[turno:] + nombres[:turno]:
            comienzo = time.monotonic()
            medido[nombre].append(maneras[nombre]())
            duro = time.monotonic() - comienzo
            print(f"  ronda {ronda + 1}  {nombre:<40} {medido[nombre][-1]:10.3f}  ({duro:.1f} s)", flush=True)
    return medido


def percentil(valores: Sequence[float], p: float) -> float:
    """The p-th percentile (0 to 100), between neighbours."""
    if len(valores) < 2:
        return valores[0]
    return statistics.quantiles(valores, n=1000, method="inclusive")[min(max(round(p * 10), 1), 999) - 1]


def tabla(titulos: Sequence[str], filas: Iterable[Sequence[object]]) -> str:
    """A Markdown table: the first column is text, the others numbers."""
    lineas = [f"| {' | '.join(titulos)} |", "|".join(["", " --- ", *[" ---: "] * (len(titulos) - 1), ""])]
    lineas += [f"| {' | '.join(map(str, fila))} |" for fila in filas]
    return "\n".join(lineas)


def barras(nombre: str, titulo: str, eje: str, series: Mapping[str, Mapping[str, float]]) -> str:
    """A plot of grouped bars (series → group → value), as resultados/<nombre>.svg. Returns its Markdown."""
    grupos = list(dict.fromkeys(grupo for valores in series.values() for grupo in valores))
    ancho = 0.8 / len(series)
    figura, ejes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    for n, (serie, valores) in enumerate(series.items()):
        lugares = [i + n * ancho for i, grupo in enumerate(grupos) if grupo in valores]
        dibujadas = ejes.bar(lugares, [valores[g] for g in grupos if g in valores], ancho, label=serie)
        ejes.bar_label(dibujadas, fmt="%.3g", fontsize=7)
    rotulos = [textwrap.fill(grupo, max(90 // len(grupos), 8)) for grupo in grupos]
    ejes.set_xticks([i + 0.4 - ancho / 2 for i in range(len(grupos))], rotulos)
    ejes.set_title(titulo)
    ejes.set_ylabel(eje)
    figura.legend(fontsize=8, loc="outside lower center", ncols=3)
    return _guardar(figura, nombre, titulo)


def lineas(nombre: str, titulo: str, ejes_xy: tuple[str, str], series: Mapping[str, Mapping[float, float]], *,
           logaritmico: bool = False) -> str:  # fmt: skip
    """A plot of lines (series → x → y), as resultados/<nombre>.svg. Returns its Markdown."""
    figura, ejes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    for serie, puntos in series.items():
        ejes.plot(list(puntos), list(puntos.values()), marker="o", label=serie)
    if logaritmico:
        ejes.set_xscale("log")
    ejes.set_ylim(bottom=0)
    ejes.set_title(titulo)
    ejes.set_xlabel(ejes_xy[0])
    ejes.set_ylabel(ejes_xy[1])
    figura.legend(fontsize=8, loc="outside lower center", ncols=3)
    ejes.grid(alpha=0.3)
    return _guardar(figura, nombre, titulo)


def _guardar(figura: "plt.Figure", nombre: str, titulo: str) -> str:
    RESULTADOS.mkdir(exist_ok=True)
    figura.savefig(RESULTADOS / f"{nombre}.svg", metadata={"Date": None})
    plt.close(figura)
    return f"![{titulo}]({nombre}.svg)"


def escribir(nombre: str, *partes: str) -> None:
    """Print the report and keep it as resultados/<nombre>.md."""
    RESULTADOS.mkdir(exist_ok=True)
    texto = "\n\n".join(parte.strip() for parte in partes) + "\n"
    (RESULTADOS / f"{nombre}.md").write_text(texto)
    print(f"\n{texto}")
