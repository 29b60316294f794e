"""How consultas and jobs end: the result, the count, the closed job and its callback in one transaction."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from peewee import DatabaseError, fn

from models.base import bd, transaccion
from models.callback import deber, deber_consultados
from models.compilada import Compilada
from models.consulta import Consulta, propia
from models.evidencia import guardar_partes
from models.job import ABIERTOS, Job, sumar_terminadas
from models.resultado import Parte, Resultado, guardable
from models.schemas import resultado_de

logger = logging.getLogger(__name__)


def guardar_consulta_deuda(consulta_id: uuid.UUID, token: int, resultado: Resultado) -> dict[str, Any]:
    """Save how a claimed consulta ended and, if it was its job's last, close the job: one transaction.

    Returns `{"consulta_id": str, "guardado": bool}`; false when the consulta is no longer ours (its lease
    was taken over, its job ended): nothing was changed.
    """
    with transaccion():
        columnas = {nombre: getattr(Consulta, nombre).db_value(v) for nombre, v in columnas_de(resultado).items()}
        terminadas = _fin_de_reclamada.filas(Consulta, consulta_id=consulta_id, token=token, **columnas)
        guardado = _con_lo_debido(terminadas, resultado)
    return {"consulta_id": str(consulta_id), "guardado": guardado > 0}


def terminar(cuales: Any, resultado: Resultado, *, contar: bool) -> int:
    """End the consultas of one job that match, inside the caller's transaction. Returns how many.

    `contar`: the end came from a start, which is thereby complete.
    """
    return _con_lo_debido(_terminar_filas(cuales, resultado, contar=contar), resultado)


def _con_lo_debido(terminadas: Sequence[Consulta], resultado: Resultado) -> int:
    """Keep the evidencia of consultas of one job that have ended, count them, and close the job after its last."""
    if not terminadas:
        return 0
    if resultado.evidencia:
        _con_evidencia(terminadas[0].id, resultado.evidencia)
    job, completo = sumar_terminadas(terminadas[0].job_id, len(terminadas))
    deber_consultados(job, terminadas)
    if completo:
        cerrar(job)
    return len(terminadas)


def _terminar_filas(cuales: Any, resultado: Resultado, *, contar: bool) -> list[Consulta]:
    return list(_fin(cuales, contar=contar, columnas=columnas_de(resultado)).execute())


def _fin(cuales: Any, *, contar: bool, columnas: Mapping[str, Any]) -> Any:
    return (
        Consulta.update(
            estado="terminada",
            intentos=Consulta.intentos + (1 if contar else 0),
            arrendada_hasta=None,
            disponible_en=None,
            en_turno=False,
            huella=None,
            completed_at=fn.now(),
            **columnas,
        )
        .where(cuales)
        .returning(Consulta)
    )


def columnas_de(resultado: Resultado) -> dict[str, Any]:
    """The columns of a consulta that say how it ended."""
    return {
        "exito": resultado.exito,
        "deuda": resultado.deuda,
        "moneda": resultado.moneda,
        "estado_deuda": resultado.estado_deuda,
        "saldo_a_favor": resultado.saldo_a_favor,
        "vencimiento": resultado.vencimiento,
        "facturas": guardable(resultado.facturas),
        "avisos": guardable(resultado.avisos),
        "prueba": guardable(resultado.prueba),
        "error": guardable(resultado.error),
        "error_codigo": resultado.error_codigo,
        "reintentable": resultado.reintentable,
        "mensaje_portal": guardable(resultado.mensaje_portal),
        "duracion_ms": resultado.duracion_ms,
        "consultada_en": resultado.consultada_en,
    }


_fin_de_reclamada = Compilada(
    lambda consulta_id, token, **columnas: _fin(propia(consulta_id, token), contar=True, columnas=columnas),
    nombres=("consulta_id", "token", *columnas_de(Resultado(exito=False))),
)


def _con_evidencia(consulta_id: uuid.UUID, partes: Sequence[Parte]) -> None:
    """Keep the evidencia if it can be kept: a full disk must not cost the result."""
    try:
        with bd.atomic():
            guardar_partes(consulta_id, partes)
    except DatabaseError:
        logger.exception("No se pudo guardar la evidencia de la consulta %s", consulta_id)


def cerrar(job: Job, error: str | None = None) -> None:
    """Close a job inside the caller's transaction: `completed`, or `failed` with an `error`; its callback is due."""
    status = "completed" if error is None else "failed"
    cambios = (
        Job.update(status=status, completed_at=fn.now(), error=error)
        .where(Job.id == job.id, Job.status.in_(ABIERTOS))
        .returning(Job)
        .execute()
    )
    for cerrado in cambios:
        if cerrado.callback_url is not None:
            deber(cerrado, f"job.{status}", resultados_de(cerrado.id))


def resultados_de(job_id: uuid.UUID) -> list[dict[str, Any]]:
    """The results of the consultas of a job that have ended, in the order of its servicios."""
    consulta = (
        Consulta.select().where(Consulta.job == job_id, Consulta.estado == "terminada").order_by(Consulta.servicio)
    )
    return [resultado_de(c) for c in consulta]


def fracasar(job_id: uuid.UUID, *, error: str, resultado: Resultado) -> bool:
    """Fail an open job: its unfinished consultas end with `resultado`. False when it had ended already."""
    with transaccion():
        abiertas = (
            Consulta.select(Consulta.id)
            .where(Consulta.job == job_id, Consulta.estado != "terminada")
            .order_by(Consulta.id)
            .for_update()
        )
        ids = [c.id for c in abiertas]
        job = Job.select().where(Job.id == job_id, Job.status.in_(ABIERTOS)).for_update().get_or_none()
        if job is None:
            return False
        if ids:
            deber_consultados(job, _terminar_filas(Consulta.id.in_(ids), resultado, contar=False))
            Job.update(terminadas=Job.terminadas + len(ids)).where(Job.id == job_id).execute()
        cerrar(job, error)
        return True
