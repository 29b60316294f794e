"""The panel's app, mounted under /panel: its routes, who visits it, and its error pages."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models import Alcance, CursorInvalido
from models.base import BASE_CAIDA
from panel import acceso, callbacks, consultas, jobs, programaciones, propiedades, servicios
from panel.plantillas import pagina
from panel.rutas import HayQueEntrar, hacer, servir, ver
from panel.sesion import Sesion, sesion_de
from problemas import TITULOS, Problema
from recursos.consultas import evidencia
from recursos.eventos import eventos

logger = logging.getLogger("panel")

CAIDA = Problema(
    503,
    "BASE_DE_DATOS_CAIDA",
    "La base de datos no responde. No se perdió nada: pruebe de nuevo en unos segundos.",
    cabeceras={"Retry-After": "5"},
)


def inicio(request: Request) -> Response:
    """GET /panel."""
    return RedirectResponse("/panel/jobs")


def _error(request: Request, problema: Problema) -> Response:
    respuesta = pagina(
        request, "error.html", problema.estado, titulo=TITULOS.get(problema.estado, "Error"), problema=problema
    )
    respuesta.headers.update(problema.cabeceras)
    return respuesta


async def _problema(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problema)
    return _error(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detalle = "Esta página no existe." if error.status_code == 404 else "El pedido no se pudo atender."
    return _error(request, Problema(error.status_code, "PEDIDO_RECHAZADO", detalle, cabeceras=error.headers))


async def _base_caida(request: Request, error: Exception) -> Response:
    logger.warning("La base de datos no responde: %s", error)
    return _error(request, CAIDA)


async def _cursor(request: Request, error: Exception) -> Response:
    return _error(request, Problema(422, "CURSOR_INVALIDO", "Esa página de la lista no existe: empiece de nuevo."))


async def _interno(request: Request, error: Exception) -> Response:
    logger.error("Error inesperado en %s %s", request.method, request.url.path, exc_info=error)
    return _error(request, Problema(500, "ERROR_INTERNO", "Ocurrió un error inesperado. Ya quedó registrado."))


async def _entrar(request: Request, error: Exception) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": "/panel/entrar"})
    destino = request.url.path if request.method == "GET" else "/panel/jobs"
    return RedirectResponse(f"/panel/entrar?a={quote(destino, safe='/')}", 303)


class Visita:
    """ASGI middleware: whose visit a request is, in `state["sesion"]`; a new one gets its cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/panel/static/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.sesion = Sesion()
        try:
            sesion = request.state.sesion = await run_in_threadpool(sesion_de, request)
        except BASE_CAIDA as error:
            await (await _base_caida(request, error))(scope, receive, send)
            return

        async def enviar(mensaje: Message) -> None:
            if mensaje["type"] == "http.response.start" and sesion.nueva:
                cabeceras = MutableHeaders(scope=mensaje)
                if "set-cookie" not in cabeceras:
                    galletita = Response()
                    sesion.poner(request, galletita)
                    cabeceras.append("set-cookie", galletita.headers["set-cookie"])
            await send(mensaje)

        await self._app(scope, receive, enviar)


class Estaticos(StaticFiles):
    """What we serve as it is: its address changes with its content, so a browser may keep it."""

    def file_response(self, *args: Any, **opciones: Any) -> Response:
        """The file, or 304."""
        respuesta = super().file_response(*args, **opciones)
        respuesta.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return respuesta


manejadores: dict[Any, Any] = {
    Problema: _problema,
    HTTPException: _http,
    HayQueEntrar: _entrar,
    CursorInvalido: _cursor,
    **dict.fromkeys(BASE_CAIDA, _base_caida),
    Exception: _interno,
}

CONSULTAR, ADMINISTRAR = Alcance.CONSULTAR, Alcance.ADMINISTRAR

app = Starlette(
    routes=[
        ver("/", inicio, None),
        ver("/entrar", acceso.formulario, None),
        hacer("/entrar", acceso.entrar, None),
        hacer("/salir", acceso.salir, None),
        ver("/jobs", jobs.lista),
        ver("/jobs/{job_id}", jobs.uno),
        ver("/jobs/{job_id}/vivo", jobs.vivo),
        servir("/jobs/{job_id}/eventos", eventos),
        hacer("/jobs/{job_id}/cancelar", jobs.cancelar, CONSULTAR),
        hacer("/jobs/{job_id}/reintentar", jobs.reintentar, CONSULTAR),
        ver("/jobs/{job_id}/callbacks/{callback_id}", callbacks.cuerpo),
        hacer("/jobs/{job_id}/callbacks/{callback_id}/reenviar", callbacks.reenviar, CONSULTAR),
        ver("/callbacks", callbacks.lista),
        hacer("/callbacks/reenviar", callbacks.reenviar_varios, ADMINISTRAR),
        ver("/propiedades", propiedades.lista),
        hacer("/propiedades", propiedades.crear, ADMINISTRAR),
        ver("/propiedades/nueva", propiedades.nueva, ADMINISTRAR),
        ver("/propiedades/{id}", propiedades.una),
        hacer("/propiedades/{id}", propiedades.guardar, ADMINISTRAR),
        ver("/propiedades/{id}/editar", propiedades.editar, ADMINISTRAR),
        hacer("/propiedades/{id}/consultar", propiedades.consultar, CONSULTAR),
        hacer("/propiedades/{id}/desactivar", propiedades.desactivar, ADMINISTRAR),
        ver("/propiedades/{id}/servicios/nuevo", servicios.nuevo, ADMINISTRAR),
        ver("/propiedades/{id}/servicios/campos", servicios.campos, ADMINISTRAR),
        hacer("/propiedades/{id}/servicios", servicios.crear, ADMINISTRAR),
        ver("/servicios/{id}", servicios.editar, ADMINISTRAR),
        hacer("/servicios/{id}", servicios.guardar, ADMINISTRAR),
        hacer("/servicios/{id}/activo", servicios.activar, ADMINISTRAR),
        ver("/programaciones", programaciones.lista),
        hacer("/programaciones", programaciones.crear, ADMINISTRAR),
        ver("/programaciones/nueva", programaciones.nueva, ADMINISTRAR),
        ver("/programaciones/{id}", programaciones.una),
        hacer("/programaciones/{id}", programaciones.guardar, ADMINISTRAR),
        ver("/programaciones/{id}/editar", programaciones.editar, ADMINISTRAR),
        hacer("/programaciones/{id}/activa", programaciones.activar, ADMINISTRAR),
        ver("/programaciones/{id}/borrar", programaciones.preguntar, ADMINISTRAR),
        hacer("/programaciones/{id}/borrar", programaciones.borrar, ADMINISTRAR),
        ver("/consultas/{consulta_id}", consultas.una),
        servir("/consultas/{consulta_id}/evidencia/{tipo}", evidencia),
        ver("/empresas", consultas.empresas),
        ver("/claves", acceso.claves, ADMINISTRAR),
        hacer("/claves", acceso.crear, ADMINISTRAR),
        hacer("/claves/{clave_id}/revocar", acceso.revocar, ADMINISTRAR),
        Mount("/static", Estaticos(directory=Path(__file__).resolve().parent / "static")),
    ],
    middleware=[Middleware(Visita)],
    exception_handlers=manejadores,
)
