"""What is old enough to be deleted: ended jobs, with their consultas, evidencia, callbacks and attempts."""

import itertools
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import timedelta

from peewee import fn

from models.base import Tabla, bd, transaccion
from models.callback import Callback, Intento
from models.cifrado import Cifrado
from models.consulta import Consulta
from models.evidencia import Evidencia
from models.job import ABIERTOS, Job

DEBIDOS = ("pendiente", "enviando")

DE_CADA_JOB: tuple[tuple[type[Tabla], str], ...] = (
    (Job, "t.id = ANY(%s::uuid[])"),
    (Consulta, "t.job_id = ANY(%s::uuid[])"),
    (Callback, "t.job_id = ANY(%s::uuid[])"),
    (Intento, "t.callback_id IN (SELECT id FROM callbacks WHERE job_id = ANY(%s::uuid[]))"),
    (Evidencia, "t.consulta_id IN (SELECT id FROM consultas_deuda WHERE job_id = ANY(%s::uuid[]))"),
)
"""The tables of what belongs to jobs, in the order in which a copy of them can be put back."""

Guardar = Callable[[uuid.UUID, Iterator[str]], None]
"""Keeps lines of JSON, which begin with this job, for good: it returns once they are safe."""


def borrar_historia(dias: int, *, jobs: int = 100, consultas: int = 5000) -> int:
    """Delete jobs made and ended more than `dias` days ago, the oldest first. Returns how many.

    A batch is of at most so many `jobs`, with so many `consultas` or a single job. An open job stays, and one with a
    callback still owed. The database does the rest: what belongs to a job goes with it.
    """
    with transaccion():
        viejos = _libres(_viejos(dias, jobs, consultas))
        return int(Job.delete().where(Job.id.in_(viejos)).execute()) if viejos else 0


def archivar_historia(
    dias: int, guardar: Guardar, *, evidencia: bool, jobs: int = 1000, consultas: int = 50_000
) -> int:
    """Delete a batch as `borrar_historia` does, after `guardar` has kept its rows. Returns how many jobs.

    What `guardar` raises leaves them all. A line is `{"tabla": "jobs", "fila": {...}}`: every column as PostgreSQL
    writes it in JSON (bytes as `\\x` and hexadecimal, moments in UTC) but for what is stored encrypted.
    """
    with transaccion():
        viejos = _libres(_viejos(dias, jobs, consultas))
        if not viejos:
            return 0
        with closing(_lineas(viejos, evidencia=evidencia)) as lineas:
            guardar(viejos[0], lineas)
        return int(Job.delete().where(Job.id.in_(viejos)).execute())


def _lineas(job_ids: list[uuid.UUID], *, evidencia: bool) -> Generator[str]:
    """The rows of these jobs; few at a time are in memory."""
    bd.execute_sql("SET LOCAL TimeZone TO 'UTC'")
    for modelo, suyas in DE_CADA_JOB:
        if modelo is Evidencia and not evidencia:
            continue
        meta = modelo._meta
        columnas = ", ".join(f"t.{c.column_name}" for c in meta.sorted_fields if not isinstance(c, Cifrado))
        fila = f"SELECT {columnas} FROM {meta.table_name} t WHERE {suyas}"
        linea = f"json_build_object('tabla', '{meta.table_name}', 'fila', row_to_json(f))::text"
        # With a name the rows stay in the database; psycopg2 does not know of peewee's transaction: hence withhold.
        with bd.connection().cursor("archivo", withhold=True) as cursor:
            cursor.itersize = 50
            cursor.execute(f"SELECT replace({linea}, chr(10), ' ') FROM ({fila}) f", ([str(i) for i in job_ids],))
            for (texto,) in cursor:
                yield texto


def _viejos(dias: int, jobs: int, consultas: int) -> list[uuid.UUID]:
    """Lock a batch of old jobs. By created_at, which has an index: a job ends soon after."""
    desde = fn.now() - timedelta(days=dias)
    debido = Callback.select().where(Callback.job == Job.id, Callback.estado.in_(DEBIDOS))
    elegidos = list(
        Job.select(Job.id, Job.total)
        .where(Job.created_at < desde, Job.completed_at < desde, Job.status.not_in(ABIERTOS), ~fn.EXISTS(debido))
        .order_by(Job.created_at, Job.id)
        .limit(jobs)
        .for_update(skip_locked=True, of=Job)
    )
    sumas = itertools.accumulate(job.total for job in elegidos)
    return [job.id for n, (job, suma) in enumerate(zip(elegidos, sumas, strict=True)) if n == 0 or suma <= consultas]


def _libres(job_ids: list[uuid.UUID]) -> list[uuid.UUID]:
    """Those of which every callback is ours now and not owed: somebody may be sending one again."""
    suyos = Callback.select(Callback.id, Callback.job, Callback.estado).where(Callback.job.in_(job_ids))
    nuestros = {c.id for c in suyos.for_update(skip_locked=True)}
    debidos = {c.job_id for c in suyos if c.id not in nuestros or c.estado in DEBIDOS}
    return [job_id for job_id in job_ids if job_id not in debidos]
