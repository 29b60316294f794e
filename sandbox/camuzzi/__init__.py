"""Camuzzi, simulated: an SPA that shows the answer of a JSON look-up (portales.md, 2.3)."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "Camuzzi"
ENTRADA = "/busqueda-suministro"
INEXISTENTE = "No encontramos un suministro con ese número de cuenta."
CUENTAS = magicas(
    "camuzzi",
    "300000000000000",
    lambda numero: {"cuenta_unificada": numero},
    sin={*CON_LOGIN, Desenlace.SALDO_A_FAVOR, Desenlace.DOBLE_VENCIMIENTO},
)
WEB = Path(__file__).parent / "web"


def con_punto(texto: str | None) -> str | None:
    """`$ 1.234,56` as this portal writes it: `$ 1234.56`."""
    return None if texto is None else texto.replace(".", "").replace(",", ".")


def iso(fecha: str) -> str:
    """`DD/MM/AAAA` as `AAAA-MM-DD`."""
    return "-".join(reversed(fecha.split("/")))


def _suministro(numero: str) -> dict[str, Any]:
    datos = resumen(numero).json()
    facturas = [
        {
            "NumeroFactura": f["nro_factura"],
            "texto1": f["periodo"],
            "fecha_vencimiento": iso(f["vencimiento"]),
            "importe": con_punto(f["importe"]),
            "MOSTRARLIQ2": "N" if f["codigo"] == "PP" else "S",
            "factura_vencida": f["periodo"] != "05/2026",
        }
        for f in datos["facturas"]
    ]
    return {**datos, "total": con_punto(datos["total"]), "SuministroExiste": True, "Facturas": facturas}


async def busqueda(request: Request) -> Response:
    """The look-up by account."""
    numero = str((await request.json())["NumeroCuenta"])
    return await atender(request, "camuzzi", numero, lambda: _suministro(numero), INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "busqueda.html")),
    Route("/api/Suministro/GetForBusquedaByNumeroCuenta", busqueda, methods=["POST"]),
]
