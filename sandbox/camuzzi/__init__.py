"""Camuzzi, simulated: an SPA that shows the answer of a JSON look-up (portales.md, 2.3).

The look-up is a POST here, as every portal's; an unknown account answers 200 with `SuministroExiste` false.
"""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero

NOMBRE = "Camuzzi"
ENTRADA = "/busqueda-suministro"
CUENTAS = magicas(
    "camuzzi",
    "300000000000000",
    lambda numero: {"cuenta_unificada": numero},
    sin={*CON_LOGIN, Desenlace.SALDO_A_FAVOR, Desenlace.DOBLE_VENCIMIENTO},
)
WEB = Path(__file__).parent / "web"


def con_punto(texto: str | None, desenlace: Desenlace) -> str | None:
    """`$ 1.234,56` as this portal's JSON writes it: `1234.56`; in another format, as it comes."""
    if texto is None:
        return None
    numero = texto.replace("$ ", "")
    return numero if desenlace is Desenlace.OTRO_FORMATO else numero.replace(".", "").replace(",", ".")


def iso(fecha: str) -> str:
    """`DD/MM/AAAA` as `AAAA-MM-DD`."""
    return "-".join(reversed(fecha.split("/")))


def _suministro(numero: str) -> dict[str, Any]:
    datos, desenlace = resumen(numero).json(), de_numero(numero)
    facturas = [
        {
            "NumeroFactura": f["nro_factura"],
            "texto1": f["periodo"],
            "fecha_vencimiento": iso(f["vencimiento"]),
            "importe": con_punto(f["importe"], desenlace),
            "MOSTRARLIQ2": "N" if f["codigo"] == "PP" else "S",
            "factura_vencida": f["periodo"] != "05/2026",
        }
        for f in datos["facturas"]
    ]
    suministro = {
        "CuentaUnificada": datos["cuenta"],
        "IdSuministro": int(numero[-6:]),
        "EstadoDescripcion": "Suministro activo",
        "Facturas": facturas,
    }
    total = con_punto(datos["total"], desenlace)
    return {**datos, "total": total, "SuministroExiste": True, "Suministros": [suministro]}


async def busqueda(request: Request) -> Response:
    """The look-up by account."""
    numero = str((await request.json())["NumeroCuenta"])
    respuesta = await atender(request, "camuzzi", numero, lambda: _suministro(numero), "")
    if de_numero(numero) is Desenlace.CUENTA_INEXISTENTE:
        return JSONResponse({"SuministroExiste": False, "Suministros": []})
    return respuesta


rutas = [
    Route(ENTRADA, archivo(WEB / "busqueda.html")),
    Route("/api/Suministro/GetForBusquedaByNumeroCuenta", busqueda, methods=["POST"]),
]
