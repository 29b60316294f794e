"""San Isidro, simulated: a slip whose address has the partida, with a grid of instalments (portales.md, 2.13)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "San Isidro"
ENTRADA = "/consultar/1/30000001"
INEXISTENTE = "La partida ingresada no existe."
CUENTAS = magicas("sanisidro", "300000", lambda numero: {"partida": numero}, sin={*CON_LOGIN, Desenlace.SALDO_A_FAVOR})
WEB = Path(__file__).parent / "web"
DIA = "30/06/2026"
"""The day of every slip: later instalments are not owed yet."""


async def boleta(request: Request) -> Response:
    """The look-up: the account's summary, and the day of its total."""
    numero = str((await request.json())["partida"])
    return await atender(request, "sanisidro", numero, lambda: {**resumen(numero).json(), "dia": DIA}, INEXISTENTE)


rutas = [
    Route("/consultar/1/{partida}", archivo(WEB / "boleta.html")),
    Route("/api/boleta", boleta, methods=["POST"]),
]
