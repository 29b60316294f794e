"""Amounts and dates, read strictly in the format of each portal: anything else is a falla, never a guess."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from enum import Enum

from scrapers.fallas import Codigo, Falla

LIMITE = Decimal("999999999999.99")
"""The largest amount that NUMERIC(14,2) holds."""

_ENTERO_CON_PUNTOS = r"(?:0|[1-9][0-9]{0,2}(?:\.[0-9]{3})*)"
_ENTERO_LISO = r"(?:0|[1-9][0-9]*)"


class Formato(Enum):
    """How a portal writes its amounts. The value is the pattern of the bare number."""

    AR = rf"(?:{_ENTERO_CON_PUNTOS}|{_ENTERO_LISO}),[0-9]{{2}}"
    """`25.670,00` or `25670,00`: two decimals always."""
    AR_AGRUPADO = rf"{_ENTERO_CON_PUNTOS},[0-9]{{2}}"
    """`25.670,00`: dots are obligatory."""
    PUNTO_DECIMAL = rf"{_ENTERO_LISO}\.[0-9]{{2}}"
    """`1234.56`: a decimal point, no grouping."""
    CLP = _ENTERO_CON_PUNTOS
    """`25.670`: whole Chilean pesos."""
    ENTERO = _ENTERO_LISO
    """`25670`: whole units, as in JSON."""


def normal(texto: str) -> str:
    """Text as a person reads it: NFC, one space for any run of white space, no invisible characters."""
    visible = "".join(c for c in unicodedata.normalize("NFC", texto) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def importe(texto: str, formato: Formato, *, simbolos: tuple[str, ...] = ("$",), con_simbolo: bool = True) -> Decimal:
    """Read one amount: an optional minus sign, one of the `simbolos`, the number; and nothing else.

    `con_simbolo` makes the symbol obligatory. Raises Falla MONTO_ILEGIBLE, with the text, for anything
    that is not exactly an amount in that format.
    """
    visto = normal(texto)
    simbolo = "|".join(re.escape(s) for s in simbolos)
    marca = rf"(?:{simbolo})" + ("" if con_simbolo else "?")
    patron = rf"(?P<menos>-)? ?{marca} ?(?P<menos2>-)?(?P<numero>{formato.value})"
    hallado = re.fullmatch(patron, visto)
    if hallado is None or (hallado["menos"] and hallado["menos2"]):
        raise Falla(Codigo.MONTO_ILEGIBLE, texto=visto[:80])
    return _decimal(hallado["numero"], formato, negativo=bool(hallado["menos"] or hallado["menos2"]), texto=visto)


def _decimal(numero: str, formato: Formato, *, negativo: bool, texto: str) -> Decimal:
    if formato is not Formato.PUNTO_DECIMAL:
        numero = numero.replace(".", "").replace(",", ".")
    valor = Decimal(numero)
    if valor > LIMITE or not numero.isascii():
        raise Falla(Codigo.MONTO_ILEGIBLE, texto=texto[:80])
    return -valor if negativo else valor


def fecha(texto: str) -> date:
    """Read `DD/MM/AAAA`, `DD/MM/AA` (of this century) or `AAAA-MM-DD`. Raises Falla PORTAL_CAMBIO otherwise."""
    visto = normal(texto)
    for patron in (
        r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<a>[0-9]{4})",
        r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<a>[0-9]{2})",
        r"(?P<a>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})",
    ):
        hallado = re.fullmatch(patron, visto)
        if hallado is None:
            continue
        anio = int(hallado["a"]) + (2000 if len(hallado["a"]) == 2 else 0)
        try:
            return date(anio, int(hallado["m"]), int(hallado["d"]))
        except ValueError:
            break
    raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"no es una fecha: {visto[:40]!r}")
