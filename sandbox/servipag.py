"""Servipag, simulated: what the portals of its empresas share (the shape of portales.md, 2.16).

A look-up is a job that the page polls. Amounts are whole Chilean pesos, derived from the accounts of
`sandbox.cuentas` by dropping the cents. Each empresa is a folder with its page; `estatico/servipag.js` runs in all.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import DEMORAS_S, archivo, atender
from sandbox.cuentas import SIN_IMPORTE_TOTAL, Cuenta, FacturaSimulada, facturas_de, resumen, suma
from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero
from sandbox.laboratorio import LABORATORIO

D = Desenlace
SIN = CON_LOGIN | {D.SALDO_A_FAVOR, D.CENTAVOS, D.UN_CENTAVO, D.DOBLE_VENCIMIENTO}
"""No cents, no balance in favour and one due date in this portal."""
PLAZO_MS = 15_000
"""How long the page goes on asking whether its job ended."""
INEXISTENTE = "El identificador ingresado no existe."
PAGADA = {"document": "Pagada", "expirationDate": "12/05/2026", "totalAmount": "$ 18.904", "status": "Pagado"}
TURNSTILE = """<!doctype html><meta charset=utf-8><title>Un momento…</title><h1>Pago exprés simulado</h1>
<h2>Verifique que es un ser humano</h2><input type=hidden name=cf-turnstile-response>"""


@dataclass(frozen=True, slots=True)
class CuentaChilena(Cuenta):
    """A magic account in whole pesos; a check digit after a hyphen does not choose its outcome."""

    @property
    def desenlace(self) -> Desenlace:
        return de_numero(_cuerpo(self.numero))

    @property
    def facturas(self) -> tuple[FacturaSimulada, ...]:
        """Its unpaid bills, oldest first, instalments of a plan included."""
        return _facturas(_cuerpo(self.numero))


def cuentas(
    empresa: str, prefijo: str, campo: str, cierre: Callable[[str], str] = lambda cuerpo: ""
) -> dict[str, Cuenta]:
    """The documented accounts: `prefijo`, the two digits of each outcome, and what `cierre` adds to them."""
    cuerpos = [prefijo + d.codigo for d in Desenlace if d not in SIN]
    numeros = [cuerpo + cierre(cuerpo) for cuerpo in cuerpos]
    return {numero: CuentaChilena(empresa, numero, {campo: numero}) for numero in numeros}


def digito(cuerpo: str) -> str:
    """A hyphen and a check digit of our own choice (modulus 11, 10 is K): no portal here verifies it."""
    resto = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(cuerpo))) % 11
    return "-" + "0K987654321"[resto]


def rutas(empresa: str, entrada: str, compania: str, html: Path) -> list[Route]:
    """The portal of one empresa, which its result names `compania`: its page, and the job's start and state."""

    async def empezar(request: Request) -> Response:
        """Start the job; every failure but an endless job is told here."""
        numero = str((await request.json())["bill"]["metaData"][0]["value"])
        desenlace = de_numero(_cuerpo(numero))
        if desenlace in DEMORAS_S:
            with LABORATORIO.visita(empresa, _cuerpo(numero)):
                return JSONResponse(_empezada(numero))
        if desenlace is D.CAPTCHA:
            return JSONResponse({"pantalla": "turnstile"})
        return await atender(request, empresa, _cuerpo(numero), lambda: _empezada(numero), INEXISTENTE)

    async def estado(request: Request) -> Response:
        """Whether the job ended, and what it found."""
        desde, _, numero = request.path_params["query"].partition("-")
        tarda_s = DEMORAS_S.get(de_numero(_cuerpo(numero)), LABORATORIO.latencias.consulta / 1000)
        if time.time() - int(desde) / 1000 < tarda_s:
            return _respuesta([{"queryStatus": 0}], "Busqueda NO finalizada")
        hallado = {"queryStatus": 1, "company": compania, **_resultado(numero)}
        return _respuesta([hallado], "Busqueda finalizada con Exito")

    async def turnstile(request: Request) -> Response:
        return HTMLResponse(TURNSTILE, 403)

    return [
        Route(entrada, archivo(html)),
        Route("/portal/bill/v3/query/", empezar, methods=["POST"]),
        Route("/portal/bill/v3/query/{query}/lastcall/false", estado),
        Route("/turnstile", turnstile),
    ]


def _empezada(numero: str) -> dict[str, Any]:
    """The job's name has its start and its account; it is asked for each second, or sooner where all is quick."""
    cada_ms = min(1000, 4 * LABORATORIO.latencias.consulta)
    datos = {"queryId": f"{time.time_ns() // 1_000_000}-{numero}", "cadaMs": cada_ms, "plazoMs": PLAZO_MS}
    return {"data": datos, "result": {"codigo": 0, "mensaje": "OK"}}


def _respuesta(data: list[dict[str, Any]], mensaje: str) -> Response:
    return JSONResponse({"data": data, "result": {"codigo": 0, "mensaje": mensaje}})


def _cuerpo(numero: str) -> str:
    """The number without its check digit."""
    return numero.partition("-")[0]


def _facturas(cuerpo: str) -> tuple[FacturaSimulada, ...]:
    return tuple(replace(f, importe=Decimal(int(f.importe))) for f in facturas_de(cuerpo))


def _resultado(numero: str) -> dict[str, Any]:
    """What the page shows, amounts already as text."""
    cuerpo = _cuerpo(numero)
    datos, desenlace, facturas = resumen(cuerpo), de_numero(cuerpo), _facturas(cuerpo)
    escribir = ESCRITURAS.get(desenlace, pesos)
    filas = [_fila(f, pesos if desenlace is D.MONTO_ILEGIBLE else escribir) for f in facturas]
    deuda = suma(facturas) + (1 if desenlace is D.TOTAL_NO_COINCIDE else 0)
    return {
        **datos.json(),
        "cuenta": datos.cuenta + numero[len(cuerpo) :],
        "total": None if desenlace in SIN_IMPORTE_TOTAL else escribir(deuda),
        "bills": [
            *filas,
            *(filas[-1:] if desenlace is D.FILA_DUPLICADA else []),
            *([PAGADA] if datos.pagada is not None else []),
        ],
    }


def _fila(factura: FacturaSimulada, escribir: Callable[[Decimal], str]) -> dict[str, str]:
    pendiente = "Por vencer" if factura.periodo == "05/2026" else "Vencido"
    return {
        "document": factura.numero,
        "expirationDate": f"{factura.vencimiento:%d/%m/%Y}",
        "totalAmount": escribir(factura.importe),
        "status": "En convenio" if factura.codigo == "PP" else pendiente,
    }


def pesos(importe: Decimal) -> str:
    """`$ 1.234.567`: whole Chilean pesos."""
    return f"$ {importe:,.0f}".replace(",", ".")


ESCRITURAS: Mapping[Desenlace, Callable[[Decimal], str]] = {
    D.MONTO_ILEGIBLE: lambda importe: pesos(importe)[:-2] + "••",
    D.OTRO_FORMATO: lambda importe: f"$ {importe:,.0f}",
}
"""Outcomes that write amounts in another way."""
