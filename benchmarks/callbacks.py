"""Callbacks: deliveries per second, time from a job's end to its receiver's 2xx, and whether every one arrives.

`python benchmarks/callbacks.py [--rondas 3]`, on PostgreSQL and RabbitMQ, with the defaults (8 threads, 30 s an
attempt, waits of 1 and 2 s). The jobs have one servicio, of an empresa without scraper, so that no browser is opened;
they are asked for over HTTP and ended by the worker. The receivers are real HTTP servers in a process of their own
(oyentes.py), on ports of loopback: each port is a destino of its own, of which there are eight, or one.

- Draining: the callbacks process is stopped while so many jobs end, and then started: deliveries/s from the first
  arrival to the last 2xx.
- At a pace that is below that: from `jobs.completed_at` to the 2xx, p50, p95 and p99 over the jobs of all rounds.
- The same with one job in ten for a receiver that is dead: half of those refuse the connection, half accept it and
  never answer. At the end of a round the callbacks of the dead are given up by hand, so that the next begins like it.

After each, every job of a live receiver must have been delivered, once.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests"), str(RAIZ / "benchmarks")]

from cpu import BANCO, CALLBACKS, CHROMIUM, POSTGRES, RABBIT, RESTO, SANDBOX, WORKER, Gasto
from escenarios.conftest import Semilla
from medicion import barras, escribir, lineas, maquina, percentil, rondas, tabla
from oyentes import Oyentes, Recibido
from pila import Pila, hasta
from servidores import PostgresPrivado, RabbitPrivado, puerto_libre

from sandbox.desenlaces import Desenlace

LATENCIAS_MS = (0, 100, 1000)
POR_VACIAR = {(1, 0): 150, (8, 0): 300, (1, 100): 80, (8, 100): 240, (1, 1000): 10, (8, 1000): 40}
"""How many jobs for so many receivers with such a latency (ms): some seconds of work."""
PASOS = {0: 10.0, 100: 10.0, 1000: 5.0}
"""Jobs per second, by latency (ms): eight threads deliver no more than eight a second to receivers that take one."""
PASO_S = 12
DE_PRODUCCION = {"RELOJ_PERIODO_S": "2", "REINTENTOS_ESCALA": "1"}
ESPERA_S = 90


@dataclass
class Banco:
    """A stack with its receivers, and what became of the jobs that were asked for."""

    pila: Pila
    oyentes: Oyentes
    vivos: Sequence[str]
    rechazan: Sequence[str]
    mudos: Sequence[str]
    pedidos: dict[str, str] = field(default_factory=dict)
    """URL by job, of those of the measurement under way."""
    respondidos: dict[str, list[Recibido]] = field(default_factory=dict)
    servicios: Iterator[int] = field(init=False)
    entregados: int = 0
    semilla: Semilla = field(init=False)

    def __post_init__(self) -> None:
        self.semilla = Semilla(self.pila)
        self.semilla.propiedad(("metrogas", Desenlace.UNA_FACTURA))
        ids = self.semilla.filas(
            "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
            " SELECT propiedad_id, 'Sin scraper', tipo_servicio, credenciales, true, now()"
            " FROM (SELECT * FROM servicios LIMIT 1) uno, generate_series(1, 500) RETURNING id"
        )
        self.servicios = cycle(int(str(fila[0])) for fila in ids)

    def pedir(self, urls: Iterable[str], por_segundo: float | None = None) -> None:
        """A job for each of these callback URLs, so many a second, or as fast as it goes."""
        self.pedidos.clear()
        self.respondidos.clear()
        comienzo = time.monotonic()
        with ThreadPoolExecutor(4) as ejecutor:
            hechos = []
            for n, url in enumerate(urls):
                if por_segundo is not None:
                    time.sleep(max(0.0, comienzo + n / por_segundo - time.monotonic()))
                hechos.append(ejecutor.submit(self._pedir, url, next(self.servicios)))
        self.pedidos.update(hecho.result() for hecho in hechos)

    def _pedir(self, url: str, servicio_id: int) -> tuple[str, str]:
        pedido = {"servicio_ids": [servicio_id], "callback_url": url}
        return self.pila.pedir("/consultar/servicios", pedido)["job_id"], url

    def abiertos(self) -> int:
        """Jobs that have not ended."""
        return int(str(self.semilla.filas("SELECT count(*) FROM jobs WHERE completed_at IS NULL")[0][0]))

    def esperar_entregas(self) -> None:
        """Wait until every job of a live receiver got its 2xx; AssertionError when one was delivered twice."""
        de_vivos = {job_id for job_id, url in self.pedidos.items() if url in self.vivos}
        hasta(lambda: self._recoger() and de_vivos <= self.respondidos.keys(), plazo_s=ESPERA_S)
        time.sleep(0.3)  # for one that comes twice
        self._recoger()
        assert self.respondidos.keys() == de_vivos
        assert all(len(veces) == 1 for veces in self.respondidos.values()), "un callback llegó dos veces"
        self.entregados += len(de_vivos)

    def _recoger(self) -> bool:
        for recibido in self.oyentes.recibidos():
            self.respondidos.setdefault(recibido.job_id, []).append(recibido)
        return True

    def demoras(self) -> list[float]:
        """Seconds from the end of each delivered job to its 2xx."""
        filas = self.semilla.filas(
            "SELECT id::text, extract(epoch FROM completed_at)::float8 FROM jobs WHERE id::text = ANY(%s)",
            list(self.respondidos),
        )
        return [self.respondidos[str(job_id)][0].respondido - float(str(fin)) for job_id, fin in filas]

    def de_los_muertos(self) -> Counter[str]:
        """What is owed to the receivers that are dead, by what became of it."""
        filas = self.semilla.filas(
            "SELECT c.url, c.estado, c.intentos, j.callback_sent, c.en_turno FROM jobs j LEFT JOIN callbacks c"
            " ON c.job_id = j.id WHERE j.id::text = ANY(%s)",
            [job_id for job_id, url in self.pedidos.items() if url not in self.vivos],
        )
        return Counter(self._que_paso(*fila) for fila in filas)

    def _que_paso(self, url: object, estado: object, intentos: object, enviado: object, en_turno: object) -> str:
        if url in self.rechazan and (estado, intentos, enviado) == ("fallido", 3, False):
            return "rechazados: tres intentos, callback_sent false"
        if url in self.mudos and estado in ("pendiente", "enviando") and enviado is None:
            return "mudos: " + ("esperan su turno" if en_turno else f"intento {intentos} de 3, {estado}")
        return f"PERDIDO: {url} {estado} {intentos} {enviado}"

    def abandonar(self) -> None:
        """Forget what is owed to the dead."""
        self.pila.matar("callbacks")
        self.semilla.filas("DELETE FROM callbacks WHERE estado IN ('pendiente', 'enviando') RETURNING id")
        self.lanzar()

    def lanzar(self) -> None:
        """Start the callbacks process, and wait until its threads count."""
        self.semilla.filas("DELETE FROM trabajadores WHERE colas = 'callbacks' RETURNING id")
        self.pila.lanzar("callbacks")
        hasta(lambda: self.semilla.filas("SELECT 1 FROM trabajadores WHERE colas = 'callbacks'"))


@dataclass
class Vaciado:
    """Draining a backlog for so many receivers with such a latency."""

    banco: Banco
    receptores: int
    latencia_ms: int
    gastos: list[Gasto] = field(default_factory=list)

    def medir(self) -> float:
        """Deliveries per second."""
        banco, cuantos = self.banco, POR_VACIAR[self.receptores, self.latencia_ms]
        banco.oyentes.demorar(self.latencia_ms / 1000)
        banco.pila.terminar("callbacks")
        banco.pedir(islice(cycle(banco.vivos[: self.receptores]), cuantos))
        hasta(lambda: banco.abiertos() == 0, plazo_s=ESPERA_S)
        banco.lanzar()
        with Gasto() as gasto:
            banco.esperar_entregas()
        self.gastos.append(gasto)
        todos = [veces[0] for veces in banco.respondidos.values()]
        return cuantos / (max(r.respondido for r in todos) - min(r.llego for r in todos))


@dataclass
class AlPaso:
    """Jobs at a pace; `muertos`: one in ten is for a dead receiver."""

    banco: Banco
    latencia_ms: int
    muertos: bool = False
    demoras: list[float] = field(default_factory=list)
    de_muertos: Counter[str] = field(default_factory=Counter)

    def medir(self) -> float:
        """The median from a job's end to its 2xx, ms; keeps them all."""
        banco = self.banco
        banco.oyentes.demorar(self.latencia_ms / 1000)
        vivos, muertos = cycle(banco.vivos), cycle([*banco.rechazan, *banco.mudos])
        cuantos = round(PASOS[self.latencia_ms] * PASO_S)
        urls = [next(muertos) if self.muertos and n % 10 == 5 else next(vivos) for n in range(cuantos)]
        banco.pedir(urls, PASOS[self.latencia_ms])
        banco.esperar_entregas()
        demoras = banco.demoras()
        self.demoras += demoras
        if self.muertos:
            hasta(lambda: sum(n for que, n in banco.de_los_muertos().items() if que[:4] == "rech") ==
                  sum(url in banco.rechazan for url in urls))  # fmt: skip
            self.de_muertos += banco.de_los_muertos()
            banco.abandonar()
        return statistics.median(demoras) * 1000


