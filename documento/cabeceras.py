"""The headers that mean something, of requests, answers and callbacks."""

from typing import Any

Objeto = dict[str, Any]

DEL_PEDIDO: dict[str, Objeto] = {
    "Idempotency-Key": {
        "description": "El mismo pedido con la misma clave, dentro de las 24 horas, devuelve el mismo job y no hace"
        " otro. Otro pedido con esa clave es 409.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "6f1c1e0c-7d0e-4f0e-9a53-2f9b6d8f5c11",
    },
    "Last-Event-ID": {
        "description": "El `id` del último evento recibido: se sigue desde ahí. El navegador lo manda solo.",
        "schema": {"type": "string"},
    },
}

DE_LA_RESPUESTA: dict[str, Objeto] = {
    "Location": {
        "description": "Dónde leer lo que se creó.",
        "required": True,
        "schema": {
            "type": "string",
            "format": "uri-reference",
            "examples": ["/job/d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b"],
        },
    },
    "Idempotent-Replayed": {
        "description": "`true`: el job es el de un pedido anterior con la misma Idempotency-Key, o el mismo reintento.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Dentro de cuántos segundos probar de nuevo.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "examples": [12]},
    },
    "WWW-Authenticate": {
        "description": "Cómo presentar la clave.",
        "required": True,
        "schema": {"type": "string", "enum": ["Bearer"]},
    },
}

DEL_ESTADO = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
"""What the answers of an error's status carry."""

DEL_AVISO: dict[str, Objeto] = {
    "webhook-id": {
        "description": "El mismo en todos los intentos y reenvíos de un aviso: guárdelo para no atenderlo dos veces.",
        "required": True,
        "schema": {"type": "string", "pattern": "^msg_[0-9a-f]{32}$"},
        "example": "msg_5f0c1a2b3d4e4f60a7b8c9d0e1f2a3b4",
    },
    "webhook-timestamp": {
        "description": "Cuándo se hizo este intento, en segundos desde 1970. Rechace lo que tenga más de 5 minutos.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]{10,}$"},
        "example": "1795525509",
    },
    "webhook-signature": {
        "description": "La firma de Standard Webhooks 1.0.0: `v1,` y el base64 del HMAC-SHA256 de"
        " `{webhook-id}.{webhook-timestamp}.{cuerpo tal como llegó}`, con los bytes que siguen a `whsec_` en el"
        " secreto, decodificados de base64. Durante un cambio de secreto lleva varias, separadas por un espacio:"
        " alcanza con que una sea válida. Falta sólo si el servicio no tiene `CALLBACK_SECRETOS`.",
        "required": False,
        "schema": {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"},
        "example": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    },
    "x-callback-intento": {
        "description": "Qué intento es, y de cuántos. No está en `callback.prueba`.",
        "required": False,
        "schema": {"type": "string", "pattern": "^[0-9]+/[0-9]+$"},
        "example": "1/3",
    },
}
