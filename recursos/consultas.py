"""Consultas with their proof, by themselves and by propiedad."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from models.schemas import FiltroHistorial
from problemas import Problema
from recursos.pedido import consulta, identificador, responder, uuid_de


async def historial(request: Request) -> Response:
    """GET /historial/propiedad/{id}."""
    propiedad_id, filtro = identificador(request), consulta(request, FiltroHistorial)
    try:
        pagina = await run_in_threadpool(models.historial, propiedad_id, filtro.limit, filtro.cursor)
    except models.CursorInvalido:
        raise Problema(422, "CURSOR_INVALIDO", "El cursor no es válido: use el next_cursor recibido.") from None
    if pagina is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder(pagina)


async def servicios(request: Request) -> Response:
    """GET /servicios/propiedad/{id}."""
    propiedad_id = identificador(request)
    activos = await run_in_threadpool(models.servicios_de, propiedad_id)
    if activos is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder({"propiedad_id": propiedad_id, "servicios": activos})


async def leer_consulta(request: Request) -> Response:
    """GET /consulta/{consulta_id}."""
    consulta_id = uuid_de(request, "consulta_id")
    vista = await run_in_threadpool(models.leer_consulta, consulta_id)
    if vista is None:
        raise Problema(404, "CONSULTA_INEXISTENTE", f"La consulta {consulta_id} no existe.")
    return responder(vista)


async def evidencia(request: Request) -> Response:
    """GET /consulta/{consulta_id}/evidencia/{tipo}: a PNG, or text that no browser runs."""
    consulta_id, tipo = uuid_de(request, "consulta_id"), request.path_params["tipo"]
    contenido = await run_in_threadpool(models.leer_evidencia, consulta_id, tipo)
    if contenido is None:
        raise Problema(404, "EVIDENCIA_INEXISTENTE", f"La consulta {consulta_id} no tiene evidencia de tipo {tipo}.")
    medio = "image/png" if tipo == "captura" else "text/plain; charset=utf-8"
    cabeceras = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"}
    return Response(contenido, headers=cabeceras, media_type=medio)
