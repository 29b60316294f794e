"""EPEC (electricity, Córdoba): public look-up by contract and customer."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe, misma_cuenta

CONTRATO: Final = "#contrato"
CLIENTE: Final = "#cliente"
RESULTADO: Final = "#documentos"
OCUPADO: Final = ".loader"
COLUMNAS: Final = ("Documento", "Período", "Vencimiento", "Importe")
ROTULOS: Final = ("Contrato", "Cliente", "Total adeudado")
SIN_DEUDA: Final = "No existen documentos pendientes de pago para el contrato."


class Epec(Scraper):
    """Steps (portales.md, 2.7, from public code whose author calls the field names uncertain):

    1. `/tramites/pagos`: contract and customer. Two versions contradict each other on their order; the later one
       says the contract comes first, and so do we.
    2. The page asks `/api/contratos/no-ov/{contrato}/{cliente}` with its own `apikey`: another status than 2xx is an
       unknown contract; an empty body, no documents; else a list, or `{documentos: [...]}`.
    3. The page shows the contract and the customer, which must both be those asked for, the documents and their
       total.

    An empty body alone proves nothing: without the page's own sentence or total there is no amount. How long both
    numbers are and how the page shows the answer are assumed, never seen live: another label is a portal that changed.
    """

    empresa = "epec"
    nombre = "EPEC"
    tipo_servicio = "Electricidad"
    url = "https://www.epec.com.ar"
    campos = (
        Campo("contrato", "Número de contrato", r"[0-9]{6,10}", separadores=" -./"),
        Campo("cliente", "Número de cliente", r"[0-9]{5,10}", separadores=" -./"),
    )
    verificado_en_vivo = None
    avisos = Avisos(".alerta", {r"no encontramos el contrato": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 and 2. Returns the page of step 3."""
        await pagina.ir("/tramites/pagos")
        await self.avisos.esperar(pagina, CONTRATO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir(CONTRATO, pedido["contrato"])
        await pagina.escribir(CLIENTE, pedido["cliente"])
        await pagina.pulsar("button >> Consultar")
        fin = f"body:not(:has({OCUPADO})) {RESULTADO}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 3: the contract, the total or the sentence, and the documents that must prove it."""
        resultado = lectura.uno(RESULTADO)
        datos = resultado.rotulados(".dato", "b")
        if "Contrato" not in datos or "Cliente" not in datos or not set(datos) <= set(ROTULOS):
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"rótulos {sorted(datos)}"[:200])
        if not misma_cuenta(datos["Cliente"], pedido["cliente"]):
            raise Falla(Codigo.TITULAR_DISTINTO, detalle="otro cliente en la página")
        facturas = _detalle(lectura)
        frases = [p.texto for p in resultado.todos("p") if p.texto == SIN_DEUDA]
        if frases and facturas is not None:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un detalle")
        total = None
        if "Total adeudado" in datos:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            texto = datos["Total adeudado"]
            total = Importe(importe(texto, Formato.AR_AGRUPADO), f"Total adeudado {texto}")
        return Hallazgo(datos["Contrato"], total, facturas, sin_deuda=frases[0] if frases else None)


def _detalle(lectura: Lectura) -> list[Factura] | None:
    """The unpaid documents, None where there is no table."""
    if lectura.quizas(f"{RESULTADO} table") is None:
        return None
    return [
        Factura(
            importe(fila["Importe"].texto, Formato.AR_AGRUPADO),
            fecha(fila["Vencimiento"].texto),
            fila["Documento"].texto,
            fila["Período"].texto,
        )
        for fila in lectura.tabla(f"{RESULTADO} table", COLUMNAS)
    ]
