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
CLIENTE = "1234567"
"""The customer of every contract; with another, the contract is unknown."""
CUENTAS = magicas("epec", "300000", lambda numero: {"contrato": numero, "cliente": CLIENTE}, sin=SIN)
WEB = Path(__file__).parent / "web"


async def documentos(request: Request) -> Response:
    """The look-up, for whoever brings the page's own apikey."""
    if request.headers.get("apikey") != "web-sandbox":
        return JSONResponse({"error": "apikey"}, 401)
    numero, cliente = request.path_params["contrato"], request.path_params["cliente"]
    if cliente != CLIENTE:
        return JSONResponse({"error": INEXISTENTE}, 404)

    def responder() -> dict[str, object]:
        datos = resumen(numero).json()
        return {**datos, "cliente": cliente, "documentos": datos["facturas"]}

    return await atender(request, "epec", numero, responder, INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "pagos.html")),
    Route("/api/contratos/no-ov/{contrato}/{cliente}", documentos, methods=["POST"]),
]
