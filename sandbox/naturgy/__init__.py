"""Naturgy, simulated: a React-like page that hydrates late and has a maintenance page of its own (portales.md, 2.2)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "Naturgy"
ENTRADA = "/publico/pagos/consulta"
INEXISTENTE = "El suministro ingresado no existe."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO}
CUENTAS = magicas("naturgy", "300000", lambda numero: {"suministro": numero}, sin=SIN)
WEB = Path(__file__).parent / "web"


async def deuda(request: Request) -> Response:
    """The look-up."""
    numero = str((await request.json())["suministro"])
    return await atender(request, "naturgy", numero, lambda: resumen(numero).json(), INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "consulta.html")),
    Route("/mantenimiento", archivo(WEB / "mantenimiento.html")),
    Route("/api/pagos/deuda", deuda, methods=["POST"]),
]
