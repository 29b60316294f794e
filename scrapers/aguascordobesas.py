"""Aguas Cordobesas (water, Córdoba): public look-up by billing unit; the answer is HTML inside JSON."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura, Nodo
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

CAMPO: Final = "#searchUf"
RESULTADO: Final = "#gd-resultado"
OCUPADO: Final = "#cargando"
BLOQUES: Final = ("Comprobantes vencidos", "Comprobantes no vencidos")
SIN_DEUDA: Final = "La unidad de facturación no registra comprobantes adeudados."
ESTADOS: Final = ("Vencido", "No Vencido")


class AguasCordobesas(Scraper):
    """Steps (portales.md, 2.10, from public code):

    1. `/espacioClientes/seccion/gestionDeuda`: the billing unit (UF) of 6 digits in `#searchUf`, `#btn-searchUf`.
    2. The page POSTs `inc_gestionDeuda.php` and puts the HTML of its answer (`datosHtmlDeuda`) into itself: `h3`
       «Comprobantes no vencidos», cells `td[data-title="Periodo|Importe $|Estado"]`, state «No Vencido».
    3. The unit, and the total of both blocks.

    Public code takes a failed look-up, or a missing pay button, for «sin deuda»: neither proves anything. The block
    of overdue ones, the unit, the total and the sentence are assumed, never seen live.
    """

    empresa = "aguascordobesas"
    nombre = "Aguas Cordobesas"
    tipo_servicio = "Agua"
    url = "https://www.aguascordobesas.com.ar"
    campos = (Campo("unidad_facturacion", "Unidad de facturación", r"[0-9]{6}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(".gd-error", {r"la unidad de facturación no existe": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 and 2. Returns the page of step 3."""
        await pagina.ir("/espacioClientes/seccion/gestionDeuda")
        await self.avisos.esperar(pagina, CAMPO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir(CAMPO, pedido["unidad_facturacion"])
        await pagina.pulsar("#btn-searchUf")
        fin = f"body:not(:has({OCUPADO})) {RESULTADO} .gd-fin"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 3: the unit, the total or the sentence, and the comprobantes that must prove it."""
        resultado = lectura.uno(RESULTADO)
        unidad = resultado.dato("#gd-ufCliente", r"UF ([0-9]+)")
        titulos = [titulo.texto for titulo in resultado.todos("h3")]
        if any(titulo not in BLOQUES for titulo in titulos) or len(set(titulos)) != len(titulos):
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"bloques {titulos}")
        facturas = [_comprobante(fila) for fila in resultado.todos("tbody tr")]
        frases = [p.texto for p in resultado.todos("p") if p.texto == SIN_DEUDA]
        datos = resultado.rotulados(".gd-total", "span")
        total = None
        if "Total adeudado" in datos:
            texto = datos["Total adeudado"]
            total = Importe(importe(texto, Formato.AR_AGRUPADO), f"Total adeudado {texto}")
        detalle = facturas if titulos or facturas else None
        if total is not None and detalle is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
        return Hallazgo(unidad, total, detalle, sin_deuda=frases[0] if frases else None)


def _comprobante(fila: Nodo) -> Factura:
    celdas = {celda.atributo("data-title"): celda.texto for celda in fila.todos("td")}
    if set(celdas) != {"Periodo", "Vencimiento", "Importe $", "Estado"} or len(fila.todos("td")) != len(celdas):
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"celdas {list(celdas)}")
    if celdas["Estado"] not in ESTADOS:
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"estado {celdas['Estado'][:30]!r}")
    valor = importe(celdas["Importe $"], Formato.AR_AGRUPADO)
    return Factura(valor, fecha(celdas["Vencimiento"]), periodo=celdas["Periodo"])
