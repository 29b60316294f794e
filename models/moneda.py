"""Amounts as people in Argentina write them."""

from decimal import Decimal

FINO = "\N{NO-BREAK SPACE}"


def importe(valor: Decimal | float | None, moneda: str | None = "ARS") -> str:
    """`$ 25.670,00` for pesos argentinos, `CLP 25.670` for those without cents, `USD 1,50` for others; `—` for none."""
    if valor is None:
        return "—"
    decimales = 0 if moneda == "CLP" else 2
    escrito = f"{Decimal(str(valor)):,.{decimales}f}".translate(str.maketrans(",.", ".,"))
    return f"{'$' if moneda in ('ARS', None) else moneda}{FINO}{escrito}"
