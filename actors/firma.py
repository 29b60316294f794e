"""The headers that let a receiver check who sent a callback, when, and every byte of it (models/firma.py)."""

import time

from models.firma import firmar
from settings import ajustes

FIRMA = "webhook-signature"


def cabeceras_firmadas(webhook_id: str, cuerpo: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (now) and, where CALLBACK_SECRETOS has any, `webhook-signature`."""
    segundos = int(time.time())
    cabeceras = {"webhook-id": webhook_id, "webhook-timestamp": str(segundos)}
    secretos = [secreto.get_secret_value() for secreto in ajustes().callback_secretos]
    if secretos:
        cabeceras[FIRMA] = firmar(secretos, webhook_id, segundos, cuerpo)
    return cabeceras
