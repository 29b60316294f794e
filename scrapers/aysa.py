"""AySA (water, Buenos Aires): public balance by account number and e-mail."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import EMAIL, Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

SIN_REGISTRO: Final = "button >> HACÉ TUS GESTIONES SIN REGISTRARTE"
CONTINUAR: Final = "[role=dialog] button >> CONTINUAR"
OCUPADO: Final = ".sapUiLocalBusyIndicator"
FORMULARIO: Final = "section.sapUiForm"
TABLA: Final = "table[id$='-listUl']"
COLUMNAS: Final = ("Factura", "Período", "Vencimiento", "Estado", "Importe")
SIN_DEUDA: Final = "La cuenta no registra deuda."


class Aysa(Scraper):
    """Steps (portales.md, 2.9, from a capture and public code):

    1. `/index.html` (SAP UI5): «HACÉ TUS GESTIONES SIN REGISTRARTE».
    2. Account number, Email, Confirmar Email, CONFIRMAR.
    3. A modal asks to check holder and address («Corroborá que estos datos son los que aparecen en la factura.»):
       CONTINUAR. A robot that missed this step read nothing.
    4. The balance and the bills. A paid bill stays in sight: it is not owed.

    The result page was not seen: its rows «CUENTA», «SALDO TOTAL» and «SALDO A FAVOR», its table and the no-debt
    sentence are assumed. «sin deuda vencida» would not do as one: bills may be due later.
    """

    empresa = "aysa"
    nombre = "AySA"
    tipo_servicio = "Agua"
    url = "https://oficinavirtual.web.aysa.com.ar"
    campos = (Campo("cuenta", "Número de cuenta", r"[0-9]{7}", separadores=" -./"), EMAIL)
    verificado_en_vivo = None
    avisos = Avisos("[role=alertdialog]", {r"cuenta (ingresada )?no existe": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns the page of step 4."""
        await pagina.ir("/index.html")
        await self.avisos.esperar(pagina, SIN_REGISTRO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.pulsar(SIN_REGISTRO)
        for rotulo, campo in (("Número de cuenta", "cuenta"), ("Email", "email"), ("Confirmar Email", "email")):
            await pagina.escribir(f"input[placeholder='{rotulo}']", pedido[campo])
        await pagina.pulsar("button >> CONFIRMAR")
        await self.avisos.esperar(pagina, CONTINUAR, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.pulsar(CONTINUAR)
        fin = f"body:not(:has({OCUPADO})) {FORMULARIO}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the account, the total or the sentence, and the bills that must prove it."""
        datos = lectura.uno(FORMULARIO).rotulados(".sapUiFormElement", ".sapMLabel")
        if "CUENTA" not in datos:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="falta la cuenta")
        total, a_favor = _importe(datos, "SALDO TOTAL"), _importe(datos, "SALDO A FAVOR")
        facturas, avisos = _detalle(lectura)
        if total is not None and facturas is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
        frases = [nota.texto for nota in lectura.todos(".sapMMsgStrip") if nota.texto == SIN_DEUDA]
        if "SEGUNDO VENCIMIENTO" in datos:
            avisos = (*avisos, f"2.º vencimiento: {datos['SEGUNDO VENCIMIENTO']}.")
        return Hallazgo(datos["CUENTA"], total, facturas, False, frases[0] if frases else None, a_favor, avisos)


def _importe(datos: Mapping[str, str], rotulo: str) -> Importe | None:
    if rotulo not in datos:
        return None
    return Importe(importe(datos[rotulo], Formato.AR_AGRUPADO), f"{rotulo} {datos[rotulo]}")


def _detalle(lectura: Lectura) -> tuple[list[Factura] | None, tuple[str, ...]]:
    """The unpaid bills, None where there is no table; and a sentence for each instalment of a plan."""
    if lectura.quizas(TABLA) is None:
        return None, ()
    facturas, planes = [], []
    for fila in lectura.tabla(TABLA, COLUMNAS):
        numero, texto, estado = fila["Factura"].texto, fila["Importe"].texto, fila["Estado"].texto
        valor = importe(texto, Formato.AR_AGRUPADO)
        if estado == "Impaga":
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), numero, fila["Período"].texto))
        elif estado == "Plan de pagos":
            planes.append(f"Cuota de plan de pagos {numero}: {texto}, no incluida en la deuda.")
        elif estado != "Pagada":
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"estado {estado[:40]!r}")
    return facturas, tuple(planes)
