"""Edenor (electricity, Argentina): public wizard by account number."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

CAMPO: Final = "input[data-testid='procedimiento_de_pago.accountIdentifierInput.clientNumber.input']"
SIGUIENTE: Final = "button >> Siguiente"
CUENTA: Final = "[class*='styles_account']"
OCUPADO: Final = "[role=progressbar]"
TOTAL, ACTUAL, VENCIDO, A_FAVOR = "Saldo Total", "Factura Actual", "Saldo Vencido", "Saldo a Favor"


class Edenor(Scraper):
    """Steps (portales.md, 2.5, from public code and the Widergy API's concepts):

    1. `/ingreso/bienvenida`: «…sin registrarte», then «N° de cuenta», «Siguiente».
    2. Write the account number, «Siguiente».
    3. The portal shows whose address it is: «Siguiente» confirms it.
    4. About 10 s later: `h4` «Saldo Total» and «Factura Actual», the units in an `h2` and the cents in the div
       after it (`22.792` + `,99`). No debt is a total of zero.

    The total is what is owed; «Factura Actual» never exceeds it, and with «Saldo Vencido», where shown, adds up
    to it. Another concept with an amount is a portal that changed. How long an account number is was not found:
    7 to 12 digits are taken. «Saldo Vencido», «Saldo a Favor» and the place of the account are assumed from the
    API (`overdue_balance`) and the login's page (`N° <digits> -`).
    """

    empresa = "edenor"
    nombre = "Edenor"
    tipo_servicio = "Electricidad"
    url = "https://edenordigital.com"
    campos = (Campo("cuenta", "Número de cuenta", r"[0-9]{7,12}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(
        "[role=alert]",
        {r"no encontramos (la|esa|tu) cuenta|cuenta (ingresada )?no existe": Codigo.CLIENTE_NO_ENCONTRADO},
    )

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns the page of step 4."""
        await pagina.ir("/ingreso/bienvenida")
        for opcion in ("[role=button] >> …sin registrarte", "[role=radio] >> N° de cuenta", SIGUIENTE):
            await self.avisos.esperar(pagina, opcion, hasta_s=self.espera_s)
            await pagina.pulsar(opcion)
        await self.avisos.esperar(pagina, CAMPO, hasta_s=self.espera_s)
        await pagina.escribir(CAMPO, pedido["cuenta"])
        await pagina.pulsar(SIGUIENTE)
        await self.avisos.esperar(
            pagina, f"{CUENTA} >> N° {pedido['cuenta']} -", hasta_s=self.espera_s, ocupado=OCUPADO
        )
        await pagina.pulsar(SIGUIENTE)
        await self.avisos.esperar(
            pagina, f"body:not(:has({OCUPADO})) [data-testid=saldos]", hasta_s=self.espera_s, ocupado=OCUPADO
        )
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the account and the concepts, which must agree with each other."""
        cuenta = lectura.dato(CUENTA, r"N° ([0-9]+) -(?: .+)?")
        textos = lectura.uno("[data-testid=saldos]").rotulados("div:has(> h4)", "h4")
        if not set(textos) <= {TOTAL, ACTUAL, VENCIDO, A_FAVOR}:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"conceptos {sorted(textos)}")
        valores = {rotulo: importe(texto, Formato.AR_AGRUPADO) for rotulo, texto in textos.items()}
        if TOTAL not in valores:
            return Hallazgo(cuenta)
        total = Importe(valores[TOTAL], f"{TOTAL} {textos[TOTAL]}")
        a_favor = Importe(valores[A_FAVOR], f"{A_FAVOR} {textos[A_FAVOR]}") if A_FAVOR in valores else None
        _cuadrar(valores)
        avisos = (f"Saldo vencido: {textos[VENCIDO]}.",) if valores.get(VENCIDO) else ()
        return Hallazgo(cuenta, total, _factura(lectura, valores), a_favor=a_favor, avisos=avisos)


def _cuadrar(valores: Mapping[str, Decimal]) -> None:
    """Raise TOTAL_NO_COINCIDE unless the concepts add up to the total (with none overdue shown: fit in it)."""
    if ACTUAL not in valores:
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"falta {ACTUAL}")
    total, a_favor = valores[TOTAL], valores.get(A_FAVOR, Decimal(0))
    partes = valores[ACTUAL] + valores.get(VENCIDO, Decimal(0)) - a_favor
    cabe = VENCIDO not in valores and not a_favor and total > partes >= 0
    if total != partes and not cabe:
        raise Falla(Codigo.TOTAL_NO_COINCIDE, detalle=f"total {total}, conceptos {partes}")


def _factura(lectura: Lectura, valores: Mapping[str, Decimal]) -> list[Factura] | None:
    """The one bill that is the whole total, with its due date; None when the total has more in it."""
    if valores[TOTAL] != valores[ACTUAL] or not valores[ACTUAL]:
        return None
    vence = lectura.quizas("[class*='styles_due']")
    dia = fecha(lectura.dato("[class*='styles_due']", r"Vence el (.+)")) if vence is not None else None
    return [Factura(valores[ACTUAL], dia)]
