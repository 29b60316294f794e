"""Camuzzi Gas (gas, Argentina): public look-up by unified account."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

CAMPO: Final = "input[name='numeroCuenta']"
RESULTADO: Final = "app-resultado"
OCUPADO: Final = "mat-progress-bar"
COLUMNAS: Final = ("Factura", "Período", "Vencimiento", "Estado", "Importe")
CUENTA, ESTADO, TOTAL = "Cuenta unificada", "Estado", "Total a pagar"
SIN_DEUDA: Final = "El suministro no posee facturas pendientes de pago."
PENDIENTES: Final = ("Vencida", "A vencer")
NO_EXIGIBLE: Final = "No exigible"


class Camuzzi(Scraper):
    """Steps (portales.md, 2.3, from public code):

    1. `/busqueda-suministro`: the unified account of 17 digits, printed `NNNN/N-NNNN-NNNNNNN/N` or
       `NNNN/N-NN-NN-NNNNNNN/N`; separators are dropped.
    2. The page asks `GetForBusquedaByNumeroCuenta`: `SuministroExiste`, and Facturas with amounts as `"20537.41"`
       and dates as `AAAA-MM-DD`. Those with `MOSTRARLIQ2` "N" are not to be paid: told apart, not added.
    3. The page shows the account, the bills and their total.

    An empty list of Facturas alone proves nothing: without the page's own sentence or total there is no amount.
    How the page shows the answer (its labels, its sentence, its total, a `$` before each amount) is assumed, never
    seen live: another label beside those is a portal that changed.
    """

    empresa = "camuzzi"
    nombre = "Camuzzi"
    tipo_servicio = "Gas"
    url = "https://oficinavirtual.camuzzigas.com.ar"
    campos = (Campo("cuenta_unificada", "Cuenta unificada", r"[0-9]{17}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos("mat-error", {r"no encontramos (el|un) suministro": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 and 2. Returns the page of step 3."""
        await pagina.ir("/busqueda-suministro")
        await self.avisos.esperar(pagina, CAMPO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir(CAMPO, pedido["cuenta_unificada"])
        await pagina.pulsar("button >> Buscar")
        fin = f"body:not(:has({OCUPADO})) {RESULTADO}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 3: the account, the total or the sentence, and the pending bills that must prove it."""
        resultado = lectura.uno(RESULTADO)
        datos = resultado.rotulados("dl > div", "dt")
        if CUENTA not in datos or not set(datos) <= {CUENTA, ESTADO, TOTAL}:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"rótulos {sorted(datos)}"[:200])
        facturas, avisos = _detalle(lectura)
        frases = [p.texto for p in resultado.todos("p") if p.texto == SIN_DEUDA]
        if frases and facturas is not None:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un detalle")
        total = None
        if TOTAL in datos:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            total = Importe(importe(datos[TOTAL], Formato.PUNTO_DECIMAL), f"{TOTAL} {datos[TOTAL]}")
        return Hallazgo(datos[CUENTA], total, facturas, sin_deuda=frases[0] if frases else None, avisos=avisos)


def _detalle(lectura: Lectura) -> tuple[list[Factura] | None, tuple[str, ...]]:
    """The pending bills, None where there is no table; and a sentence for each that is not to be paid."""
    if lectura.quizas(f"{RESULTADO} table") is None:
        return None, ()
    facturas, avisos = [], []
    for fila in lectura.tabla(f"{RESULTADO} table", COLUMNAS):
        numero, texto, estado = fila["Factura"].texto, fila["Importe"].texto, fila["Estado"].texto
        valor = importe(texto, Formato.PUNTO_DECIMAL)
        if estado in PENDIENTES:
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), numero, fila["Período"].texto))
        elif estado == NO_EXIGIBLE:
            avisos.append(f"Factura {numero}: {texto}, no exigible, no incluida en la deuda.")
        else:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"estado {estado[:40]!r}")
    return facturas, tuple(avisos)
