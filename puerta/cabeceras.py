"""What every answer says to a browser, and that no fault of ours leaves without an answer."""

import logging

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from problemas import Problema

logger = logging.getLogger("api")

DE_TODO = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CSP_DE_PAGINA = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
CSP_DE_DATOS = "default-src 'none'; frame-ancestors 'none'"
HSTS = "max-age=31536000"


class Cabeceras:
    """ASGI middleware, the outermost: the headers that an answer does not set by itself, and 500 for a fault."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        empezada = False

        async def enviar(mensaje: Message) -> None:
            nonlocal empezada
            if mensaje["type"] == "http.response.start":
                empezada = True
                completar(MutableHeaders(scope=mensaje), segura=scope["scheme"] == "https")
            await send(mensaje)

        try:
            await self._app(scope, receive, enviar)
        except Exception:
            if empezada:
                raise
            logger.exception("Error inesperado en %s %s", scope["method"], scope["path"])
            respuesta = Problema(500, "ERROR_INTERNO", "Ocurrió un error inesperado. Ya quedó registrado.").respuesta()
            await respuesta(scope, receive, enviar)


def completar(cabeceras: MutableHeaders, *, segura: bool) -> None:
    """Add what is missing; `segura`: the client came over https."""
    es_pagina = cabeceras.get("content-type", "").startswith("text/html")
    cabeceras.setdefault("Content-Security-Policy", CSP_DE_PAGINA if es_pagina else CSP_DE_DATOS)
    if segura:
        cabeceras.setdefault("Strict-Transport-Security", HSTS)
    for nombre, valor in DE_TODO.items():
        cabeceras.setdefault(nombre, valor)
