"""Asking for consultas: the three POSTs that make a job."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors import publicar
from models.schemas import Pedido, PedidoPropiedad, PedidoServicios, PedidoTodas
from problemas import Problema
from recursos.pedido import cuerpo, responder
from settings import ajustes


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


def encolar(pedido: Pedido) -> models.Creado:
    """Make a job of a request and publish it. Raises Problema when no job can be made of it."""
    plazo = models.Plazo(ajustes().job_plazo_s, ajustes().job_plazo_por_consulta_s)
    try:
        creado = models.crear_job(pedido, plazo)
    except models.SinServicios as error:
        estado = 404 if error.codigo == "PROPIEDAD_INEXISTENTE" else 422
        raise Problema(estado, error.codigo, error.mensaje) from None
    publicar([(consulta_id, creado.job_id) for consulta_id in creado.consulta_ids])
    return creado


async def _encolar(pedido: Pedido) -> Response:
    creado = await run_in_threadpool(encolar, pedido)
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
