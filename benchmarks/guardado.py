"""What a consulta leaves behind and asks of the servers: bytes kept, WAL, commits, and memory of a queued message.

`python benchmarks/guardado.py [--jobs 20]`: the Procfile's processes on PostgreSQL (without full page images) and
RabbitMQ, against the sandbox; jobs of four servicios with a callback each. Once with four debts that are read, once
with four fallas that leave evidencia; what the processes write while nothing happens is measured first and subtracted.
The pages of the sandbox are small: a real portal's captura and HTML are larger, EVIDENCIA_MAX_BYTES at most each.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests"), str(RAIZ / "benchmarks")]

import medicion
import psycopg
from escenarios.conftest import Semilla
from pila import Pila, Receptor, hasta, receptor
from servidores import PostgresPrivado, RabbitPrivado

from sandbox.desenlaces import Desenlace as D

EMPRESAS = ("metrogas", "edenor", "aysa", "naturgy")
ENTORNO = {
    "RELOJ_PERIODO_S": "2",
    "COLA_MAX": "1000000",
    **{f"EMPRESA__{e.upper()}__{ajuste}": valor for e in EMPRESAS for ajuste, valor in
       (("PAUSA_S", "0"), ("SIMULTANEAS", "8"))},
}  # fmt: skip
QUIETO_S = 20
MENSAJES = 5_000
GASTO = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, xact_commit FROM pg_stat_database WHERE datname = current_database()
"""


@dataclass(frozen=True)
class Gasto:
    """What the database had written (bytes of WAL) and committed at a moment (s)."""

    momento: float
    wal: int
    commits: int

    @classmethod
    def ahora(cls, base: str) -> "Gasto":
        """Now, once every session has reported its commits (they do within a second)."""
        time.sleep(2)
        with psycopg.connect(base) as bd:
            [(wal, commits)] = bd.execute(GASTO).fetchall()
        return cls(time.monotonic(), int(wal), int(commits))


def por_consulta(base: str, pila: Pila, casa: Receptor, ids: list[int], jobs: int, reposo: Gasto) -> list[str]:
    """WAL and commits for each consulta of so many jobs, from the request to the callback."""
    antes = Gasto.ahora(base)
    for _ in range(jobs):  # one after the other: at once they would share their visits
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        casa.esperar(alta["job_id"], plazo_s=60)  # asks the database nothing
    despues = Gasto.ahora(base)
    duro, consultas = despues.momento - antes.momento, jobs * len(ids)
    wal = (despues.wal - antes.wal - reposo.wal * duro / reposo.momento) / consultas
    commits = (despues.commits - antes.commits - reposo.commits * duro / reposo.momento) / consultas
    return [f"{wal:,.0f}", f"{commits:.1f}"]


def evidencia(base: str, exito: bool) -> list[list[object]]:
    """Parts for each consulta, and their median and largest size in bytes."""
    with psycopg.connect(base) as bd:
        filas = bd.execute(
            "SELECT tipo, count(*)::float / (SELECT count(*) FROM consultas_deuda WHERE exito = %(exito)s),"
            " percentile_disc(0.5) WITHIN GROUP (ORDER BY octet_length(contenido)), max(octet_length(contenido))"
            " FROM evidencias e JOIN consultas_deuda c ON c.id = e.consulta_id WHERE c.exito = %(exito)s"
            " GROUP BY tipo ORDER BY tipo", {"exito": exito},
        ).fetchall()  # fmt: skip
    return [["debt read" if exito else "falla", t, f"{cuantas:.2f}", f"{mediana:,}", f"{maxima:,}"]
            for t, cuantas, mediana, maxima in filas]  # fmt: skip


def filas_de(base: str) -> list[list[object]]:
    """Bytes of a row as it is stored, compressed where it is, without its index entries."""
    with psycopg.connect(base) as bd:
        return [
            [tabla, *(f"{b:,.0f}" for b in bd.execute(
                f"SELECT avg(pg_column_size(t.*)), max(pg_column_size(t.*)) FROM {tabla} t"  # type: ignore[arg-type]
            ).fetchone() or ())]
            for tabla in ("jobs", "consultas_deuda", "callbacks", "callback_intentos", "evidencias")
        ]  # fmt: skip


