"""AGIP, simulated: a classic form, blocks hidden by class, errors inside HTTP 200 (portales.md, 2.11).

The captcha lets everybody through, but for the one account that it shows its pictures.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero

NOMBRE = "AGIP (ABL)"
ENTRADA = "/ConsultaABL/"
INEXISTENTE = "La partida ingresada no existe."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO, Desenlace.SALDO_A_FAVOR}
CUENTAS = magicas("agip", "30000", lambda numero: {"partida": numero}, sin=SIN)
WEB = Path(__file__).parent / "web"

ANUAL = {"anio": "2026", "cuota": "00", "vencimiento": "10/02/2026", "saldoTotal": "$ 312.000,00"}
"""The year's instalments in one, with a discount: it repeats them."""

PROPIAS: Mapping[Desenlace, Mapping[str, Any]] = {
    Desenlace.CUENTA_INEXISTENTE: {"statusCode": 402, "error": INEXISTENTE},
    Desenlace.CAPTCHA: {"statusCode": 0, "reto": True},
}
"""What this portal answers in its own way, as HTTP 200."""


def _posiciones(numero: str) -> dict[str, Any]:
    datos = resumen(numero).json()
    cuotas = [
        {
            "anio": f["periodo"][3:],
            "cuota": f["periodo"][:2],
            "vencimiento": f["vencimiento"],
            "saldoTotal": f["importe"],
        }
        for f in datos["facturas"]
    ]
    return {"statusCode": 0, "status": "OK", **datos, "result": cuotas, "anual": ANUAL}


async def posiciones(request: Request) -> Response:
    """The look-up."""
    numero = str((await request.json())["partida"])
    respuesta = await atender(request, "agip", numero, lambda: _posiciones(numero), INEXISTENTE)
    desenlace = de_numero(numero)
    return JSONResponse(PROPIAS[desenlace]) if desenlace in PROPIAS else respuesta


rutas = [
    Route(ENTRADA, archivo(WEB / "consulta.html")),
    Route("/recaptcha/bframe", archivo(WEB / "reto.html")),
    Route("/Empadronados/json/GetPosicionesImpagas", posiciones, methods=["POST"]),
]
