"""What a job costs without the browser, against Celery and against raw Dramatiq; and how soon a POST is answered.

`make medir QUE=sobrecarga`. Every rival runs on the same PostgreSQL and the same RabbitMQ, with one process for the API
and the same number of threads (or processes) for consultas and for callbacks; its scraper returns at once with the same
result, the credenciales are encrypted, the callback is signed and a receiver checks every signature. A batch counts
from its first POST until its last callback has arrived.

- **Consultas**: the Procfile's own processes; only the scraper is replaced (instantaneo/sitecustomize.py). The
  politeness to the portals, which would hide the rest (two at a time, half a second apart), is set so that it never
  waits; what enforces it still runs. Portals without a login: with one, each consulta also asks whether its clave was
  rejected.
- **Celery**: rivales/celery_*.py, in each way of running it that `--maneras` names; the best one counts.
- **Raw**: messages of an actor that does nothing, confirmed one by one and consumed meanwhile (rivales/crudo.py).

Then 50 POSTs at once on open connections, to the first byte of the answer, with RabbitMQ running and stopped. At the
end every job that was accepted while it was stopped has called back.
"""

import argparse
import contextlib
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

from maneras_de_job import MANERAS, Crudo, Receptor, Rival
from medicion import barras, escribir, maquina, percentil, rondas, tabla
from servidores import PostgresPrivado, RabbitPrivado

Latencias = dict[tuple[str, str], tuple[list[float], int]]
"""By rival and state of RabbitMQ: the ms of every POST, and how many were accepted."""


def _latencias(rabbit: RabbitPrivado, rivales: Sequence[Rival], rafagas: int) -> Latencias:
    """Bursts of each rival in turn: with RabbitMQ running, then stopped. Then all that was accepted must call back."""
    todas: Latencias = {}
    aceptados: dict[str, list[str]] = {}
    for estado in ("en marcha", "detenido"):
        if estado == "detenido":
            rabbit.detener()
        for ronda in range(rafagas):
            for rival in rivales[ronda % len(rivales) :] + rivales[: ronda % len(rivales)]:
                medidos, jobs = rival.rafaga()
                previos, cuantos = todas.get((rival.nombre, estado), ([], 0))
                todas[rival.nombre, estado] = ([*previos, *medidos], cuantos + len(jobs))
                aceptados.setdefault(rival.nombre, []).extend(jobs)
                if estado == "en marcha":
                    rival.esperar(jobs)
    rabbit.iniciar()
    for rival in rivales:
        rival.esperar(aceptados[rival.nombre])
    return todas


def _informar(opciones: argparse.Namespace, medido: Mapping[str, Sequence[float]], latencias: Latencias) -> None:
    medianas = {nombre: statistics.median(valores) for nombre, valores in medido.items()}
    crudo = medianas.pop("Dramatiq, mensajes vacíos")
    filas, series = [], {}
    for servicios in (20, 4):
        de_estos = {n.partition(" · ")[0]: v for n, v in medianas.items() if n.endswith(f" · {servicios}")}
        celery = max((v for n, v in de_estos.items() if n.startswith("Celery")), default=0.0)
        series[f"jobs de {servicios}"] = de_estos
        for nombre, valor in de_estos.items():
            por_ronda = " / ".join(f"{v:.0f}" for v in medido[f"{nombre} · {servicios}"])
            razon = f"{valor / celery:.2f}" if celery else "-"
            filas.append((nombre, servicios, f"{valor:.0f}", por_ronda, f"{razon} ×", f"{valor / crudo:.1%}"))
    titulos = (
        "",
        "servicios por job",
        "consultas/s (mediana)",
        "cada ronda",
        "del mejor Celery",
        "de los mensajes vacíos",
    )
    cola = tabla(
        ("50 POST a la vez", "RabbitMQ", "p50 (ms)", "p99 (ms)", "aceptados"),
        [
            (nombre, estado, f"{percentil(v, 50):.0f}", f"{percentil(v, 99):.0f}", f"{n} de {len(v)}")
            for (nombre, estado), (v, n) in latencias.items()
        ],
    )
    escribir(
        opciones.nombre,
        "# Lo que cuesta un job sin el navegador",
        maquina("dramatiq", "peewee", "celery", "fastapi", "sqlalchemy", "uvicorn"),
        f"{opciones.rondas} rondas intercaladas; {opciones.consultas} consultas por lote, del primer POST al último"
        f" callback recibido. Dramatiq, mensajes vacíos confirmados y consumidos: {crudo:.0f}/s (cada ronda:"
        f" {' / '.join(f'{v:.0f}' for v in medido['Dramatiq, mensajes vacíos'])}).",
        tabla(titulos, filas),
        barras(opciones.nombre, "Consultas por segundo, del POST al callback", "consultas/s", series),
        cola if latencias else "",
        (__doc__ or "").partition("\n\n")[2],
    )


def main() -> None:
    """Run every way, round by round, and write the report."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=3)
    lector.add_argument("--consultas", type=int, default=800, help="de cada lote")
    lector.add_argument("--rafagas", type=int, default=6, help="de 50 POST a la vez")
    lector.add_argument("--maneras", default=",".join(MANERAS))
    lector.add_argument("--nombre", default="sobrecarga", help="del informe en benchmarks/resultados")
    opciones = lector.parse_args()
    print(__doc__)
    receptor = Receptor()
    with contextlib.ExitStack() as pila:
        postgres = pila.enter_context(PostgresPrivado(max_connections=400))
        rabbit = pila.enter_context(RabbitPrivado())
        rivales = [pila.enter_context(MANERAS[m](postgres, rabbit, receptor)) for m in opciones.maneras.split(",")]
        crudo = pila.enter_context(Crudo(rabbit.crear_vhost("crudo"), opciones.consultas * 4))
        _ = [rival.lote(8, servicios) for rival in rivales for servicios in (4, 20)]
        crudo.medir()
        maneras: dict[str, Callable[[], float]] = {"Dramatiq, mensajes vacíos": crudo.medir}
        for rival in rivales:
            for servicios in (20, 4):
                maneras[f"{rival.nombre} · {servicios}"] = lambda r=rival, s=servicios: r.lote(  # type: ignore[misc]
                    opciones.consultas // s, s
                )
        medido = rondas(maneras, opciones.rondas)
        latencias = _latencias(rabbit, rivales, opciones.rafagas) if opciones.rafagas else {}
    _informar(opciones, medido, latencias)


if __name__ == "__main__":
    main()
