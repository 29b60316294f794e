"""Jobs: the list with its filters, one of them while it runs and after, and what can be done with it."""

import uuid
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import models
from actors.alta import reintentar as reintentar_job
from actors.cancelar import cancelar as cancelar_job
from models.resumen import buscar, callback_de, resumir_job, resumir_jobs
from models.schemas import FiltroJobs
from models.schemas_callback import FiltroIntentos
from panel.plantillas import pagina
from panel.rutas import Datos, validar, volver
from problemas import Problema
from recursos.consultar import intentar
from recursos.pedido import uuid_de

POR_PAGINA = 30
CONSULTAS_POR_PAGINA = 100
ENVIOS = {"fallido": False, "enviado": True}


def lista(request: Request) -> Response:
    """The jobs that the filters leave; a search that names one thing goes there."""
    pedido = {campo: valor.strip() for campo, valor in request.query_params.items() if valor.strip()}
    buscado = pedido.get("q", "")
    if buscado and (ruta := _hallar(buscado)):
        return RedirectResponse(ruta, 303)
    filtros = {c: v for c, v in pedido.items() if c in ("status", "propiedad_id", "voucher_id", "cursor")}
    if buscado:
        filtros["voucher_id"] = buscado
    if pedido.get("callback") in ENVIOS:
        filtros |= {"callback_sent": ENVIOS[pedido["callback"]]}  # type: ignore[dict-item]
    hallados = resumir_jobs(validar(FiltroJobs, {**filtros, "limit": POR_PAGINA}))
    puestos = {c: pedido.get(c, "") for c in ("q", "status", "callback", "propiedad_id", "voucher_id")}
    siguiente = hallados["next_cursor"]
    return pagina(
        request,
        "jobs.html",
        filas=[{**fila, "callback": callback_de(fila["job"])} for fila in hallados["jobs"]],
        puestos=puestos,
        filtrada=any(puestos.values()),
        avanzada="cursor" in pedido,
        siguiente=_con(puestos, siguiente) if siguiente else None,
        principio=_con(puestos, None),
    )


def _hallar(texto: str) -> str | None:
    hallado = buscar(texto)
    if hallado is None:
        return None
    que, clave = hallado
    return {
        "job": f"/panel/jobs/{clave}",
        "consulta": f"/panel/consultas/{clave}",
        "propiedad": f"/panel/jobs?propiedad_id={clave}",
    }[que]


def _con(puestos: dict[str, str], cursor: str | None) -> str:
    filtros = {campo: valor for campo, valor in puestos.items() if valor}
    return f"/panel/jobs?{urlencode(filtros | ({'cursor': cursor} if cursor else {}))}"


def uno(request: Request) -> Response:
    """One job."""
    return pagina(request, "job.html", **_job(request), anunciar=False)


def vivo(request: Request) -> Response:
    """The part of a job's page that changes while it runs."""
    return pagina(request, "_job_vivo.html", **_job(request), anunciar=True)


def _job(request: Request) -> dict[str, Any]:
    job_id = uuid_de(request, "job_id")
    texto = request.query_params.get("desde", "")
    desde = int(texto) if texto.isascii() and texto.isdigit() and len(texto) < 19 else 0
    resumen = resumir_job(job_id, desde=desde, cuantas=CONSULTAS_POR_PAGINA)
    if resumen is None:
        raise job_inexistente(job_id)
    callbacks = models.intentos_de(job_id, FiltroIntentos()) or {"callbacks": [], "next_cursor": None}
    resumen |= {"callbacks": callbacks["callbacks"], "mas_callbacks": callbacks["next_cursor"] is not None}
    return {**resumen, "callback": callback_de(resumen["job"]), "desde": desde}


def cancelar(request: Request, datos: Datos) -> Response:
    """End a job now."""
    job_id = uuid_de(request, "job_id")
    if not cancelar_job(job_id):
        if models.leer_job(job_id) is None:
            raise job_inexistente(job_id)
        raise Problema(409, "JOB_TERMINADO", "El job ya había terminado: no hay nada que cancelar.")
    return volver(f"/jobs/{job_id}", "cancelado")


def reintentar(request: Request, datos: Datos) -> Response:
    """Try again what failed and may end otherwise: a new job."""
    job_id = uuid_de(request, "job_id")
    creado = intentar(lambda: reintentar_job(job_id))
    if creado is None:
        raise job_inexistente(job_id)
    return volver(f"/jobs/{creado.job_id}", "reintentado")


def job_inexistente(job_id: uuid.UUID) -> Problema:
    """404 for a job."""
    return Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
