"""The HTTP service: the Starlette app and the list of routes. What they answer is in recursos/."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from actors import configurar_registro
from actors.publicador import publicador
from problemas import manejadores
from recursos.callbacks import intentos, listar_callbacks, prueba, reenviar, reenviar_varios
from recursos.consultar import consultar_propiedad, consultar_servicios, consultar_todas
from recursos.consultas import evidencia, historial, leer_consulta, servicios
from recursos.estado import empresas, estadisticas, salud, salud_empresas
from recursos.jobs import cancelar_job, leer_job, listar_jobs, reintentar_job
from recursos.listo import listo
from recursos.metricas import metricas_prometheus
from settings import ajustes


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
        Route("/job/{job_id}/reintentar", reintentar_job, methods=["POST"]),
        Route("/job/{job_id}/callback/intentos", intentos, methods=["GET"]),
        Route("/job/{job_id}/callback/reenviar", reenviar, methods=["POST"]),
        Route("/callbacks", listar_callbacks, methods=["GET"]),
        Route("/callbacks/reenviar", reenviar_varios, methods=["POST"]),
        Route("/callbacks/prueba", prueba, methods=["POST"]),
        Route("/jobs", listar_jobs, methods=["GET"]),
        Route("/queue/stats", estadisticas, methods=["GET"]),
        Route("/historial/propiedad/{id}", historial, methods=["GET"]),
        Route("/servicios/propiedad/{id}", servicios, methods=["GET"]),
        Route("/consulta/{consulta_id}", leer_consulta, methods=["GET"]),
        Route("/consulta/{consulta_id}/evidencia/{tipo}", evidencia, methods=["GET"]),
        Route("/empresas", empresas, methods=["GET"]),
        Route("/empresas/salud", salud_empresas, methods=["GET"]),
        Route("/metrics", metricas_prometheus, methods=["GET"]),
        Route("/ready", listo, methods=["GET"]),
        Route("/health", salud, methods=["GET"]),
    ],
    exception_handlers=manejadores,
    lifespan=vida,
)
