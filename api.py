"""The HTTP service: JSON handlers, one place for errors, the list of routes at the bottom.

Handlers only await: database work runs in the thread pool, publishing in the publisher's own thread.
"""

import json
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

import models
from actors import configurar_registro, publicar
from actors.cancelar import cancelar
from actors.empresas import listar_empresas, salud_de_empresas
from actors.publicador import publicador
from models.callback import bytes_json
from models.schemas import ID_MAX, FiltroHistorial, FiltroJobs, Pedido, PedidoPropiedad, PedidoServicios, PedidoTodas
from problemas import Problema, de_validacion, manejadores
from settings import ajustes

logger = logging.getLogger("api")

M = TypeVar("M", bound=BaseModel)


def responder(dato: Any, estado: int = 200, cabeceras: dict[str, str] | None = None) -> Response:
    """JSON, written as in the callbacks."""
    return Response(bytes_json(dato), estado, headers=cabeceras, media_type="application/json")


async def cuerpo(request: Request, modelo: type[M]) -> M:
    """The validated body. Its size is limited while it is read, not after."""
    tipo = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if tipo != "application/json" and not tipo.endswith("+json"):
        raise Problema(415, "NO_ES_JSON", "El cuerpo tiene que ser JSON (Content-Type: application/json).")
    crudo = await _leer(request, ajustes().cuerpo_max_bytes)
    try:
        dato = json.loads(crudo, parse_constant=_rechazar_constante)
    except (ValueError, RecursionError):
        raise Problema(400, "JSON_INVALIDO", "El cuerpo no es un JSON válido.") from None
    if not isinstance(dato, dict):
        raise Problema(422, "DATOS_INVALIDOS", "El cuerpo tiene que ser un objeto JSON.")
    try:
        return modelo.model_validate(dato)
    except ValidationError as error:
        raise de_validacion(error) from None


def _rechazar_constante(constante: str) -> None:
    raise ValueError(constante)


async def _leer(request: Request, maximo: int) -> bytes:
    excedido = Problema(413, "CUERPO_DEMASIADO_GRANDE", f"El cuerpo supera el máximo de {maximo} bytes.")
    declarado = request.headers.get("content-length", "")
    if declarado.isascii() and declarado.isdigit() and int(declarado) > maximo:
        raise excedido
    crudo = bytearray()
    try:
        async for parte in request.stream():
            crudo += parte
            if len(crudo) > maximo:
                raise excedido
    except ClientDisconnect:
        raise Problema(400, "JSON_INVALIDO", "El cuerpo llegó incompleto.") from None
    return bytes(crudo)


def consulta(request: Request, modelo: type[M]) -> M:
    """The validated query string."""
    try:
        return modelo.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise de_validacion(error) from None


def _id(request: Request) -> int:
    texto = request.path_params["id"]
    numero = int(texto) if texto.isascii() and texto.isdigit() and len(texto) < 20 else 0
    if not 1 <= numero <= ID_MAX:
        raise Problema(422, "DATOS_INVALIDOS", "El identificador de la propiedad tiene que ser un entero positivo.")
    return numero


async def consultar_propiedad(request: Request) -> Response:
    """POST /consultar/propiedad."""
    return await _encolar(await cuerpo(request, PedidoPropiedad))


async def consultar_servicios(request: Request) -> Response:
    """POST /consultar/servicios."""
    pedido = await cuerpo(request, PedidoServicios)
    if len(pedido.servicio_ids) > ajustes().servicios_max:
        raise Problema(
            422, "DATOS_INVALIDOS", f"servicio_ids admite hasta {ajustes().servicios_max} servicios por pedido."
        )
    return await _encolar(pedido)


async def consultar_todas(request: Request) -> Response:
    """POST /consultar/todas."""
    return await _encolar(await cuerpo(request, PedidoTodas))


async def _encolar(pedido: Pedido) -> Response:
    plazo = models.Plazo(ajustes().job_plazo_s, ajustes().job_plazo_por_consulta_s)
    try:
        creado = await run_in_threadpool(models.crear_job, pedido, plazo)
    except models.SinServicios as error:
        estado = 404 if error.codigo == "PROPIEDAD_INEXISTENTE" else 422
        raise Problema(estado, error.codigo, error.mensaje) from None
    publicar([(consulta_id, creado.job_id) for consulta_id in creado.consulta_ids])
    ruta = f"/job/{creado.job_id}"
    avisa = pedido.callback_url is not None
    respuesta: dict[str, Any] = {
        "job_id": str(creado.job_id),
        "status": "pending",
        "propiedad_id": creado.propiedad_id,
        "total_servicios": len(creado.consulta_ids),
        "mensaje": "Consulta encolada correctamente" + (" Se notificará al callback cuando termine." if avisa else ""),
        "nota": None if avisa else f"Consulte el estado en GET {ruta}",
    }
    if isinstance(pedido, PedidoServicios):
        respuesta["servicios_omitidos"] = list(creado.omitidos)
    return responder(respuesta, 202, {"Location": ruta})


