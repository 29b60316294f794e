"""Whether the service slows down as its history grows: each page, request and repair at 1e3, 1e5 and 1e6 consultas.

`python benchmarks/crecimiento.py [--rondas 30] [--tamanos 1000 100000 1000000]`. One PostgreSQL with a database of each
size (benchmarks/historia.py says what is in them), and for each its own web process, as in the Procfile, and a process
that does what a worker, a sender of callbacks and reloj ask of the database, publishing nothing. Every round asks
everything of every size, one after the other, each round beginning with another size. Reports medians (ms), and the
largest size against the smallest.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests"), str(RAIZ / "benchmarks")]

os.environ["DATABASE_URL"] = "postgresql://nadie@127.0.0.1:1/nada"
os.environ["BROKER_URL"] = "amqp://nadie:nada@127.0.0.1:1/"
os.environ.setdefault("CIFRADO_CLAVES", "bWVkaWNpb24tbWVkaWNpb24tbWVkaWNpb24tbWVkaWM=")

import medicion
import psycopg
import requests
from historia import llenar
from pila import Pila
from servidores import PostgresPrivado, RabbitPrivado

import models
from actors import reloj
from models import Resultado
from models.historia import borrar_historia
from models.listados import cursor_de

TAMANOS = (1_000, 100_000, 1_000_000)

GET = {
    "GET /jobs": "/jobs",
    "GET /jobs, página profunda": "/jobs?cursor={medio}",
    "GET /jobs?status=completed": "/jobs?status=completed",
    "GET /jobs?status=failed": "/jobs?status=failed&limit=3",
    "GET /jobs?callback_sent=false": "/jobs?callback_sent=false&limit=3",
    "GET /jobs?propiedad_id": "/jobs?propiedad_id=2",
    "GET /jobs?voucher_id": "/jobs?voucher_id=v-50",
    "GET /job/{id}, 4 consultas": "/job/{job}",
    "GET /job/{id}, 50 consultas": "/job/{grande}",
    "GET /job/{id}/eventos, hasta el fin": "/job/{job}/eventos",
    "GET /job/{id}/callback/intentos": "/job/{job}/callback/intentos",
    "GET /queue/stats": "/queue/stats",
    "GET /historial/propiedad/{id}": "/historial/propiedad/2",
    "GET /servicios/propiedad/{id}": "/servicios/propiedad/2",
    "GET /propiedades": "/propiedades?limit=10",
    "GET /propiedades?q, sin hallar nada": "/propiedades?q=zzz",
    "GET /programaciones": "/programaciones?limit=10",
    "GET /callbacks": "/callbacks",
    "GET /callbacks?estado=fallido": "/callbacks?estado=fallido&limit=5",
    "GET /consulta/{id}": "/consulta/{consulta}",
    "GET /consultas.csv?propiedad_id": "/consultas.csv?propiedad_id=2",
    "GET /empresas/salud": "/empresas/salud",
    "GET /metrics": "/metrics",
    "GET /ready": "/ready",
    "GET /health": "/health",
}
PANEL = {
    "panel: jobs": "/panel/jobs",
    "panel: jobs, página profunda": "/panel/jobs?cursor={medio}",
    "panel: jobs con callback enviado": "/panel/jobs?callback=enviado&cursor={medio}",
    "panel: buscar un voucher": "/panel/jobs?q=v-50",
    "panel: un job": "/panel/jobs/{job}",
    "panel: un job de 50": "/panel/jobs/{grande}",
    "panel: callbacks": "/panel/callbacks?estado=enviado",
    "panel: propiedades": "/panel/propiedades?cursor=11",
    "panel: una propiedad": "/panel/propiedades/2",
    "panel: un servicio": "/panel/servicios/7",
    "panel: programaciones": "/panel/programaciones?cursor=11",
    "panel: una programación": "/panel/programaciones/2",
    "panel: una consulta": "/panel/consultas/{consulta}",
    "panel: empresas": "/panel/empresas",
}


PENDIENTES = "SELECT id FROM consultas_deuda WHERE estado = 'pendiente' AND encolada_en < now() ORDER BY id"
DEBIDOS = "SELECT id FROM callbacks WHERE estado = 'pendiente' ORDER BY id"
_por_hacer: dict[str, Iterator[Any]] = {}


def _una_consulta() -> None:
    consulta = models.reclamar(next(_por_hacer[PENDIENTES]), arriendo_s=60, simultaneas=10_000)
    assert consulta is not None
    guardado = models.guardar_consulta_deuda(consulta.id, consulta.token, Resultado(exito=False, error="Falló."))
    assert guardado["guardado"]


def _un_callback() -> None:
    reclamado = models.reclamar_callback(next(_por_hacer[DEBIDOS]), arriendo_s=60)
    assert reclamado is not None
    models.anotar_intento(reclamado[0], None)


SIN_RED: dict[str, Callable[[], object]] = {
    "una consulta: tomarla y guardarla": _una_consulta,
    "un callback: tomarlo y anotarlo": _un_callback,
    **{f"reloj: {hacer.__name__}": hacer for hacer in (*reloj.REPARACIONES, *reloj.RUTINAS)},
    "reloj: borrar_historia, nada vencido": lambda: borrar_historia(5000),
}
"""What the processes other than web ask of the database, with no message published."""


def preparar(url: str) -> None:
    """In the process of one size: its database, its limits raised so that every claim is let in."""
    models.iniciar(url, conexiones=2, espera_s=5)
    for publica in ("tuberia", "anunciar"):
        setattr(reloj, publica, lambda *_: None)
    reloj.notificar.send = lambda *_: None  # type: ignore[method-assign,assignment]
    with models.conexion() as bd:
        for orden in (PENDIENTES, DEBIDOS):
            _por_hacer[orden] = iter([fila[0] for fila in bd.execute_sql(orden).fetchall()])


def cronometrar(que: str) -> float:
    """Milliseconds of one of SIN_RED, in this process."""
    comienzo = time.perf_counter()
    SIN_RED[que]()
    return (time.perf_counter() - comienzo) * 1000


class Web(Pila):
    """The Procfile's web process alone."""

    def iniciar(self) -> "Web":
        self.ejecutar(self.ordenes["release"])
        return self

    def servir(self) -> None:
        """Start it and wait until it answers."""
        self.lanzar("web")
        self._esperar(self._responde, 30)

    def _responde(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=5).ok
        except requests.ConnectionError:
            return False


