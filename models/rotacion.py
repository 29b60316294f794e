"""Encrypting again with the newest key, and encrypting what was written plain."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from peewee import SQL

from models import TABLAS
from models.base import Tabla, transaccion
from models.cifrado import Cifrado, Indescifrable, Sellado, cifrar, recifrar
from models.propiedad import Servicio

LOTE = 200


@dataclass(slots=True)
class Cuenta:
    """What was done to one column: rows encrypted again, rows that were already, ids of those that cannot be read."""

    columna: str
    cifradas: int = 0
    al_dia: int = 0
    ilegibles: list[Any] = field(default_factory=list)


def columnas_cifradas() -> Iterator[tuple[type[Tabla], Cifrado]]:
    """Every encrypted column of every table."""
    for tabla in TABLAS:
        yield from ((tabla, campo) for campo in tabla._meta.sorted_fields if isinstance(campo, Cifrado))


def rotar() -> list[Cuenta]:
    """Encrypt every row with the newest key, a batch a transaction: it may be interrupted and repeated at any time."""
    return [_rotar_columna(tabla, campo) for tabla, campo in columnas_cifradas()]


def _rotar_columna(tabla: type[Tabla], campo: Cifrado) -> Cuenta:
    cuenta = Cuenta(f"{tabla._meta.table_name}.{campo.column_name}")
    clave = tabla._meta.primary_key
    todas: Any = tabla.select(clave, campo).where(campo.is_null(False)).order_by(clave).limit(LOTE)
    filas = todas
    while True:
        with transaccion():
            lote = list(filas.for_update("FOR NO KEY UPDATE").tuples())
            for identificador, sellado in lote:
                nuevo = _de_nuevo(sellado, cuenta, identificador)
                if nuevo is not None:
                    tabla.update({campo: Sellado(nuevo)}).where(clave == identificador).execute()
        if len(lote) < LOTE:
            return cuenta
        filas = todas.where(clave > lote[-1][0])


def _de_nuevo(sellado: Sellado, cuenta: Cuenta, identificador: Any) -> str | None:
    """The value under the newest key, counted; None where there is nothing to change."""
    try:
        nuevo = recifrar(sellado.guardado) if sellado.cifrado else cifrar(sellado.guardado)
    except Indescifrable:
        cuenta.ilegibles.append(identificador)
        return None
    if nuevo is None:
        cuenta.al_dia += 1
    else:
        cuenta.cifradas += 1
    return nuevo


def cifrar_planas() -> int:
    """Encrypt the credenciales that somebody wrote as a plain object, a batch. Returns how many."""
    with transaccion():
        planas: Any = Servicio.select(Servicio.id, Servicio.credenciales).where(
            SQL("jsonb_typeof(credenciales) = 'object'")
        )
        filas = list(planas.limit(LOTE).for_update("FOR NO KEY UPDATE SKIP LOCKED").tuples())
        for identificador, sellado in filas:
            Servicio.update(credenciales=sellado.abrir()).where(Servicio.id == identificador).execute()
        return len(filas)
