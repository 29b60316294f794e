"""What the panel shows: jobs with their numbers, a job with its consultas, what each servicio owes and owed."""

import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import Case, Tuple, fn

from models.base import bd, conexion
from models.callback import Callback
from models.consulta import Consulta
from models.cuentas import condiciones_de
from models.job import Job
from models.listados import de_cursor, siguiente
from models.propiedad import Propiedad, nombres_de
from models.schemas import FiltroJobs

Deudas = dict[str, Decimal]
"""What is owed by moneda (ISO 4217)."""


def resumir_jobs(filtro: FiltroJobs) -> dict[str, Any]:
    """A page of jobs, newest first, each with its deudas and how many consultas failed. Raises CursorInvalido."""
    condiciones = condiciones_de(filtro)
    if filtro.cursor is not None:
        condiciones.append(Tuple(Job.created_at, Job.id) < Tuple(*de_cursor(filtro.cursor)))
    consulta = Job.select().order_by(Job.created_at.desc(), Job.id.desc()).limit(filtro.limit + 1)
    with conexion():
        filas = list(consulta.where(*condiciones) if condiciones else consulta)
        pagina = filas[: filtro.limit]
        numeros = numeros_de([job.id for job in pagina])
        nombres = nombres_de({job.propiedad_id for job in pagina if job.propiedad_id is not None})
    return {
        "jobs": [{"job": job, "propiedad": nombres.get(job.propiedad_id), **numeros[job.id]} for job in pagina],
        "next_cursor": siguiente(filas, filtro.limit),
    }


def numeros_de(job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """`{"fallas": int, "reintentables": int, "deudas": Deudas}` of each of these jobs, so far."""
    numeros: dict[uuid.UUID, dict[str, Any]] = {j: {"fallas": 0, "reintentables": 0, "deudas": {}} for j in job_ids}
    if not numeros:
        return numeros
    filas: Iterable[Any] = (
        Consulta.select(
            Consulta.job,
            Consulta.moneda,
            fn.SUM(Consulta.deuda),
            fn.COUNT(Case(None, [(~Consulta.exito, 1)])),
            fn.COUNT(Case(None, [(Consulta.reintentable, 1)])),
        )
        .where(Consulta.job.in_(list(numeros)), Consulta.estado == "terminada")
        .group_by(Consulta.job, Consulta.moneda)
        .tuples()
        .execute()
    )
    for job_id, moneda, deuda, fallas, reintentables in filas:
        numeros[job_id]["fallas"] += fallas
        numeros[job_id]["reintentables"] += reintentables
        if deuda is not None:
            numeros[job_id]["deudas"][moneda] = deuda
    return numeros


def resumir_job(job_id: uuid.UUID, *, desde: int, cuantas: int) -> dict[str, Any] | None:
    """A job, its numbers and a page of its consultas by servicio, after the servicio `desde`; None when unknown."""
    columnas = (
        Consulta.id,
        Consulta.servicio,
        Consulta.propiedad_id,
        Consulta.empresa,
        Consulta.tipo_servicio,
        Consulta.estado,
        Consulta.exito,
        Consulta.deuda,
        Consulta.moneda,
        Consulta.estado_deuda,
        Consulta.saldo_a_favor,
        Consulta.vencimiento,
        Consulta.error,
        Consulta.error_codigo,
        Consulta.reintentable,
        Consulta.duracion_ms,
        Consulta.intentos,
    )
    with conexion():
        job = Job.get_or_none(Job.id == job_id)
        if job is None:
            return None
        filas = list(
            Consulta.select(*columnas)
            .where(Consulta.job == job_id, Consulta.servicio > desde)
            .order_by(Consulta.servicio)
            .limit(cuantas + 1)
        )
        pagina = filas[:cuantas]
        nombres = nombres_de({c.propiedad_id for c in pagina} | ({job.propiedad_id} if job.propiedad_id else set()))
        numeros = numeros_de([job_id])[job_id]
    return {
        "job": job,
        "consultas": pagina,
        "nombres": nombres,
        **numeros,
        "siguiente": pagina[-1].servicio_id if len(filas) > cuantas else None,
    }


class Ultima(NamedTuple):
    """The last consulta of an active servicio that ended, all None where there is none."""

    propiedad_id: int
    servicio_id: int
    consulta_id: uuid.UUID | None
    exito: bool | None
    deuda: Decimal | None
    moneda: str | None
    estado_deuda: str | None
    error_codigo: str | None
    error: str | None
    vencimiento: date | None
    leida_en: datetime | None


ULTIMAS = """
SELECT s.propiedad_id, s.id, u.id, u.exito, u.deuda, u.moneda, u.estado_deuda, u.error_codigo, u.error, u.vencimiento,
       coalesce(u.consultada_en, u.completed_at)
FROM servicios s LEFT JOIN LATERAL (
    SELECT * FROM consultas_deuda c WHERE c.servicio_id = s.id AND c.completed_at IS NOT NULL
    ORDER BY c.completed_at DESC LIMIT 1
) u ON true
WHERE s.propiedad_id = ANY(%s) AND s.activo ORDER BY s.id
"""


def ultimas_de(propiedad_ids: Collection[int]) -> list[Ultima]:
    """How each active servicio of these propiedades stood when it was consulted last."""
    if not propiedad_ids:
        return []
    with conexion():
        return [Ultima(*fila) for fila in bd.execute_sql(ULTIMAS, (list(propiedad_ids),)).fetchall()]


def historia_de(propiedad_id: int, cuantas: int) -> list[Consulta]:
    """The last `cuantas` consultas of a propiedad that ended, the newest first, as a chart needs them."""
    with conexion():
        return list(
            Consulta.select(
                Consulta.id,
                Consulta.servicio,
                Consulta.completed_at,
                Consulta.consultada_en,
                Consulta.exito,
                Consulta.deuda,
                Consulta.moneda,
                Consulta.vencimiento,
            )
            .where(Consulta.propiedad_id == propiedad_id, Consulta.estado == "terminada")
            .order_by(Consulta.completed_at.desc(), Consulta.id.desc())
            .limit(cuantas)
        )


def buscar(texto: str) -> tuple[str, object] | None:
    """What has this id: `("job", uuid)`, `("consulta", uuid)` or `("propiedad", int)`; None for nothing."""
    with conexion():
        if texto.isascii() and texto.isdigit() and len(texto) < 19:
            numero = int(texto)
            return ("propiedad", numero) if Propiedad.select().where(Propiedad.id == numero).exists() else None
        try:
            clave = uuid.UUID(texto)
        except ValueError:
            return None
        if Job.select().where(Job.id == clave).exists():
            return "job", clave
        return ("consulta", clave) if Consulta.select().where(Consulta.id == clave).exists() else None


def cuerpo_del_callback(job_id: uuid.UUID, callback_id: uuid.UUID) -> bytes | None:
    """What a callback of the job sends; None when unknown."""
    with conexion():
        callback = Callback.get_or_none((Callback.id == callback_id) & (Callback.job == job_id))
        return None if callback is None else bytes(callback.cuerpo)


def callback_de(job: Job) -> str | None:
    """How the callback of a job's end stands: `pendiente`, `enviado`, `fallido`; None where none is owed."""
    if job.callback_url is None:
        return None
    return {None: "pendiente", True: "enviado", False: "fallido"}[job.callback_sent]
