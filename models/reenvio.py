"""Sending a callback again: a new round of attempts with the same webhook-id and body."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from models.base import bd, conexion, transaccion
from models.callback import DESTINO, SIN_CUERPO, Callback
from models.job import Job
from models.schemas_callback import ReenvioMasivo

MASIVO_MAX = 10_000
TERMINADOS = ("enviado", "fallido")


@dataclass(frozen=True, slots=True)
class Programados:
    """What a bulk re-send found: how many match, those that it takes, when the last of them is due."""

    hallados: int
    callbacks: Sequence[Callback]
    ultimo_en: datetime | None


def reenviar(job_id: uuid.UUID, callback_id: uuid.UUID | None) -> Callback | None:
    """Make an ended callback of the job due again, by default that of the job's end; None when there is none."""
    cual = Callback.consulta.is_null() if callback_id is None else Callback.id == callback_id
    with transaccion():
        terminado = Callback.select(*SIN_CUERPO).where(Callback.job == job_id, cual, Callback.estado.in_(TERMINADOS))
        callback: Callback | None = terminado.for_update().first()
        if callback is not None:
            _otra_ronda([callback])
        return callback


def que_impide(job_id: uuid.UUID, callback_id: uuid.UUID | None) -> str | None:
    """Why `reenviar` found none: SIN_CALLBACK, CALLBACK_EN_CURSO, CALLBACK_INEXISTENTE; None for an unknown job."""
    with conexion():
        job = Job.get_or_none(Job.id == job_id)
        if job is None:
            return None
        suyos = Callback.select().where(Callback.job == job_id)
        if callback_id is not None:
            return "CALLBACK_EN_CURSO" if suyos.where(Callback.id == callback_id).exists() else "CALLBACK_INEXISTENTE"
        return "CALLBACK_EN_CURSO" if suyos.where(Callback.consulta.is_null()).exists() else "SIN_CALLBACK"


def reenviar_varios(pedido: ReenvioMasivo) -> Programados:
    """Make the failed callbacks that match due again, the oldest first, `por_minuto` a minute; or say which ones."""
    cuales = (Callback.estado == pedido.estado) & (Callback.created_at >= pedido.desde)
    if pedido.hasta is not None:
        cuales &= Callback.created_at < pedido.hasta
    if pedido.host is not None:
        cuales &= de_host(pedido.host)
    elegidos = Callback.select(*SIN_CUERPO).where(cuales).order_by(Callback.created_at, Callback.id).limit(MASIVO_MAX)
    with transaccion():
        hallados = Callback.select().where(cuales).count()
        if pedido.simular:
            return Programados(hallados, list(elegidos), None)
        callbacks = list(elegidos.for_update(skip_locked=True))
        ultimo_en = _otra_ronda(callbacks, timedelta(minutes=1) / pedido.por_minuto) if callbacks else None
        return Programados(hallados, callbacks, ultimo_en)


def de_host(host: str) -> Any:
    """The condition that a callback goes to this host, written as in its URL: `web:3000`."""
    return host.lower() == DESTINO


OTRA_RONDA = """
UPDATE callbacks
SET estado = 'pendiente', intentos_previos = intentos, encolado_en = NULL, en_turno = false, error = NULL,
    terminado_en = NULL, proximo_intento_en = now() + (orden - 1) * %s
FROM unnest(%s::uuid[]) WITH ORDINALITY AS elegidos (elegido, orden)
WHERE id = elegido
"""


def _otra_ronda(callbacks: Sequence[Callback], cada: timedelta = timedelta(0)) -> datetime:
    """Make these, locked and ended, due again: the first now, each other one `cada` later. Returns when the last is.

    Their jobs say nothing of them until the new round ends.
    """
    bd.execute_sql(OTRA_RONDA, (cada, [str(c.id) for c in callbacks]))
    jobs = [c.job_id for c in callbacks if c.consulta_id is None]
    Job.update(callback_sent=None, callback_error=None).where(Job.id.in_(jobs)).execute()
    (este_momento,) = bd.execute_sql("SELECT now()").fetchone()
    ultimo: datetime = este_momento.astimezone(UTC) + cada * (len(callbacks) - 1)
    return ultimo
