"""EPEC, simulated: a page with two numbers and a JSON look-up that wants an apikey (portales.md, 2.7)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "EPEC"
ENTRADA = "/tramites/pagos"
INEXISTENTE = "No encontramos el contrato con ese número de cliente."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO, Desenlace.SALDO_A_FAVOR}
CUENTAS = magicas("epec", "300000", lambda numero: {"contrato": numero, "cliente": "1234567"}, sin=SIN)
WEB = Path(__file__).parent / "web"


async def documentos(request: Request) -> Response:
    """The look-up, for whoever brings the page's own apikey."""
    if request.headers.get("apikey") != "web-sandbox":
        return JSONResponse({"error": "apikey"}, 401)
    numero = str((await request.json())["contrato"])
    return await atender(request, "epec", numero, lambda: resumen(numero).json(), INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "pagos.html")),
    Route("/api/contratos/no-ov", documentos, methods=["POST"]),
]
