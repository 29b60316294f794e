"""A job and how it begins and ends. Its consultas are in consulta.py; a job is closed by the last of them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, Check, ForeignKeyField, IntegerField, TextField, UUIDField, fn

from models.base import Json, JsonTextual, Momento, Tabla, ahora, conexion, transaccion
from models.cifrado import Cifrado

ABIERTOS = ("pending", "processing")


class Job(Tabla):
    """What the caller asked for in one request; `terminadas` of its `total` consultas have ended."""

    reintento_de_id: uuid.UUID | None

    id = UUIDField(primary_key=True, default=uuid.uuid4)
    tipo = TextField(constraints=[Check("tipo IN ('propiedad', 'servicios', 'todas')", "jobs_tipo")])
    status = TextField(
        default="pending",
        constraints=[Check("status IN ('pending', 'processing', 'completed', 'failed')", "jobs_status")],
    )
    propiedad_id = BigIntegerField(null=True)
    voucher_id = TextField(null=True)
    callback_url = TextField(null=True)
    callback_eventos = Json(null=True)
    """The events that call back; null means POR_DEFECTO."""
    callback_metadata = JsonTextual(null=True)
    callback_headers = Cifrado(null=True)
    callback_sent = BooleanField(null=True)
    callback_error = TextField(null=True)
    total = IntegerField()
    terminadas = IntegerField(default=0)
    error = TextField(null=True)
    created_at = Momento(default=ahora)
    started_at = Momento(null=True)
    completed_at = Momento(null=True)
    limite_en = Momento()
    """The job fails if it has not ended by then."""
    reintento_de = ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)
    """The job whose failed consultas this one tries again."""

    class Meta:
        table_name = "jobs"
        constraints = [Check("terminadas BETWEEN 0 AND total", "jobs_terminadas")]


# The API lists newest first, filtered by any of these; all of them are index scans (tests/test_indices.py).
Job.add_index(Job.index(Job.created_at, Job.id, name="jobs_recientes"))
Job.add_index(Job.index(Job.status, Job.created_at, Job.id, name="jobs_por_status"))
Job.add_index(Job.index(Job.callback_sent, Job.created_at, Job.id, name="jobs_por_callback"))
Job.add_index(Job.index(Job.propiedad_id, Job.created_at, Job.id, name="jobs_por_propiedad"))
Job.add_index(Job.index(Job.voucher_id, Job.created_at, Job.id, name="jobs_por_voucher"))
Job.add_index(Job.index(Job.limite_en, name="jobs_abiertos", where=SQL("status IN ('pending', 'processing')")))
Job.add_index(Job.index(Job.completed_at, name="jobs_terminados", where=SQL("completed_at IS NOT NULL")))
Job.add_index(Job.index(Job.reintento_de, unique=True, name="jobs_reintento", where=SQL("reintento_de_id IS NOT NULL")))


@dataclass(frozen=True, slots=True)
class Plazo:
    """How long a job may take: seconds for any, and more for each consulta."""

    base_s: float
    por_consulta_s: float


@dataclass(frozen=True, slots=True)
class Creado:
    """A job that was made, now or by the same request before: its id, the consultas to publish, what was left out."""

    job_id: uuid.UUID
    propiedad_id: int | None
    total: int
    consulta_ids: tuple[uuid.UUID, ...]
    omitidos: tuple[Mapping[str, Any], ...] = ()
    avisa: bool = False
    """There is a callback to send when it has ended."""
    repetido: bool = False
    con_resultados: bool = False
    """Some of its consultas have ended already: their callbacks are due."""


def empezar(job_ids: list[uuid.UUID]) -> None:
    """Mark jobs as being worked on, the first time."""
    comienzo_de(job_ids).execute()


def comienzo_de(job_ids: Any) -> Any:
    """The statement that marks jobs (their ids, or a query of them) as being worked on.

    Locked in the order of their ids: others do the same.
    """
    pendientes = Job.select(Job.id).where(Job.id.in_(job_ids), Job.status == "pending").order_by(Job.id).for_update()
    return Job.update(status="processing", started_at=fn.now()).where(Job.id.in_(pendientes))


def suma(job_ids: Any, cuantas: int) -> Any:
    """The query that counts ended consultas of these jobs, and gives the jobs with what their callbacks need.

    Run it in the transaction that ends them.
    """
    de_callbacks = (Job.callback_url, Job.callback_eventos, Job.callback_metadata, Job.voucher_id)
    return (
        Job.update(terminadas=Job.terminadas + cuantas)
        .where(Job.id.in_(job_ids))
        .returning(Job.id, Job.status, Job.total, Job.terminadas, *de_callbacks)
    )


def vencidos(cuantos: int) -> list[uuid.UUID]:
    """Ids of open jobs whose deadline has passed, the oldest first."""
    with transaccion():
        consulta = (
            Job.select(Job.id)
            .where(Job.status.in_(ABIERTOS), Job.limite_en < fn.now())
            .order_by(Job.limite_en)
            .limit(cuantos)
        )
        return [job.id for job in consulta]


def alcanza_el_plazo(job_id: uuid.UUID, espera_s: float) -> bool:
    """Whether the job is still within its deadline in `espera_s` seconds."""
    with conexion():
        en_plazo = (Job.id == job_id) & (Job.limite_en > fn.now() + timedelta(seconds=espera_s))
        return bool(Job.select().where(en_plazo).exists())


def limite(plazo: Plazo, total: int) -> Any:
    """The deadline of a job made now."""
    return ahora() + timedelta(seconds=plazo.base_s + plazo.por_consulta_s * total)