def cola(pila: Pila, rabbit: RabbitPrivado, vhost: str, base: str) -> str:
    """Memory of the queue `consultas` for each waiting message, with no worker to take them."""
    pila.terminar("worker")
    with psycopg.connect(base) as bd:
        bd.execute("UPDATE servicios SET activo = false")
        bd.execute(
            "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
            " SELECT propiedad_id, empresa, tipo_servicio, credenciales, true, now()"
            " FROM (SELECT * FROM servicios LIMIT 1) s, generate_series(1, %s)", (MENSAJES,),
        )  # fmt: skip

    def medida() -> tuple[int, int, int]:
        for linea in rabbit.ctl("list_queues", "-p", vhost, "name", "messages", "message_bytes", "memory").splitlines():
            nombre, *numeros = linea.split("\t")
            if nombre == "consultas":
                return int(numeros[0]), int(numeros[1]), int(numeros[2])
        raise LookupError("consultas")

    antes = medida()
    pila.pedir("/consultar/todas", {})
    hasta(lambda: medida()[0] >= MENSAJES, 120, 1)
    mensajes, cuerpo, memoria = medida()
    return (
        f"RabbitMQ, {mensajes:,} messages waiting: a body of"
        f" {cuerpo / mensajes:.0f} bytes, and {(memoria - antes[2]) / mensajes:,.0f} bytes of memory for each."
    )


def main() -> None:
    """Run the benchmark on servers of its own."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--jobs", type=int, default=20)
    jobs = lector.parse_args().jobs
    with ExitStack() as abiertos:
        postgres, rabbit = abiertos.enter_context(PostgresPrivado()), abiertos.enter_context(RabbitPrivado())
        base, vhost = postgres.crear_base("guardado"), "guardado"
        pila = abiertos.enter_context(Pila(base, rabbit.crear_vhost(vhost), ENTORNO))
        casa = abiertos.enter_context(receptor())
        semilla = Semilla(pila)
        leidas = semilla.propiedad(*((e, D.UNA_FACTURA) for e in EMPRESAS))[1]
        fallidas = semilla.propiedad(*((e, D.TOTAL_NO_COINCIDE) for e in EMPRESAS))[1]
        antes = Gasto.ahora(base)
        time.sleep(QUIETO_S)
        despues = Gasto.ahora(base)
        reposo = Gasto(despues.momento - antes.momento, despues.wal - antes.wal, despues.commits - antes.commits)
        filas = [
            [que, *por_consulta(base, pila, casa, ids, jobs, reposo)]
            for que, ids in (("debts read", leidas), ("fallas with evidencia", fallidas))
        ]
        medicion.escribir(
            "guardado",
            f"# What a consulta leaves behind\n\nJobs of four servicios with a callback, {jobs} of each kind, through"
            " the Procfile's processes and the sandbox. `make medir QUE=guardado`.",
            medicion.maquina("dramatiq", "pika", "psycopg2-binary"),
            f"## PostgreSQL, for each consulta\n\nWithout what the processes write when there is nothing to"
            f" do: a second, {reposo.wal / reposo.momento:,.0f} bytes of WAL and {reposo.commits / reposo.momento:.1f}"
            " commits. Without full page images, which add up to 8 kB for each page first touched after a checkpoint.",
            medicion.tabla(["", "bytes of WAL", "commits"], filas),
            "## Evidencia\n\nThe pages of the sandbox are small: a portal's are larger, `EVIDENCIA_MAX_BYTES` at most"
            " for each part.",
            medicion.tabla(["", "part", "for each consulta", "median, bytes", "largest"],
                           [fila for exito in (True, False) for fila in evidencia(base, exito)]),
            "## Rows\n\nBytes as stored, without their index entries: average and largest.",
            medicion.tabla(["", "average", "largest"], filas_de(base)),
            f"## A message\n\n{cola(pila, rabbit, vhost, base)}",
        )  # fmt: skip


if __name__ == "__main__":
    main()
