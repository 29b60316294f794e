"""How consultas and jobs end: the result, the count, the closed job and its callback in one transaction."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from peewee import CTE, DatabaseError, Select, fn

from models.base import bd, transaccion
from models.callback import deber, deber_consultados
from models.compilada import Compilada, compilada
from models.consulta import Consulta, propia
from models.evidencia import guardar_partes
from models.job import ABIERTOS, Job, suma
from models.resultado import Resultado, guardable
from models.schemas import PUBLICADAS, resultado_de

logger = logging.getLogger(__name__)


def guardar_consulta_deuda(consulta_id: uuid.UUID, token: int, resultado: Resultado) -> dict[str, Any]:
    """Save how a claimed consulta ended and, if it was its job's last, close the job: one transaction.

    Returns `{"consulta_id": str, "guardado": bool}`; false when the consulta is no longer ours (its lease
    was taken over, its job ended): nothing was changed.
    """
    try:
        guardado = _guardar(consulta_id, token, resultado)
    except _SinEvidencia as error:  # a full disk must not cost the result
        logger.error("No se pudo guardar la evidencia de la consulta %s", consulta_id, exc_info=error.__cause__)
        guardado = _guardar(consulta_id, token, replace(resultado, evidencia=()))
    return {"consulta_id": str(consulta_id), "guardado": guardado}


class _SinEvidencia(Exception):
    """The evidencia could not be kept; with it goes the transaction."""


def _guardar(consulta_id: uuid.UUID, token: int, resultado: Resultado) -> bool:
    columnas = {nombre: getattr(Consulta, nombre).db_value(v) for nombre, v in columnas_de(resultado).items()}
    with transaccion():
        jobs = _fin_de_reclamada.filas(Job, consulta_id=consulta_id, token=token, **columnas)
        if not jobs:
            return False
        try:
            guardar_partes(consulta_id, resultado.evidencia)
        except DatabaseError as error:
            if bd.connection().closed:
                raise  # the database went away, with the room for all of it
            raise _SinEvidencia from error
        _tras_contar(jobs[0], [consulta_id])
        return True


def terminar(cuales: Any, resultado: Resultado, *, contar: bool) -> int:
    """End the consultas of one job that match, inside the caller's transaction. Returns how many.

    `contar`: the end came from a start, which is thereby complete.
    """
    terminadas = _terminar_filas(cuales, resultado, contar=contar)
    if terminadas:
        [job] = suma([terminadas[0].job_id], len(terminadas)).execute()
        _tras_contar(job, [c.id for c in terminadas])
    return len(terminadas)


def _tras_contar(job: Job, terminadas: Sequence[uuid.UUID]) -> None:
    """Owe the callbacks of consultas that ended and were counted, and close their job after its last.

    The job's lock makes exactly one caller the last.
    """
    deber_consultados(job, terminadas)
    if job.terminadas >= job.total and job.status in ABIERTOS:
        cerrar(job)


def _terminar_filas(cuales: Any, resultado: Resultado, *, contar: bool) -> list[Consulta]:
    """Those that ended, with their ids and their job's."""
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
        .returning(Consulta.id, Consulta.job)
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


def _fin_y_cuenta(consulta_id: Any, token: Any, **columnas: Any) -> Any:
    fin = CTE("fin", _fin(propia(consulta_id, token), contar=True, columnas=columnas))
    return suma(Select([fin], [fin.c.job_id]), 1).with_cte(fin)


_fin_de_reclamada = Compilada(
    _fin_y_cuenta,
    nombres=("consulta_id", "token", *columnas_de(Resultado(exito=False))),
)


def cerrar(job: Job, error: str | None = None) -> None:
    """Close a job inside the caller's transaction: `completed`, or `failed` with an `error`; its callback is due."""
    status = "completed" if error is None else "failed"
    for cerrado in _cierre.filas(Job, job_id=job.id, status=status, error=error):
        if cerrado.callback_url is not None:
            deber(cerrado, f"job.{status}", resultados_de(cerrado.id))


@compilada
def _cierre(job_id: Any, status: Any, error: Any) -> Any:
    return (
        Job.update(status=status, completed_at=fn.now(), error=error)
        .where(Job.id == job_id, Job.status.in_(ABIERTOS))
        .returning(Job)
    )


def resultados_de(job_id: uuid.UUID) -> list[dict[str, Any]]:
    """The results of the consultas of a job that have ended, in the order of its servicios."""
    return [resultado_de(c) for c in _resultados.filas(Consulta, job_id=job_id)]


@compilada
def _resultados(job_id: Any) -> Any:
    columnas = [getattr(Consulta, nombre) for nombre in PUBLICADAS]
    terminada = Consulta.estado == "terminada"
    return Consulta.select(*columnas).where(Consulta.job == job_id, terminada).order_by(Consulta.servicio)


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
            terminadas = _terminar_filas(Consulta.id.in_(ids), resultado, contar=False)
            deber_consultados(job, [c.id for c in terminadas])
            Job.update(terminadas=Job.terminadas + len(ids)).where(Job.id == job_id).execute()
        cerrar(job, error)
        return True
