"""Scheduled consultas: listed, made, changed, paused, deleted."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from documento.operacion import Enlace, Operacion, documentar
from models import agenda
from models.schemas_programaciones import (
    CambioDeProgramacion,
    FiltroProgramaciones,
    NuevaProgramacion,
    PaginaDeProgramaciones,
    Programacion,
)
from problemas import Problema
from recursos.pedido import consulta, cuerpo, identificador, responder
from settings import ajustes


@documentar(
    Operacion(
        "Listar programaciones",
        "programaciones",
        {200: PaginaDeProgramaciones},
        consulta=FiltroProgramaciones,
    )
)
async def programaciones(request: Request) -> Response:
    """GET /programaciones."""
    filtro = consulta(request, FiltroProgramaciones)
    return responder(await run_in_threadpool(agenda.listar_programaciones, filtro))


@documentar(
    Operacion(
        "Leer una programación",
        "programaciones",
        {200: Programacion},
        errores=("PROGRAMACION_INEXISTENTE",),
    )
)
async def programacion(request: Request) -> Response:
    """GET /programaciones/{id}."""
    programacion_id = _id(request)
    return responder(_hallada(programacion_id, await run_in_threadpool(agenda.leer_programacion, programacion_id)))


@documentar(
    Operacion(
        "Programar consultas",
        "programaciones",
        {201: Programacion},
        "Un job en cada uno de esos días, a esa hora: de una propiedad, de algunos servicios o de todo.",
        cuerpo=NuevaProgramacion,
        responde_con=("Location",),
        avisa=True,
        enlaces=tuple(
            Enlace(otra, {"id": "$response.body#/programacion_id"})
            for otra in ("programacion", "modificar_programacion", "borrar_programacion")
        ),
    )
)
async def nueva_programacion(request: Request) -> Response:
    """POST /programaciones: 201 with the programacion."""
    creada = await run_in_threadpool(escrita, agenda.crear_programacion, await cuerpo(request, NuevaProgramacion))
    assert creada is not None
    return responder(creada, 201, {"Location": f"/programaciones/{creada['programacion_id']}"})


@documentar(
    Operacion(
        "Cambiar una programación",
        "programaciones",
        {200: Programacion},
        "Lo que no se nombra queda como está; qué se consulta se cambia entero.",
        cuerpo=CambioDeProgramacion,
        errores=("PROGRAMACION_INEXISTENTE",),
    )
)
async def modificar_programacion(request: Request) -> Response:
    """PATCH /programaciones/{id}: the programacion as it is then."""
    programacion_id = _id(request)
    datos = await cuerpo(request, CambioDeProgramacion)
    cambiada = await run_in_threadpool(escrita, agenda.cambiar_programacion, programacion_id, datos)
    return responder(_hallada(programacion_id, cambiada))


@documentar(
    Operacion(
        "Borrar una programación",
        "programaciones",
        {204: None},
        "Sus jobs quedan.",
        errores=("PROGRAMACION_INEXISTENTE",),
    )
)
async def borrar_programacion(request: Request) -> Response:
    """DELETE /programaciones/{id}: 204."""
    programacion_id = _id(request)
    if not await run_in_threadpool(agenda.borrar_programacion, programacion_id):
        raise programacion_inexistente(programacion_id)
    return Response(status_code=204)


def escrita(escribir: Callable[..., dict[str, Any] | None], *datos: Any) -> dict[str, Any] | None:
    """What writing a programacion gives. Raises Problema 422."""
    nuevos = datos[-1]
    if nuevos.servicio_ids and len(nuevos.servicio_ids) > ajustes().servicios_max:
        raise Problema(422, "DATOS_INVALIDOS", f"servicio_ids admite hasta {ajustes().servicios_max} servicios.")
    try:
        return escribir(*datos)
    except agenda.NoSirve as error:
        falta = [{"campo": error.campo, "mensaje": error.mensaje}]
        raise Problema(422, "DATOS_INVALIDOS", f"{error.campo}: {error.mensaje}.", errores=falta) from None


def _id(request: Request) -> int:
    return identificador(request, "la programación")


def _hallada(programacion_id: int, vista: dict[str, Any] | None) -> dict[str, Any]:
    if vista is None:
        raise programacion_inexistente(programacion_id)
    return vista


def programacion_inexistente(programacion_id: int) -> Problema:
    """404 for a programacion."""
    return Problema(404, "PROGRAMACION_INEXISTENTE", f"La programación {programacion_id} no existe.")
