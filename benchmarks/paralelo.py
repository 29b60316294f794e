"""Parallel jobs: how long a job takes against its slowest consulta, and how 40 consultas scale over processes.

`python benchmarks/paralelo.py [--rondas 3]`, on PostgreSQL and RabbitMQ against the sandbox.

First, four servicios of four empresas whose portals answer after 10 s: through the service with its Chromium open,
through a worker that was just started (its Chromium is not), and one after another with a new Chromium each
(rivales/uno_tras_otro.py, with our scrapers and without a database). Settings are the defaults, but for the sandbox's
own latencies, which are none beside the 10 s.

Then 40 servicios of four empresas, with portals that answer at once and after 1 s, on one worker process with 8
threads, two with 8 and two with 4. The limit of consultas at once in an empresa and the pause between them are lifted:
what is asked is how much the service can do, not how politely. The portals run on the same machine, and so does the
benchmark: what they take of its CPU is in the table.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests"), str(RAIZ / "benchmarks")]

from cpu import BANCO, CALLBACKS, CHROMIUM, POSTGRES, RABBIT, RESTO, SANDBOX, WORKER, Gasto
from escenarios.conftest import Semilla, cuenta
from medicion import barras, escribir, maquina, rondas, tabla
from pila import Pila, Receptor, hasta, receptor
from rivales.uno_tras_otro import en_orden
from servidores import PostgresPrivado, RabbitPrivado

from sandbox.desenlaces import Desenlace

CUATRO = ("metrogas", "edenor", "edesur", "aysa")
EMPRESAS = ("metrogas", "edenor", "naturgy", "aysa")
TOTAL = 40
FORMAS: Mapping[str, tuple[int, int]] = {"1 × 8": (1, 8), "2 × 4": (2, 4), "2 × 8": (2, 8)}
"""Worker processes, threads in each."""
LATENCIAS_MS = (0, 1000)
SIN_LATENCIA = {"SANDBOX_HIDRATACION_MS": "0", "SANDBOX_CONSULTA_MS": "0", "SANDBOX_ASENTAR_MS": "0"}
SIN_LIMITES = {
    f"EMPRESA__{empresa.upper()}__{ajuste}": valor
    for empresa in EMPRESAS
    for ajuste, valor in (("PAUSA_S", "0"), ("SIMULTANEAS", "100"))
}
DE_PRODUCCION = {"RELOJ_PERIODO_S": "2", "REINTENTOS_ESCALA": "1"}


@dataclass(frozen=True, slots=True)
class Pasada:
    """One job, in seconds: POST to callback, creation to end by the database's clock, and its slowest consulta."""

    al_callback: float
    job: float
    lenta: float
    gasto: Gasto

    @property
    def razon(self) -> float:
        """The job against its slowest consulta."""
        return self.job / self.lenta


class Banco:
    """A stack, its data and where its callbacks go."""

    def __init__(self, pila: Pila, casa: Receptor) -> None:
        self.pila, self.casa, self.semilla = pila, casa, Semilla(pila)

    def correr(self, ids: list[int]) -> Pasada:
        """One job of these servicios, to its callback."""
        with Gasto() as gasto:
            comienzo = time.monotonic()
            pedido = {"servicio_ids": ids, "callback_url": self.casa.url}
            job_id = self.pila.pedir("/consultar/servicios", pedido)["job_id"]
            [recibido] = self.casa.esperar(job_id, plazo_s=180)
        assert all(resultado["exito"] for resultado in recibido.json["resultados"]), recibido.json["resultados"]
        ((job, lenta),) = self.semilla.filas(
            "SELECT extract(epoch FROM j.completed_at - j.created_at)::float8, max(c.duracion_ms) / 1000.0::float8"
            " FROM jobs j JOIN consultas_deuda c ON c.job_id = j.id WHERE j.id = %s GROUP BY j.id",
            job_id,
        )
        return Pasada(recibido.momento - comienzo, float(str(job)), float(str(lenta)), gasto)

    def relanzar(self, procesos: int = 1, hilos: int = 8) -> None:
        """A new worker with so many processes and threads, ready to work."""
        self.pila.terminar("worker")
        self.pila.lanzar("worker", WORKER_PROCESOS=str(procesos), WORKER_HILOS=str(hilos))
        hasta(lambda: self.pila.pedir("/queue/stats")["max_workers"] == procesos * hilos)

    def calentar(self, ids: list[int], procesos: int) -> None:
        """Have every worker process open its Chromium."""
        while len(self.pila.chromiums()) < procesos:
            self.correr(ids)


