"""Propiedades and their servicios: reading, writing, changing; credenciales go in and never come out."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models.propiedad
from actors.servicios import CredencialesInvalidas, cambiar_servicio, crear_servicio
from documento.operacion import Enlace, Operacion, documentar
from models.schemas_empresa import Servicio
from models.schemas_propiedades import (
    CambioDePropiedad,
    CambioDeServicio,
    FiltroPropiedades,
    NuevaPropiedad,
    NuevoServicio,
    PaginaDePropiedades,
    Propiedad,
)
from problemas import Problema
from recursos.pedido import consulta, cuerpo, identificador, responder


@documentar(
    Operacion(
        "Listar propiedades",
        "propiedades",
        {200: PaginaDePropiedades},
        "Las más nuevas primero.",
        consulta=FiltroPropiedades,
        enlaces=(Enlace("servicios", {"id": "$response.body#/propiedades/0/propiedad_id"}),),
    )
)
async def propiedades(request: Request) -> Response:
    """GET /propiedades."""
    filtro = consulta(request, FiltroPropiedades)
    return responder(await run_in_threadpool(models.propiedad.listar_propiedades, filtro))


@documentar(
    Operacion(
        "Crear una propiedad",
        "propiedades",
        {201: Propiedad},
        cuerpo=NuevaPropiedad,
        enlaces=(
            Enlace("servicios", {"id": "$response.body#/propiedad_id"}),
            Enlace("historial", {"id": "$response.body#/propiedad_id"}),
            Enlace("cambiar_propiedad", {"id": "$response.body#/propiedad_id"}),
        ),
    )
)
async def nueva_propiedad(request: Request) -> Response:
    """POST /propiedades: 201 with the propiedad."""
    datos = await cuerpo(request, NuevaPropiedad)
    propiedad = await run_in_threadpool(models.propiedad.crear_propiedad, datos.nombre, datos.direccion)
    return responder(propiedad, 201)


@documentar(
    Operacion(
        "Cambiar una propiedad",
        "propiedades",
        {200: Propiedad},
        "Lo que no se nombra queda como está.",
        cuerpo=CambioDePropiedad,
        errores=("PROPIEDAD_INEXISTENTE",),
    )
)
async def cambiar_propiedad(request: Request) -> Response:
    """PATCH /propiedades/{id}: the propiedad as it is then."""
    propiedad_id = identificador(request)
    datos = await cuerpo(request, CambioDePropiedad)
    cambios = datos.model_dump(exclude_unset=True)
    propiedad = await run_in_threadpool(models.propiedad.cambiar_propiedad, propiedad_id, cambios)
    if propiedad is None:
        raise propiedad_inexistente(propiedad_id)
    return responder(propiedad)


@documentar(
    Operacion(
        "Crear un servicio",
        "propiedades",
        {201: Servicio},
        "Las credenciales que pide cada empresa están en `GET /empresas`: se revisan, se guardan cifradas y nunca se"
        " muestran.",
        cuerpo=NuevoServicio,
        errores=("PROPIEDAD_INEXISTENTE",),
        enlaces=(
            Enlace("modificar_servicio", {"id": "$response.body#/servicio_id"}),
            Enlace("consultar_servicios", cuerpo={"servicio_ids": ["$response.body#/servicio_id"]}),
        ),
    )
)
async def nuevo_servicio(request: Request) -> Response:
    """POST /servicios: 201 with the servicio."""
    datos = await cuerpo(request, NuevoServicio)
    servicio = await validado(crear_servicio, datos)
    if servicio is None:
        raise propiedad_inexistente(datos.propiedad_id)
    return responder(servicio, 201)


@documentar(
    Operacion(
        "Cambiar un servicio",
        "propiedades",
        {200: Servicio},
        "Lo que no se nombra queda como está, cada una de las credenciales también.",
        cuerpo=CambioDeServicio,
        errores=("SERVICIO_INEXISTENTE",),
    )
)
async def modificar_servicio(request: Request) -> Response:
    """PATCH /servicios/{id}: the servicio as it is then."""
    servicio_id = identificador(request, "el servicio")
    servicio = await validado(cambiar_servicio, servicio_id, await cuerpo(request, CambioDeServicio))
    if servicio is None:
        raise servicio_inexistente(servicio_id)
    return responder(servicio)


async def validado(escribir: Callable[..., dict[str, Any] | None], *datos: object) -> dict[str, Any] | None:
    """What writing a servicio gives, in the thread pool. Raises Problema 422."""
    try:
        return await run_in_threadpool(escribir, *datos)
    except CredencialesInvalidas as error:
        raise Problema(422, "DATOS_INVALIDOS", str(error), errores=error.errores) from None


def propiedad_inexistente(propiedad_id: int) -> Problema:
    """404 for a propiedad."""
    return Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")


def servicio_inexistente(servicio_id: int) -> Problema:
    """404 for a servicio."""
    return Problema(404, "SERVICIO_INEXISTENTE", f"El servicio {servicio_id} no existe.")
