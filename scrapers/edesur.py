"""Edesur (electricity, Argentina): the oficina virtual, with a login."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from scrapers.avisos import TRAMO_S, Avisos
from scrapers.base import CLAVE, EMAIL, Campo, Scraper
from scrapers.dinero import Formato, fecha, importe
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Factura, Hallazgo, Importe

CARTELES: Final = ("[role=dialog] button >> No volver a mostrar", "[role=dialog] button >> Entendido")
ELEGIDO: Final = "selector-account .elegido"
ESTADO: Final = "section.estado"
OCUPADO: Final = ".spinner"
REINTENTAR: Final = f"{ESTADO} button >> Reintentar"
SIN_DEUDA: Final = "Al día de la fecha, su cuenta no posee deuda."
COLUMNAS: Final = ("Período", "Tipo", "Vencimiento", "Importe")
ASENTAR_S: Final = 8.0
PAUSA_S: Final = 0.5


class Edesur(Scraper):
    """Steps (portales.md, 2.6, from public code of 2024 to 2026):

    1. `/login`: e-mail, password, «Ingresar».
    2. Close the pop-ups («No volver a mostrar», «Entendido») that intercept clicks.
    3. Choose the suministro in the selector: the portal opens on one of its own choice.
    4. The session answers 401 for up to 6 s after a login: «Reintentar», 0.5 s apart, for at most 8 s.
    5. «Estado de cuenta»: `TOTAL A PAGAR` or `Al día de la fecha, su cuenta no posee deuda.`, 1er and 2do
       Vencimiento, each an `h3` and a `p` (until 2024-10-21 an `h5` and a `span`), and the pending bills.

    The rejections' words, the pop-ups' place, the selector's list and the table are assumed, never seen live.
    """

    empresa = "edesur"
    nombre = "Edesur"
    tipo_servicio = "Electricidad"
    url = "https://ov.edesur.com.ar"
    campos = (Campo("suministro", "Número de suministro", r"[0-9]{6,12}", separadores=" -./"), EMAIL, CLAVE)
    simultaneas = 1
    """Parallel requests were answered with 400 at random."""
    verificado_en_vivo = None
    avisos = Avisos(
        "[role=alert]",
        {
            r"(usuario|e-?mail) o (la )?(contraseña|clave) (son|es) incorrect[oa]s?": Codigo.CREDENCIALES_INVALIDAS,
            r"usuario (fue|está|ha sido) bloqueado": Codigo.CUENTA_BLOQUEADA,
        },
    )

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 to 4. Returns the page of step 5."""
        await pagina.ir("/login")
        await self.avisos.esperar(pagina, "input[type=email]", hasta_s=self.espera_s)
        await pagina.escribir("input[type=email]", pedido["email"])
        await pagina.escribir("input[type=password]", pedido["clave"])
        await pagina.pulsar("button >> Ingresar")
        await self._elegir(pagina, pedido["suministro"])
        await self._asentar(pagina)
        return await pagina.foto()

    async def _elegir(self, pagina: Pagina, suministro: str) -> None:
        await self.avisos.esperar(pagina, ELEGIDO, hasta_s=self.espera_s)
        await self._pulsar(pagina, ELEGIDO)
        await self.avisos.esperar(pagina, "selector-account [role=option]", hasta_s=self.espera_s)
        lista = await pagina.foto("selector-account")
        opciones = [opcion.texto for opcion in lista.todos("[role=option]")]
        if f"N° {suministro}" not in opciones:
            if lista.dato(".cantidad", r"Mis suministros \(([0-9]+)\)") == str(len(opciones)):
                raise Falla(Codigo.CLIENTE_NO_ENCONTRADO, detalle="no está entre los suministros del usuario")
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="lista de suministros incompleta")
        await self._pulsar(pagina, f"selector-account [role=option] >> N° {suministro}")

    async def _pulsar(self, pagina: Pagina, selector: str) -> None:
        """Press what pop-ups may cover, now or in a moment: close those in the way."""
        limite = time.monotonic() + self.espera_s
        while True:
            try:
                for cartel in CARTELES:
                    if await pagina.hay(cartel):
                        await pagina.pulsar(cartel, hasta_s=TRAMO_S)
                return await pagina.pulsar(selector, hasta_s=TRAMO_S)
            except Falla:
                if time.monotonic() > limite:
                    raise

    async def _asentar(self, pagina: Pagina) -> None:
        limite = time.monotonic() + ASENTAR_S
        fin = f"{ESTADO}:not(:has({OCUPADO})) h2 >> Estado de cuenta"
        while await self.avisos.esperar(pagina, fin, REINTENTAR, hasta_s=self.espera_s, ocupado=OCUPADO) != fin:
            if time.monotonic() > limite:
                raise Falla(Codigo.SESION_EXPIRADA, detalle=f"sigue rechazada a los {ASENTAR_S} s")
            await asyncio.sleep(PAUSA_S)
            await self._pulsar(pagina, REINTENTAR)

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 5: the suministro, the total or the sentence, and the pending bills that must prove it."""
        estado = lectura.uno(ESTADO)
        datos = estado.rotulados("div:has(> h3)", "h3")
        if "N° de suministro" not in datos:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="falta el suministro")
        cuenta, total, a_favor = datos["N° de suministro"], None, None
        facturas, planes = _detalle(lectura)
        frases = [p.texto for p in estado.todos("p") if p.texto == SIN_DEUDA]
        if "TOTAL A PAGAR" in datos:
            if facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="total sin detalle")
            texto = datos["TOTAL A PAGAR"]
            total = Importe(importe(texto, Formato.AR_AGRUPADO), f"TOTAL A PAGAR {texto}")
        if "SALDO A FAVOR" in datos:
            texto = datos["SALDO A FAVOR"]
            a_favor = Importe(importe(texto, Formato.AR_AGRUPADO), f"SALDO A FAVOR {texto}")
        segundo = datos.get("2do Vencimiento")
        avisos = (*planes, f"2do vencimiento: {segundo}.") if segundo else planes
        return Hallazgo(cuenta, total, facturas, False, frases[0] if frases else None, a_favor, avisos)


def _detalle(lectura: Lectura) -> tuple[list[Factura] | None, tuple[str, ...]]:
    """The pending bills, None where there is no table; and a sentence for each instalment of a plan."""
    if lectura.quizas("table.deuda") is None:
        return None, ()
    facturas, planes = [], []
    for fila in lectura.tabla("table.deuda", COLUMNAS):
        periodo, texto = fila["Período"].texto, fila["Importe"].texto
        valor = importe(texto, Formato.AR_AGRUPADO)
        if fila["Tipo"].texto == "Plan de pagos":
            planes.append(f"Cuota de plan de pagos {periodo}: {texto}, no incluida en la deuda.")
        else:
            facturas.append(Factura(valor, fecha(fila["Vencimiento"].texto), None, periodo))
    return facturas, tuple(planes)
