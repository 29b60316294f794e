"""AGIP (ABL, Buenos Aires city): classic form with the partida typed twice and a captcha."""

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

DATOS: Final = "#containerDatos:not(.oculto)"
RETO: Final = "iframe[src*='recaptcha'][src*='bframe']"
"""The reCAPTCHA's pictures; its box alone asks nothing of anybody."""
OCUPADO: Final = "#procesando:not(.oculto)"
COLUMNAS: Final = ("Año", "Cuota", "Concepto", "Vencimiento", "Saldo")
SIN_DEUDA: Final = "La partida no registra deuda."
CUOTA: Final = "Cuota mensual"
REPETIDA: Final = "Cuota anual"
PERIODO: Final = r"[0-9]{2}/20[0-9]{2}"


class Agip(Scraper):
    """Steps (portales.md, 2.11, from public code):

    1. `/ConsultaABL/`: the partida of 7 digits in `#fldPartida` and again in `#fldPartida2`. The check digit
       (`#chkPartida2Dv`, `#fldDv`) is optional and left out.
    2. reCAPTCHA v2: when it asks for pictures a person is needed, and that is the falla; it is never evaded.
    3. `#btnConsultar`; blocks hidden by class `.oculto`: `#containerDatos` (`#tbody`, `#totalDeudas`) and
       `#containerError` (`#mensajeError`); up to 25 s. Errors come as HTTP 200 with a `statusCode` of their own.
    4. The instalments. The annual one repeats them with a discount: told apart, not added.

    Where the page shows the partida, its columns, the words of each concept and the frame of the pictures are
    assumed, never seen live. An amount in `#containerDatos` beside those is a page that says more than is known.
    """

    empresa = "agip"
    nombre = "AGIP (ABL)"
    tipo_servicio = "Impuesto"
    url = "https://lb.agip.gob.ar"
    campos = (Campo("partida", "Partida", r"[0-9]{7}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos(
        "#containerError:not(.oculto)", {r"la partida (ingresada )?no existe": Codigo.CLIENTE_NO_ENCONTRADO}
    )

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns the page of step 4."""
        await pagina.ir("/ConsultaABL/")
        await self.avisos.esperar(pagina, "#fldPartida", hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir("#fldPartida", pedido["partida"])
        await pagina.escribir("#fldPartida2", pedido["partida"])
        await pagina.pulsar("#btnConsultar")
        fin = f"body:not(:has({OCUPADO})) {DATOS}"
        if await self.avisos.esperar(pagina, RETO, fin, hasta_s=self.espera_s, ocupado=OCUPADO) == RETO:
            raise Falla(Codigo.CAPTCHA_REQUERIDO, detalle="el reCAPTCHA pide elegir imágenes")
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the partida, the total or the sentence, and the instalments that must prove it."""
        datos = lectura.uno("#containerDatos")
        partida = datos.dato("#datosPartida", r"Partida: ([0-9]+)")
        facturas, avisos = _detalle(lectura)
        frases = [p.texto for p in datos.todos("p") if p.texto == SIN_DEUDA]
        linea, total = datos.quizas("#totalDeudas"), None
        if linea is not None:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            total = Importe(importe(_monto(linea.texto), Formato.AR_AGRUPADO), linea.texto)
        if frases and facturas is not None:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un detalle")
        if datos.texto.count("$") != len(facturas or ()) + len(avisos) + (total is not None):
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="otro importe en los datos de la partida")
        return Hallazgo(partida, total, facturas, sin_deuda=frases[0] if frases else None, avisos=avisos)


def _monto(linea: str) -> str:
    rotulo, _, monto = linea.partition(": ")
    if rotulo != "Total de deudas":
        raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"total {linea[:60]!r}")
    return monto


def _detalle(lectura: Lectura) -> tuple[list[Factura] | None, tuple[str, ...]]:
    """The instalments owed, None where there is no table; and a sentence for each annual one, which repeats them."""
    if lectura.quizas("#containerDatos table") is None:
        return None, ()
    facturas, avisos = [], []
    for fila in lectura.tabla("#containerDatos table", COLUMNAS):
        concepto, texto = fila["Concepto"].texto, fila["Saldo"].texto
        valor, periodo = importe(texto, Formato.AR_AGRUPADO), f"{fila['Cuota'].texto}/{fila['Año'].texto}"
        if re.fullmatch(PERIODO, periodo) is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"cuota {periodo[:40]!r}")
        if concepto == CUOTA:
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), periodo=periodo))
        elif concepto == REPETIDA:
            avisos.append(f"Pago anual {fila['Año'].texto}: {texto}, repite las cuotas, no incluido en la deuda.")
        else:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"concepto {concepto[:40]!r}")
    return facturas, tuple(avisos)