def _uuid(request: Request, nombre: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params[nombre])
    except ValueError:
        raise Problema(422, "DATOS_INVALIDOS", f"El {nombre} tiene que ser un UUID.") from None


async def leer_job(request: Request) -> Response:
    """GET /job/{job_id}."""
    job_id = _uuid(request, "job_id")
    job = await run_in_threadpool(models.leer_job, job_id)
    if job is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    return responder(job)


async def cancelar_job(request: Request) -> Response:
    """POST /job/{job_id}/cancelar: the job as it is then; 409 when it had ended."""
    job_id = _uuid(request, "job_id")
    cancelado = await run_in_threadpool(cancelar, job_id)
    job = await run_in_threadpool(models.leer_job, job_id)
    if job is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    if not cancelado:
        raise Problema(409, "JOB_TERMINADO", f"El job {job_id} ya había terminado: no hay nada que cancelar.")
    return responder(job)


async def listar_jobs(request: Request) -> Response:
    """GET /jobs."""
    filtro = consulta(request, FiltroJobs)
    try:
        return responder(await run_in_threadpool(models.listar_jobs, filtro))
    except models.CursorInvalido:
        raise Problema(422, "CURSOR_INVALIDO", "El cursor no es válido: use el next_cursor recibido.") from None


async def historial(request: Request) -> Response:
    """GET /historial/propiedad/{id}."""
    propiedad_id, filtro = _id(request), consulta(request, FiltroHistorial)
    try:
        pagina = await run_in_threadpool(models.historial, propiedad_id, filtro.limit, filtro.cursor)
    except models.CursorInvalido:
        raise Problema(422, "CURSOR_INVALIDO", "El cursor no es válido: use el next_cursor recibido.") from None
    if pagina is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder(pagina)


async def servicios(request: Request) -> Response:
    """GET /servicios/propiedad/{id}."""
    propiedad_id = _id(request)
    activos = await run_in_threadpool(models.servicios_de, propiedad_id)
    if activos is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder({"propiedad_id": propiedad_id, "servicios": activos})


async def leer_consulta(request: Request) -> Response:
    """GET /consulta/{consulta_id}."""
    consulta_id = _uuid(request, "consulta_id")
    vista = await run_in_threadpool(models.leer_consulta, consulta_id)
    if vista is None:
        raise Problema(404, "CONSULTA_INEXISTENTE", f"La consulta {consulta_id} no existe.")
    return responder(vista)


async def evidencia(request: Request) -> Response:
    """GET /consulta/{consulta_id}/evidencia/{tipo}: a PNG, or text that no browser runs."""
    consulta_id, tipo = _uuid(request, "consulta_id"), request.path_params["tipo"]
    contenido = await run_in_threadpool(models.leer_evidencia, consulta_id, tipo)
    if contenido is None:
        raise Problema(404, "EVIDENCIA_INEXISTENTE", f"La consulta {consulta_id} no tiene evidencia de tipo {tipo}.")
    medio = "image/png" if tipo == "captura" else "text/plain; charset=utf-8"
    cabeceras = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(contenido, headers=cabeceras, media_type=medio)


async def empresas(request: Request) -> Response:
    """GET /empresas."""
    return responder({"empresas": listar_empresas()})


async def salud_empresas(request: Request) -> Response:
    """GET /empresas/salud."""
    return responder({"empresas": await run_in_threadpool(salud_de_empresas)})


async def estadisticas(request: Request) -> Response:
    """GET /queue/stats."""
    return responder(await run_in_threadpool(models.estadisticas))


async def salud(request: Request) -> Response:
    """GET /health: this process answers; nothing else is looked at."""
    return responder({"status": "ok", "mensaje": "Servicio operativo"})


@asynccontextmanager
async def vida(app: Starlette) -> AsyncIterator[None]:
    """Set up logging; publish what is left before the process ends."""
    configurar_registro()
    ajustes()
    yield
    await run_in_threadpool(publicador.detener)


app = Starlette(
    routes=[
        Route("/consultar/propiedad", consultar_propiedad, methods=["POST"]),
        Route("/consultar/servicios", consultar_servicios, methods=["POST"]),
        Route("/consultar/todas", consultar_todas, methods=["POST"]),
        Route("/job/{job_id}", leer_job, methods=["GET"]),
        Route("/job/{job_id}/cancelar", cancelar_job, methods=["POST"]),
        Route("/jobs", listar_jobs, methods=["GET"]),
        Route("/queue/stats", estadisticas, methods=["GET"]),
        Route("/historial/propiedad/{id}", historial, methods=["GET"]),
        Route("/servicios/propiedad/{id}", servicios, methods=["GET"]),
        Route("/consulta/{consulta_id}", leer_consulta, methods=["GET"]),
        Route("/consulta/{consulta_id}/evidencia/{tipo}", evidencia, methods=["GET"]),
        Route("/empresas", empresas, methods=["GET"]),
        Route("/empresas/salud", salud_empresas, methods=["GET"]),
        Route("/health", salud, methods=["GET"]),
    ],
    exception_handlers=manejadores,
    lifespan=vida,
)
