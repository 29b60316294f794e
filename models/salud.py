"""How the portals have answered lately, from the consultas that ended."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from peewee import SQL, Case, NodeList, fn

from models.base import conexion
from models.consulta import Consulta
from models.schemas import instante

MUESTRA_MINIMA = 5
"""With fewer consultas a share says nothing: null."""
VENTANAS_H = (6, 24)


def salud(codigos_del_portal: Collection[str], codigos_nuestros: Collection[str]) -> dict[str, dict[str, Any]]:
    """By empresa, for the last 6 and 24 hours: consultas, share of success, p50 and p95 (ms), faults, last success.

    `codigos_del_portal` count against the portal, `codigos_nuestros` are our own faults: they are left out of the
    share of success, as are consultas that never could succeed (an unknown account, a rejected password).
    """
    with conexion():
        por_ventana = {f"{horas}h": _ventana(horas, codigos_del_portal, codigos_nuestros) for horas in VENTANAS_H}
    empresas = {empresa for filas in por_ventana.values() for empresa in filas}
    return {e: {ventana: filas.get(e) for ventana, filas in por_ventana.items()} for e in sorted(empresas)}


def _cuantas(condicion: Any) -> Any:
    return fn.COUNT(Case(None, [(condicion, 1)]))


def _percentil(parte: float) -> Any:
    """The duration below which that part of the successful consultas stayed: peewee has no WITHIN GROUP."""
    orden = NodeList((SQL("WITHIN GROUP (ORDER BY"), Consulta.duracion_ms, SQL(")")))
    filtro = NodeList((SQL("FILTER (WHERE"), Consulta.exito, SQL(")")))
    return NodeList((fn.percentile_disc(parte), orden, filtro))


def _ventana(horas: int, del_portal: Collection[str], nuestros: Collection[str]) -> dict[str, dict[str, Any]]:
    terminadas: Iterable[Any] = (
        Consulta.select(
            Consulta.empresa,
            fn.COUNT(Consulta.id),
            _cuantas(Consulta.exito),
            _cuantas(Consulta.error_codigo.in_(list(del_portal))),
            _cuantas(Consulta.error_codigo.in_(list(nuestros))),
            fn.MAX(Case(None, [(Consulta.exito, Consulta.completed_at)])),
            _percentil(0.5),
            _percentil(0.95),
        )
        .where(
            Consulta.estado == "terminada",
            Consulta.origen.is_null(),
            Consulta.completed_at > fn.now() - timedelta(hours=horas),
        )
        .group_by(Consulta.empresa)
        .tuples()
        .execute()
    )
    return {
        empresa: {
            "consultas": total,
            "exitosas": exitosas,
            "fallas_del_portal": portal,
            "fallas_nuestras": nuestras,
            "tasa_de_exito": _tasa(exitosas, portal),
            "ultimo_exito": instante(ultimo),
            "p50_ms": p50 if exitosas >= MUESTRA_MINIMA else None,
            "p95_ms": p95 if exitosas >= MUESTRA_MINIMA else None,
        }
        for empresa, total, exitosas, portal, nuestras, ultimo, p50, p95 in terminadas
    }


def _tasa(exitosas: int, portal: int) -> float | None:
    muestra = exitosas + portal
    return round(exitosas / muestra, 4) if muestra >= MUESTRA_MINIMA else None
