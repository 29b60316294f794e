"""The worker processes that are alive: each writes a row now and then."""

import os
import socket
import uuid
from datetime import timedelta

from peewee import IntegerField, TextField, UUIDField, fn

from models.base import Momento, Tabla, conexion

VIGENCIA_S = 30
"""A worker not seen for so long is not counted."""


class Trabajador(Tabla):
    """A worker process: its queues, threads, host and pid, and when it was last seen."""

    id = UUIDField(primary_key=True)
    colas = TextField()
    hilos = IntegerField()
    host = TextField()
    pid = IntegerField()
    visto_en = Momento(index=True)

    class Meta:
        table_name = "trabajadores"


def latir(trabajador_id: uuid.UUID, *, colas: str, hilos: int) -> None:
    """Write down that this process is alive."""
    with conexion():
        (
            Trabajador.insert(
                id=trabajador_id,
                colas=colas,
                hilos=hilos,
                host=socket.gethostname(),
                pid=os.getpid(),
                visto_en=fn.now(),
            )
            .on_conflict(conflict_target=[Trabajador.id], update={Trabajador.visto_en: fn.now()})
            .execute()
        )


def despedir(trabajador_id: uuid.UUID) -> None:
    """Write down that this process has ended."""
    with conexion():
        Trabajador.delete().where(Trabajador.id == trabajador_id).execute()


def olvidar_muertos() -> int:
    """Delete the rows of processes not seen for a day. Returns how many."""
    with conexion():
        return int(Trabajador.delete().where(Trabajador.visto_en < fn.now() - timedelta(days=1)).execute())


def hilos_vivos(cola: str) -> int:
    """How many threads serve a queue now, over all machines."""
    vivos = (Trabajador.visto_en > fn.now() - timedelta(seconds=VIGENCIA_S)) & (Trabajador.colas == cola)
    return int(Trabajador.select(fn.COALESCE(fn.SUM(Trabajador.hilos), 0)).where(vivos).scalar())
