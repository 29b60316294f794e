"""Rows as CSV, in batches, for people's spreadsheets: what a portal or a caller wrote never runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from models.exportacion import Debida, Hecha
from models.schemas_exportacion import Formato

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"

DE_CONSULTAS = Hecha._fields
DE_DEUDAS = tuple(campo for campo in Debida._fields if campo != "facturas")


def consultas_csv(lotes: Iterable[list[Hecha]], formato: Formato) -> Iterator[bytes]:
    """The consultas, a piece per batch."""
    return _escribir(DE_CONSULTAS, lotes, formato)


def deudas_csv(lotes: Iterable[list[Debida]], formato: Formato) -> Iterator[bytes]:
    """What each active servicio owes, a piece per batch."""
    return _escribir(DE_DEUDAS, ([debida[:-1] for debida in lote] for lote in lotes), formato)


def _escribir(titulos: Iterable[str], lotes: Iterable[Iterable[Iterable[Any]]], formato: Formato) -> Iterator[bytes]:
    excel = formato == "excel"
    pendiente = io.StringIO(newline="")
    hoja = csv.writer(pendiente, delimiter=";" if excel else ",", lineterminator="\r\n")
    pendiente.write(BOM if excel else "")
    hoja.writerow(titulos)
    for lote in lotes:
        hoja.writerows([_celda(valor, excel) for valor in fila] for fila in lote)
        yield pendiente.getvalue().encode()
        pendiente.seek(0)
        pendiente.truncate()


def _celda(valor: Any, excel: bool) -> str:
    match valor:
        case None:
            return ""
        case bool():
            return "sí" if valor else "no"
        case Decimal():
            return str(valor).replace(".", ",") if excel else str(valor)
        case datetime():
            return valor.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date() | int():
            return str(valor)
    texto = str(valor)
    return f"'{texto}" if texto.startswith(FORMULAS) else texto
