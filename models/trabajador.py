"""The worker processes that are alive: each writes a row now and then."""

import os
import socket
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import EXCLUDED, IntegerField, TextField, UUIDField, fn

from models.base import Json, Momento, Tabla, conexion

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
    medidas = Json(null=True)
    """What it says of itself: see actors/medidas.py."""

    class Meta:
        table_name = "trabajadores"


@dataclass(frozen=True, slots=True)
class Proceso:
    """A process as it was last seen, `visto_hace_s` seconds ago."""

    colas: str
    hilos: int
    visto_hace_s: float
    medidas: Mapping[str, Any]

    @property
    def vivo(self) -> bool:
        """Whether it counts as alive."""
        return self.visto_hace_s < VIGENCIA_S


def latir(trabajador_id: uuid.UUID, *, colas: str, hilos: int, medidas: Mapping[str, Any] | None = None) -> None:
    """Write down that this process is alive, and what it says of itself."""
    with conexion():
        (
            Trabajador.insert(
                id=trabajador_id,
                colas=colas,
                hilos=hilos,
                host=socket.gethostname(),
                pid=os.getpid(),
                visto_en=fn.now(),
                medidas=medidas,
            )
            .on_conflict(
                conflict_target=[Trabajador.id],
                update={Trabajador.visto_en: fn.now(), Trabajador.medidas: EXCLUDED.medidas},
            )
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


def cantidad_de_hilos(cola: str, *, entre: int = 1) -> Any:
    """The query for how many threads serve a queue now, over all machines; one in so many of them, rounded down."""
    vivos = (Trabajador.visto_en > fn.now() - timedelta(seconds=VIGENCIA_S)) & (Trabajador.colas == cola)
    return Trabajador.select(fn.COALESCE(fn.SUM(Trabajador.hilos) / entre, 0)).where(vivos)


def hilos_vivos(cola: str) -> int:
    """How many threads serve a queue now, over all machines."""
    return int(cantidad_de_hilos(cola).scalar())


def procesos() -> list[Proceso]:
    """Every process that was seen within a day and did not say goodbye."""
    hace = fn.date_part("epoch", fn.now() - Trabajador.visto_en)
    with conexion():
        filas: Iterable[Any] = (
            Trabajador.select(Trabajador.colas, Trabajador.hilos, hace, Trabajador.medidas).tuples().execute()
        )
        return [Proceso(colas, hilos, max(hace_s, 0.0), medidas or {}) for colas, hilos, hace_s, medidas in filas]
