"""A picture of the dashboard (docs/grafana/consultas.json) with true data: docs/capturas/tablero.png.

`make medir QUE=tablero OPCIONES="--segundos 180"`. A whole stack works for so long while a real Prometheus scrapes it:
jobs with callbacks, a portal that is down, a worker that is killed. Grafana does not draw here: each panel's own
queries go to that Prometheus and matplotlib draws the answers, on the panel's place. The windows of rate() and
increase() are one minute instead of the panel's, as the run lasts minutes.
"""

import argparse
import json
import random
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

import matplotlib as mpl

mpl.use("agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
from escenarios.conftest import Semilla
from matplotlib.axes import Axes
from pila import Pila, hasta, receptor
from servidor_prometheus import Prometheus
from servidores import PostgresEmbebido

from sandbox.desenlaces import Desenlace as D

TABLERO: dict[str, Any] = json.loads((RAIZ / "docs/grafana/consultas.json").read_text(encoding="utf-8"))
SERVICIOS = (
    ("metrogas", D.UNA_FACTURA),
    ("aysa", D.VARIAS_FACTURAS),
    ("edenor", D.CUENTA_INEXISTENTE),
    ("naturgy", D.SIN_DEUDA),
    ("edesur", D.CAIDO),
    ("camuzzi", D.ULTIMA_PAGADA),
)
UNIDADES = {"s": " s", "percentunit": " %", "bytes": " MB", "short": ""}
ESCALA = {"percentunit": 100.0, "bytes": 1e-6}


def trabajar(pila: Pila, segundos: float) -> None:
    """Ask for jobs for so long; half-way a worker dies and another comes."""
    _, ids = Semilla(pila).propiedad(*SERVICIOS)
    azar, comienzo, murio = random.Random(7), time.monotonic(), False
    with receptor([500, 200, 200, 500, 500, 500]) as casa:
        while (pasaron := time.monotonic() - comienzo) < segundos:
            pedidos = azar.sample(ids, azar.randint(1, len(ids)))
            pila.pedir("/consultar/servicios", {"servicio_ids": pedidos, "callback_url": casa.url})
            time.sleep(azar.uniform(0.5, 4))
            if not murio and pasaron > segundos / 2:
                pila.matar("worker")
                pila.lanzar("worker")
                murio = True


def _consulta(expresion: str) -> str:
    return re.sub(r"\[[^]]+\]", "[1m]", expresion)


def _series(prometheus: Prometheus, panel: dict[str, Any], desde: float, hasta_: float) -> list[tuple[str, Any]]:
    """What the panel's queries answer: a name, and pairs of moment and value."""
    series = []
    for objetivo in panel["targets"]:
        ventana = {"start": str(desde), "end": str(hasta_), "step": "2"}
        for serie in prometheus.pedir("query_range", query=_consulta(objetivo["expr"]), **ventana)["result"]:
            etiquetas = serie["metric"]
            nombre = re.sub(r"\{\{(\w+)\}\}", lambda m, e=etiquetas: e.get(m[1], ""), objetivo["legendFormat"])
            series.append((nombre, [(float(t), float(v)) for t, v in serie["values"]]))
    return series


def _dibujar(eje: Axes, panel: dict[str, Any], series: list[tuple[str, Any]]) -> None:
    unidad = panel["fieldConfig"]["defaults"].get("unit", "short")
    eje.set_title(panel["title"], fontsize=8, loc="left")
    if panel["type"] == "stat":
        eje.axis("off")
        con_nombre = panel["options"].get("textMode") == "name"
        textos = [n if con_nombre else f"{n} {v[-1][1]:.3g}{UNIDADES[unidad]}".strip() for n, v in series]
        eje.text(0.5, 0.5, "\n".join(textos), ha="center", va="center", fontsize=12)
        return
    for nombre, valores in series:
        momentos = [datetime.fromtimestamp(t) for t, _ in valores]  # noqa: DTZ006
        eje.plot(momentos, [v * ESCALA.get(unidad, 1) for _, v in valores], label=nombre, linewidth=1)
    eje.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    eje.xaxis.set_major_locator(mdates.MinuteLocator())
    eje.tick_params(labelsize=6)
    eje.set_ylim(bottom=0)
    eje.grid(alpha=0.3)
    if UNIDADES[unidad]:
        eje.set_ylabel(UNIDADES[unidad].strip(), fontsize=6)
    if series:
        eje.legend(fontsize=5, ncols=2, loc="upper left", framealpha=0.6)


def pintar(prometheus: Prometheus, desde: float, salida: Path) -> None:
    """Every panel on its place of the grid of 24 columns."""
    alto = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in TABLERO["panels"])
    figura = plt.figure(figsize=(14, alto * 0.36), dpi=80)
    for panel in TABLERO["panels"]:
        x, y, w, h = (panel["gridPos"][lado] for lado in "xywh")
        arriba = 0.975 * (1 - y / alto)
        if panel["type"] == "row":
            figura.text(0.01, arriba - 0.014, panel["title"], fontsize=10, weight="bold")
            continue
        caja = (x / 24 + 0.02, arriba - 0.975 * h / alto + 0.014, w / 24 - 0.03, 0.975 * h / alto - 0.03)
        _dibujar(figura.add_axes(caja), panel, _series(prometheus, panel, desde, time.time()))
    leyenda = "Las consultas de cada panel, hechas a un Prometheus real; dibujadas por matplotlib, no por Grafana"
    figura.text(0.01, 0.985, leyenda, fontsize=9)
    salida.parent.mkdir(exist_ok=True)
    figura.savefig(salida)
    print(f"Escrito {salida}.")


def main() -> None:
    """Run the stack, then draw."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--segundos", type=float, default=180)
    lector.add_argument("--salida", type=Path, default=RAIZ / "docs/capturas/tablero.png")
    opciones = lector.parse_args()
    ajustes = {"API_ABIERTA": "", "CIRCUITO_FALLAS": "5", "CONSULTA_ARRIENDO_S": "5"}
    with PostgresEmbebido() as postgres:
        base = postgres.crear_base("tablero")
        with Pila(base, base, ajustes) as pila:
            assert pila.clave is not None
            with Prometheus(pila.url, pila.clave) as prometheus:
                desde = time.time()
                trabajar(pila, opciones.segundos)
                hasta(lambda: "consultas_terminadas_total" in prometheus.nombres(), 60)
                time.sleep(20)  # until reloj has counted the last ones
                pintar(prometheus, desde, opciones.salida)


if __name__ == "__main__":
    main()
