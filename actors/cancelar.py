"""Ending a job before its time, because somebody asked for it."""

import uuid

from actors.notificar import avisar
from actors.resultados import sin_importe
from models import fracasar
from scrapers.fallas import Codigo

MOTIVO = "El job fue cancelado."


def cancelar(job_id: uuid.UUID) -> bool:
    """Fail an open job: its unfinished consultas end as CANCELADA, and its callback is due. False when it had ended.

    A consulta that runs now loses its claim: what it reads is discarded.
    """
    if not fracasar(job_id, error=MOTIVO, resultado=sin_importe(Codigo.CANCELADA)):
        return False
    avisar([job_id])
    return True
