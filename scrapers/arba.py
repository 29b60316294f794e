"""ARBA (real-estate tax, Buenos Aires province): classic form that answers with a whole page."""

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

PREFIJO: Final = "#inmoPrefijo"
CAPTCHA: Final = "#captcha-respuesta"
FIN: Final = "#volver"
AVISO: Final = "#aviso"
COLUMNAS: Final = tuple((anio, "Cuota", "Vencimiento", "Importe") for anio in ("Año", "AÃ±o", "A\ufffdo"))
"""The titles as they should be, and as this portal sometimes sends them: UTF-8 read as Latin-1, or the reverse."""
PERIODO: Final = r"[0-9]{2}/20[0-9]{2}"
SIN_DEUDA: Final = "El inmueble no registra deuda."


class Arba(Scraper):
    """Steps (portales.md, 2.12, from public code):

    1. `/AvisoDeudas/?imp=0`: partido (3 digits) in `#inmoPrefijo`, partida (6 digits, with zeros) in `#inmoClave`.
    2. An image captcha (`#captcha-respuesta`): on the real portal always, so that there this consulta ends as
       CAPTCHA_REQUERIDO until the portal drops it. It is reported, never evaded. The sandbox's form has none: its
       portal asks one account for it, after the partida, and answers the others as nobody without an answer is.
    3. Enviar: a full POST to `/generarAviso.do` answers with a page: `.alert-danger` (unknown), `.alert-success`
       (without debt), `.alert-warning` (of unknown meaning: never an amount), or a table. Years look like amounts:
       `2026` is never one. Titles may come garbled (`AÃ±o`).
    4. The partida, the instalments and their total.

    The account is `PPP-NNNNNN`, partido and partida. Where the page has the partida, the total and its end, its
    columns and its sentence are assumed, never seen live. The portal may answer with a PDF instead: it is not read,
    and the consulta ends as PORTAL_CAMBIO.
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
        await _sin_captcha(pagina)
        await pagina.escribir(PREFIJO, pedido["partida"][:3])
        await pagina.escribir("#inmoClave", pedido["partida"][3:])
        await pagina.pulsar("button >> Enviar")
        await self.avisos.esperar(pagina, FIN, CAPTCHA, hasta_s=self.espera_s)
        await _sin_captcha(pagina)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the partida, the total or the sentence, and the instalments that must prove it."""
        aviso = lectura.uno(AVISO)
        advertencias = [nota.texto for nota in aviso.todos(".alert-warning")]
        if advertencias:
            raise Falla(Codigo.RESULTADO_AMBIGUO, mensaje_portal=advertencias[0][:300])
        partida = aviso.dato("#inmueble", r"Partido y partida: ([0-9]{3}-[0-9]{6})")
        bien, facturas = aviso.quizas(".alert-success"), _detalle(lectura)
        if bien is not None and bien.texto != SIN_DEUDA:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"aviso {bien.texto[:60]!r}")
        linea, total = aviso.quizas("#total"), None
        if linea is not None:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            monto = aviso.dato("#total", r"Total adeudado: (.+)")
            total = Importe(importe(monto, Formato.AR_AGRUPADO), linea.texto)
        if bien is not None and facturas is not None:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un detalle")
        if aviso.texto.count("$") != len(facturas or ()) + (total is not None):
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="otro importe en el aviso")
        return Hallazgo(partida, total, facturas, sin_deuda=bien.texto if bien is not None else None)


async def _sin_captcha(pagina: Pagina) -> None:
    if await pagina.hay(CAPTCHA):
        raise Falla(Codigo.CAPTCHA_REQUERIDO, detalle="el formulario pide un captcha de imagen")


def _detalle(lectura: Lectura) -> list[Factura] | None:
    """The instalments owed, None where there is no table."""
    if lectura.quizas("table") is None:
        return None
    titulos = tuple(celda.texto for celda in lectura.uno("table").todos("thead th"))
    columnas = titulos if titulos in COLUMNAS else COLUMNAS[0]
    return [_cuota(fila, columnas[0]) for fila in lectura.tabla("table", columnas)]


def _cuota(fila: Mapping[str, Nodo], anio: str) -> Factura:
    periodo = f"{fila['Cuota'].texto}/{fila[anio].texto}"
    if re.fullmatch(PERIODO, periodo) is None:
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"cuota {periodo[:40]!r}")
    monto = importe(fila["Importe"].texto, Formato.AR_AGRUPADO)
    return Factura(monto, fecha(fila["Vencimiento"].texto), periodo=periodo)
