"""What the API shows of jobs and consultas: one job, pages of them, the numbers of the queue."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from peewee import Tuple

from models.base import conexion
from models.callback import cabeceras_ocultas, eventos_de
from models.cierre import resultados_de
from models.consulta import Consulta
from models.cuentas import condiciones_de, contar_jobs, jobs_por_status
from models.evidencia import Evidencia
from models.job import Job
from models.propiedad import Propiedad
from models.resultado import TIPOS
from models.schemas import FiltroJobs, instante, resultado_de
from models.trabajador import hilos_vivos


class CursorInvalido(ValueError):
    """The cursor is not one that this API gave."""


def cursor_de(momento: datetime, fila: uuid.UUID) -> str:
    """Where the next page begins: after this row."""
    return base64.urlsafe_b64encode(f"{momento.isoformat()}|{fila.hex}".encode()).decode().rstrip("=")


def siguiente(filas: Sequence[Any], limite: int, columna: str = "created_at") -> str | None:
    """The `next_cursor` after the first `limite` of these rows, by their moment in `columna`; None after the last."""
    if len(filas) <= limite:
        return None
    ultima = filas[limite - 1]
    return cursor_de(getattr(ultima, columna), ultima.id)


def de_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    """The moment and the row of a cursor. Raises CursorInvalido."""
    try:
        texto = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        momento, _, fila = texto.partition("|")
        leido = datetime.fromisoformat(momento)
        if leido.tzinfo is None:
            raise ValueError(momento)
        return leido.astimezone(UTC), uuid.UUID(hex=fila)
    except (ValueError, binascii.Error, OverflowError):
        raise CursorInvalido from None


def _job(job: Job, resultado: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "job_id": str(job.id),
        "tipo": job.tipo,
        "status": job.status,
        "propiedad_id": job.propiedad_id,
        "created_at": instante(job.created_at),
        "started_at": instante(job.started_at),
        "completed_at": instante(job.completed_at),
        "progreso": {"total": job.total, "terminadas": job.terminadas},
        "resultado": resultado,
        "error": job.error,
        "callback_url": job.callback_url,
        "callback_eventos": eventos_de(job),
        "callback_headers": cabeceras_ocultas(job),
        "metadata": job.callback_metadata,
        "voucher_id": job.voucher_id,
        "callback_sent": job.callback_sent,
        "callback_error": job.callback_error,
        "reintento_de": str(job.reintento_de_id) if job.reintento_de_id else None,
    }


def leer_job(job_id: uuid.UUID) -> dict[str, Any] | None:
    """The published job with the results that are there; None when unknown."""
    with conexion():
        job = Job.get_or_none(Job.id == job_id)
        return None if job is None else _job(job, resultados_de(job_id))


def listar_jobs(filtro: FiltroJobs) -> dict[str, Any]:
    """A page of jobs, newest first: `{"jobs", "total", "next_cursor"}`. Raises CursorInvalido."""
    condiciones = condiciones_de(filtro)
    paginada = list(condiciones)
    if filtro.cursor is not None:
        paginada.append(Tuple(Job.created_at, Job.id) < Tuple(*de_cursor(filtro.cursor)))
    with conexion():
        total = contar_jobs(filtro)
        consulta = Job.select().order_by(Job.created_at.desc(), Job.id.desc()).limit(filtro.limit + 1)
        jobs = list(consulta.where(*paginada) if paginada else consulta)
        pagina = jobs[: filtro.limit]
        resultados: dict[uuid.UUID, list[dict[str, Any]]] = {job.id: [] for job in pagina}
        terminadas = (
            Consulta.select()
            .where(Consulta.job.in_(list(resultados)), Consulta.estado == "terminada")
            .order_by(Consulta.servicio)
        )
        for fila in terminadas if pagina else ():
            resultados[fila.job_id].append(resultado_de(fila))
    return {
        "jobs": [_job(job, resultados[job.id]) for job in pagina],
        "total": total,
        "next_cursor": siguiente(jobs, filtro.limit),
    }


def historial(propiedad_id: int, limit: int, cursor: str | None) -> dict[str, Any] | None:
    """Past consultas of a propiedad, newest first; None for an unknown propiedad. Raises CursorInvalido."""
    desde = de_cursor(cursor) if cursor is not None else None
    with conexion():
        if not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
            return None
        condiciones = [Consulta.propiedad_id == propiedad_id, Consulta.estado == "terminada"]
        if desde is not None:
            condiciones.append(Tuple(Consulta.completed_at, Consulta.id) < Tuple(*desde))
        consulta = (
            Consulta.select()
            .where(*condiciones)
            .order_by(Consulta.completed_at.desc(), Consulta.id.desc())
            .limit(limit + 1)
        )
        filas = list(consulta)
    pagina = filas[:limit]
    return {
        "propiedad_id": propiedad_id,
        "consultas": [
            {**resultado_de(fila), "job_id": str(fila.job_id), "consultada_en": instante(fila.leida_en)}
            for fila in pagina
        ],
        "next_cursor": siguiente(filas, limit, "completed_at"),
    }


def leer_consulta(consulta_id: uuid.UUID) -> dict[str, Any] | None:
    """One consulta with its prueba and the names of its evidencia; None when unknown."""
    with conexion():
        consulta = Consulta.get_or_none(Consulta.id == consulta_id)
        if consulta is None:
            return None
        partes = Evidencia.select(Evidencia.tipo).where(Evidencia.consulta == _leida(consulta)).order_by(Evidencia.tipo)
        return {
            **resultado_de(consulta),
            "job_id": str(consulta.job_id),
            "estado": consulta.estado,
            "created_at": instante(consulta.created_at),
            "started_at": instante(consulta.started_at),
            "completed_at": instante(consulta.completed_at),
            "prueba": consulta.prueba,
            "evidencia": {parte.tipo: f"/consulta/{consulta_id}/evidencia/{parte.tipo}" for parte in partes},
        }


def _leida(consulta: Consulta) -> uuid.UUID:
    """The consulta that read the portal: this one, or the one whose result it shares."""
    return consulta.origen_id or consulta.id


def leer_evidencia(consulta_id: uuid.UUID, tipo: str) -> bytes | None:
    """One part of the evidencia of a consulta; None where there is none."""
    if tipo not in TIPOS:
        return None
    with conexion():
        consulta = Consulta.get_or_none(Consulta.id == consulta_id)
        if consulta is None:
            return None
        parte = Evidencia.get_or_none((Evidencia.consulta == _leida(consulta)) & (Evidencia.tipo == tipo))
        return None if parte is None else bytes(parte.contenido)


def estadisticas() -> dict[str, int]:
    """The numbers of `GET /queue/stats`."""
    with conexion():
        por_status = jobs_por_status()
        pendiente = Consulta.estado == "pendiente"
        listas = Consulta.select().where(pendiente, ~Consulta.en_turno, Consulta.origen.is_null()).count()
        en_turno = Consulta.select().where(pendiente, Consulta.en_turno).count()
        en_curso = Consulta.select().where(Consulta.estado == "en_curso").count()
        hilos = hilos_vivos("consultas")
    return {
        "total_jobs": sum(por_status.values()),
        **{status: por_status.get(status, 0) for status in ("pending", "processing", "completed", "failed")},
        "queue_size": listas + en_turno,
        "max_workers": hilos,
        "workers_active": en_curso,
    }
