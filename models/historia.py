"""What is old enough to be deleted: ended jobs, with their consultas, evidencia, callbacks and attempts."""

import itertools
import uuid
from datetime import timedelta

from peewee import fn

from models.base import transaccion
from models.callback import Callback
from models.job import ABIERTOS, Job

DEBIDOS = ("pendiente", "enviando")


def borrar_historia(dias: int, *, jobs: int = 100, consultas: int = 5000) -> int:
    """Delete jobs made and ended more than `dias` days ago, the oldest first. Returns how many.

    A batch is of at most so many `jobs`, with so many `consultas` or a single job. An open job stays, and one with a
    callback still owed. The database does the rest: what belongs to a job goes with it.
    """
    with transaccion():
        viejos = _libres(_viejos(dias, jobs, consultas))
        return int(Job.delete().where(Job.id.in_(viejos)).execute()) if viejos else 0


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
