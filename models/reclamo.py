"""The claim of a consulta: whether it may begin, and when; and with it its job."""

import uuid
from datetime import timedelta
from typing import Any

from peewee import CTE, JOIN, SQL, Cast, Select, fn

from models.base import bd, conexion
from models.compilada import compilada
from models.consulta import Consulta
from models.empresa import apartado, lugares
from models.job import comienzo_de
from models.propiedad import VERSION, Servicio

RECLAMADAS = (
    *("id", "job", "servicio", "empresa", "version"),
    *("estado", "token", "inicios", "intentos", "arrendada_hasta"),
)
"""The columns of a consulta that was just claimed."""


def reclamar(
    consulta_id: uuid.UUID, *, arriendo_s: float, simultaneas: int, pausa_s: float = 0, cuenta: str | None = None
) -> Consulta | None:
    """Claim a consulta that may run now, for `arriendo_s` seconds; None when it may not.

    Counts the start and enforces the empresa's limit, its circuit, and one consulta at a time for the same
    account (`cuenta`, by fingerprint): one over them is left waiting for its turn. The claimed consulta begins after
    `espera_s` seconds, `pausa_s` after the empresa's last one.
    """
    with conexion():
        reclamadas = _reclamo.filas(
            Consulta,
            tras=_empresa_a_solas,
            consulta_id=consulta_id,
            simultaneas=simultaneas,
            cuenta=cuenta,
            arriendo=timedelta(seconds=arriendo_s),
            pausa=timedelta(seconds=pausa_s),
        )
    return reclamadas[0] if reclamadas else None


@compilada
def _empresa_a_solas(consulta_id: Any) -> Any:
    """Nobody else claims a consulta of the same empresa until the transaction ends."""
    candado = fn.pg_advisory_xact_lock(fn.hashtext(fn.CONCAT("consultas:", Consulta.empresa)))
    return Consulta.select(candado).where(Consulta.id == consulta_id)


@compilada
def _reclamo(consulta_id: Any, simultaneas: Any, cuenta: Any, arriendo: Any, pausa: Any) -> Any:
    """Claim it, begin its jobs and set its moment aside, or let it wait for its turn: `tras` _empresa_a_solas."""
    pausa = Cast(pausa, "interval")
    reclamada = CTE("reclamada", _tomada(consulta_id, simultaneas, cuenta, arriendo))
    inicio = CTE("inicio", apartado(reclamada, pausa))
    empezados = CTE("empezados", _empezados(reclamada))
    espera = CTE("espera", _en_turno(consulta_id, reclamada))
    segundos = fn.COALESCE(fn.date_part("epoch", inicio.c.proximo_inicio_en - pausa - fn.now()), 0)
    columnas = [reclamada.c[getattr(Consulta, nombre).column_name] for nombre in RECLAMADAS]
    return (
        Select([reclamada], [*columnas, segundos.alias("espera_s")])
        .join(inicio, JOIN.LEFT_OUTER, on=SQL("true"))
        .with_cte(reclamada, inicio, empezados, espera)
        .bind(bd)
    )


def _tomada(consulta_id: Any, simultaneas: Any, cuenta: Any, arriendo: Any) -> Any:
    """Claim it if the empresa has a free place, and nobody is in its account."""
    otra = Consulta.alias()
    en_curso = (otra.empresa == Consulta.empresa) & (otra.estado == "en_curso")
    misma = otra.select(otra.id).where(en_curso, otra.huella == cuenta)
    ocupados = otra.select(fn.COUNT(otra.id)).where(en_curso)
    return (
        Consulta.update(
            estado="en_curso",
            token=Consulta.token + 1,
            inicios=Consulta.inicios + 1,
            arrendada_hasta=fn.now() + arriendo,
            started_at=fn.COALESCE(Consulta.started_at, fn.now()),
            en_turno=False,
            disponible_en=None,
            huella=cuenta,
            version=Servicio.select(VERSION).where(Servicio.id == Consulta.servicio),
        )
        .where(_lista(consulta_id), ocupados < lugares(Consulta.empresa, simultaneas), ~fn.EXISTS(misma))
        .returning(*[getattr(Consulta, nombre) for nombre in RECLAMADAS])
    )


def _lista(consulta_id: Any) -> Any:
    """The condition that a consulta may run now."""
    return (
        (Consulta.id == consulta_id)
        & (Consulta.estado == "pendiente")
        & Consulta.origen.is_null()
        & (Consulta.disponible_en.is_null() | (Consulta.disponible_en <= fn.now()))
    )


def _empezados(reclamada: Any) -> Any:
    """The jobs that a claimed consulta is for: its own, and those with a consulta that waits for its result."""
    suyo = Select([reclamada], [reclamada.c.job_id])
    sigue = (Consulta.estado == "pendiente") & (Consulta.origen == reclamada.c.id)
    de_otros = Select([Consulta, reclamada], [Consulta.job]).where(sigue)
    return comienzo_de(suyo.union_all(de_otros))


def _en_turno(consulta_id: Any, reclamada: Any) -> Any:
    nadie = ~fn.EXISTS(Select([reclamada], [reclamada.c.id]))
    return Consulta.update(en_turno=True, encolada_en=None, disponible_en=None).where(_lista(consulta_id), nadie)
