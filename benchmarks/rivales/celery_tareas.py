"""The rival's worker: Celery as its documentation recommends for work that must not be lost.

Persistent messages, publisher confirms, late acks, a row claimed by a conditional UPDATE, one transaction for the
result, the job's count and its frozen body. Left out, in its favour: leases and fencing, limits and circuits by
empresa, shared results, turns by receiver, the guard of the URLs, a process that repairs.
"""

import base64
import hashlib
import hmac
import json
import os
import random
import re
import time
import uuid
from decimal import Decimal
from functools import cache
from typing import Any

import requests
from celery import Celery
from celery.signals import worker_process_init
from celery_tablas import Callback, Consulta, Evidencia, Job, Servicio, Sesion, motor
from cryptography.fernet import Fernet
from sqlalchemy import func, select, update

celery = Celery("rival", broker=os.environ["BROKER_URL"])
celery.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    worker_prefetch_multiplier=int(os.environ.get("PREFETCH", "1")),
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=5,
    worker_send_task_events=False,
    worker_disable_rate_limits=True,
    task_routes={"consultar": "consultas", "notificar": "callbacks"},
)
CAPTURA = random.Random(1).randbytes(8192)
SECRETO = base64.b64decode(os.environ["CALLBACK_SECRETOS"].removeprefix("whsec_"))


@worker_process_init.connect
def _tras_el_fork(**_: Any) -> None:
    motor.dispose(close=False)


@cache
def _cifrado() -> Fernet:
    return Fernet(os.environ["CIFRADO_CLAVES"])


@cache
def _sesion_http() -> requests.Session:
    return requests.Session()


def _raspar(credenciales: dict[str, str]) -> dict[str, Any]:
    """A scraper that returns at once: the columns of a consulta that succeeded."""
    if not all(re.fullmatch(r"[\w\s@./-]{1,200}", valor) for valor in credenciales.values()):
        raise ValueError("credenciales")
    return {
        "exito": True,
        "deuda": Decimal("12345.67"),
        "moneda": "ARS",
        "estado_deuda": "CON_DEUDA",
        "vencimiento": "2026-12-10",
        "facturas": [
            {"numero": "0001-00012345", "periodo": "11/2026", "vencimiento": "2026-12-10", "importe": 12345.67}
        ],
        "avisos": [],
        "prueba": {"regla": "total_igual_al_detalle", "texto": "Total a pagar: $ 12.345,67"},
    }


@celery.task(name="consultar", max_retries=3)
def consultar(consulta_id: str) -> None:
    """Claim, scrape, save; the last of a job closes it and its callback goes out."""
    with Sesion.begin() as sesion:
        reclamo = (
            update(Consulta)
            .where(Consulta.id == uuid.UUID(consulta_id), Consulta.estado == "pendiente")
            .values(estado="en_curso", started_at=func.now(), inicios=Consulta.inicios + 1)
            .returning(Consulta.job_id, Consulta.servicio_id)
        )
        fila = sesion.execute(reclamo).one_or_none()
        if fila is None:
            return
        job_id, servicio_id = fila
        sesion.execute(update(Job).where(Job.id == job_id, Job.status == "pending").values(status="processing"))
        cifradas = sesion.scalar(select(Servicio.credenciales).where(Servicio.id == servicio_id))
    comienzo = time.monotonic()
    columnas = _raspar(json.loads(_cifrado().decrypt(str(cifradas).encode())))
    columnas["duracion_ms"] = round((time.monotonic() - comienzo) * 1000)
    callback_id = _guardar(uuid.UUID(consulta_id), job_id, columnas)
    if callback_id is not None:
        notificar.delay(str(callback_id))


