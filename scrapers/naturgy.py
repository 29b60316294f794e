"""Naturgy BAN (gas, Argentina): public look-up by supply number."""

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

CAMPO: Final = "input[name='suministro']"
RESULTADO: Final = "[data-testid='resultado']"
OCUPADO: Final = ".MuiCircularProgress-root"
COLUMNAS: Final = ("Factura", "Período", "Vencimiento", "Importe")
UPS: Final = ("h1 >> Ups", "h1 >> ¡Ups!")
SIN_DEUDA: Final = ("El suministro no posee facturas pendientes", "No se registran deudas")


class Naturgy(Scraper):
    """Steps (portales.md, 2.2, from public code of 2026):

    1. `/publico/pagos/consulta` (React, MUI) hydrates late, up to 15 s, and is often in maintenance («Ups»,
       «estamos en mantenimiento»).
    2. The supply number of 8 digits; «Acceder a pagar».
    3. «no posee facturas pendientes» or «No se registran deudas», or the bills and their total.

    The result's labels, its table, its credit balance, and that the first sentence begins with «El suministro» are
    assumed, never seen live.
    """

    empresa = "naturgy"
    nombre = "Naturgy"
    tipo_servicio = "Gas"
    url = "https://ov.naturgy.com.ar"
    campos = (Campo("suministro", "Número de suministro", r"[0-9]{8}", separadores=" -./"),)
    verificado_en_vivo = None
    avisos = Avisos("[role=alert]", {r"suministro (ingresado )?no existe": Codigo.CLIENTE_NO_ENCONTRADO})

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        """Steps 1 and 2. Returns the page of step 3."""
        await pagina.ir("/publico/pagos/consulta")
        await self._esperar(pagina, CAMPO)
        await pagina.escribir(CAMPO, pedido["suministro"])
        await pagina.pulsar("button >> Acceder a pagar")
        await self._esperar(pagina, f"body:not(:has({OCUPADO})) {RESULTADO}")
        return await pagina.foto()

    async def _esperar(self, pagina: Pagina, selector: str) -> None:
        """Wait for `selector`, or raise the Falla of a notice; the portal's «Ups» is its maintenance."""
        visto = await self.avisos.esperar(pagina, selector, *UPS, hasta_s=self.espera_s, ocupado=OCUPADO)
        if visto in UPS:
            raise Falla(Codigo.PORTAL_EN_MANTENIMIENTO, mensaje_portal="Ups")

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        """Step 3: the supply, the one sentence or the total, and the bills that must prove it."""
        resultado = lectura.uno(RESULTADO)
        cuenta = resultado.dato("h2", r"Suministro N° ([0-9]+)")
        notas = [nota.texto for nota in resultado.todos(".MuiAlert-message")]
        frases = [nota for nota in notas if nota in SIN_DEUDA]
        facturas = _detalle(lectura)
        if frases and facturas is not None:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle="frase de cero junto a un detalle")
        linea, total = resultado.quizas(".total"), None
        if linea is not None:
            rotulado = re.fullmatch(r"Total a pagar: (.+)", linea.texto)
            if rotulado is None or facturas is None:
                raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"{linea.texto[:60]!r}, o falta su detalle")
            total = Importe(importe(rotulado[1], Formato.AR_AGRUPADO), linea.texto)
        return Hallazgo(cuenta, total, facturas, False, frases[0] if frases else None, _a_favor(notas))


def _detalle(lectura: Lectura) -> list[Factura] | None:
    """The unpaid bills, None where there is no table."""
    if lectura.quizas(f"{RESULTADO} table") is None:
        return None
    return [
        Factura(
            importe(fila["Importe"].texto, Formato.AR_AGRUPADO),
            fecha(fila["Vencimiento"].texto),
            fila["Factura"].texto,
            fila["Período"].texto,
        )
        for fila in lectura.tabla(f"{RESULTADO} table", COLUMNAS)
    ]


def _a_favor(notas: list[str]) -> Importe | None:
    """The credit balance that one note states. Another note with an amount is not one that we know."""
    con_monto = [nota for nota in notas if "$" in nota]
    if not con_monto:
        return None
    hallado = re.fullmatch(r"Tenés (.+) a favor", con_monto[0])
    if len(con_monto) > 1 or hallado is None:
        raise Falla(Codigo.RESULTADO_AMBIGUO, detalle=f"notas {con_monto}"[:200])
    return Importe(importe(hallado[1], Formato.AR_AGRUPADO), con_monto[0])
