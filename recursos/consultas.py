"""Consultas with their proof, by themselves and by propiedad."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from documento.operacion import Enlace, Operacion, documentar
from models.schemas import FiltroHistorial
from models.schemas_empresa import ServiciosDePropiedad
from models.schemas_job import Consulta, Historial
from problemas import Problema
from recursos.pedido import consulta, identificador, responder, uuid_de


@documentar(
    Operacion(
        "Historial de una propiedad",
        "consultas",
        {200: Historial},
        "Las consultas terminadas de la propiedad, las más nuevas primero.",
        consulta=FiltroHistorial,
        errores=("PROPIEDAD_INEXISTENTE",),
        enlaces=(Enlace("leer_consulta", {"consulta_id": "$response.body#/consultas/0/consulta_id"}),),
    )
)
async def historial(request: Request) -> Response:
    """GET /historial/propiedad/{id}."""
    propiedad_id, filtro = identificador(request), consulta(request, FiltroHistorial)
    pagina = await run_in_threadpool(models.historial, propiedad_id, filtro.limit, filtro.cursor)
    if pagina is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder(pagina)


@documentar(
    Operacion(
        "Servicios de una propiedad",
        "propiedades",
        {200: ServiciosDePropiedad},
        "Los activos, sin sus credenciales.",
        errores=("PROPIEDAD_INEXISTENTE",),
        enlaces=(
            Enlace("consultar_propiedad", cuerpo={"propiedad_id": "$response.body#/propiedad_id"}),
            Enlace("consultar_servicios", cuerpo={"servicio_ids": ["$response.body#/servicios/0/servicio_id"]}),
        ),
    )
)
async def servicios(request: Request) -> Response:
    """GET /servicios/propiedad/{id}."""
    propiedad_id = identificador(request)
    activos = await run_in_threadpool(models.servicios_de, propiedad_id)
    if activos is None:
        raise Problema(404, "PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
    return responder({"propiedad_id": propiedad_id, "servicios": activos})


@documentar(
    Operacion(
        "Leer una consulta",
        "consultas",
        {200: Consulta},
        "Terminada o no, con la prueba del importe y los nombres de su evidencia.",
        errores=("CONSULTA_INEXISTENTE",),
        enlaces=(Enlace("evidencia", {"consulta_id": "$response.body#/consulta_id", "tipo": "captura"}),),
    )
)
async def leer_consulta(request: Request) -> Response:
    """GET /consulta/{consulta_id}."""
    consulta_id = uuid_de(request, "consulta_id")
    vista = await run_in_threadpool(models.leer_consulta, consulta_id)
    if vista is None:
        raise Problema(404, "CONSULTA_INEXISTENTE", f"La consulta {consulta_id} no existe.")
    return responder(vista)


@documentar(
    Operacion(
        "Leer la evidencia",
        "consultas",
        {200: ("image/png", "text/plain")},
        "Lo que el portal mostró, con las credenciales tapadas. Se guarda 30 días (`EVIDENCIA_DIAS`).",
        errores=("EVIDENCIA_INEXISTENTE",),
    )
)
async def evidencia(request: Request) -> Response:
    """GET /consulta/{consulta_id}/evidencia/{tipo}: a PNG, or text that no browser runs."""
    consulta_id, tipo = uuid_de(request, "consulta_id"), request.path_params["tipo"]
    contenido = await run_in_threadpool(models.leer_evidencia, consulta_id, tipo)
    if contenido is None:
        raise Problema(404, "EVIDENCIA_INEXISTENTE", f"La consulta {consulta_id} no tiene evidencia de tipo {tipo}.")
    medio = "image/png" if tipo == "captura" else "text/plain; charset=utf-8"
    cabeceras = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"}
    return Response(contenido, headers=cabeceras, media_type=medio)
