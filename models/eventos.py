"""What changed in the jobs that somebody watches, read for all of them at once."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL, EnclosedNodeList, NodeList, Tuple

from models.base import conexion
from models.consulta import Consulta
from models.job import ABIERTOS, Job
from models.schemas import numero

Marca = tuple[datetime, uuid.UUID]
"""Where an ended consulta stands among those of its job: when it ended, and its id."""


@dataclass(frozen=True, slots=True)
class Vista:
    """A job as it was seen, with its ended consultas in the order in which they ended."""

    status: str
    total: int
    terminadas: int
    error: str | None
    consultas: tuple[tuple[Marca, dict[str, Any]], ...] = ()

    @property
    def abierto(self) -> bool:
        """Whether more may come."""
        return self.status in ABIERTOS

    @property
    def progreso(self) -> dict[str, int]:
        """As published on the job."""
        return {"total": self.total, "terminadas": self.terminadas}


_DEL_JOB = (Job.status, Job.total, Job.terminadas, Job.error)
_DE_LA_CONSULTA = (
    Consulta.servicio,
    Consulta.empresa,
    Consulta.exito,
    Consulta.deuda,
    Consulta.moneda,
    Consulta.estado_deuda,
    Consulta.error_codigo,
    Consulta.error,
)


def cambios(vistas: Mapping[uuid.UUID, Vista | None]) -> dict[uuid.UUID, Vista]:
    """Those of the jobs that are no longer as they were seen (None: never seen), in one statement."""
    if not vistas:
        return {}
    vistos = [Tuple(str(j), v.terminadas if v else -1, v.status if v else "") for j, v in vistas.items()]
    distinto = NodeList((Tuple(Job.id, Job.terminadas, Job.status), SQL("NOT IN"), EnclosedNodeList(vistos)))
    consulta = (
        Job.select(Job.id, *_DEL_JOB, Consulta.id, Consulta.completed_at, *_DE_LA_CONSULTA)
        .join(Consulta, JOIN.LEFT_OUTER, on=(Consulta.job == Job.id) & (Consulta.estado == "terminada"))
        .where(Job.id.in_(list(vistas)), distinto)
        .tuples()
    )
    with conexion():
        filas: Iterable[Any] = list(consulta.execute())
    hallados: dict[uuid.UUID, tuple[tuple[Any, ...], list[tuple[Marca, dict[str, Any]]]]] = {}
    desde = 1 + len(_DEL_JOB)
    for fila in filas:
        _, consultas = hallados.setdefault(fila[0], (fila[1:desde], []))
        consulta_id, terminada_en, *datos = fila[desde:]
        if consulta_id is not None:
            consultas.append(((terminada_en, consulta_id), _de_la_consulta(consulta_id, datos)))
    return {
        job_id: Vista(status, total, terminadas, error, tuple(sorted(consultas, key=lambda c: c[0])))
        for job_id, ((status, total, terminadas, error), consultas) in hallados.items()
    }


def _de_la_consulta(consulta_id: uuid.UUID, datos: list[Any]) -> dict[str, Any]:
    nombres = ("servicio_id", "empresa", "exito", "deuda", "moneda", "estado_deuda", "error_codigo", "error")
    valores = dict(zip(nombres, datos, strict=True))
    return {"consulta_id": str(consulta_id), **valores, "deuda": numero(valores["deuda"])}
