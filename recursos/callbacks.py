"""Callbacks: what was attempted, sending again, trying a receiver."""

import asyncio
import uuid

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.avisos import probar
from actors.notificar import anunciar
from documento.operacion import Enlace, Operacion, documentar
from models.schemas import PedidoPrueba, instante
from models.schemas_aviso import Callback, CallbacksDelJob, PaginaDeCallbacks, PruebaHecha, ReenvioMasivoHecho
from models.schemas_callback import FiltroCallbacks, FiltroIntentos, Reenvio, ReenvioMasivo
from models.seguimiento import vista
from problemas import Problema
from recursos.pedido import consulta, cuerpo, responder, uuid_de

PRIMEROS = 10
PRUEBAS_A_LA_VEZ = asyncio.Semaphore(4)
"""A receiver that never answers holds a thread of the pool: the rest of it is for the others."""

MOTIVOS = {
    "SIN_CALLBACK": "El job no debe un callback de su final: no terminó, no tiene callback_url o no pidió ese evento.",
    "CALLBACK_EN_CURSO": "El callback todavía se está intentando: no hay nada que reenviar.",
}


@documentar(
    Operacion(
        "Callbacks de un job, con sus intentos",
        "callbacks",
        {200: CallbacksDelJob},
        "Qué se envió, cuándo, y qué contestó el receptor.",
        consulta=FiltroIntentos,
        errores=("JOB_INEXISTENTE",),
        enlaces=(Enlace("reenviar", {"job_id": "$response.body#/job_id"}),),
    )
)
async def intentos(request: Request) -> Response:
    """GET /job/{job_id}/callback/intentos."""
    job_id, filtro = uuid_de(request, "job_id"), consulta(request, FiltroIntentos)
    pagina = await run_in_threadpool(models.intentos_de, job_id, filtro)
    if pagina is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    return responder(pagina)


@documentar(
    Operacion(
        "Listar callbacks",
        "callbacks",
        {200: PaginaDeCallbacks},
        "De todos los jobs, los más nuevos primero.",
        consulta=FiltroCallbacks,
        enlaces=(
            Enlace(
                "reenviar",
                {"job_id": "$response.body#/callbacks/0/job_id"},
                {"callback_id": "$response.body#/callbacks/0/callback_id"},
            ),
        ),
    )
)
async def listar_callbacks(request: Request) -> Response:
    """GET /callbacks."""
    filtro = consulta(request, FiltroCallbacks)
    return responder(await run_in_threadpool(models.listar_callbacks, filtro))


@documentar(
    Operacion(
        "Reenviar un callback",
        "callbacks",
        {202: Callback},
        "Otra ronda de intentos con el mismo `webhook-id` y el mismo cuerpo. El cuerpo del pedido se puede omitir.",
        cuerpo=Reenvio,
        cuerpo_opcional=True,
        errores=("JOB_INEXISTENTE", "CALLBACK_INEXISTENTE", "SIN_CALLBACK", "CALLBACK_EN_CURSO"),
    )
)
async def reenviar(request: Request) -> Response:
    """POST /job/{job_id}/callback/reenviar: 202 with the callback that is due again; the body may be left out."""
    job_id = uuid_de(request, "job_id")
    pedido = await cuerpo(request, Reenvio) if _trae_cuerpo(request) else Reenvio()
    callback = await run_in_threadpool(reenviar_uno, job_id, pedido.callback_id)
    return responder({**vista(callback), "estado": "pendiente", "error": None, "terminado_en": None}, 202)


def reenviar_uno(job_id: uuid.UUID, callback_id: uuid.UUID | None) -> models.Callback:
    """Make a callback due again and announce it. Raises Problema 404 or 409."""
    callback = models.reenviar(job_id, callback_id)
    if callback is None:
        motivo = models.que_impide(job_id, callback_id)
        if motivo is None:
            raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
        if motivo == "CALLBACK_INEXISTENTE":
            raise Problema(404, motivo, f"El job {job_id} no tiene el callback {callback_id}.")
        raise Problema(409, motivo, MOTIVOS[motivo])
    anunciar([(callback.id, callback.job_id)])
    return callback


def _trae_cuerpo(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


@documentar(
    Operacion(
        "Reenviar muchos callbacks",
        "callbacks",
        {200: ReenvioMasivoHecho, 202: ReenvioMasivoHecho},
        "Los fallidos de un período, hasta 10 000, de a `por_minuto`. Con `simular`, que es lo normal, sólo dice cuáles"
        " (200); sin él, los reenvía (202).",
        cuerpo=ReenvioMasivo,
    )
)
async def reenviar_varios(request: Request) -> Response:
    """POST /callbacks/reenviar: those that match, or with `simular` (the default) only which they are."""
    pedido = await cuerpo(request, ReenvioMasivo)
    hecho = await run_in_threadpool(models.reenviar_varios, pedido)
    respuesta = {
        "simulado": pedido.simular,
        "hallados": hecho.hallados,
        "programados": 0 if pedido.simular else len(hecho.callbacks),
        "por_minuto": pedido.por_minuto,
        "ultimo_en": instante(hecho.ultimo_en),
        "primeros": [vista(c) for c in hecho.callbacks[:PRIMEROS]],
    }
    return responder(respuesta, 200 if pedido.simular else 202)


@documentar(
    Operacion(
        "Probar un receptor",
        "callbacks",
        {200: PruebaHecha},
        "Envía ahora un `callback.prueba`, firmado como todos, y dice qué pasó.",
        cuerpo=PedidoPrueba,
        avisa=True,
    )
)
async def prueba(request: Request) -> Response:
    """POST /callbacks/prueba: send a `callback.prueba` now; 200 with what happened, good or bad."""
    pedido = await cuerpo(request, PedidoPrueba)
    async with PRUEBAS_A_LA_VEZ:
        hecho = await run_in_threadpool(probar, pedido.url, pedido.callback_metadata, pedido.callback_headers)
    return responder(hecho)
