"""Metrogas (gas, Argentina): public look-up by customer number."""

import re
from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

MARCO: Final = "iframe[src*='saldos']"
MAIN: Final = "#container-ovWebAbierta---Main--"
OCUPADO: Final = ".sapUiLocalBusyIndicator"
SALDO: Final = ".sapMObjectNumberText"
TABLA: Final = "table[id$='idTableDebts-listUl']"
COLUMNAS: Final = ("Código", "N° de factura", "Período", "Vencimiento", "Monto")


class Metrogas(Scraper):
    """Steps (portales.md, 2.1, from public code of 2013 to 2026):

    1. `/consulta-y-paga-tu-saldo/` embeds an SPA (SAP UI5) in an iframe that hydrates late.
    2. Write the number of 11 digits; the field needs `input` and `change`. Press the search button.
    3. While `.sapUiLocalBusyIndicator` is there nothing may be read; «Nueva consulta» marks the end.
    4. `.sapMObjectNumberText` says `Deuda Total: $ 3.265,18` or `No registra deuda`; a table has the detail.
       A `codigo` with `PP` is a payment plan: told apart, not added.

    The real portal guards its requests with an invisible reCAPTCHA: when it asks for a person, that is the falla.
    Where it shows the account (`--textCuenta`), its notices and its credit balance are assumed, never seen live.
    """

    empresa = "metrogas"
    nombre = "Metrogas"
    tipo_servicio = "Gas"
    url = "https://www.metrogas.com.ar"
    campos = (Campo("numero_cliente", "Número de cliente", r"[0-9]{11}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(
        "[role=alertdialog]",
        {r"número de cliente (ingresado )?(no existe|es inexistente|no es válido)": Codigo.CLIENTE_NO_ENCONTRADO},
    )

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns what the iframe shows at the end."""
        await pagina.ir("/consulta-y-paga-tu-saldo/")
        await self.avisos.esperar(pagina, MARCO, hasta_s=self.espera_s)
        marco = await pagina.marco(MARCO)
        await self.avisos.esperar(marco, f"{MAIN}inputCustNumId-inner", hasta_s=self.espera_s, ocupado=OCUPADO)
        await marco.escribir(f"{MAIN}inputCustNumId-inner", pedido["numero_cliente"])
        await marco.pulsar(f"{MAIN}idButtonSearch-inner")
        fin = f"body:not(:has({OCUPADO})) button >> Nueva consulta"
        await self.avisos.esperar(marco, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await marco.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the account, the one sentence about the balance, and the detail that must prove it."""
        cuenta = lectura.dato(f"{MAIN}textCuenta", r"N° de cliente: ([0-9]+)")
        facturas, planes = _detalle(lectura)
        saldo = lectura.quizas(SALDO)
        if saldo is None:
            return Hallazgo(cuenta, facturas=facturas)
        if saldo.texto == "No registra deuda":
            return Hallazgo(cuenta, facturas=facturas, sin_deuda=saldo.texto, avisos=planes)
        rotulado = re.fullmatch(r"Deuda Total: (.+)", saldo.texto)
        if rotulado is None or facturas is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"{saldo.texto[:60]!r}, o falta su detalle")
        total = Importe(importe(rotulado[1], Formato.AR_AGRUPADO), saldo.texto)
        return Hallazgo(cuenta, total, facturas, a_favor=_a_favor(lectura), avisos=planes)


def _detalle(lectura: Lectura) -> tuple[list[Factura] | None, tuple[str, ...]]:
    """The bills of the table, None where there is no table; and a sentence for each instalment of a plan."""
    if lectura.quizas(TABLA) is None:
        return None, ()
    facturas, planes = [], []
    for fila in lectura.tabla(TABLA, COLUMNAS):
        numero, monto = fila["N° de factura"].texto, fila["Monto"].texto
        valor = importe(monto, Formato.AR_AGRUPADO)
        if "PP" in fila["Código"].texto:
            planes.append(f"Cuota de plan de pagos {numero}: {monto}, no incluida en la deuda.")
        else:
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), numero, fila["Período"].texto))
    return facturas, tuple(planes)


def _a_favor(lectura: Lectura) -> Importe | None:
    for nota in lectura.todos(".sapMMsgStrip"):
        hallada = re.fullmatch(r"Tenés un saldo a favor de (.+)", nota.texto)
        if hallada is not None:
            return Importe(importe(hallada[1], Formato.AR_AGRUPADO), nota.texto)
    return None
