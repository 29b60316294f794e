"""Edenor, simulated: a wizard that ends in amounts split over two nodes (the shape of portales.md, 2.5)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero

NOMBRE = "Edenor"
ENTRADA = "/ingreso/bienvenida"
SIN = CON_LOGIN | {Desenlace.FILA_DUPLICADA}
CUENTAS = magicas("edenor", "30000000", lambda numero: {"cuenta": numero}, sin=SIN)
WEB = Path(__file__).parent / "web"


async def identificar(request: Request) -> Response:
    """Whose account it is, for the step that asks to confirm the address."""
    numero = str((await request.json())["client_number"])
    if de_numero(numero) is Desenlace.CUENTA_INEXISTENTE:
        return await atender(request, "edenor", numero, dict, "No encontramos la cuenta ingresada.")
    datos = resumen(numero)
    return JSONResponse({"cuenta": numero, "domicilio": datos.domicilio})


async def saldos(request: Request) -> Response:
    """The look-up: total, last bill and overdue balance as text. No debt is a total of zero."""
    numero = str((await request.json())["client_number"])

    def responder() -> dict[str, object]:
        datos = resumen(numero)
        ceros = ["$ 0,00"] if datos.sin_deuda else []
        return {**datos.json(), "totales": [datos.total, *ceros] if datos.total is not None else ceros}

    return await atender(request, "edenor", numero, responder, "No encontramos la cuenta ingresada.")


rutas = [
    Route(ENTRADA, archivo(WEB / "bienvenida.html")),
    Route("/api/v1/accounts/identify", identificar, methods=["POST"]),
    Route("/api/v1/accounts/balance", saldos, methods=["POST"]),
]
