"""How the service and the portals are doing."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.empresas import listar_empresas, salud_de_empresas
from documento.operacion import Operacion, documentar
from models.schemas_empresa import EmpresasSoportadas, Salud, SaludDeEmpresas
from models.schemas_job import EstadoDeLaCola
from recursos.pedido import responder


@documentar(
    Operacion(
        "Empresas que se pueden consultar",
        "empresas",
        {200: EmpresasSoportadas},
        "Con lo que pide cada una y si alguien la probó contra el portal real.",
    )
)
async def empresas(request: Request) -> Response:
    """GET /empresas."""
    return responder({"empresas": listar_empresas()})


@documentar(
    Operacion(
        "Cómo andan los portales",
        "empresas",
        {200: SaludDeEmpresas},
        "Cómo contestó el portal de cada empresa en las últimas 6 y 24 horas.",
    )
)
async def salud_empresas(request: Request) -> Response:
    """GET /empresas/salud."""
    return responder({"empresas": await run_in_threadpool(salud_de_empresas)})


@documentar(Operacion("Números de la cola", "estado", {200: EstadoDeLaCola}, "Jobs y consultas, en este momento."))
async def estadisticas(request: Request) -> Response:
    """GET /queue/stats."""
    return responder(await run_in_threadpool(models.estadisticas))


@documentar(Operacion("Si el servicio contesta", "estado", {200: Salud}, "Este proceso contesta; no mira nada más."))
async def salud(request: Request) -> Response:
    """GET /health: this process answers; nothing else is looked at."""
    return responder({"status": "ok", "mensaje": "Servicio operativo"})
