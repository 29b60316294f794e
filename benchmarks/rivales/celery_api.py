"""The rival's API: FastAPI, one transaction for the job and its consultas, then a Celery task for each."""

import uuid
from typing import Any

from celery_tablas import Consulta, Job, Servicio, Sesion
from celery_tareas import celery, consultar
from fastapi import FastAPI, HTTPException
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select

app = FastAPI()


class Pedido(BaseModel):
    """What a caller asks for."""

    servicio_ids: list[int] = Field(min_length=1, max_length=500)
    voucher_id: str | None = None
    callback_url: str | None = None
    callback_metadata: dict[str, Any] | None = None


class Aceptado(BaseModel):
    """The answer."""

    job_id: uuid.UUID
    status: str
    total_servicios: int
    mensaje: str = "Consulta encolada correctamente"


@app.get("/health")
def health() -> dict[str, bool]:
    """Whether it answers."""
    return {"ok": True}


@app.post("/consultar/servicios", status_code=202)
def consultar_servicios(pedido: Pedido) -> Aceptado:
    """Write, then publish: a task that could not be published would never run, and so the request is refused."""
    job_id = uuid.uuid4()
    with Sesion.begin() as sesion:
        elegidos = select(Servicio).where(Servicio.id.in_(pedido.servicio_ids), Servicio.activo)
        servicios = sesion.scalars(elegidos).all()
        if not servicios:
            raise HTTPException(422, "Ninguno de los servicios pedidos existe y está activo.")
        propiedades = {s.propiedad_id for s in servicios}
        sesion.execute(
            insert(Job).values(
                id=job_id,
                propiedad_id=propiedades.pop() if len(propiedades) == 1 else None,
                voucher_id=pedido.voucher_id,
                callback_url=pedido.callback_url,
                callback_metadata=pedido.callback_metadata,
                total=len(servicios),
            )
        )
        filas = [
            {
                "id": uuid.uuid4(),
                "job_id": job_id,
                "servicio_id": s.id,
                "propiedad_id": s.propiedad_id,
                "empresa": s.empresa,
                "tipo_servicio": s.tipo_servicio,
            }
            for s in servicios
        ]
        sesion.execute(insert(Consulta), filas)
    try:
        with celery.producer_or_acquire() as productor:
            for fila in filas:
                consultar.apply_async((str(fila["id"]),), producer=productor)
    except OperationalError:
        with Sesion.begin() as sesion:
            sesion.execute(delete(Consulta).where(Consulta.job_id == job_id))
            sesion.execute(delete(Job).where(Job.id == job_id))
        raise HTTPException(503, "El broker no responde.") from None
    return Aceptado(job_id=job_id, status="pending", total_servicios=len(servicios))
