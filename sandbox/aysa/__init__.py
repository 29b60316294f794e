"""AySA, simulated: account and e-mail twice, a dialog to confirm, the balance (the shape of portales.md, 2.9)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero

NOMBRE = "AySA"
ENTRADA = "/index.html"
INEXISTENTE = "La cuenta ingresada no existe."
CUENTAS = magicas("aysa", "30000", lambda numero: {"cuenta": numero, "email": "titular@sandbox.test"}, sin=CON_LOGIN)
WEB = Path(__file__).parent / "web"


async def identificar(request: Request) -> Response:
    """Holder and address, for the dialog that asks to check them."""
    numero = str((await request.json())["cuenta"])
    if de_numero(numero) is Desenlace.CUENTA_INEXISTENTE:
        return await atender(request, "aysa", numero, dict, INEXISTENTE)
    datos = resumen(numero)
    return JSONResponse({"cuenta": numero, "titular": datos.titular, "domicilio": datos.domicilio})


async def saldo(request: Request) -> Response:
    """The look-up, after CONTINUAR."""
    numero = str((await request.json())["cuenta"])
    return await atender(request, "aysa", numero, lambda: resumen(numero).json(), INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "index.html")),
    Route("/api/identificar", identificar, methods=["POST"]),
    Route("/api/saldo", saldo, methods=["POST"]),
]
