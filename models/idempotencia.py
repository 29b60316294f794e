"""The same request sent twice makes one job: what an `Idempotency-Key` stands for, for 24 hours."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import TextField, UUIDField, fn

from models.base import Json, Momento, Tabla, ahora, transaccion

VIGENCIA = timedelta(hours=24)


class Idempotencia(Tabla):
    """A key, the fingerprint of its request and the job that came of it."""

    clave = TextField(primary_key=True)
    huella = TextField()
    job_id = UUIDField()
    omitidos = Json(default=list)
    created_at = Momento(default=ahora, index=True)

    class Meta:
        table_name = "idempotencias"


class ClaveEnConflicto(Exception):
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Clave:
    """A caller's key, as it is kept, and the fingerprint of what it asks for."""

    texto: str
    huella: str

    @classmethod
    def de(cls, texto: str, pedido: Mapping[str, Any], *, de_quien: str = "") -> "Clave":
        """The key of a request (JSON) by the caller `de_quien`: what others call by the same key is not its own."""
        huella = hashlib.sha256(json.dumps(pedido, sort_keys=True).encode()).hexdigest()
        return cls(f"{de_quien} {texto}", huella)  # neither has a space in it


def reservar(clave: Clave, job_id: uuid.UUID) -> Idempotencia | None:
    """Take the key for a job about to be written; the row of the earlier request if there is one.

    Call it in the job's transaction: a second request with the key waits here until the first has committed.
    Raises ClaveEnConflicto.
    """
    vencida = Idempotencia.created_at < fn.now() - VIGENCIA
    Idempotencia.delete().where(Idempotencia.clave == clave.texto, vencida).execute()
    nueva = Idempotencia.insert(clave=clave.texto, huella=clave.huella, job_id=job_id).on_conflict_ignore()
    if nueva.returning(Idempotencia.clave).execute():
        return None
    previa: Idempotencia = Idempotencia.get_by_id(clave.texto)
    if previa.huella != clave.huella:
        raise ClaveEnConflicto(clave.texto)
    return previa


def anotar_omitidos(clave: Clave, omitidos: list[dict[str, Any]]) -> None:
    """Remember what the answer said was left out."""
    Idempotencia.update(omitidos=omitidos).where(Idempotencia.clave == clave.texto).execute()


def olvidar_claves(cuantas: int = 1000) -> int:
    """Delete keys older than 24 hours, a batch at a time. Returns how many."""
    with transaccion():
        viejas = (
            Idempotencia.select(Idempotencia.clave)
            .where(Idempotencia.created_at < fn.now() - VIGENCIA)
            .limit(cuantas)
            .for_update(skip_locked=True)
        )
        return int(Idempotencia.delete().where(Idempotencia.clave.in_(viejas)).execute())
