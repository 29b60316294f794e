"""San Isidro (municipal rates, Buenos Aires): the payment slip of a partida, by its address."""

import re
from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura, Nodo
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

GRILLA: Final = ".dx-datagrid"
PIE: Final = ".pie-de-boleta"
OCUPADO: Final = ".dx-loadpanel"
COLUMNAS: Final = ("", "Año", "Cuota", "Vencimiento", "Concepto", "Importe", "Recargo", "Total")
SIN_DEUDA: Final = "La partida no registra deuda."


class SanIsidro(Scraper):
    """Steps (portales.md, 2.13, from public code):

    1. `/consultar/1/{partida}`: no form, the partida is in the address.
    2. A grid (DevExtreme, `.dx-data-row`): cell 3 is Cuota, 4 Vencimiento, 8 Total. The row ANUAL repeats the
       instalments: it is told apart, not added. Instalments that are not due yet are listed too.
    3. «Total exigible al DD/MM/AAAA» proves which rows are owed now: those due by that day, to the cent.

    The header with the partida, the total and its day, the sentence without debt, the other columns and how long a
    partida is are assumed, never seen live: without the total and its day nothing says which instalments are owed,
    and the consulta ends without an amount.
    """

    empresa = "sanisidro"
    nombre = "San Isidro"
    tipo_servicio = "Municipal"
    url = "https://boletadepago.gestionmsi.gob.ar"
    campos = (Campo("partida", "Partida", r"[0-9]{5,8}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(".dx-toast-message", {r"la partida (ingresada )?no existe": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Step 1. Returns the page of steps 2 and 3."""
        await pagina.ir(f"/consultar/1/{pedido['partida']}")
        fin = f"body:not(:has({OCUPADO})) {PIE}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Steps 2 and 3: the partida, the total of a day, and the rows due by that day, which must add up to it."""
        partida = lectura.dato(".encabezado", r"Partida N° ([0-9]+)")
        frases = [nota.texto for nota in lectura.todos(".mensaje") if nota.texto == SIN_DEUDA]
        pie, filas = lectura.uno(PIE).quizas(".total"), _filas(lectura)
        if pie is None:
            if frases and lectura.quizas(GRILLA) is not None:
                raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a una grilla")
            sueltas = [_factura(fila) for fila in filas]
            return Hallazgo(partida, facturas=sueltas, sin_deuda=frases[0] if frases else None)
        rotulo, monto = pie.uno(".rotulo"), pie.uno(".monto")
        if pie.texto != f"{rotulo.texto} {monto.texto}":
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"pie {pie.texto[:60]!r}")
        dia = fecha(pie.dato(".rotulo", r"Total exigible al ([0-9/]+)"))
        total = Importe(importe(monto.texto, Formato.AR_AGRUPADO), pie.texto)
        cuotas = [_factura(fila) for fila in filas]
        vencidas = [c for c in cuotas if c.vencimiento is not None and c.vencimiento <= dia]
        avisos = tuple(_aviso(c) for c in cuotas if c not in vencidas)
        return Hallazgo(partida, total, vencidas, sin_deuda=frases[0] if frases else None, avisos=avisos)


def _filas(lectura: Lectura) -> list[dict[str, Nodo]]:
    """The instalments of the grid; the ANUAL row, which repeats them, left out."""
    grilla = lectura.quizas(GRILLA)
    if grilla is None:
        return []
    titulos = tuple(celda.texto for celda in grilla.todos(".dx-header-row [role=columnheader]"))
    if titulos != COLUMNAS:
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"columnas {titulos}")
    filas = []
    for fila in grilla.todos(".dx-data-row"):
        celdas = fila.todos("[role=gridcell]")
        if len(celdas) != len(COLUMNAS):
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"fila de {len(celdas)} celdas")
        nombradas = dict(zip(COLUMNAS, celdas, strict=True))
        if nombradas["Cuota"].texto != "ANUAL":
            filas.append(nombradas)
    return filas


def _factura(fila: Mapping[str, Nodo]) -> Factura:
    cuota = fila["Cuota"].texto
    if re.fullmatch(r"[0-9]{1,2}", cuota) is None:
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"cuota {cuota[:20]!r}")
    valor = importe(fila["Total"].texto, Formato.AR_AGRUPADO)
    return Factura(valor, fecha(fila["Vencimiento"].texto), periodo=f"{cuota}/{fila['Año'].texto}")


def _aviso(cuota: Factura) -> str:
    """The sentence for an instalment that is not due yet on the slip's day."""
    return f"Cuota {cuota.periodo}: vence el {cuota.vencimiento:%d/%m/%Y}, no incluida en la deuda."
