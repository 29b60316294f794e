"""AGIP, simulated: a classic form, blocks hidden by class, errors inside HTTP 200 (portales.md, 2.11)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "AGIP (ABL)"
ENTRADA = "/ConsultaABL/"
INEXISTENTE = "La partida ingresada no existe."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO, Desenlace.SALDO_A_FAVOR}
CUENTAS = magicas("agip", "30000", lambda numero: {"partida": numero}, sin=SIN)
WEB = Path(__file__).parent / "web"


async def posiciones(request: Request) -> Response:
    """The look-up."""
    numero = str((await request.json())["partida"])
    return await atender(request, "agip", numero, lambda: {"statusCode": 0, **resumen(numero).json()}, INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "consulta.html")),
    Route("/Empadronados/json/GetPosicionesImpagas", posiciones, methods=["POST"]),
]
