"""The rules of truth: from what was found on a page to a deuda with its proof, or a falla. Pure, and one for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from scrapers.dinero import LIMITE, normal
from scrapers.fallas import Codigo, Falla

CERO = Decimal("0.00")


class EstadoDeuda(StrEnum):
    """How a consulta that succeeded ended."""

    CON_DEUDA = "CON_DEUDA"
    SIN_DEUDA = "SIN_DEUDA"
    SALDO_A_FAVOR = "SALDO_A_FAVOR"


@dataclass(frozen=True, slots=True)
class Importe:
    """An amount and the text it was read from, label included."""

    valor: Decimal
    texto: str


@dataclass(frozen=True, slots=True)
class Factura:
    """An unpaid bill. `importe` in the moneda of the deuda; `periodo` and `numero` as the portal writes them."""

    importe: Decimal
    vencimiento: date | None = None
    numero: str | None = None
    periodo: str | None = None


@dataclass(frozen=True, slots=True)
class Prueba:
    """Why the deuda may be stated: the rule applied, the text matched, and a PNG of it."""

    regla: str
    texto: str
    captura: bytes | None = None


@dataclass(frozen=True, slots=True)
class Deuda:
    """What is owed now: the sum of the unpaid bills, due and overdue, in `moneda` (ISO 4217)."""

    estado: EstadoDeuda
    importe: Decimal
    moneda: str
    prueba: Prueba
    facturas: tuple[Factura, ...] = ()
    vencimiento: date | None = None
    saldo_a_favor: Decimal | None = None
    avisos: tuple[str, ...] = ()

    def con_captura(self, captura: bytes | None) -> "Deuda":
        """The same deuda with a PNG added to its prueba."""
        return replace(self, prueba=replace(self.prueba, captura=captura))

    def oculta(self, ocultar: Callable[[str], str]) -> "Deuda":
        """The same without secrets: `ocultar` masks them in a text."""

        def limpio(texto: str | None) -> str | None:
            return None if texto is None else ocultar(texto)

        return replace(
            self,
            prueba=replace(self.prueba, texto=ocultar(self.prueba.texto)),
            facturas=tuple(replace(f, numero=limpio(f.numero), periodo=limpio(f.periodo)) for f in self.facturas),
            avisos=tuple(map(ocultar, self.avisos)),
        )


@dataclass(frozen=True, slots=True)
class Hallazgo:
    """What a scraper found on the result page, each part None where the page does not show it.

    `cuenta`: the account number as shown. `total`: the portal's own total owed (negative: in favour).
    `facturas`: the unpaid bills of its detail, () for a detail that is shown and empty.
    `detalle_completo`: the page proves that the detail is whole (a count or an end that was matched), so its
    sum may stand in for a total. `sin_deuda`: the portal's own no-debt sentence, as matched.
    `a_favor`: an amount in the holder's favour, positive.
    """

    cuenta: str
    total: Importe | None = None
    facturas: Sequence[Factura] | None = None
    detalle_completo: bool = False
    sin_deuda: str | None = None
    a_favor: Importe | None = None
    avisos: tuple[str, ...] = ()


def misma_cuenta(mostrada: str, pedida: str) -> bool:
    """Whether two account numbers are the same but for separators, case and spaces."""
    return _desnuda(mostrada) == _desnuda(pedida) != ""


def _desnuda(cuenta: str) -> str:
    return "".join(c for c in normal(cuenta).upper() if c.isalnum() or c == "@")


def concluir(hallazgo: Hallazgo, *, cuenta: str, moneda: str) -> Deuda:
    """Apply the rules of truth. Returns the deuda, or raises the Falla that the page deserves.

    TITULAR_DISTINTO for another account; RESULTADO_AMBIGUO for neither an amount nor a no-debt sentence,
    or for both; TOTAL_NO_COINCIDE where total and detail differ by a cent; MONTO_ILEGIBLE for a bill
    that is not positive.
    """
    if not misma_cuenta(hallazgo.cuenta, cuenta):
        raise Falla(Codigo.TITULAR_DISTINTO, detalle="otra cuenta en la página")
    facturas = tuple(hallazgo.facturas or ())
    for factura in facturas:
        if factura.importe <= 0:
            raise Falla(Codigo.MONTO_ILEGIBLE, texto=str(factura.importe))
    if hallazgo.sin_deuda is not None:
        return _sin_deuda(hallazgo, facturas, moneda)
    if hallazgo.a_favor is not None:
        return _a_favor(hallazgo, hallazgo.a_favor, facturas, moneda)
    return _con_total(hallazgo, facturas, moneda)


def _sin_deuda(hallazgo: Hallazgo, facturas: tuple[Factura, ...], moneda: str) -> Deuda:
    if facturas or hallazgo.a_favor is not None or (hallazgo.total is not None and hallazgo.total.valor != 0):
        raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un importe")
    prueba = Prueba("frase_sin_deuda", hallazgo.sin_deuda or "")
    return Deuda(EstadoDeuda.SIN_DEUDA, CERO, moneda, prueba, avisos=hallazgo.avisos)


def _a_favor(hallazgo: Hallazgo, a_favor: Importe, facturas: tuple[Factura, ...], moneda: str) -> Deuda:
    if facturas or a_favor.valor <= 0 or (hallazgo.total is not None and hallazgo.total.valor > 0):
        raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="saldo a favor junto a una deuda")
    if hallazgo.total is not None and hallazgo.total.valor not in (CERO, -a_favor.valor):
        raise Falla(Codigo.TOTAL_NO_COINCIDE, detalle=f"total {hallazgo.total.valor}, a favor {a_favor.valor}")
    return Deuda(
        EstadoDeuda.SALDO_A_FAVOR,
        CERO,
        moneda,
        Prueba("saldo_a_favor", a_favor.texto),
        saldo_a_favor=a_favor.valor,
        avisos=hallazgo.avisos,
    )


def _con_total(hallazgo: Hallazgo, facturas: tuple[Factura, ...], moneda: str) -> Deuda:
    suma = sum((f.importe for f in facturas), CERO)
    if hallazgo.total is None:
        if not facturas or not hallazgo.detalle_completo:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="ni importe ni frase de cero")
        prueba = Prueba("suma_del_detalle", " + ".join(str(f.importe) for f in facturas))
        return _deuda(suma, moneda, prueba, facturas, hallazgo.avisos)
    total = hallazgo.total
    if total.valor < 0:
        raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="un total negativo que el portal no llama a favor")
    if hallazgo.facturas is not None and suma != total.valor:
        raise Falla(Codigo.TOTAL_NO_COINCIDE, detalle=f"total {total.valor}, detalle {suma}")
    if total.valor == 0:
        return Deuda(EstadoDeuda.SIN_DEUDA, CERO, moneda, Prueba("total_cero", total.texto), avisos=hallazgo.avisos)
    regla = "total" if hallazgo.facturas is None else "total_igual_al_detalle"
    return _deuda(total.valor, moneda, Prueba(regla, total.texto), facturas, hallazgo.avisos)


def _deuda(
    importe: Decimal, moneda: str, prueba: Prueba, facturas: tuple[Factura, ...], avisos: tuple[str, ...]
) -> Deuda:
    if importe > LIMITE:
        raise Falla(Codigo.MONTO_ILEGIBLE, texto=prueba.texto[:80])
    vencimientos = [f.vencimiento for f in facturas if f.vencimiento is not None]
    vencimiento = min(vencimientos) if vencimientos else None
    return Deuda(EstadoDeuda.CON_DEUDA, importe, moneda, prueba, facturas, vencimiento, avisos=avisos)
