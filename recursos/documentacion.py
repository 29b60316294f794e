"""The description of the API, for programs and for people."""

from functools import cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from documento.openapi import describir
from documento.operacion import Operacion, documentar
from documento.pagina import ESTILO, dibujar
from models.callback import bytes_json
from settings import VERSION


@cache
def _escrito(app: Starlette) -> bytes:
    return bytes_json(describir(app.routes, VERSION))


@cache
def _dibujado(app: Starlette) -> bytes:
    return dibujar(describir(app.routes, VERSION))


@documentar(
    Operacion(
        "Esta descripción",
        "estado",
        {200: ("application/json",)},
        "OpenAPI 3.1. Para leerla, `GET /docs`.",
    )
)
async def openapi(request: Request) -> Response:
    """GET /openapi.json."""
    return Response(_escrito(request.app), media_type="application/json")


async def docs(request: Request) -> Response:
    """GET /docs: the same as a page."""
    return Response(_dibujado(request.app), media_type="text/html")


async def docs_estilo(request: Request) -> Response:
    """GET /docs/docs.css."""
    return Response(ESTILO, media_type="text/css")
