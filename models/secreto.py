"""Random keys of the service's own: made once, kept encrypted, unchanged when CIFRADO_CLAVES is rotated."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from peewee import TextField

from models.base import Momento, Tabla, ahora, conexion
from models.cifrado import Cifrado

HUELLAS = "huellas"


class Secreto(Tabla):
    """One of those keys, in hexadecimal."""

    nombre = TextField(primary_key=True)
    valor = Cifrado()
    created_at = Momento(default=ahora)

    class Meta:
        table_name = "secretos"


@lru_cache
def clave_de_huellas() -> bytes:
    """The key of the fingerprints of credenciales, read once. Raises Indescifrable."""
    with conexion():
        guardada = Secreto.get_or_none(Secreto.nombre == HUELLAS)
        if guardada is None:
            Secreto.insert(nombre=HUELLAS, valor=secrets.token_hex(32)).on_conflict_ignore().execute()
            guardada = Secreto.get_by_id(HUELLAS)
        return bytes.fromhex(guardada.valor)


def con_clave(huella: str) -> str:
    """A fingerprint of credenciales (`empresa:…`) keyed, so that its guesses need our keys. Raises Indescifrable."""
    empresa = huella.partition(":")[0]
    return f"{empresa}:{hmac.new(clave_de_huellas(), huella.encode(), hashlib.sha256).hexdigest()}"