def _tabla_de_vaciados(vaciados: Sequence[Vaciado], medido: dict[str, list[float]], hilos: int) -> str:
    filas = []
    for vaciado, valores in zip(vaciados, medido.values(), strict=True):
        a_la_vez = min(max(hilos // 4, 1) * vaciado.receptores, hilos)
        tope = a_la_vez / (vaciado.latencia_ms / 1000) if vaciado.latencia_ms else None
        entregas = statistics.median(valores)
        partes = [statistics.median(g.partes().get(grupo, 0) for g in vaciado.gastos) for grupo in
                  (CALLBACKS, POSTGRES, RABBIT)]  # fmt: skip
        otros = statistics.median(
            sum(g.partes().get(grupo, 0) for grupo in (WORKER, RESTO, SANDBOX, BANCO, CHROMIUM)) for g in vaciado.gastos
        )
        filas.append([
            f"{vaciado.receptores} con {vaciado.latencia_ms} ms", f"{entregas:.1f}", a_la_vez,
            f"{tope:.0f}" if tope else "—", f"{entregas / tope:.0%}" if tope else "—",
            f"{statistics.median(g.parte_ocupada for g in vaciado.gastos):.0%}",
            *(f"{parte:.0%}" for parte in [*partes, otros]),
        ])  # fmt: skip
    titulos = ("receptores", "entregas/s", "a la vez", "tope (a la vez / latencia)", "del tope", "CPU ocupada",
               "callbacks", "PostgreSQL", "RabbitMQ", "lo demás")  # fmt: skip
    return tabla(titulos, filas)


def _tabla_al_paso(pasos: Sequence[AlPaso]) -> str:
    filas = [
        [f"{p.latencia_ms} ms" + (", 10 % de los jobs a receptores muertos" if p.muertos else ""),
         f"{PASOS[p.latencia_ms]:.0f}", len(p.demoras),
         *(f"{percentil(p.demoras, q) * 1000:.0f}" for q in (50, 95, 99)), f"{max(p.demoras) * 1000:.0f}"]
        for p in pasos
    ]  # fmt: skip
    titulos = ("latencia del receptor", "jobs/s", "jobs", "p50, ms", "p95, ms", "p99, ms", "máximo, ms")
    return tabla(titulos, filas)


def _dibujos(vaciados: Sequence[Vaciado], medido: dict[str, list[float]], pasos: Sequence[AlPaso]) -> str:
    series: dict[str, dict[str, float]] = {"1 receptor": {}, "8 receptores": {}}
    for vaciado, valores in zip(vaciados, medido.values(), strict=True):
        serie = series["1 receptor" if vaciado.receptores == 1 else "8 receptores"]
        serie[f"{vaciado.latencia_ms} ms"] = statistics.median(valores)
    curvas = {
        f"{p.latencia_ms} ms{', 10 % muertos' if p.muertos else ''}": {
            float(q): percentil(p.demoras, q) * 1000 for q in (1, 10, 25, 50, 75, 90, 95, 99)
        }
        for p in pasos
    }
    return "\n\n".join([
        barras("callbacks", "Entregas por segundo, según la latencia del receptor", "entregas/s", series),
        lineas("callbacks-demoras", "Del fin del job al 2xx", ("percentil", "ms"), curvas),
    ])  # fmt: skip


def medir(banco: Banco, cuantas: int, quien: str) -> None:
    """All of it, interleaved, and the report."""
    vaciados = [Vaciado(banco, receptores, ms) for receptores, ms in POR_VACIAR]
    pasos = [*(AlPaso(banco, ms) for ms in LATENCIAS_MS), AlPaso(banco, 100, muertos=True)]
    maneras: dict[str, Callable[[], float]] = {
        **{f"vaciar {v.receptores} con {v.latencia_ms} ms, entregas/s": partial(v.medir) for v in vaciados},
        **{f"al paso {p.latencia_ms} ms{', con muertos' * p.muertos}, ms": partial(p.medir) for p in pasos},
    }
    medido = rondas(maneras, cuantas)
    de_vaciar = dict(list(medido.items())[: len(vaciados)])
    muertos = "\n".join(f"- {cuantos} {que}" for que, cuantos in sorted(pasos[-1].de_muertos.items()))
    escribir(
        "callbacks",
        f"# Callbacks\n\n{quien}",
        f"Medianas de {cuantas} rondas intercaladas; percentiles sobre los jobs de todas.",
        _tabla_de_vaciados(vaciados, de_vaciar, 8),
        "Jobs a un paso parejo, repartidos entre ocho receptores, del fin del job al 2xx:",
        _tabla_al_paso(pasos),
        f"Llegaron los {banco.entregados} callbacks de receptores vivos, una vez cada uno. Los de receptores muertos,"
        f" al medir:\n\n{muertos}",
        _dibujos(vaciados, de_vaciar, pasos),
    )


def main() -> None:
    """Run it on a stack of its own."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=3)
    opciones = lector.parse_args()
    quien = maquina("dramatiq", "pika", "requests", "peewee")
    puertos = [puerto_libre() for _ in range(12)]
    vivos, rechazan, mudos = puertos[:8], puertos[8:10], puertos[10:]
    with ExitStack() as abierto:
        postgres = abierto.enter_context(PostgresPrivado())
        rabbit = abierto.enter_context(RabbitPrivado())
        oyentes = abierto.enter_context(Oyentes(vivos, mudos))
        entorno = {**DE_PRODUCCION, "CALLBACK_HOSTS_PERMITIDOS": ",".join(f"127.0.0.1:{p}" for p in puertos)}
        pila = abierto.enter_context(Pila(postgres.crear_base("callbacks"), rabbit.crear_vhost("callbacks"), entorno))
        urls = [[f"http://127.0.0.1:{p}/callback" for p in grupo] for grupo in (vivos, rechazan, mudos)]
        medir(Banco(pila, oyentes, *urls), opciones.rondas, quien)


if __name__ == "__main__":
    main()
