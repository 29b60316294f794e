"""Telecentro (internet and television, Argentina): the sucursal virtual, with a login."""

from collections.abc import Mapping
from typing import Final

from scrapers.avisos import Avisos
from scrapers.base import CLAVE, EMAIL, Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura, Nodo
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

EMAIL_CAMPO: Final = "input[name='email']"
FACTURACION: Final = "main.facturacion"
OCUPADO: Final = ".animate-spin"
FACTURA: Final = ".factura"
PAGAR: Final = "Pagar"
SIN_DEUDA: Final = "¡Estás al día!"


class Telecentro(Scraper):
    """Steps (portales.md, 2.14, from public code):

    1. `/sucursal-virtual/login`: e-mail and password.
    2. `/facturacion`: each bill with its amount and due date. A paid bill keeps its amount in sight and only loses
       its button: an amount is not a debt. A bill counts when it offers «Pagar», and its state says so too.
    3. «Total a pagar» must be the sum of the bills that offer it; «¡Estás al día!» is the proof of none.

    The customer number on the page, the bills' state, the total and the sentence are assumed, never seen live:
    a missing button proves nothing by itself.
    """

    empresa = "telecentro"
    nombre = "Telecentro"
    tipo_servicio = "Internet"
    url = "https://telecentro.com.ar"
    campos = (Campo("numero_cliente", "Número de cliente", r"[0-9]{6,10}", separadores=" -./"), EMAIL, CLAVE)
    simultaneas = 1
    verificado_en_vivo = None
    avisos = Avisos(
        "[role=alert]",
        {
            r"(e-?mail|usuario) o (la )?(contraseña|clave) (son|es) incorrect[oa]s?": Codigo.CREDENCIALES_INVALIDAS,
            r"(cuenta|usuario) (fue|está|ha sido) bloquead[oa]": Codigo.CUENTA_BLOQUEADA,
            r"no encontramos (la cuenta|facturas de ese cliente)": Codigo.CLIENTE_NO_ENCONTRADO,
        },
    )

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Step 1. Returns the page of steps 2 and 3."""
        await pagina.ir("/sucursal-virtual/login")
        await self.avisos.esperar(pagina, EMAIL_CAMPO, hasta_s=self.espera_s, ocupado=OCUPADO)
        await pagina.escribir(EMAIL_CAMPO, pedido["email"])
        await pagina.escribir("input[name='password']", pedido["clave"])
        await pagina.pulsar("button[type=submit]")
        fin = f"body:not(:has({OCUPADO})) {FACTURACION}"
        await self.avisos.esperar(pagina, fin, hasta_s=self.espera_s, ocupado=OCUPADO)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Steps 2 and 3: the customer, the bills to be paid and their total, or the sentence."""
        pantalla = lectura.uno(FACTURACION)
        cliente = pantalla.dato(".cliente", r"Cliente N° ([0-9]+)")
        facturas = [f for f in map(_impaga, pantalla.todos(FACTURA)) if f is not None]
        frases = [p.texto for p in pantalla.todos("p") if p.texto == SIN_DEUDA]
        datos = pantalla.rotulados(".resumen", "h3")
        total = None
        if "Total a pagar" in datos:
            texto = datos["Total a pagar"]
            total = Importe(importe(texto, Formato.AR_AGRUPADO), f"Total a pagar {texto}")
        a_favor = None
        if "Saldo a favor" in datos:
            texto = datos["Saldo a favor"]
            a_favor = Importe(importe(texto, Formato.AR_AGRUPADO), f"Saldo a favor {texto}")
        return Hallazgo(cliente, total, facturas, False, frases[0] if frases else None, a_favor)


def _impaga(nodo: Nodo) -> Factura | None:
    """A bill to be paid; None for a paid one. Its button and its state must say the same."""
    botones = [boton.texto for boton in nodo.todos("button")]
    estado, texto = nodo.uno(".estado").texto, nodo.uno(".text-3xl.font-light").texto
    if estado == "Pagada" and not botones:
        return None
    if estado != "Pendiente" or botones != [PAGAR]:
        raise Falla(Codigo.RESULTADO_AMBIGUO, detalle=f"factura {estado[:30]!r} con {botones}")
    vence = nodo.dato(".text-base.font-light", r"Vence el ([0-9/]+)")
    periodo = nodo.dato(".periodo", r"Factura ([0-9/]+)")
    return Factura(importe(texto, Formato.AR_AGRUPADO), fecha(vence), periodo=periodo)
