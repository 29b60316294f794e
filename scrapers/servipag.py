"""Servipag (payments of several empresas, Chile): what their scrapers share. No empresa of its own."""

from collections.abc import Mapping
from typing import ClassVar, Final

from scrapers.avisos import Avisos
from scrapers.base import Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

CAMPO: Final = "input[formcontrolname='identifier']"
RESULTADO: Final = "app-resultado"
OCUPADO: Final = "app-spinner"
EMPRESA, IDENTIFICADOR, DIRECCION, TOTAL = "Empresa", "Identificador", "Dirección", "Total a pagar"
COLUMNAS: Final = ("Documento", "Vencimiento", "Estado", "Monto")
PENDIENTES: Final = ("Por vencer", "Vencido")
CONVENIO, PAGADO = "En convenio", "Pagado"
SIN_DEUDA: Final = "No registra deudas pendientes de pago."


class Servipag(Scraper):
    """Steps (portales.md, 2.16, from public code of 2026):

    1. `/paymentexpress/category/{categoria}/company/{compania}` (Angular): one page for each empresa.
    2. Write the identifier. The page posts `/portal/bill/v3/query/` and gets a `queryId`.
    3. It asks `.../{queryId}/lastcall/false` each second, at most 15 times, until `queryStatus` is 1; 0 is «NO
       finalizada». Amounts (`totalAmount`) are whole pesos, dates (`expirationDate`) DD/MM/AAAA.
    4. The page shows the empresa, the identifier, the bills and their total.

    Since the middle of 2026 a Cloudflare Turnstile guards the portal: a server got 403, a headless browser the page
    «Verifique que es un ser humano» without a field. Both are reported, never evaded. `simultaneas` and `pausa_s`
    are careful: in the same weeks the neighbouring Sencillito answered 429, and its pause had to grow to 4 s.
    Fields, labels, row states, sentences and what ends a search in vain are assumed, never seen live.
    """

    url = "https://portal.servipag.com"
    moneda = "CLP"
    simultaneas = 1
    pausa_s = 4.0
    verificado_en_vivo = None
    avisos = Avisos(
        "[role=alert]",
        {
            r"el identificador (ingresado )?no existe": Codigo.CLIENTE_NO_ENCONTRADO,
            r"b[uú]squeda no finalizada": Codigo.PORTAL_LENTO,
        },
    )
    categoria: ClassVar[str]
    """As the portal's address has it: `luz`, `gas`, `agua`."""
    compania: ClassVar[str]
    """As the portal's address has it: `enel`."""
    rotulo: ClassVar[str]
    """The empresa as the result page names it."""

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 3. Returns the page of step 4."""
        await pagina.ir(f"/paymentexpress/category/{self.categoria}/company/{self.compania}")
        await self.avisos.esperar(pagina, CAMPO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir(CAMPO, self.cuenta(pedido))
        await pagina.pulsar("button >> Continuar")
        fin = f"body:not(:has({OCUPADO})) {RESULTADO}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 4: the empresa and the account, the total or the sentence, and the bills that must prove it."""
        resultado = lectura.uno(RESULTADO)
        datos = resultado.rotulados("dl > div", "dt")
        if not {EMPRESA, IDENTIFICADOR} <= set(datos) <= {EMPRESA, IDENTIFICADOR, DIRECCION, TOTAL}:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"rótulos {sorted(datos)}")
        if datos[EMPRESA] != self.rotulo:
            raise Falla(Codigo.TITULAR_DISTINTO, detalle=f"cuenta de {datos[EMPRESA][:40]!r}")
        filas, facturas, avisos = _detalle(lectura)
        total = None
        if TOTAL in datos:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            total = Importe(importe(datos[TOTAL], Formato.CLP), f"{TOTAL} {datos[TOTAL]}")
        if resultado.texto.count("$") != filas + (total is not None):
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="un importe sin rótulo conocido")
        frases = [p.texto for p in resultado.todos("p")]
        if set(frases) - {SIN_DEUDA}:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"frases {frases}"[:200])
        return Hallazgo(datos[IDENTIFICADOR], total, facturas, sin_deuda=frases[0] if frases else None, avisos=avisos)


def _detalle(lectura: Lectura) -> tuple[int, list[Factura] | None, tuple[str, ...]]:
    """How many rows there are, the unpaid bills (None where there is no table), a sentence for each in a plan."""
    if lectura.quizas(f"{RESULTADO} table") is None:
        return 0, None, ()
    facturas, avisos = [], []
    filas = lectura.tabla(f"{RESULTADO} table", COLUMNAS)
    for fila in filas:
        numero, texto, estado = fila["Documento"].texto, fila["Monto"].texto, fila["Estado"].texto
        valor = importe(texto, Formato.CLP)
        if estado in PENDIENTES:
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), numero))
        elif estado == CONVENIO:
            avisos.append(f"Cuota de convenio {numero}: {texto}, no incluida en la deuda.")
        elif estado != PAGADO:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"estado {estado[:40]!r}")
    return len(filas), facturas, tuple(avisos)
