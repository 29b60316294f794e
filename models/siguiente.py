"""What may go on once a consulta no longer runs."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import Select, fn

from models.base import conexion
from models.callback import Callback, por_anunciar
from models.consulta import Consulta


@dataclass(frozen=True, slots=True)
class Siguiente:
    """Whether somebody waits for its result, or its place; ids, two at most, of its job's callbacks to announce."""

    seguidoras: bool
    turno: bool
    callbacks: Sequence[str]


def lo_que_sigue(consulta_id: uuid.UUID, job_id: uuid.UUID, empresa: str) -> Siguiente:
    """Ask for all of it at once, after the transaction that ended the consulta or gave it back."""
    pendiente = Consulta.estado == "pendiente"
    seguidoras = Consulta.select(Consulta.id).where(pendiente, Consulta.origen == consulta_id)
    en_turno = Consulta.select(Consulta.id).where(pendiente, Consulta.en_turno, Consulta.empresa == empresa)
    callbacks = Callback.select(Callback.id.cast("text")).where(por_anunciar(job_id)).limit(2)
    with conexion() as bd:
        [fila] = bd.execute(Select(columns=[fn.EXISTS(seguidoras), fn.EXISTS(en_turno), fn.ARRAY(callbacks)]))
    return Siguiente(*fila)
