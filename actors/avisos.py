"""Trying a receiver without a job."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actors.envio import cabeceras_de, enviar_vigilado
from models.json_estable import bytes_estables
from models.schemas import instante

PRUEBA = "callback.prueba"


def probar(url: str, metadata: dict[str, Any] | None, headers: Mapping[str, str] | None) -> dict[str, Any]:
    """Send a `callback.prueba` once, as any callback is sent, and say what happened."""
    webhook_id = f"msg_{uuid.uuid4().hex}"
    cuerpo = bytes_estables(
        {
            "evento": PRUEBA,
            "timestamp": instante(datetime.now(UTC)),
            "job_id": None,
            "voucher_id": None,
            "propiedad_id": None,
            "status": None,
            "resultados": [],
            "metadata": metadata,
        }
    )
    respuesta = enviar_vigilado(url, cuerpo, cabeceras_de(webhook_id, cuerpo, headers or {}))
    return {
        "enviado": respuesta.error is None,
        "webhook_id": webhook_id,
        "status_code": respuesta.status_code,
        "error_codigo": respuesta.error_codigo,
        "error": respuesta.error,
        "respuesta": respuesta.cuerpo or None,
        "location": respuesta.location,
        "duracion_ms": respuesta.duracion_ms,
    }
