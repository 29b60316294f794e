"""Jobs: one, all of them, ending one before its time."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.alta import reintentar
from actors.cancelar import cancelar
from documento.operacion import Enlace, Operacion, documentar
from models.schemas import FiltroJobs
from models.schemas_job import Job, PaginaDeJobs, ReintentoAceptado
from problemas import Problema
from recursos.consultar import CONFLICTOS, SEGUIR, aceptado, alta, cabeceras_de
from recursos.pedido import consulta, responder, uuid_de


@documentar(
    Operacion(
        "Leer un job",
        "jobs",
        {200: Job},
        "Cómo va, con los resultados que ya están. Para no preguntar, use `callback_url`.",
        errores=("JOB_INEXISTENTE",),
        enlaces=(Enlace("leer_consulta", {"consulta_id": "$response.body#/resultado/0/consulta_id"}),),
    )
)
async def leer_job(request: Request) -> Response:
    """GET /job/{job_id}."""
    job_id = uuid_de(request, "job_id")
    job = await run_in_threadpool(models.leer_job, job_id)
    if job is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    return responder(job)


@documentar(
    Operacion(
        "Cancelar un job",
        "jobs",
        {200: Job},
        "Lo que ya terminó queda en `resultado`; el resto termina como `CANCELADA` y el job, `failed`.",
        errores=("JOB_INEXISTENTE", "JOB_TERMINADO"),
    )
)
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


@documentar(
    Operacion(
        "Reintentar lo que falló",
        "jobs",
        {202: ReintentoAceptado},
        "Un job nuevo con las consultas `reintentable` de uno terminado. Hay uno solo por job: si ya se pidió, es ése.",
        errores=("JOB_INEXISTENTE", *CONFLICTOS, "SIN_SERVICIOS_ACTIVOS", "COLA_LLENA"),
        responde_con=("Location", "Idempotent-Replayed"),
        enlaces=SEGUIR,
    )
)
async def reintentar_job(request: Request) -> Response:
    """POST /job/{job_id}/reintentar: 202 with the new job; 409 while it is open, or when nothing may be tried again."""
    job_id = uuid_de(request, "job_id")
    creado = await alta(lambda: reintentar(job_id))
    if creado is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    respuesta = {**aceptado(creado), "reintento_de": str(job_id)}
    return responder({**respuesta, "servicios_omitidos": list(creado.omitidos)}, 202, cabeceras_de(creado))


@documentar(
    Operacion(
        "Listar jobs",
        "jobs",
        {200: PaginaDeJobs},
        "Los más nuevos primero. `callback_sent=false` da exactamente los callbacks que fallaron.",
        consulta=FiltroJobs,
        enlaces=(Enlace("leer_job", {"job_id": "$response.body#/jobs/0/job_id"}),),
    )
)
async def listar_jobs(request: Request) -> Response:
    """GET /jobs."""
    filtro = consulta(request, FiltroJobs)
    return responder(await run_in_threadpool(models.listar_jobs, filtro))
