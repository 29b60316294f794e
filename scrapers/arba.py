"""ARBA (real-estate tax, Buenos Aires province): classic form that answers with a whole page."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

PREFIJO: Final = "#inmoPrefijo"
FIN: Final = "#volver"
COLUMNAS: Final = (("Año", "Cuota", "Vencimiento", "Importe"), ("AÃ±o", "Cuota", "Vencimiento", "Importe"))
"""The titles as they should be, and as this portal sometimes sends them: UTF-8 read as Latin-1."""
SIN_DEUDA: Final = "El inmueble no registra deuda."


class Arba(Scraper):
    """Steps (portales.md, 2.12, from public code):

    1. `/AvisoDeudas/?imp=0`: partido (3 digits) in `#inmoPrefijo`, partida (6 digits, with zeros) in `#inmoClave`.
    2. An image captcha (`#captcha-respuesta`): on the real portal always, so that there this consulta ends as
       CAPTCHA_REQUERIDO until the portal drops it. It is reported, never evaded; in the sandbox one account has it.
    3. Enviar: a full POST to `/generarAviso.do` answers with a page: `.alert-danger` (unknown), `.alert-success`
       (without debt), `.alert-warning`, or a table. Years look like amounts: `2026` is never one.
    4. The partida, the instalments and their total.

    The account is `PPP-NNNNNN`, partido and partida. The sentence, the partida's and the total's place are assumed,
    never seen live; so is that the PDF answer (not read here: PORTAL_CAMBIO) is another option of the same form.
    """

    empresa = "arba"
    nombre = "ARBA"
    tipo_servicio = "Impuesto"
    url = "https://app.arba.gov.ar"
    campos = (Campo("partida", "Partido y partida (PPP-NNNNNN)", r"[0-9]{9}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(".alert-danger", {r"no existe (el|un) inmueble": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns the page of step 4."""
        await pagina.ir("/AvisoDeudas/?imp=0")
        await self.avisos.esperar(pagina, PREFIJO, hasta_s=self.espera_s)
        if await pagina.hay("#captcha-respuesta"):
            raise Falla(Codigo.CAPTCHA_REQUERIDO, detalle="el formulario pide un captcha de imagen")
        await pagina.escribir(PREFIJO, pedido["partida"][:3])
        await pagina.escribir("#inmoClave", pedido["partida"][3:])
        await pagina.pulsar("button >> Enviar")
        await self.avisos.esperar(pagina, FIN, hasta_s=self.espera_s)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the partida, the total or the sentence, and the instalments that must prove it."""
        partida = lectura.dato("#inmueble", r"Partido y partida: ([0-9]{3}-[0-9]{6})")
        bien = lectura.quizas(".alert-success")
        if bien is not None and bien.texto != SIN_DEUDA:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"aviso {bien.texto[:60]!r}")
        facturas = _detalle(lectura)
        linea, total = lectura.quizas("#total"), None
        if linea is not None:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            monto = lectura.dato("#total", r"Total adeudado: (.+)")
            total = Importe(importe(monto, Formato.AR_AGRUPADO), linea.texto)
        return Hallazgo(partida, total, facturas, sin_deuda=bien.texto if bien is not None else None)


def _detalle(lectura: Lectura) -> list[Factura] | None:
    """The instalments owed, None where there is no table."""
    if lectura.quizas("table") is None:
        return None
    titulos = tuple(celda.texto for celda in lectura.uno("table").todos("thead th"))
    columnas = titulos if titulos in COLUMNAS else COLUMNAS[0]
    return [
        Factura(
            importe(fila["Importe"].texto, Formato.AR_AGRUPADO),
            fecha(fila["Vencimiento"].texto),
            periodo=f"{fila['Cuota'].texto}/{fila[columnas[0]].texto}",
        )
        for fila in lectura.tabla("table", columnas)
    ]
