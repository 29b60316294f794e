"""The claim of a consulta: whether it may begin, and when; and with it its job."""

import uuid
from datetime import timedelta
from typing import Any

from peewee import fn

from models.base import transaccion
from models.compilada import compilada
from models.consulta import Consulta
from models.empresa import apartar_inicio, lugares
from models.job import comienzo_de
from models.propiedad import VERSION, Servicio


def reclamar(
    consulta_id: uuid.UUID, *, arriendo_s: float, simultaneas: int, pausa_s: float = 0, huella: str | None = None
) -> Consulta | None:
    """Claim a consulta that may run now, for `arriendo_s` seconds; None when it may not.

    Counts the start and enforces the empresa's limit, its circuit, and one consulta at a time for the same
    credenciales (`huella`): one over them is left waiting for its turn. The claimed consulta begins after
    `espera_s` seconds, `pausa_s` after the empresa's last one.
    """
    with transaccion():
        empresa = _empresa_a_solas(consulta_id)
        if empresa is None:
            return None
        reclamadas = _reclamo.filas(
            Consulta,
            consulta_id=consulta_id,
            empresa=empresa,
            simultaneas=simultaneas,
            huella=huella,
            arriendo=timedelta(seconds=arriendo_s),
        )
        if not reclamadas:
            Consulta.update(en_turno=True, encolada_en=None, disponible_en=None).where(_lista(consulta_id)).execute()
            return None
        if pausa_s:
            reclamadas[0].espera_s = apartar_inicio(empresa, pausa_s)
        _empezar_los_suyos(consulta_id=consulta_id)
        return reclamadas[0]


def _lista(consulta_id: Any) -> Any:
    """The condition that a consulta may run now."""
    return (
        (Consulta.id == consulta_id)
        & (Consulta.estado == "pendiente")
        & Consulta.origen.is_null()
        & (Consulta.disponible_en.is_null() | (Consulta.disponible_en <= fn.now()))
    )


@compilada
def _reclamo(consulta_id: Any, empresa: Any, simultaneas: Any, huella: Any, arriendo: Any) -> Any:
    """Claim it if the empresa has a free place, and nobody is in its account."""
    otra = Consulta.alias()
    en_curso = otra.select(fn.COUNT(otra.id)).where(otra.empresa == empresa, otra.estado == "en_curso")
    misma = otra.select(otra.id).where(otra.empresa == empresa, otra.estado == "en_curso", otra.huella == huella)
    return (
        Consulta.update(
            estado="en_curso",
            token=Consulta.token + 1,
            inicios=Consulta.inicios + 1,
            arrendada_hasta=fn.now() + arriendo,
            started_at=fn.COALESCE(Consulta.started_at, fn.now()),
            en_turno=False,
            disponible_en=None,
            huella=huella,
            version=Servicio.select(VERSION).where(Servicio.id == Consulta.servicio),
        )
        .where(_lista(consulta_id), en_curso < lugares(empresa, simultaneas), ~fn.EXISTS(misma))
        .returning(Consulta)
    )


@compilada
def _empezar_los_suyos(consulta_id: Any) -> Any:
    """The jobs that a consulta is for: its own, and those with a consulta that waits for its result."""
    suyo = Consulta.select(Consulta.job).where(Consulta.id == consulta_id)
    de_otros = Consulta.select(Consulta.job).where(Consulta.estado == "pendiente", Consulta.origen == consulta_id)
    return comienzo_de(suyo.union_all(de_otros))


def _empresa_a_solas(consulta_id: uuid.UUID) -> str | None:
    """The empresa of a consulta, at which nobody else claims one until the transaction ends; None when unknown."""
    fila = _candado(consulta_id=consulta_id).fetchone()
    return None if fila is None else str(fila[0])


@compilada
def _candado(consulta_id: Any) -> Any:
    candado = fn.pg_advisory_xact_lock(fn.hashtext(fn.CONCAT("consultas:", Consulta.empresa)))
    return Consulta.select(Consulta.empresa, candado).where(Consulta.id == consulta_id)
