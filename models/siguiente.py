"""What may go on once a consulta no longer runs."""

import uuid
from dataclasses import dataclass

from peewee import Select, fn

from models.base import conexion
from models.callback import Callback, por_anunciar
from models.consulta import Consulta


@dataclass(frozen=True, slots=True)
class Siguiente:
    """Whether somebody waits: for its result, for its job's callbacks to be announced, for its place at the empresa."""

    seguidoras: bool
    callbacks: bool
    turno: bool


def lo_que_sigue(consulta_id: uuid.UUID, job_id: uuid.UUID, empresa: str) -> Siguiente:
    """Ask for all of it at once, after the transaction that ended the consulta or gave it back."""
    pendiente = Consulta.estado == "pendiente"
    esperan = (
        Consulta.select().where(pendiente, Consulta.origen == consulta_id),
        Callback.select().where(por_anunciar(job_id)),
        Consulta.select().where(pendiente, Consulta.en_turno, Consulta.empresa == empresa),
    )
    with conexion() as bd:
        [fila] = bd.execute(Select(columns=[fn.EXISTS(consulta) for consulta in esperan]))
    return Siguiente(*fila)
