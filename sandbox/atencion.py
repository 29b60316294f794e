"""How a portal answers a look-up: its latency, the failures that all portals share, or the account's data."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.desenlaces import Desenlace, de_numero
from sandbox.laboratorio import LABORATORIO

DEMORAS_S: Mapping[Desenlace, float] = {Desenlace.LENTO_10S: 10, Desenlace.SIN_FIN: math.inf}
"""Outcomes with a latency of their own, in seconds."""


class Corte(Response):
    """An answer that promises more bytes than it sends, and hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cabeceras = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": cabeceras})
        await send({"type": "http.response.body", "body": b'{"info": {"cuen', "more_body": True})


def _pantalla(nombre: str) -> Callable[[], Response]:
    return lambda: JSONResponse({"pantalla": nombre})


def _error(texto: str, estado: int = 200, cabeceras: Mapping[str, str] | None = None) -> Callable[[], Response]:
    return lambda: JSONResponse({"statusCode": 402, "error": texto}, estado, headers=cabeceras)


FALLAS: Mapping[Desenlace, Callable[[], Response]] = {
    Desenlace.MANTENIMIENTO: _pantalla("mantenimiento"),
    Desenlace.ACCESO_BLOQUEADO: lambda: HTMLResponse("<h1>Un momento…</h1>", 403),
    Desenlace.LIMITE: _error("Superaste la cantidad de consultas permitidas.", 429, {"Retry-After": "7"}),
    Desenlace.ERROR_500: lambda: Response("Internal Server Error", 500, media_type="text/plain"),
    Desenlace.ERROR_PROPIO: _error("En este momento no podemos procesar tu pedido (código S-17).", 400),
    Desenlace.CAPTCHA: _pantalla("captcha"),
    Desenlace.SESION_EXPIRADA: _pantalla("sesion"),
    Desenlace.CORTE: Corte,
    Desenlace.CAIDO: lambda: Response("", 503),
    Desenlace.ERROR_CON_200: _error("Servicio de consulta no disponible."),
    Desenlace.ERROR_SIN_TEXTO: _error(""),
    Desenlace.ACCION_EN_PORTAL: _pantalla("datos"),
    Desenlace.SEGUNDO_FACTOR: _pantalla("segundo-factor"),
}
"""What every portal answers alike."""


async def atender(
    request: Request, empresa: str, numero: str, responder: Callable[[], Mapping[str, Any]], inexistente: str
) -> Response:
    """Answer the look-up of an account: a shared failure, the sentence `inexistente`, or what `responder` gives."""
    desenlace = de_numero(numero)
    with LABORATORIO.visita(empresa, numero) as vez:
        await _demorar(request, DEMORAS_S.get(desenlace, LABORATORIO.latencias.consulta / 1000))
        if desenlace is Desenlace.CAE_UNA_VEZ and vez == 1:
            desenlace = Desenlace.CAIDO
        if desenlace in FALLAS:
            return FALLAS[desenlace]()
        if desenlace is Desenlace.CUENTA_INEXISTENTE:
            return _error(inexistente, 404)()
        return JSONResponse(responder())


async def _demorar(request: Request, segundos: float) -> None:
    """Wait, but no longer than the visitor does."""
    limite = time.monotonic() + segundos
    while (resta := limite - time.monotonic()) > 0 and not await request.is_disconnected():
        await asyncio.sleep(min(resta, 0.1))


def archivo(ruta: Path) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that sends one file."""

    async def enviar(request: Request) -> Response:
        return FileResponse(ruta, headers={"Cache-Control": "no-store"})

    return enviar


PANTALLAS: Mapping[str, tuple[int, str, str]] = {
    "mantenimiento": (200, "Estamos en mantenimiento", "Ups… Volvé a intentar en unas horas."),
    "verificacion": (403, "Un momento…", "Comprobando la seguridad de su conexión."),
    "sesion": (200, "Tu sesión expiró", "Volvé a ingresar para continuar."),
}
"""The whole-screen pages that every portal shares: HTTP status, title and text."""


def _documento(nombre: str) -> Callable[[Request], Awaitable[Response]]:
    estado, titulo, texto = PANTALLAS[nombre]

    async def enviar(request: Request) -> Response:
        cuerpo = f"<!doctype html><meta charset=utf-8><title>{titulo}</title><h1>{titulo}</h1><p>{texto}</p>"
        return HTMLResponse(cuerpo, estado)

    return enviar


pantallas = [Route(f"/{nombre}", _documento(nombre)) for nombre in PANTALLAS]
