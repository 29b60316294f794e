"""The actor that delivers callbacks, one attempt of one callback a run; Dramatiq's Retries carries the backoff."""

import logging
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import dramatiq
from dramatiq.errors import Retry

from actors.broker import CALLBACKS, ESPERA_MAX_MS
from actors.entrega import Respuesta
from actors.envio import cabeceras_de, enviar_vigilado
from actors.firma import FIRMA
from actors.publicador import Envio, publicador
from actors.registro import anotar
from models import (
    BASE_CAIDA,
    Callback,
    Fallo,
    Indescifrable,
    anotar_intento,
    cabeceras_propias,
    poner_cuerpo_delgado,
    reclamar_callback,
    turnos,
)
from models.reparacion import callbacks_por_anunciar, marcar_anunciados
from models.reuso import Par
from models.schemas_callback import OCULTA
from settings import ajustes

logger = logging.getLogger("callbacks")

ARRIENDO_MARGEN_S = 30
RETRY_AFTER_MAX_S = 60
ANUNCIOS_MAX = 500


class IntentoFallido(Retry):
    """An attempt that failed and is followed by another after `delay` ms."""


@dramatiq.actor(
    queue_name=CALLBACKS,
    max_retries=ajustes().callback_intentos - 1,
    esperas_ms=[int(espera * 1000) for espera in ajustes().callback_esquema],
    time_limit=int((ajustes().callback_plazo_s + ARRIENDO_MARGEN_S) * 1000),
)
def notificar(job_id: str, callback_id: str | None = None) -> None:
    """Deliver a callback of the job if it is due; without its id, the one that is due, or announce them if many are.

    Raises IntentoFallido while attempts remain.
    """
    if callback_id is not None:
        _entregar(uuid.UUID(callback_id))
        return
    debidos = callbacks_por_anunciar(uuid.UUID(job_id), ANUNCIOS_MAX)
    if len(debidos) == 1:
        [(unico, _)] = debidos
        anotar(callback_id=unico)
        _entregar(unico)
    else:
        anunciar(debidos)


def _entregar(callback_id: uuid.UUID) -> None:
    reclamado = reclamar_callback(callback_id, arriendo_s=ajustes().callback_plazo_s + ARRIENDO_MARGEN_S)
    if reclamado is None:
        return
    callback, numero = reclamado
    try:
        _atender(callback, numero)
    finally:
        _dar_turnos(callback.url)


def _atender(callback: Callback, numero: int) -> None:
    if numero > _ultimo(callback):
        _terminar(callback, "El último intento se interrumpió")
        return
    respuesta, visto = _intentar(callback, numero)
    if respuesta.error is None:
        anotar_intento(callback, None, **visto)
        logger.info("Callback enviado exitosamente para job %s a %s", callback.job_id, _sin_consulta(callback.url))
        return
    _fallar(callback, numero, respuesta, visto)


def _dar_turnos(url: str) -> None:
    """Announce who waited for this attempt to end."""
    destino = turnos.destino_de(url)
    try:
        anunciar(turnos.dar_turnos(destino))
    except BASE_CAIDA as error:  # the outcome of the attempt must get through
        logger.warning("Los turnos de %s los dará reloj: %s", destino, error)


def avisar(job_ids: Sequence[uuid.UUID]) -> None:
    """Announce the callbacks of these jobs, soon and from the publisher's thread; reloj does what that cannot."""
    if job_ids:
        publicador.entregar(Envio([partial(notificar.send, str(job_id)) for job_id in job_ids], lambda: None))


def anunciar(pares: Sequence[Par]) -> None:
    """Announce these callbacks (their ids, their jobs' ids), soon and from the publisher's thread."""
    if pares:
        envios = [partial(notificar.send, str(job_id), str(callback_id)) for callback_id, job_id in pares]
        publicador.entregar(Envio(envios, partial(marcar_anunciados, [callback_id for callback_id, _ in pares])))


def _ultimo(callback: Callback) -> int:
    """The number of the last attempt of this round."""
    return callback.intentos_previos + ajustes().callback_intentos


def _intentar(callback: Callback, numero: int) -> tuple[Respuesta, dict[str, Any]]:
    """One POST; returns what happened, and what of it is kept."""
    try:
        propias = cabeceras_propias(callback)
    except Indescifrable as error:
        ilegibles = f"No se pudieron usar sus cabeceras: {error}"
        return Respuesta(None, "", None, None, "CABECERAS_ILEGIBLES", ilegibles, 0, True, False), {}
    informativas = {"x-callback-intento": f"{numero}/{_ultimo(callback)}"}
    cuerpo = bytes(callback.cuerpo)
    cabeceras = cabeceras_de(callback.webhook_id, cuerpo, propias | informativas)
    respuesta = enviar_vigilado(callback.url, cuerpo, cabeceras)
    mostradas = {**cabeceras, **dict.fromkeys((*propias, *cabeceras.keys() & {FIRMA}), OCULTA)}
    return respuesta, {**_visto(respuesta), "cabeceras": mostradas}


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


def _fallar(callback: Callback, numero: int, respuesta: Respuesta, visto: dict[str, Any]) -> None:
    error = respuesta.error or "sin respuesta"
    intento = f"Intento {numero}/{_ultimo(callback)}"
    logger.warning("Error enviando callback para job %s: %s falló: %s", callback.job_id, intento, error)
    espera_s = espera_tras(numero - callback.intentos_previos, respuesta, ajustes().callback_esquema)
    if espera_s is None:
        _terminar(callback, error, **visto)
        return
    if respuesta.adelgazar:
        poner_cuerpo_delgado(callback)
    suyo = anotar_intento(callback, Fallo(error, espera_s), **visto)
    if suyo and espera_s * 1000 <= ESPERA_MAX_MS:
        raise IntentoFallido(error, delay=int(espera_s * 1000))


def _terminar(callback: Callback, error: str, **visto: Any) -> None:
    if anotar_intento(callback, Fallo(error, None), **visto):
        logger.error("Callback falló definitivamente para job %s: %s", callback.job_id, error)
