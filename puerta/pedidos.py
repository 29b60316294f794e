"""Requests that are refused before anybody looks at them: another host, too long a head, a body of two lengths."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from problemas import Problema
from settings import ajustes

CABEZA_MAX_BYTES = 16 * 1024
"""Address and headers. Uvicorn, told the same in the Procfile, stops reading a longer head that arrives in parts."""

SIN_HOST = {"/health"}
"""Platforms ask whether we are alive by address, not by name."""


class Pedidos:
    """ASGI middleware: 431 for a head over `CABEZA_MAX_BYTES`, 400 for an ambiguous body or another host."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problema = _revisar(scope) if scope["type"] == "http" else None
        await (problema.respuesta() if problema else self._app)(scope, receive, send)


def _revisar(scope: Scope) -> Problema | None:
    largo = len(scope["raw_path"]) + len(scope["query_string"]) + sum(len(n) + len(v) for n, v in scope["headers"])
    if largo > CABEZA_MAX_BYTES:
        detalle = f"La dirección y las cabeceras suman más de {CABEZA_MAX_BYTES} bytes."
        return Problema(431, "CABECERAS_DEMASIADO_GRANDES", detalle)
    cabeceras = Headers(scope=scope)
    if "content-length" in cabeceras and "transfer-encoding" in cabeceras:  # a proxy might read the other one
        detalle = "Content-Length y Transfer-Encoding no van juntas."
        return Problema(400, "PEDIDO_AMBIGUO", detalle, cabeceras={"Connection": "close"})
    host = cabeceras.get("host", "")
    if scope["path"] not in SIN_HOST and not host_permitido(host, ajustes().hosts_permitidos):
        return Problema(400, "HOST_NO_PERMITIDO", "Este servicio no atiende a ese nombre de host.")
    return None


def host_permitido(host: str, permitidos: Sequence[str]) -> bool:
    """Whether a Host header names one of these: `*`, `api.ejemplo.com`, `*.ejemplo.com`. Its port is not looked at."""
    nombre = (host if host.endswith("]") else host.rpartition(":")[0] or host).lower()
    return any(
        permitido in ("*", nombre) or (permitido.startswith("*.") and nombre.endswith(permitido[1:]))
        for permitido in permitidos
    )
