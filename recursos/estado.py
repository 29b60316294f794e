"""How the service and the portals are doing."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.empresas import listar_empresas, salud_de_empresas
from recursos.pedido import responder


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