def _guardar(consulta_id: uuid.UUID, job_id: uuid.UUID, columnas: dict[str, Any]) -> uuid.UUID | None:
    with Sesion.begin() as sesion:
        suya = (Consulta.id == consulta_id) & (Consulta.estado == "en_curso")
        fin = update(Consulta).where(suya).values(estado="terminada", completed_at=func.now(), **columnas)
        if not sesion.execute(fin).rowcount:  # type: ignore[attr-defined]
            return None
        sesion.add(Evidencia(consulta_id=consulta_id, contenido=CAPTURA))
        cuenta = update(Job).where(Job.id == job_id).values(terminadas=Job.terminadas + 1).returning(Job)
        job = sesion.scalars(cuenta, execution_options={"populate_existing": True}).one()
        if job.terminadas < job.total:
            return None
        cierre = update(Job).where(Job.id == job_id).values(status="completed", completed_at=func.now()).returning(Job)
        job = sesion.scalars(cierre, execution_options={"populate_existing": True}).one()
        consultas = sesion.scalars(select(Consulta).where(Consulta.job_id == job_id).order_by(Consulta.servicio_id))
        callback = Callback(id=uuid.uuid4(), job_id=job_id, url=job.callback_url, cuerpo=_cuerpo(job, list(consultas)))
        sesion.add(callback)
        return callback.id


def _cuerpo(job: Job, consultas: list[Consulta]) -> bytes:
    cuerpo = {
        "job_id": str(job.id),
        "status": job.status,
        "voucher_id": job.voucher_id,
        "propiedad_id": job.propiedad_id,
        "resultados": [_resultado(c) for c in consultas],
        "evento": "job.completed",
        "timestamp": job.completed_at.isoformat() if job.completed_at else None,
        "resumen": {"total": job.total, "exitosas": sum(bool(c.exito) for c in consultas)},
        "metadata": job.callback_metadata,
    }
    return json.dumps(cuerpo, ensure_ascii=False, separators=(",", ":")).encode()


def _resultado(c: Consulta) -> dict[str, Any]:
    return {
        "servicio_id": c.servicio_id,
        "propiedad_id": c.propiedad_id,
        "empresa": c.empresa,
        "tipo_servicio": c.tipo_servicio,
        "deuda": None if c.deuda is None else float(c.deuda),
        "exito": c.exito,
        "error": c.error,
        "consulta_id": str(c.id),
        "moneda": c.moneda,
        "error_codigo": c.error_codigo,
        "estado_deuda": c.estado_deuda,
        "saldo_a_favor": None if c.saldo_a_favor is None else float(c.saldo_a_favor),
        "vencimiento": c.vencimiento.isoformat() if c.vencimiento else None,
        "facturas": c.facturas or [],
        "avisos": c.avisos or [],
        "duracion_ms": c.duracion_ms,
        "consultada_en": c.completed_at.isoformat() if c.completed_at else None,
    }


@celery.task(name="notificar", bind=True, max_retries=2, default_retry_delay=1)
def notificar(self: Any, callback_id: str) -> None:
    """Sign and send the body that was frozen; the attempt is counted before it is made."""
    with Sesion.begin() as sesion:
        intento = (
            update(Callback)
            .where(Callback.id == uuid.UUID(callback_id), Callback.estado != "enviado")
            .values(estado="enviando", intentos=Callback.intentos + 1)
            .returning(Callback)
        )
        callback = sesion.scalars(intento).one_or_none()
    if callback is None:
        return
    webhook_id, segundos = f"msg_{callback.id.hex}", int(time.time())
    sello = hmac.digest(SECRETO, f"{webhook_id}.{segundos}.".encode() + callback.cuerpo, hashlib.sha256)
    cabeceras = {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(segundos),
        "webhook-signature": f"v1,{base64.b64encode(sello).decode()}",
    }
    status_code, error = None, None
    try:
        respuesta = _sesion_http().post(callback.url, data=callback.cuerpo, headers=cabeceras, timeout=30)
        status_code = respuesta.status_code
        respuesta.raise_for_status()
    except requests.RequestException as fallo:
        error = str(fallo)
    with Sesion.begin() as sesion:
        sesion.execute(
            update(Callback)
            .where(Callback.id == callback.id)
            .values(
                estado="pendiente" if error else "enviado",
                status_code=status_code,
                error=error,
                terminado_en=None if error else func.now(),
            )
        )
        sesion.execute(
            update(Job).where(Job.id == callback.job_id).values(callback_sent=error is None, callback_error=error)
        )
    if error:
        raise self.retry()
