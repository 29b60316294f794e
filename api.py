"""The HTTP service: the Starlette app and the list of routes. What they answer is in recursos/."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from actors import configurar_registro
from actors.publicador import publicador
from models import Alcance
from panel.app import app as panel
from panel.app import inicio
from problemas import manejadores
from puerta.cabeceras import Cabeceras
from puerta.claves import Claves
from puerta.pedidos import Pedidos
from puerta.rutas import Montaje, Ruta
from recursos.callbacks import intentos, listar_callbacks, prueba, reenviar, reenviar_varios
from recursos.consultar import consultar_propiedad, consultar_servicios, consultar_todas
from recursos.consultas import evidencia, historial, leer_consulta, servicios
from recursos.documentacion import docs, docs_estilo, openapi
from recursos.estado import empresas, estadisticas, salud, salud_empresas
from recursos.eventos import cerrar_a_tiempo, eventos
from recursos.exportaciones import consultas_csv, deudas_csv, vencimientos_ics
from recursos.jobs import cancelar_job, leer_job, listar_jobs, reintentar_job
from recursos.listo import listo
from recursos.metricas import metricas_prometheus
from recursos.programaciones import (
    borrar_programacion,
    modificar_programacion,
    nueva_programacion,
    programacion,
    programaciones,
)
from recursos.propiedades import cambiar_propiedad, modificar_servicio, nueva_propiedad, nuevo_servicio, propiedades
from settings import ajustes

logger = logging.getLogger("api")


@asynccontextmanager
async def vida(app: Starlette) -> AsyncIterator[None]:
    """Set up logging; publish what is left before the process ends."""
    configurar_registro()
    if ajustes().api_abierta:
        logger.warning("API_ABIERTA está puesta: cualquiera que llegue a este puerto puede usar toda la API.")
    with cerrar_a_tiempo():
        yield
    await run_in_threadpool(publicador.detener)


CONSULTAR, LEER, ADMINISTRAR = Alcance.CONSULTAR, Alcance.LEER, Alcance.ADMINISTRAR

rutas = [
    Ruta("/consultar/propiedad", consultar_propiedad, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/consultar/servicios", consultar_servicios, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/consultar/todas", consultar_todas, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/job/{job_id}", leer_job, alcance=LEER),
    Ruta("/job/{job_id}/eventos", eventos, alcance=LEER),
    Ruta("/job/{job_id}/cancelar", cancelar_job, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/job/{job_id}/reintentar", reintentar_job, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/job/{job_id}/callback/intentos", intentos, alcance=LEER),
    Ruta("/job/{job_id}/callback/reenviar", reenviar, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/callbacks", listar_callbacks, alcance=LEER),
    Ruta("/callbacks/reenviar", reenviar_varios, alcance=ADMINISTRAR, methods=["POST"]),
    Ruta("/callbacks/prueba", prueba, alcance=CONSULTAR, methods=["POST"]),
    Ruta("/jobs", listar_jobs, alcance=LEER),
    Ruta("/queue/stats", estadisticas, alcance=LEER),
    Ruta("/historial/propiedad/{id}", historial, alcance=LEER),
    Ruta("/servicios/propiedad/{id}", servicios, alcance=LEER),
    Ruta("/propiedades", propiedades, alcance=LEER),
    Ruta("/propiedades", nueva_propiedad, alcance=ADMINISTRAR, methods=["POST"]),
    Ruta("/propiedades/{id}", cambiar_propiedad, alcance=ADMINISTRAR, methods=["PATCH"]),
    Ruta("/servicios", nuevo_servicio, alcance=ADMINISTRAR, methods=["POST"]),
    Ruta("/servicios/{id}", modificar_servicio, alcance=ADMINISTRAR, methods=["PATCH"]),
    Ruta("/programaciones", programaciones, alcance=LEER),
    Ruta("/programaciones", nueva_programacion, alcance=ADMINISTRAR, methods=["POST"]),
    Ruta("/programaciones/{id}", programacion, alcance=LEER),
    Ruta("/programaciones/{id}", modificar_programacion, alcance=ADMINISTRAR, methods=["PATCH"]),
    Ruta("/programaciones/{id}", borrar_programacion, alcance=ADMINISTRAR, methods=["DELETE"]),
    Ruta("/consultas.csv", consultas_csv, alcance=LEER),
    Ruta("/deudas.csv", deudas_csv, alcance=LEER),
    Ruta("/vencimientos.ics", vencimientos_ics, alcance=LEER),
    Ruta("/consulta/{consulta_id}", leer_consulta, alcance=LEER),
    Ruta("/consulta/{consulta_id}/evidencia/{tipo}", evidencia, alcance=LEER),
    Ruta("/empresas", empresas, alcance=LEER),
    Ruta("/empresas/salud", salud_empresas, alcance=LEER),
    Ruta("/metrics", metricas_prometheus, alcance=LEER),
    Ruta("/ready", listo, alcance=LEER),
    Ruta("/health", salud, alcance=None),
    Ruta("/openapi.json", openapi, alcance=None),
    Ruta("/docs", docs, alcance=None, include_in_schema=False),
    Ruta("/docs/docs.css", docs_estilo, alcance=None, include_in_schema=False),
    Ruta("/panel", inicio, alcance=None, include_in_schema=False),
    Montaje("/panel", panel, alcance=None),
]

aplicacion = Starlette(routes=rutas, exception_handlers=manejadores, lifespan=vida)
app = Cabeceras(Pedidos(Claves(aplicacion, rutas)))
