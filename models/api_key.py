"""The API keys: who may call, for what, how often, until revoked. A key is shown once; its SHA-256 is kept.

A plain hash is enough because a key is 256 random bits: nobody can try them all, as they could passwords, so a slow
hash would only make each request slow.
"""

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, cast

from peewee import SQL, BlobField, Case, Check, IntegerField, TextField, fn
from playhouse.postgres_ext import ArrayField

from models.base import Momento, Tabla, ahora, conexion

FORMA = re.compile(r"cns_([0-9a-f]{12})_[0-9a-f]{64}")
"""A key as text: a prefix that secret scanners can look for, its id, 256 random bits."""

NOMBRE_MAX = 100


class Alcance(StrEnum):
    """What a key may do. `administrar` includes the others: whoever may make keys can give itself any."""

    CONSULTAR = "consultar"
    LEER = "leer"
    ADMINISTRAR = "administrar"


class ApiKey(Tabla):
    """A key: its public id, what it may do, and its use in the last minute in which it was used."""

    id = TextField(primary_key=True)
    nombre = TextField()
    huella = BlobField()
    """SHA-256 of the whole key."""
    alcances = ArrayField(
        TextField,
        index=False,
        constraints=[
            Check("alcances <@ ARRAY['consultar', 'leer', 'administrar'] AND alcances <> '{}'", "api_keys_alcances")
        ],
    )
    created_at = Momento(default=ahora)
    revocada_en = Momento(null=True)
    ultimo_uso_en = Momento(null=True)
    """The beginning of the minute of its last use."""
    usos = IntegerField(default=0)
    """Requests granted to the web processes in that minute."""

    class Meta:
        table_name = "api_keys"

    def puede(self, alcance: Alcance) -> bool:
        """Whether it may do this."""
        return alcance in self.alcances or Alcance.ADMINISTRAR in self.alcances


# Two keys in use never share a name: it is how an operator revokes one.
ApiKey.add_index(ApiKey.index(ApiKey.nombre, name="api_keys_nombre", unique=True, where=SQL("revocada_en IS NULL")))
ApiKey.add_index(ApiKey.index(ApiKey.created_at, name="api_keys_recientes"))

VIGENTE = ApiKey.revocada_en.is_null()


class NombreEnUso(Exception):
    """Another key in use has this name."""


@dataclass(frozen=True, slots=True)
class Cupo:
    """How many requests a web process may still let in during the rest of a minute, in seconds."""

    pedidos: int
    resto_s: float


def _huella(texto: str) -> bytes:
    return sha256(texto.encode()).digest()


def crear_clave(nombre: str, alcances: Collection[Alcance]) -> tuple[ApiKey, str]:
    """A new key, and its text, which is nowhere kept. Raises NombreEnUso."""
    clave_id = secrets.token_hex(6)
    texto = f"cns_{clave_id}_{secrets.token_hex(32)}"
    with conexion():
        filas = (
            ApiKey.insert(id=clave_id, nombre=nombre, huella=_huella(texto), alcances=sorted(set(alcances)))
            .on_conflict_ignore()
            .returning(ApiKey)
            .execute()
        )
        clave: ApiKey | None = next(iter(filas), None)
    if clave is None:
        raise NombreEnUso(nombre)
    return clave, texto


def verificar(texto: str) -> ApiKey | None:
    """The key with this text, if it is in use."""
    forma = FORMA.fullmatch(texto)
    if forma is None:
        return None
    clave = clave_vigente(forma[1])
    guardada = bytes(clave.huella) if clave else bytes(32)
    return clave if hmac.compare_digest(guardada, _huella(texto)) else None


def clave_vigente(clave_id: str) -> ApiKey | None:
    """The key with this id, if it is in use."""
    with conexion():
        clave: ApiKey | None = ApiKey.get_or_none(ApiKey.id == clave_id, VIGENTE)
    return clave


def apartar(clave_id: str, *, limite: int, bloque: int) -> Cupo | None:
    """Set aside up to `bloque` of the `limite` requests that the key has in this minute. None: it is not in use.

    A web process takes a block and counts it down by itself: over all processes and restarts never more than
    `limite` are granted, and the database is asked once a block. What a process does not use of its block is lost.
    """
    minuto = fn.DATE_TRUNC("minute", fn.now())
    mismo = ApiKey.ultimo_uso_en == minuto
    resto: Any = fn.EXTRACT(SQL("EPOCH FROM date_trunc('minute', now()) + interval '1 minute' - now()"))
    with conexion():
        filas = (
            ApiKey.update(ultimo_uso_en=minuto, usos=Case(None, [(mismo, ApiKey.usos + bloque)], bloque))
            .where(ApiKey.id == clave_id, VIGENTE)
            .returning(ApiKey.usos, resto.alias("resto"))
            .tuples()
            .execute()
        )
        fila = next(iter(filas), None)
    if fila is None:
        return None
    usos, resto_s = fila
    return Cupo(max(0, min(bloque, limite - (usos - bloque))), float(resto_s))


def listar_claves() -> list[ApiKey]:
    """Every key, revoked ones too, the newest first."""
    with conexion():
        return list(ApiKey.select().order_by(ApiKey.created_at.desc(), ApiKey.id))


def revocar(clave: str) -> ApiKey | None:
    """Take the key with this id, or else this name, out of use, at once. None if there is no such key in use."""
    with conexion():
        for quien in (ApiKey.id == clave, ApiKey.nombre == clave):
            filas = ApiKey.update(revocada_en=fn.now()).where(quien, VIGENTE).returning(ApiKey).execute()
            for revocada in filas:
                return cast(ApiKey, revocada)
    return None
