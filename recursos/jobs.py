"""Jobs: one, all of them, ending one before its time."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.alta import reintentar
from actors.cancelar import cancelar
from models.schemas import FiltroJobs
from problemas import Problema
from recursos.consultar import aceptado, alta, cabeceras_de
from recursos.pedido import consulta, responder, uuid_de


async def leer_job(request: Request) -> Response:
    """GET /job/{job_id}."""
    job_id = uuid_de(request, "job_id")
    job = await run_in_threadpool(models.leer_job, job_id)
    if job is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    return responder(job)


async def cancelar_job(request: Request) -> Response:
    """POST /job/{job_id}/cancelar: the job as it is then; 409 when it had ended."""
    job_id = uuid_de(request, "job_id")
    cancelado = await run_in_threadpool(cancelar, job_id)
    job = await run_in_threadpool(models.leer_job, job_id)
    if job is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    if not cancelado:
        raise Problema(409, "JOB_TERMINADO", f"El job {job_id} ya había terminado: no hay nada que cancelar.")
    return responder(job)


async def reintentar_job(request: Request) -> Response:
    """POST /job/{job_id}/reintentar: 202 with the new job; 409 while it is open, or when nothing may be tried again."""
    job_id = uuid_de(request, "job_id")
    creado = await alta(lambda: reintentar(job_id))
    if creado is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    respuesta = {**aceptado(creado), "reintento_de": str(job_id)}
    return responder({**respuesta, "servicios_omitidos": list(creado.omitidos)}, 202, cabeceras_de(creado))


async def listar_jobs(request: Request) -> Response:
    """GET /jobs."""
    filtro = consulta(request, FiltroJobs)
    try:
        return responder(await run_in_threadpool(models.listar_jobs, filtro))
    except models.CursorInvalido:
        raise Problema(422, "CURSOR_INVALIDO", "El cursor no es válido: use el next_cursor recibido.") from None
