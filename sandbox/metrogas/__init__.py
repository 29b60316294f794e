"""Metrogas, simulated: a page with an iframe, and in it an SPA with one field (the shape of portales.md, 2.1)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN

NOMBRE = "Metrogas"
ENTRADA = "/consulta-y-paga-tu-saldo/"
CUENTAS = magicas("metrogas", "300000000", lambda numero: {"numero_cliente": numero}, sin=CON_LOGIN)
WEB = Path(__file__).parent / "web"


async def deuda(request: Request) -> Response:
    """The look-up: `{accountId, relation}` in, `{info, deudas: {items}}` out, amounts already as text."""
    numero = str((await request.json())["accountId"])

    def responder() -> dict[str, object]:
        datos = resumen(numero).json()
        return {"info": datos, "deudas": {"items": datos["facturas"]}}

    return await atender(request, "metrogas", numero, responder, "El número de cliente ingresado no existe.")


rutas = [
    Route(ENTRADA, archivo(WEB / "portada.html")),
    Route("/saldos/index.html", archivo(WEB / "saldos.html")),
    Route("/OvServiceHub/api/v1/M360/publicbilling/r2", deuda, methods=["POST"]),
]