@dataclass
class Sujeto:
    """The service over one database."""

    web: Web
    obrero: ProcessPoolExecutor
    sesion: requests.Session
    rutas: Mapping[str, str]
    servicios: int

    def pedir(self, ruta: str) -> float:
        """Milliseconds of a GET, its body read."""
        comienzo = time.perf_counter()
        respuesta = self.sesion.get(f"{self.web.url}{ruta}", timeout=60)
        duro = (time.perf_counter() - comienzo) * 1000
        assert respuesta.ok and not respuesta.history, f"{ruta}: {respuesta.status_code} {respuesta.text[:300]}"
        return duro

    def encargar(self, ronda: int) -> float:
        """Milliseconds of a POST of four servicios, never those of the round before."""
        primero = 1 + ronda * 4 % self.servicios
        comienzo = time.perf_counter()
        respuesta = self.sesion.post(
            f"{self.web.url}/consultar/servicios", json={"servicio_ids": list(range(primero, primero + 4))}, timeout=60
        )
        duro = (time.perf_counter() - comienzo) * 1000
        assert respuesta.status_code == 202, respuesta.text
        return duro

    def hacer(self, que: str) -> float:
        """Milliseconds of one of SIN_RED."""
        return self.obrero.submit(cronometrar, que).result()


@contextmanager
def sujeto(postgres: PostgresPrivado, rabbit: RabbitPrivado, consultas: int) -> Iterator[Sujeto]:
    """A filled database with its processes."""
    nombre = f"con_{consultas}"
    comienzo = time.monotonic()
    base = postgres.crear_base(nombre)
    with Web(base, rabbit.crear_vhost(nombre), {"CIFRADO_CLAVES": os.environ["CIFRADO_CLAVES"]}) as web:
        llenar(base, consultas)
        print(f"{consultas} consultas: {time.monotonic() - comienzo:.0f} s", flush=True)
        web.servir()
        with ProcessPoolExecutor(1, get_context("spawn"), preparar, (base,)) as obrero, requests.Session() as sesion:
            yield Sujeto(web, obrero, sesion, _rutas(web, base, consultas // 4), (consultas // 100) * 4)


def _rutas(web: Web, base: str, jobs: int) -> dict[str, str]:
    """Every address with what it needs of this database."""
    with psycopg.connect(base) as bd:
        medio = bd.execute(
            "SELECT id, created_at FROM jobs WHERE id = md5(%s)::uuid", (str(jobs * 6 // 10),)
        ).fetchone()
        ids = bd.execute(
            "SELECT md5(%s)::uuid, md5(%s)::uuid, md5('grande')::uuid", (str(jobs // 2), f"{jobs // 2}-1")
        ).fetchone()
    assert medio is not None and ids is not None
    datos = dict(zip(("job", "consulta", "grande"), ids, strict=True), medio=cursor_de(medio[1], medio[0]))
    return {nombre: ruta.format(**datos) for nombre, ruta in {**GET, **PANEL}.items()}


def medir(sujetos: Mapping[int, Sujeto], rondas: int) -> dict[str, dict[int, list[float]]]:
    """Milliseconds of everything, by what and by size; the first round is not counted."""
    primero = next(iter(sujetos.values()))
    medido: dict[str, dict[int, list[float]]] = {}
    for ronda in range(rondas + 1):
        turno = ronda % len(sujetos)
        orden = [*sujetos.items()][turno:] + [*sujetos.items()][:turno]
        for que in [*primero.rutas, "POST /consultar/servicios (4)", *SIN_RED]:
            for tamano, quien in orden:
                if que in quien.rutas:
                    ms = quien.pedir(quien.rutas[que])
                else:
                    ms = quien.hacer(que) if que in SIN_RED else quien.encargar(ronda)
                if ronda:
                    medido.setdefault(que, {}).setdefault(tamano, []).append(ms)
        print(f"  ronda {ronda}", flush=True)
    return medido


def pesos(postgres: PostgresPrivado, tamano: int) -> list[list[object]]:
    """What each table of a database weighs: rows, and bytes a consulta in the table, its TOAST and its indexes."""
    with psycopg.connect(postgres.url(f"con_{tamano}")) as bd:
        filas = bd.execute(
            "SELECT relname, n_live_tup, pg_relation_size(relid), pg_table_size(relid) - pg_relation_size(relid),"
            " pg_indexes_size(relid) FROM pg_stat_user_tables WHERE n_live_tup > 1000 ORDER BY"
            " pg_total_relation_size(relid) DESC"
        ).fetchall()
    return [[nombre, cuantas, *(round(b / tamano) for b in bytes_)] for nombre, cuantas, *bytes_ in filas]


def informar(medido: Mapping[str, Mapping[int, list[float]]], pesadas: list[list[object]], rondas: int) -> None:
    """The report."""
    tamanos = sorted(next(iter(medido.values())))
    chico, grande = tamanos[0], tamanos[-1]
    filas = []
    for que, valores in medido.items():
        medianas = [statistics.median(valores[t]) for t in tamanos]
        p95 = medicion.percentil(valores[grande], 95)
        filas.append([que, *(f"{m:.1f}" for m in medianas), f"{p95:.1f}", f"{medianas[-1] / medianas[0]:.2f}"])
    elegidas = ("GET /jobs", "GET /queue/stats", "GET /metrics", "panel: jobs", "panel: una propiedad",
                "POST /consultar/servicios (4)", "una consulta: tomarla y guardarla")  # fmt: skip
    series = {que: {float(t): statistics.median(medido[que][t]) for t in tamanos} for que in elegidas}
    ejes = ("consultas guardadas", "ms (mediana)")
    dibujo = medicion.lineas("crecimiento", "Lo mismo, con más historia guardada", ejes, series, logaritmico=True)
    medicion.escribir(
        "crecimiento",
        "# Growth\n\nEach page, request and repair against databases of different sizes, in ms: medians of"
        f" {rondas} interleaved rounds, and p95 at the largest. `make medir QUE=crecimiento`."
        " What the databases hold: `benchmarks/historia.py`.",
        medicion.maquina("starlette", "uvicorn", "peewee", "psycopg2-binary"),
        medicion.tabla(["", *(f"{t:,}" for t in tamanos), f"p95, {grande:,}", f"{grande:,} / {chico:,}"], filas),
        dibujo,
        f"## What they weigh\n\nAt {grande:,} consultas; bytes for each consulta stored."
        " Here evidencia is 2 kB and 30 days of it; docs/escala.md has what a real one takes.",
        medicion.tabla(["", "rows", "table", "TOAST", "indexes"], pesadas),
    )


def main() -> None:
    """Run the benchmark on servers of its own."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=30)
    lector.add_argument("--tamanos", type=int, nargs="+", default=TAMANOS)
    opciones = lector.parse_args()
    with ExitStack() as pila:
        postgres = pila.enter_context(PostgresPrivado())
        rabbit = pila.enter_context(RabbitPrivado())
        sujetos = {t: pila.enter_context(sujeto(postgres, rabbit, t)) for t in opciones.tamanos}
        medido = medir(sujetos, opciones.rondas)
        informar(medido, pesos(postgres, opciones.tamanos[-1]), opciones.rondas)


if __name__ == "__main__":
    main()
