"""Callbacks: those of a job with every attempt, the failed ones of all, and sending them again."""

import uuid
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

import models
from models.resumen import cuerpo_del_callback
from models.schemas_callback import FiltroCallbacks, ReenvioMasivo
from panel.formatos import HORA
from panel.plantillas import pagina
from panel.rutas import Datos, validar, volver
from problemas import Problema
from recursos.callbacks import PRIMEROS, reenviar_uno
from recursos.pedido import uuid_de

POR_PAGINA = 30
ESTADOS = ("fallido", "pendiente", "enviando", "enviado")


def lista(request: Request) -> Response:
    """The callbacks, the newest first: the failed ones unless another estado is asked for."""
    pedido = {c: v.strip() for c, v in request.query_params.items() if c in ("estado", "host", "cursor") and v.strip()}
    estado = pedido.setdefault("estado", "fallido")
    hallado = models.listar_callbacks(validar(FiltroCallbacks, {**pedido, "limit": POR_PAGINA}))
    puestos = {"estado": estado, "host": pedido.get("host", "")}
    siguiente = hallado["next_cursor"]
    return pagina(
        request,
        "callbacks.html",
        filas=hallado["callbacks"],
        estados=ESTADOS,
        puestos=puestos,
        avanzada="cursor" in pedido,
        siguiente=f"/panel/callbacks?{urlencode({**puestos, 'cursor': siguiente})}" if siguiente else None,
        principio=f"/panel/callbacks?{urlencode(puestos)}",
        hoy=datetime.now(HORA).date(),
        errores={},
    )


def reenviar_varios(request: Request, datos: Datos) -> Response:
    """Say which failed callbacks match; with `hacer`, send them again."""
    simular = datos.get("hacer") != "1"
    campos: dict[str, Any] = {
        "estado": "fallido",
        "desde": _medianoche(datos.get("desde", "")),
        "por_minuto": datos.get("por_minuto", "60"),
        "simular": simular,
    }
    if datos.get("host", "").strip():
        campos["host"] = datos["host"].strip()
    hecho = models.reenviar_varios(validar(ReenvioMasivo, campos))
    return pagina(
        request,
        "callbacks_reenvio.html",
        simulado=simular,
        hallados=hecho.hallados,
        tomados=len(hecho.callbacks),
        ultimo_en=hecho.ultimo_en,
        primeros=hecho.callbacks[:PRIMEROS],
        datos={c: datos.get(c, "") for c in ("desde", "host", "por_minuto")},
    )


def _medianoche(dia: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(dia), time.min, HORA)
    except ValueError:
        raise Problema(422, "DATOS_INVALIDOS", "Diga desde qué día se reenvían, por ejemplo 2026-11-24.") from None


def reenviar(request: Request, datos: Datos) -> Response:
    """A new round of attempts for one callback."""
    job_id, callback_id = uuid_de(request, "job_id"), uuid_de(request, "callback_id")
    reenviar_uno(job_id, callback_id)
    return volver(f"/jobs/{job_id}", "reenviado")


def cuerpo(request: Request) -> Response:
    """What is sent, as text that no browser runs."""
    job_id, callback_id = uuid_de(request, "job_id"), uuid_de(request, "callback_id")
    contenido = cuerpo_del_callback(job_id, callback_id)
    if contenido is None:
        raise callback_inexistente(callback_id)
    cabeceras = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(contenido, headers=cabeceras, media_type="text/plain; charset=utf-8")


def callback_inexistente(callback_id: uuid.UUID) -> Problema:
    """404 for a callback."""
    return Problema(404, "CALLBACK_INEXISTENTE", f"El job no tiene el callback {callback_id}.")
