"""A consulta that nobody has claimed yet, and its servicio."""

import uuid
from dataclasses import dataclass
from typing import Any

from models.base import conexion
from models.compilada import compilada
from models.consulta import Consulta
from models.propiedad import Servicio


@dataclass(frozen=True, slots=True)
class Pendiente:
    """What has to be known before the claim."""

    job_id: uuid.UUID
    empresa: str
    servicio: Servicio


def leer_pendiente(consulta_id: uuid.UUID) -> Pendiente | None:
    """A consulta that is pendiente; None for any other."""
    with conexion():
        leidos: list[Any] = _pendiente.filas(Servicio, consulta_id=consulta_id)
    return Pendiente(leidos[0].su_job, leidos[0].su_empresa, leidos[0]) if leidos else None


@compilada
def _pendiente(consulta_id: Any) -> Any:
    columnas = (Servicio, Consulta.job.alias("su_job"), Consulta.empresa.alias("su_empresa"))
    return Servicio.select(*columnas).join(Consulta).where(Consulta.id == consulta_id, Consulta.estado == "pendiente")


def releer(servicio_id: int) -> Servicio:
    """A servicio with nothing but its credenciales, as they are now."""
    with conexion():
        [servicio] = _credenciales.filas(Servicio, servicio_id=servicio_id)
    return servicio


@compilada
def _credenciales(servicio_id: Any) -> Any:
    return Servicio.select(Servicio.credenciales).where(Servicio.id == servicio_id)
