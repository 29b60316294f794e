"""The accounts of the simulated portals and what a portal shows of each, all derived from the number."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.desenlaces import Desenlace, de_numero

D = Desenlace
A_FAVOR = Decimal("1234.50")
FIJOS = {D.MILLONES: Decimal("1234567.89"), D.CENTAVOS: Decimal("20537.05"), D.UN_CENTAVO: Decimal("0.01")}
SIN_FACTURAS = frozenset({D.SIN_DEUDA, D.SALDO_A_FAVOR, D.ULTIMA_PAGADA, D.TOTAL_CERO, D.EN_BLANCO})
CON_VARIAS = frozenset({D.VARIAS_FACTURAS, D.SENUELOS, D.TOTAL_NO_COINCIDE, D.SIN_TOTAL, D.FILA_DUPLICADA})
CON_FRASE_DE_CERO = frozenset({D.SIN_DEUDA, D.ULTIMA_PAGADA, D.CERO_Y_MONTO})
SIN_IMPORTE_TOTAL = frozenset({D.SIN_DEUDA, D.ULTIMA_PAGADA, D.EN_BLANCO, D.SIN_TOTAL})


@dataclass(frozen=True, slots=True)
class FacturaSimulada:
    """An unpaid bill. `codigo`: `FC`, or `PP` for an instalment of a payment plan, which no total includes."""

    numero: str
    periodo: str
    vencimiento: date
    importe: Decimal
    codigo: str = "FC"


@dataclass(frozen=True, slots=True)
class Resumen:
    """What a result page shows: amounts and dates as text, None for what it leaves out."""

    cuenta: str
    titular: str
    domicilio: str
    total: str | None
    sin_deuda: bool
    a_favor: str | None
    actual: str
    vencido: str
    vencimiento: str
    segundo: str | None
    pagada: str | None
    senuelos: bool
    rediseno: bool
    colgada: bool
    come_memoria: bool
    dialogos: bool
    facturas: tuple[Mapping[str, str], ...]

    def json(self) -> dict[str, Any]:
        """As the portals' pages receive it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Cuenta:
    """A magic account; `credenciales` are the ones its scraper asks for."""

    empresa: str
    numero: str
    credenciales: Mapping[str, str]

    @property
    def desenlace(self) -> Desenlace:
        return de_numero(self.numero)

    @property
    def facturas(self) -> tuple[FacturaSimulada, ...]:
        """Its unpaid bills, oldest first, instalments of a plan included."""
        return facturas_de(self.numero)

    @property
    def deuda(self) -> Decimal:
        """What it owes: the sum of its unpaid bills."""
        return suma(self.facturas)


def magicas(
    empresa: str, prefijo: str, credenciales: Callable[[str], Mapping[str, str]], *, sin: Collection[Desenlace] = ()
) -> dict[str, Cuenta]:
    """The documented accounts of an empresa: `prefijo` and the two digits of each outcome but those in `sin`."""
    numeros = [prefijo + d.codigo for d in Desenlace if d not in sin]
    return {numero: Cuenta(empresa, numero, credenciales(numero)) for numero in numeros}


def suma(facturas: Collection[FacturaSimulada]) -> Decimal:
    """What these bills add up to, instalments of a plan left out."""
    return sum((f.importe for f in facturas if f.codigo != "PP"), Decimal("0.00"))


def facturas_de(numero: str) -> tuple[FacturaSimulada, ...]:
    """The unpaid bills of an account; the digits before the last two choose the amounts."""
    desenlace = de_numero(numero)
    if desenlace in SIN_FACTURAS:
        return ()
    base = FIJOS.get(desenlace, Decimal(200_000 + int(numero[:-2]) * 7919 % 4_999_999) / 100)
    ultima = FacturaSimulada(f"{numero[-4:]}-0003", "05/2026", date(2026, 6, 10), base)
    if desenlace in CON_VARIAS:
        primera = FacturaSimulada(f"{numero[-4:]}-0001", "03/2026", date(2026, 4, 9), base + Decimal("1234.56"))
        segunda = FacturaSimulada(f"{numero[-4:]}-0002", "04/2026", date(2026, 5, 11), base + Decimal("50.10"))
        return (primera, segunda, ultima)
    if desenlace is D.PLAN_DE_PAGOS:
        return (ultima, replace(ultima, numero="Plan-03/12", importe=Decimal("4321.00"), codigo="PP"))
    return (ultima,)


def resumen(numero: str) -> Resumen:
    """What the portal shows of an account whose look-up was answered."""
    desenlace, facturas = de_numero(numero), facturas_de(numero)
    propias = [f for f in facturas if f.codigo != "PP"]
    escribir = ESCRITURAS.get(desenlace, pesos)
    actual = propias[-1].importe if propias else Decimal("0.00")
    filas = [_fila(f, pesos if desenlace is D.MONTO_ILEGIBLE else escribir) for f in facturas]
    return Resumen(
        cuenta=_otra(numero) if desenlace is D.TITULAR_DISTINTO else numero,
        titular=f"Titular {numero[-4:]} de Prueba",
        domicilio=f"Calle Simulada {int(numero[-6:]) % 5000}, Ciudad de Prueba",
        total=_total(desenlace, suma(facturas), escribir),
        sin_deuda=desenlace in CON_FRASE_DE_CERO,
        a_favor=pesos(A_FAVOR) if desenlace is D.SALDO_A_FAVOR else None,
        actual=escribir(actual),
        vencido=escribir(suma(facturas) - actual),
        vencimiento=f"{propias[-1].vencimiento:%d/%m/%Y}" if propias else "",
        segundo=f"20/06/2026 {pesos(actual + 350)}" if desenlace is D.DOBLE_VENCIMIENTO else None,
        pagada=pesos(Decimal("18904.33")) if desenlace in (D.ULTIMA_PAGADA, D.SENUELOS) else None,
        senuelos=desenlace is D.SENUELOS,
        rediseno=desenlace is D.REDISENO,
        colgada=desenlace is D.PAGINA_COLGADA,
        come_memoria=desenlace is D.COME_MEMORIA,
        dialogos=desenlace is D.DIALOGOS,
        facturas=tuple(filas + filas[-1:] if desenlace is D.FILA_DUPLICADA else filas),
    )


def _total(desenlace: Desenlace, deuda: Decimal, escribir: Callable[[Decimal], str]) -> str | None:
    if desenlace in SIN_IMPORTE_TOTAL:
        return None
    if desenlace is D.SALDO_A_FAVOR:
        return pesos(-A_FAVOR)
    return escribir(deuda + 100 if desenlace is D.TOTAL_NO_COINCIDE else deuda)


def _fila(factura: FacturaSimulada, escribir: Callable[[Decimal], str]) -> dict[str, str]:
    return {
        "codigo": factura.codigo,
        "nro_factura": factura.numero,
        "periodo": factura.periodo,
        "vencimiento": f"{factura.vencimiento:%d/%m/%Y}",
        "importe": escribir(factura.importe),
    }


def _otra(numero: str) -> str:
    """Another account of the same length."""
    return ("8" if numero[0] != "8" else "9") + numero[1:]


def pesos(importe: Decimal) -> str:
    """`$ 1.234.567,89`, with a minus sign before the symbol."""
    texto = f"{abs(importe):,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{'-' if importe < 0 else ''}$ {texto}"


ESCRITURAS: Mapping[Desenlace, Callable[[Decimal], str]] = {
    D.MONTO_ILEGIBLE: lambda importe: pesos(importe)[:-2] + "••",
    D.OTRO_FORMATO: lambda importe: f"$ {importe:,.2f}",
}
"""Outcomes that write amounts in another way."""
