"""The bodies of callbacks, byte for byte as they are sent."""

import json
from typing import Any

from models.consulta import Consulta
from models.job import Job
from models.json_estable import bytes_estables
from models.schemas import instante, resultado_de
from models.schemas_callback import SERVICIO_CONSULTADO

DELGADO_BYTES = 1_000_000
"""A longer body is sent without its resultados."""


def cuerpo_consultado(job: Job, consulta: Consulta) -> bytes:
    """The published body of the callback of one consulta."""
    cuerpo = {
        "evento": SERVICIO_CONSULTADO,
        "timestamp": instante(consulta.completed_at),
        "job_id": str(job.id),
        "voucher_id": job.voucher_id,
        "propiedad_id": consulta.propiedad_id,
        "status": job.status,
        "resultados": [resultado_de(consulta)],
        "metadata": job.callback_metadata,
    }
    return _escrito(cuerpo)


def cuerpo_de(job: Job, evento: str, resultados: list[dict[str, Any]]) -> bytes:
    """The published body of a job's callback; without its resultados when it would be over 1 MB."""
    exitos = sum(1 for r in resultados if r["exito"])
    cuerpo: dict[str, Any] = {
        "job_id": str(job.id),
        "status": job.status,
        "voucher_id": job.voucher_id,
        "propiedad_id": job.propiedad_id,
        "resultados": resultados,
        "evento": evento,
        "timestamp": instante(job.completed_at),
        "error": job.error,
        "resumen": {"total": job.total, "exitosas": exitos, "fallidas": len(resultados) - exitos},
        "metadata": job.callback_metadata,
    }
    return _escrito(cuerpo)


def _escrito(cuerpo: dict[str, Any]) -> bytes:
    escrito = bytes_estables(cuerpo)
    return escrito if len(escrito) <= DELGADO_BYTES else adelgazar(escrito)


def adelgazar(cuerpo: bytes) -> bytes:
    """The thin body: `resultados` null, and where to fetch them."""
    dato = json.loads(cuerpo)
    dato["resultados"] = None
    dato["resultado_url"] = f"/job/{dato['job_id']}"
    return bytes_estables(dato)
