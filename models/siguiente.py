"""What may go on once a consulta no longer runs."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Select, fn

from models.base import bd, conexion, transaccion
from models.callback import Callback, por_anunciar
from models.compilada import compilada
from models.consulta import Consulta


@dataclass(frozen=True, slots=True)
class Siguiente:
    """Whether somebody waits for its result, or its place; ids, two at most, of its job's callbacks to announce."""

    seguidoras: bool
    turno: bool
    callbacks: Sequence[str]


def lo_que_sigue(consulta_id: uuid.UUID, job_id: uuid.UUID, empresa: str) -> Siguiente:
    """Ask for all of it at once, after the transaction that ended the consulta or gave it back."""
    with conexion():
        fila = _pregunta(consulta_id=consulta_id, job_id=job_id, empresa=empresa).fetchone()
    return Siguiente(*fila)


@compilada
def _pregunta(consulta_id: Any, job_id: Any, empresa: Any) -> Any:
    pendiente = Consulta.estado == "pendiente"
    seguidoras = Consulta.select(Consulta.id).where(pendiente, Consulta.origen == consulta_id)
    en_turno = Consulta.select(Consulta.id).where(pendiente, Consulta.en_turno, Consulta.empresa == empresa)
    callbacks = Callback.select(Callback.id.cast("text")).where(por_anunciar(job_id)).limit(2)
    return Select(columns=[fn.EXISTS(seguidoras), fn.EXISTS(en_turno), fn.ARRAY(callbacks)]).bind(bd)


def tomar_turno(empresa: str) -> Consulta | None:
    """The oldest consulta that waits for its turn at the empresa, now ready to be published; None if none waits."""
    with transaccion():
        siguiente = (
            Consulta.select(Consulta.id)
            .where(Consulta.empresa == empresa, Consulta.estado == "pendiente", Consulta.en_turno)
            .order_by(Consulta.created_at)
            .limit(1)
            .for_update(skip_locked=True)
        )
        filas = list(Consulta.update(en_turno=False).where(Consulta.id.in_(siguiente)).returning(Consulta).execute())
        return filas[0] if filas else None