def diez_segundos(banco: Banco, cuantas: int) -> str:
    """Four portals of 10 s. Returns the Markdown of what was measured."""
    _, ids = banco.semilla.propiedad(*((empresa, Desenlace.LENTO_10S) for empresa in CUATRO))
    pedidos = [(empresa, cuenta(empresa, Desenlace.LENTO_10S)) for empresa in CUATRO]
    pasadas: dict[str, list[Pasada]] = {"en paralelo": [], "en paralelo, recién arrancado": []}
    sueltas: list[list[float]] = []

    def servicio(nombre: str) -> float:
        if nombre != "en paralelo":
            banco.relanzar()
        pasadas[nombre].append(banco.correr(ids))
        return pasadas[nombre][-1].job

    def de_a_una() -> float:
        sueltas.append(asyncio.run(en_orden(pedidos, banco.pila.entorno["PORTALES_URL"])))
        return sum(sueltas[-1])

    _, previos = banco.semilla.propiedad(*((empresa, Desenlace.UNA_FACTURA) for empresa in CUATRO))
    banco.calentar(previos, 1)
    maneras: dict[str, Callable[[], float]] = {nombre: partial(servicio, nombre) for nombre in pasadas}
    medido = rondas({**maneras, "una tras otra": de_a_una}, cuantas)
    mediana = {nombre: statistics.median(valores) for nombre, valores in medido.items()}
    sola = statistics.median(max(cada) for cada in sueltas)
    filas = [
        (nombre, f"{mediana[nombre]:.2f}", f"{statistics.median(p.al_callback for p in de):.2f}",
         f"{statistics.median(p.lenta for p in de):.2f}", f"{statistics.median(p.razon for p in de):.3f}",
         f"{max(p.razon for p in de):.3f}", f"{mediana['una tras otra'] / mediana[nombre]:.2f}")
        for nombre, de in pasadas.items()
    ]  # fmt: skip
    filas.append(("una tras otra", f"{mediana['una tras otra']:.2f}", "", f"{sola:.2f}",
                  f"{mediana['una tras otra'] / sola:.3f}", "", "1.00"))  # fmt: skip
    titulos = ("cuatro servicios de 10 s", "job, s", "POST a callback, s", "la más lenta, s", "job / la más lenta",
               "la peor", "veces más rápido")  # fmt: skip
    lentas = {nombre: statistics.median(p.lenta for p in de) for nombre, de in pasadas.items()}
    dibujo = barras("paralelo-4", "Cuatro servicios cuyos portales tardan 10 s", "segundos",
                    {"job": mediana, "su consulta más lenta": {**lentas, "una tras otra": sola}})  # fmt: skip
    return f"{tabla(titulos, filas)}\n\n{dibujo}"


def cuarenta(banco: Banco, cuantas: int) -> dict[str, list[Pasada]]:
    """40 servicios on each of FORMAS."""
    servicios = [(EMPRESAS[n % len(EMPRESAS)], Desenlace.UNA_FACTURA) for n in range(TOTAL)]
    _, ids = banco.semilla.propiedad(*servicios)
    pasadas: dict[str, list[Pasada]] = {forma: [] for forma in FORMAS}

    def con(forma: str) -> float:
        banco.relanzar(*FORMAS[forma])
        banco.calentar(ids, FORMAS[forma][0])
        pasadas[forma].append(banco.correr(ids))
        return pasadas[forma][-1].job

    rondas({forma: partial(con, forma) for forma in FORMAS}, cuantas)
    return pasadas


def _fila(latencia_ms: int, forma: str, pasadas: list[Pasada], de_una: float) -> list[str]:
    job = statistics.median(p.job for p in pasadas)
    ocupada = statistics.median(p.gasto.parte_ocupada for p in pasadas)
    partes = [statistics.median(p.gasto.partes().get(grupo, 0) for p in pasadas) for grupo in
              (CHROMIUM, WORKER, POSTGRES, RABBIT, SANDBOX)]  # fmt: skip
    otros = statistics.median(sum(p.gasto.partes().get(g, 0) for g in (CALLBACKS, RESTO, BANCO)) for p in pasadas)
    cpu_ms = statistics.median(sum(p.gasto.cpu.values()) for p in pasadas) / TOTAL * 1000
    return [f"{forma}, portales de {latencia_ms} ms", f"{job:.2f}", f"{TOTAL / job:.1f}", f"{de_una / job:.2f}",
            f"{ocupada:.0%}", f"{cpu_ms:.0f}", *(f"{parte:.0%}" for parte in [*partes, otros])]  # fmt: skip


def main() -> None:
    """Run both on stacks of their own and write the report."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=3)
    opciones = lector.parse_args()
    quien = maquina("dramatiq", "pika", "pyppeteer", "peewee")
    filas, por_segundo = [], {}
    with ExitStack() as abierto:
        postgres = abierto.enter_context(PostgresPrivado())
        rabbit = abierto.enter_context(RabbitPrivado())
        casa = abierto.enter_context(receptor())

        def pila(nombre: str, entorno: Mapping[str, str]) -> Pila:
            return Pila(postgres.crear_base(nombre), rabbit.crear_vhost(nombre), {**DE_PRODUCCION, **entorno})

        with pila("diez", SIN_LATENCIA) as en_marcha:
            cuatro = diez_segundos(Banco(en_marcha, casa), opciones.rondas)
        for ms in LATENCIAS_MS:
            with pila(f"cuarenta{ms}", {**SIN_LATENCIA, **SIN_LIMITES, "SANDBOX_CONSULTA_MS": str(ms)}) as en_marcha:
                pasadas = cuarenta(Banco(en_marcha, casa), opciones.rondas)
            de_una = statistics.median(p.job for p in pasadas["1 × 8"])
            filas += [_fila(ms, forma, de, de_una) for forma, de in pasadas.items()]
            por_segundo[f"portales de {ms} ms"] = {
                forma: TOTAL / statistics.median(p.job for p in de) for forma, de in pasadas.items()
            }
    titulos = (f"{TOTAL} servicios, procesos × hilos", "job, s", "consultas/s", "frente a 1 × 8", "CPU ocupada",
               "CPU ms/consulta", "Chromium", "worker", "PostgreSQL", "RabbitMQ", "portales", "lo demás")  # fmt: skip
    dibujo = barras("paralelo-40", f"{TOTAL} servicios: consultas por segundo", "consultas/s", por_segundo)
    escribir("paralelo", f"# Jobs en paralelo\n\n{quien}", f"Medianas de {opciones.rondas} rondas intercaladas.",
             cuatro, tabla(titulos, filas), dibujo)  # fmt: skip


if __name__ == "__main__":
    main()
