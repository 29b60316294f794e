"""One look-up for several jobs: a consulta shares the result of another one of its servicio.

While the other is in flight this one is `pendiente` with `origen` set, and nobody publishes it. Once the other has
ended it ends the same way, each in a transaction of its own; if the other ended for a reason of ours (cancelled,
interrupted, out of time), the first of those that wait takes its place and the rest wait for that one.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from peewee import Cast, chunked, fn

from models.base import conexion, transaccion
from models.cierre import columnas_de, terminar
from models.compilada import Compilada, arreglo, escrita
from models.consulta import Consulta
from models.propiedad import Servicio
from models.resultado import Resultado

Par = tuple[uuid.UUID, uuid.UUID]
"""The ids of a consulta and of its job."""
LOTE = 1000


@dataclass(frozen=True, slots=True)
class Reparto:
    """What came of it: consultas to publish, and jobs of which a consulta ended."""

    por_publicar: list[Par] = field(default_factory=list)
    jobs: list[uuid.UUID] = field(default_factory=list)


def en_vuelo(servicios: Sequence[Servicio]) -> dict[int, Consulta]:
    """The consulta that will read each servicio's portal anyway, as it is asked for today: by servicio."""
    return {
        servicio.id: consulta
        for servicio, consulta in _por_servicio(servicios, _en_vuelo)
        if consulta.estado == "pendiente" or _con_lo_de_hoy(servicio, consulta)
    }


@escrita
def _en_vuelo(ids: Any) -> Any:
    return _de_servicios(ids, Consulta.estado != "terminada")


def recientes(servicios: Sequence[Servicio], minutos: int) -> dict[int, Consulta]:
    """The last successful reading of each servicio that is not older than `minutos`: by servicio."""
    halladas = _por_servicio(servicios, _exitosas, antiguedad=timedelta(minutes=minutos))
    return {s.id: c for s, c in halladas if _con_lo_de_hoy(s, c)}


@escrita
def _exitosas(ids: Any, antiguedad: Any) -> Any:
    """The last of each servicio to end well."""
    recientes = Consulta.completed_at > fn.now() - Cast(antiguedad, "interval")
    exitosas = (Consulta.estado == "terminada") & Consulta.exito & recientes
    return (
        _de_servicios(ids, exitosas)
        .order_by(Consulta.servicio, Consulta.completed_at.desc())
        .distinct(Consulta.servicio)
    )


def _con_lo_de_hoy(servicio: Servicio, consulta: Consulta) -> bool:
    """Whether a consulta reads what the servicio says now: with other credenciales it is another account's."""
    return consulta.version is not None and consulta.version == servicio.version


def _de_servicios(ids: Any, condicion: Any) -> Any:
    """The consultas of some servicios that share nobody's result."""
    suyas = Consulta.servicio == fn.ANY(Cast(ids, "bigint[]"))
    return Consulta.select().where(suyas, Consulta.origen.is_null(), condicion)


def _por_servicio(
    servicios: Sequence[Servicio], halladas: Compilada, **valores: Any
) -> Iterator[tuple[Servicio, Consulta]]:
    """The consultas that a query finds of these servicios, at the empresa that each has today."""
    por_id = {s.id: s for s in servicios}
    for ids in chunked(por_id, LOTE):
        for consulta in halladas.filas(Consulta, ids=arreglo(ids), **valores):
            servicio = por_id[consulta.servicio_id]
            if consulta.empresa == servicio.empresa:
                yield servicio, consulta


def copia_de(consulta: Consulta) -> dict[str, Any]:
    """The columns of a consulta that shares the result of one that ended."""
    return {"origen": consulta.id, **columnas_de(resultado_de_otra(consulta))}


def resultado_de_otra(consulta: Consulta) -> Resultado:
    """How a consulta ended, for another one: its evidencia stays where it is."""
    return Resultado(
        exito=bool(consulta.exito),
        deuda=consulta.deuda,
        moneda=consulta.moneda,
        estado_deuda=consulta.estado_deuda,
        saldo_a_favor=consulta.saldo_a_favor,
        vencimiento=consulta.vencimiento,
        facturas=consulta.facturas or [],
        avisos=consulta.avisos or [],
        prueba=consulta.prueba,
        error=consulta.error,
        error_codigo=consulta.error_codigo,
        reintentable=consulta.reintentable,
        mensaje_portal=consulta.mensaje_portal,
        consultada_en=consulta.completed_at,
    )


def repartir(origen_id: uuid.UUID, propias: Collection[str]) -> Reparto:
    """End the consultas that wait for one that has ended; with a code of `propias`, let the first take its place."""
    with conexion():
        origen = Consulta.get_or_none(Consulta.id == origen_id, Consulta.estado == "terminada")
        esperan = Consulta.select(Consulta.id, Consulta.job).where(_sigue(origen_id)).order_by(Consulta.id)
        seguidoras = [(c.id, c.job_id) for c in esperan]
    if origen is None or not seguidoras:
        return Reparto()
    if origen.error_codigo is not None and origen.error_codigo in propias:
        return _reemplazar(origen_id)
    reparto, resultado = Reparto(), resultado_de_otra(origen)
    for consulta_id, job_id in seguidoras:
        with transaccion():
            if terminar((Consulta.id == consulta_id) & _sigue(origen_id), resultado, contar=False):
                reparto.jobs.append(job_id)
    return reparto


def _sigue(origen_id: uuid.UUID) -> Any:
    return (Consulta.estado == "pendiente") & (Consulta.origen == origen_id)


def _reemplazar(origen_id: uuid.UUID) -> Reparto:
    with transaccion():
        esperan = Consulta.select(Consulta.id, Consulta.job).where(_sigue(origen_id)).order_by(Consulta.id)
        filas = [(c.id, c.job_id) for c in esperan.for_update()]
        if not filas:
            return Reparto()
        primera, *resto = filas
        Consulta.update(origen=None).where(Consulta.id == primera[0]).execute()
        if resto:
            Consulta.update(origen=primera[0]).where(Consulta.id.in_([c for c, _ in resto])).execute()
    return Reparto(por_publicar=[primera])


def por_repartir(cuantas: int) -> list[uuid.UUID]:
    """Consultas that have ended while others still wait for them."""
    seguidora = Consulta.alias()
    with conexion():
        origenes = (
            Consulta.select(Consulta.id)
            .join(seguidora, on=(seguidora.origen == Consulta.id))
            .where(seguidora.estado == "pendiente", seguidora.origen.is_null(False), Consulta.estado == "terminada")
            .distinct()
            .limit(cuantas)
        )
        return [c.id for c in origenes]
