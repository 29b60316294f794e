"""Standard Webhooks 1.0.0: signing the bytes of a callback, and checking that signature as a receiver does."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from settings import PREFIJO_SECRETO

TOLERANCIA_S = 300


def firmar(secretos: Sequence[str], webhook_id: str, segundos: int, cuerpo: bytes) -> str:
    """`v1,<base64>` for each secret (`whsec_...`), in their order, over `{id}.{unix seconds}.{body}`."""
    firmado = f"{webhook_id}.{segundos}.".encode() + cuerpo
    claves = (base64.b64decode(secreto.removeprefix(PREFIJO_SECRETO)) for secreto in secretos)
    sellos = (hmac.digest(clave, firmado, hashlib.sha256) for clave in claves)
    return " ".join(f"v1,{base64.b64encode(sello).decode()}" for sello in sellos)


def comprobar(
    secretos: Sequence[str], webhook_id: str, timestamp: str, firma: str, cuerpo: bytes, *, ahora_s: float
) -> str | None:
    """None when one of the signatures is of one of the secrets and recent; else what is wrong, in Spanish."""
    if not (webhook_id and timestamp and firma):
        return "ausente"
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15):
        return "inválida"
    esperadas = firmar(secretos, webhook_id, int(timestamp), cuerpo).split()
    dadas = firma.encode("utf-8", "replace").split()
    if not any(hmac.compare_digest(esperada.encode(), dada) for esperada in esperadas for dada in dadas):
        return "inválida"
    return "vencida" if abs(ahora_s - int(timestamp)) > TOLERANCIA_S else None
