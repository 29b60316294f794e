"""Standard Webhooks 1.0.0: the headers that let a receiver check who sent a callback, when, and every byte of it."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence

from settings import PREFIJO_SECRETO, ajustes


def firmar(secretos: Sequence[str], webhook_id: str, segundos: int, cuerpo: bytes) -> str:
    """`v1,<base64>` for each secret (`whsec_...`), in their order, over `{id}.{unix seconds}.{body}`."""
    firmado = f"{webhook_id}.{segundos}.".encode() + cuerpo
    claves = (base64.b64decode(secreto.removeprefix(PREFIJO_SECRETO)) for secreto in secretos)
    sellos = (hmac.digest(clave, firmado, hashlib.sha256) for clave in claves)
    return " ".join(f"v1,{base64.b64encode(sello).decode()}" for sello in sellos)


def cabeceras_firmadas(webhook_id: str, cuerpo: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (now) and, where CALLBACK_SECRETOS has any, `webhook-signature`."""
    segundos = int(time.time())
    cabeceras = {"webhook-id": webhook_id, "webhook-timestamp": str(segundos)}
    secretos = [secreto.get_secret_value() for secreto in ajustes().callback_secretos]
    if secretos:
        cabeceras["webhook-signature"] = firmar(secretos, webhook_id, segundos, cuerpo)
    return cabeceras
