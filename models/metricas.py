"""What metrics are told of: totals, and what waits, runs or is late now. Only indexes and small tables are read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Case, fn

from models.base import conexion
from models.callback import Callback
from models.consulta import Consulta
from models.empresa import EstadoEmpresa
from models.job import ABIERTOS, Job
from models.totales import Total, TotalesHasta
from models.trabajador import Proceso, procesos

EMPRESA_ESTADO = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lectura:
    """One look at everything. Totals by name, empresa and key; ages in seconds, 0 where nothing waits."""

    totales: Sequence[tuple[str, str, str, int]]
    contado_hasta: datetime | None
    jobs: dict[str, int]
    consultas: dict[EMPRESA_ESTADO, int]
    callbacks: dict[str, int]
    antiguedad_s: dict[str, float]
    """Of the oldest that could run and waits, by queue."""
    circuitos_abiertos: frozenset[str]
    procesos: Sequence[Proceso]


def leer() -> Lectura:
    """Look now."""
    with conexion():
        return Lectura(
            totales=[(t.nombre, t.empresa, t.clave, t.valor) for t in Total.select()],
            contado_hasta=TotalesHasta.select(TotalesHasta.momento).scalar(),
            jobs=dict.fromkeys(ABIERTOS, 0) | _cuantos(Job.status, Job.status.in_(ABIERTOS)),
            consultas=_consultas(),
            callbacks=dict.fromkeys(("pendiente", "enviando"), 0)
            | _cuantos(Callback.estado, Callback.estado.in_(["pendiente", "enviando"])),
            antiguedad_s={"consultas": _espera_consultas(), "callbacks": _espera_callbacks()},
            circuitos_abiertos=frozenset(
                e.empresa for e in EstadoEmpresa.select().where(EstadoEmpresa.abierto_hasta > fn.now())
            ),
            procesos=procesos(),
        )


def _cuantos(columna: Any, condicion: Any) -> dict[str, int]:
    return dict(columna.model.select(columna, fn.COUNT(SQL("*"))).where(condicion).group_by(columna).tuples())


def _consultas() -> dict[EMPRESA_ESTADO, int]:
    """How many are open, by empresa and estado; those that wait for a place at their empresa or for another's result
    apart: `en_turno`, `comparte`."""
    estado = Case(None, [(Consulta.en_turno & (Consulta.estado == "pendiente"), "en_turno")], Consulta.estado)
    propias = Consulta.select(Consulta.empresa, estado, fn.COUNT(SQL("*"))).where(
        Consulta.estado != "terminada", Consulta.origen.is_null()
    )
    esperan = Consulta.select(Consulta.empresa, SQL("'comparte'"), fn.COUNT(SQL("*"))).where(
        Consulta.estado == "pendiente", Consulta.origen.is_null(False)
    )
    cuentas: Counter[EMPRESA_ESTADO] = Counter()
    for consulta in (propias, esperan):
        filas: Iterable[Any] = consulta.group_by(SQL("1"), SQL("2")).tuples().execute()
        for empresa, nombre, cuantas in filas:
            cuentas[empresa, nombre] += cuantas
    return dict(cuentas)


def _edad(momento: Any) -> Any:
    """Seconds from the earliest of these moments until now; null where there is none."""
    return fn.date_part("epoch", fn.now() - fn.MIN(momento))


def _espera_consultas() -> float:
    """Of those that some worker could begin at once."""
    listas = Consulta.select(_edad(Consulta.created_at)).where(
        Consulta.estado == "pendiente", ~Consulta.en_turno, Consulta.origen.is_null(), Consulta.disponible_en.is_null()
    )
    return max(listas.scalar() or 0.0, 0.0)


def _espera_callbacks() -> float:
    """Of those that are due and whose destino is not busy."""
    debidos = Callback.select(_edad(Callback.proximo_intento_en)).where(
        Callback.estado == "pendiente", ~Callback.en_turno
    )
    return max(debidos.scalar() or 0.0, 0.0)
