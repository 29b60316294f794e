"""What the API shows of callbacks: those of a job with every attempt, and pages of all of them."""

import uuid
from typing import Any

from peewee import Tuple

from models.base import conexion
from models.callback import SIN_CUERPO, Callback, Intento
from models.job import Job
from models.listados import de_cursor, siguiente
from models.reenvio import de_host
from models.schemas import instante
from models.schemas_callback import FiltroCallbacks, FiltroIntentos

RESPUESTA_MAX = 1000
"""Characters of a receiver's answer that are shown; a little more is kept."""


def vista(callback: Callback) -> dict[str, Any]:
    """A callback as the API shows it."""
    return {
        "callback_id": str(callback.id),
        "job_id": str(callback.job_id),
        "consulta_id": str(callback.consulta_id) if callback.consulta_id else None,
        "evento": callback.evento,
        "estado": callback.estado,
        "url": callback.url,
        "webhook_id": callback.webhook_id,
        "intentos_hechos": callback.intentos,
        "error": callback.error,
        "created_at": instante(callback.created_at),
        "proximo_intento_en": instante(callback.proximo_intento_en),
        "terminado_en": instante(callback.terminado_en),
    }


def _intento(intento: Intento) -> dict[str, Any]:
    return {
        "numero": intento.numero,
        "iniciado_en": instante(intento.iniciado_en),
        "terminado_en": instante(intento.terminado_en),
        "headers": intento.cabeceras,
        "status_code": intento.status_code,
        "error_codigo": intento.error_codigo,
        "error": intento.error,
        "respuesta": intento.respuesta[:RESPUESTA_MAX] if intento.respuesta else None,
        "location": intento.location,
        "duracion_ms": intento.duracion_ms,
    }


def intentos_de(job_id: uuid.UUID, filtro: FiltroIntentos) -> dict[str, Any] | None:
    """A page of the callbacks of a job, the oldest first, each with its attempts; None for an unknown job.

    Raises CursorInvalido.
    """
    condiciones = [Callback.job == job_id]
    if filtro.cursor is not None:
        condiciones.append(Tuple(Callback.created_at, Callback.id) > Tuple(*de_cursor(filtro.cursor)))
    with conexion():
        if not Job.select().where(Job.id == job_id).exists():
            return None
        filas = list(
            Callback.select(*SIN_CUERPO)
            .where(*condiciones)
            .order_by(Callback.created_at, Callback.id)
            .limit(filtro.limit + 1)
        )
        pagina = filas[: filtro.limit]
        intentos: dict[uuid.UUID, list[dict[str, Any]]] = {c.id: [] for c in pagina}
        hechos = Intento.select().where(Intento.callback.in_(list(intentos))).order_by(Intento.numero)
        for intento in hechos if pagina else ():
            intentos[intento.callback_id].append(_intento(intento))
    return {
        "job_id": str(job_id),
        "callbacks": [{**vista(c), "intentos": intentos[c.id]} for c in pagina],
        "next_cursor": siguiente(filas, filtro.limit),
    }


def listar_callbacks(filtro: FiltroCallbacks) -> dict[str, Any]:
    """A page of callbacks, newest first: `{"callbacks", "next_cursor"}`. Raises CursorInvalido."""
    condiciones: list[Any] = []
    if filtro.estado is not None:
        condiciones.append(Callback.estado == filtro.estado)
    if filtro.desde is not None:
        condiciones.append(Callback.created_at >= filtro.desde)
    if filtro.host is not None:
        condiciones.append(de_host(filtro.host))
    if filtro.cursor is not None:
        condiciones.append(Tuple(Callback.created_at, Callback.id) < Tuple(*de_cursor(filtro.cursor)))
    consulta = Callback.select(*SIN_CUERPO).order_by(Callback.created_at.desc(), Callback.id.desc())
    with conexion():
        filas = list((consulta.where(*condiciones) if condiciones else consulta).limit(filtro.limit + 1))
    pagina = filas[: filtro.limit]
    return {"callbacks": [vista(c) for c in pagina], "next_cursor": siguiente(filas, filtro.limit)}
