"""The actor that delivers the callback of a job, one attempt a run; Dramatiq's Retries carries the backoff."""

import logging
import time
import uuid
from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import dramatiq
from dramatiq.errors import Retry

from actors.broker import CALLBACKS, ESPERA_MAX_MS
from actors.entrega import Respuesta, enviar
from actors.publicador import Envio, publicador
from models import Callback, Fallo, anotar_intento, poner_cuerpo_delgado, reclamar_callback
from settings import ajustes

logger = logging.getLogger("callbacks")

ARRIENDO_MARGEN_S = 30
RETRY_AFTER_MAX_S = 60

try:
    VERSION = version("consultas")
except PackageNotFoundError:
    VERSION = "0.1.0"


class IntentoFallido(Retry):
    """An attempt that failed and is followed by another after `delay` ms."""


@dramatiq.actor(
    queue_name=CALLBACKS,
    max_retries=ajustes().callback_intentos - 1,
    esperas_ms=[int(espera * 1000) for espera in ajustes().callback_esquema],
    time_limit=int((ajustes().callback_plazo_s + ARRIENDO_MARGEN_S) * 1000),
)
def notificar(job_id: str) -> None:
    """Deliver the callback of the job that is due, if any. Raises IntentoFallido while attempts remain."""
    arriendo_s = ajustes().callback_plazo_s + ARRIENDO_MARGEN_S
    reclamado = reclamar_callback(uuid.UUID(job_id), arriendo_s=arriendo_s)
    if reclamado is None:
        return
    callback, numero = reclamado
    if numero > ajustes().callback_intentos:
        _terminar(callback, "El último intento se interrumpió")
        return
    respuesta = enviar(
        callback.url, bytes(callback.cuerpo), _cabeceras(callback, numero), plazo_s=ajustes().callback_plazo_s
    )
    if respuesta.error is None:
        anotar_intento(callback, None, **_visto(respuesta))
        logger.info("Callback enviado exitosamente para job %s a %s", job_id, _sin_consulta(callback.url))
        return
    _fallar(callback, numero, respuesta)


def avisar(job_ids: Sequence[uuid.UUID]) -> None:
    """Announce the callbacks of these jobs, soon and from the publisher's thread; reloj does what that cannot."""
    if job_ids:
        publicador.entregar(Envio([partial(notificar.send, str(job_id)) for job_id in job_ids], lambda: None))


def _cabeceras(callback: Callback, numero: int) -> dict[str, str]:
    return {
        "User-Agent": f"consultas/{VERSION}",
        "webhook-id": callback.webhook_id,
        "webhook-timestamp": str(int(time.time())),
        "x-callback-intento": f"{numero}/{ajustes().callback_intentos}",
    }


def _sin_consulta(url: str) -> str:
    """The URL without its query, which may carry a receiver's token."""
    return url.partition("?")[0]


def _visto(respuesta: Respuesta) -> dict[str, Any]:
    return {
        "status_code": respuesta.status_code,
        "error_codigo": respuesta.error_codigo,
        "respuesta": respuesta.cuerpo,
        "location": respuesta.location,
        "duracion_ms": respuesta.duracion_ms,
    }


def espera_tras(numero: int, respuesta: Respuesta, esquema: list[float]) -> float | None:
    """Seconds to wait after failed attempt `numero` (from 1); None when there is no further one."""
    if respuesta.definitivo or numero > len(esquema):
        return None
    return max(esquema[numero - 1], min(respuesta.retry_after_s or 0, RETRY_AFTER_MAX_S))


def _fallar(callback: Callback, numero: int, respuesta: Respuesta) -> None:
    error = respuesta.error or "sin respuesta"
    intento = f"Intento {numero}/{ajustes().callback_intentos}"
    logger.warning("Error enviando callback para job %s: %s falló: %s", callback.job_id, intento, error)
    espera_s = espera_tras(numero, respuesta, ajustes().callback_esquema)
    if espera_s is None:
        _terminar(callback, error, **_visto(respuesta))
        return
    if respuesta.adelgazar:
        poner_cuerpo_delgado(callback)
    suyo = anotar_intento(callback, Fallo(error, espera_s), **_visto(respuesta))
    if suyo and espera_s * 1000 <= ESPERA_MAX_MS:
        raise IntentoFallido(error, delay=int(espera_s * 1000))


def _terminar(callback: Callback, error: str, **visto: Any) -> None:
    if anotar_intento(callback, Fallo(error, None), **visto):
        logger.error("Callback falló definitivamente para job %s: %s", callback.job_id, error)
