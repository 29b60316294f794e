"""What is taken out in bulk: consultas, what each servicio owes, what falls due. Read in batches: memory stays flat."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from models.base import bd, conexion
from models.schemas_exportacion import FiltroConsultas

LOTE = 1000

CONSULTAS = """SELECT c.completed_at, c.id, c.job_id, c.propiedad_id, p.nombre, c.servicio_id, c.empresa,
       c.tipo_servicio, c.exito, c.deuda, c.moneda, c.estado_deuda, c.saldo_a_favor, c.vencimiento,
       c.error_codigo, c.error
FROM consultas_deuda c LEFT JOIN propiedades p ON p.id = c.propiedad_id
WHERE c.estado = 'terminada' {condiciones}
ORDER BY c.completed_at, c.id LIMIT %s
"""

DEUDAS = """SELECT s.id, s.propiedad_id, p.nombre, p.direccion, s.empresa, s.tipo_servicio, u.id, u.consultada_en,
       u.deuda, u.moneda, u.estado_deuda, u.saldo_a_favor, u.vencimiento, u.facturas
FROM servicios s JOIN propiedades p ON p.id = s.propiedad_id
LEFT JOIN LATERAL (
    SELECT c.id, coalesce(c.consultada_en, c.completed_at) AS consultada_en, c.deuda, c.moneda, c.estado_deuda,
           c.saldo_a_favor, c.vencimiento, c.facturas
    FROM consultas_deuda c WHERE c.servicio_id = s.id AND c.completed_at IS NOT NULL AND c.exito
    ORDER BY c.completed_at DESC LIMIT 1
) u ON true
WHERE s.activo AND s.id > %s ORDER BY s.id LIMIT %s
"""


class Hecha(NamedTuple):
    """A consulta that ended."""

    terminada_en: datetime
    consulta_id: uuid.UUID
    job_id: uuid.UUID
    propiedad_id: int
    propiedad: str | None
    servicio_id: int
    empresa: str
    tipo_servicio: str
    exito: bool
    deuda: Decimal | None
    moneda: str | None
    estado_deuda: str | None
    saldo_a_favor: Decimal | None
    vencimiento: date | None
    error_codigo: str | None
    error: str | None


class Debida(NamedTuple):
    """An active servicio and its last consulta that succeeded: nothing known where there is none, never zero."""

    servicio_id: int
    propiedad_id: int
    propiedad: str
    direccion: str | None
    empresa: str
    tipo_servicio: str
    consulta_id: uuid.UUID | None
    consultada_en: datetime | None
    deuda: Decimal | None
    moneda: str | None
    estado_deuda: str | None
    saldo_a_favor: Decimal | None
    vencimiento: date | None
    facturas: list[dict[str, Any]] | None


def consultas_hechas(filtro: FiltroConsultas) -> Iterator[list[Hecha]]:
    """Batches of the consultas that ended from `desde` until `hasta`, the oldest first."""
    fijas = [
        (condicion, valor)
        for condicion, valor in (
            ("AND c.propiedad_id = %s", filtro.propiedad_id),
            ("AND c.completed_at >= %s", filtro.desde),
            ("AND c.completed_at < %s", filtro.hasta),
        )
        if valor is not None
    ]
    ultima: tuple[Any, ...] = ()
    while True:
        condiciones = [texto for texto, _ in fijas] + (["AND (c.completed_at, c.id) > (%s, %s)"] if ultima else [])
        orden = CONSULTAS.format(condiciones=" ".join(condiciones))
        filas = _leer(orden, [*(valor for _, valor in fijas), *ultima, LOTE])
        yield [Hecha(*fila) for fila in filas]
        if len(filas) < LOTE:
            return
        ultima = filas[-1][:2]


def deudas_de_hoy() -> Iterator[list[Debida]]:
    """Batches of the active servicios, by their id."""
    ultimo = 0
    while True:
        lote = [Debida(*fila) for fila in _leer(DEUDAS, [ultimo, LOTE])]
        yield lote
        if len(lote) < LOTE:
            return
        ultimo = lote[-1].servicio_id


def _leer(orden: str, valores: list[Any]) -> list[tuple[Any, ...]]:
    with conexion():
        return list(bd.execute_sql(orden, valores).fetchall())
