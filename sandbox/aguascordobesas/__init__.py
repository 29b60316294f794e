"""Aguas Cordobesas, simulated: JSON that carries HTML, put into the page as it comes (portales.md, 2.10)."""

from html import escape
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atencion import archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "Aguas Cordobesas"
ENTRADA = "/espacioClientes/seccion/gestionDeuda"
INEXISTENTE = "La unidad de facturación no existe."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO, Desenlace.SALDO_A_FAVOR}
CUENTAS = magicas("aguascordobesas", "3000", lambda numero: {"unidad_facturacion": numero}, sin=SIN)
WEB = Path(__file__).parent / "web"


def _fila(factura: dict[str, str], estado: str) -> str:
    celdas = {
        "Periodo": factura["periodo"],
        "Vencimiento": factura["vencimiento"],
        "Importe $": factura["importe"],
        "Estado": estado,
    }
    return f"<tr>{''.join(f'<td data-title={titulo!r}>{escape(valor)}</td>' for titulo, valor in celdas.items())}</tr>"


def _bloque(titulo: str, filas: list[str]) -> str:
    return f"<h3>{titulo}</h3><table><tbody>{''.join(filas)}</tbody></table>" if filas else ""


def html_de(datos: dict[str, Any]) -> str:
    """The fragment that the portal sends inside its JSON."""
    facturas = list(datos["facturas"])
    partes = [f"<p id='gd-ufCliente'>UF {escape(datos['cuenta'])}</p>"]
    if datos["sin_deuda"]:
        partes.append("<p>La unidad de facturación no registra comprobantes adeudados.</p>")
    vencidas = [f for f in facturas if f["periodo"] != "05/2026"]
    partes.append(_bloque("Comprobantes vencidos", [_fila(f, "Vencido") for f in vencidas]))
    actuales = [f for f in facturas if f["periodo"] == "05/2026"]
    partes.append(_bloque("Comprobantes no vencidos", [_fila(f, "No Vencido") for f in actuales]))
    if datos["total"] is not None:
        if not facturas:
            partes.append("<h3>Comprobantes no vencidos</h3><table><tbody></tbody></table>")
        partes.append(f"<p class='gd-total'><span>Total adeudado</span> {escape(datos['total'])}</p>")
    return "".join([*partes, "<button class='gd-fin'>Nueva búsqueda</button>"])


async def gestion(request: Request) -> Response:
    """The look-up: `datosHtmlDeuda` has the page's own HTML."""
    numero = str((await request.json())["uf"])

    def responder() -> dict[str, Any]:
        datos = resumen(numero).json()
        return {**datos, "datosHtmlDeuda": html_de(datos)}

    return await atender(request, "aguascordobesas", numero, responder, INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "gestion.html")),
    Route("/inc_gestionDeuda.php", gestion, methods=["POST"]),
]
