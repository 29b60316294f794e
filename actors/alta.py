"""Making jobs: written first, then published."""

import logging
import uuid

from actors.consultar import publicar
from actors.notificar import avisar
from actors.registro import anotar
from models import Admision, Clave, ColaLlena, Creado, Plazo, Reglas, crear_job, crear_reintento
from models.programacion import correr, programaciones_vencidas
from models.schemas import Pedido
from settings import ajustes

logger = logging.getLogger("reloj")


def _reglas() -> Reglas:
    config = ajustes()
    return Reglas(
        Plazo(config.job_plazo_s, config.job_plazo_por_consulta_s),
        Admision(config.cola_max, config.cola_antiguedad_max_s),
    )


def dar_de_alta(pedido: Pedido, clave: Clave | None = None) -> Creado:
    """A job for the request, or the one that the same request made before. Raises what `crear_job` does."""
    return _publicado(crear_job(pedido, _reglas(), clave))


def reintentar(job_id: uuid.UUID) -> Creado | None:
    """The job that tries again what failed in this one; None for an unknown job. Raises what `crear_reintento` does."""
    creado = crear_reintento(job_id, _reglas())
    return None if creado is None else _publicado(creado)


def correr_programaciones(cuantas: int = 100) -> int:
    """Make the jobs that are due; returns how many. A later turn of reloj publishes them: this process may die now."""
    hechas = 0
    for programacion_id in programaciones_vencidas(cuantas):
        try:
            hecha = correr(programacion_id, _reglas())
        except ColaLlena as llena:
            logger.warning("La programación %d espera lugar: %s", programacion_id, llena.mensaje)
            break
        if hecha is not None:
            hechas += 1
            ocurrencia, creado = hecha
            que = f"job {creado.job_id}" if creado else f"{ocurrencia.desenlace}: {ocurrencia.detalle}"
            logger.info("Programación %d, prevista %s: %s", programacion_id, ocurrencia.prevista_en.isoformat(), que)
    return hechas


def _publicado(creado: Creado) -> Creado:
    anotar(job_id=creado.job_id)
    if creado.consulta_ids:
        publicar([(consulta_id, creado.job_id) for consulta_id in creado.consulta_ids])
    if creado.con_resultados:
        avisar([creado.job_id])
    return creado
