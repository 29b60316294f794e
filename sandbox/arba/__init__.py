"""ARBA, simulated: a form that POSTs and whole pages as answers (portales.md, 2.12)."""

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.atencion import PANTALLAS, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import CON_LOGIN, Desenlace

NOMBRE = "ARBA"
ENTRADA = "/AvisoDeudas/"
INEXISTENTE = "No existe un inmueble con esa partida."
SIN = {*CON_LOGIN, Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO, Desenlace.SALDO_A_FAVOR}
CUENTAS = magicas("arba", "3000000", lambda numero: {"partida": f"{numero[:3]}-{numero[3:]}"}, sin=SIN)
CARTELES = {"captcha": "Verifique que es un ser humano", "datos": "Actualizá tus datos para continuar"}

PAGINA = """<!doctype html><html lang="es"><meta charset="utf-8"><title>Aviso de deudas</title>
<link rel="stylesheet" href="/_sandbox/sandbox.css"><body><h1>Impuesto inmobiliario</h1>{cuerpo}</body></html>"""

FORMULARIO = """<form method="post" action="/arba/generarAviso.do">
<input id="inmoPrefijo" name="partido" maxlength="3"> <input id="inmoClave" name="partida" maxlength="6">
<input type="hidden" id="captcha-token" name="captcha-token" value="sandbox"><button>Enviar</button></form>"""


async def formulario(request: Request) -> Response:
    """The form; its captcha comes with the answer of the one account that asks for it."""
    return HTMLResponse(PAGINA.format(cuerpo=FORMULARIO))


async def aviso(request: Request) -> Response:
    """The look-up: a whole page."""
    datos = (await request.body()).decode()
    campos = dict(par.split("=", 1) for par in datos.split("&"))
    numero = campos["partido"] + campos["partida"]
    respuesta = await atender(request, "arba", numero, lambda: resumen(numero).json(), INEXISTENTE)
    if not isinstance(respuesta, JSONResponse):
        return respuesta
    return _pagina(json.loads(bytes(respuesta.body)), respuesta)


def _pagina(datos: dict[str, Any], respuesta: Response) -> Response:
    """The page for what a portal with data requests would have answered."""
    if "pantalla" in datos:
        if datos["pantalla"] in PANTALLAS:
            return RedirectResponse(f"/arba/{datos['pantalla']}", 303)
        return HTMLResponse(PAGINA.format(cuerpo=f"<h2>{CARTELES[datos['pantalla']]}</h2>"))
    cabeceras = {k: v for k, v in respuesta.headers.items() if k == "retry-after"}
    if "error" in datos:
        cuerpo = f"<div class='alert-danger aviso'>{escape(datos['error'])}</div>"
    else:
        cuerpo = _resultado(datos)
    return HTMLResponse(PAGINA.format(cuerpo=cuerpo), respuesta.status_code, headers=cabeceras)


def _resultado(datos: dict[str, Any]) -> str:
    if datos["colgada"]:
        return "<script>while (true);</script>"
    if datos["come_memoria"]:
        return "<script>for (const a = []; ;) a.push(new Array(1e6).fill(Math.random()))</script>"
    if datos["rediseno"]:
        return f"<article><small>{datos['cuenta']}</small><strong>Total</strong><em>{datos['total']}</em></article>"
    cuenta = f"{datos['cuenta'][:3]}-{datos['cuenta'][3:]}"
    partes = [f"<h2 id='inmueble'>Partido y partida: {cuenta}</h2>"]
    if datos["sin_deuda"]:
        partes.append("<div class='alert-success'>El inmueble no registra deuda.</div>")
    if datos["facturas"] or datos["total"] is not None:
        partes.append(_tabla(datos["facturas"], "AÃ±o" if datos["senuelos"] else "Año"))
    if datos["total"] is not None:
        partes.append(f"<p id='total'>Total adeudado: {escape(datos['total'])}</p>")
    if datos["pagada"] is not None:
        partes.append(f"<p>Último pago registrado en 2026: {escape(datos['pagada'])}</p>")
    if datos["senuelos"]:
        partes.append("<p>Bonificación 2026: $ 1,00. ¿Error? ¿El inmueble no registra deuda? Escribinos.</p>")
    return "".join([*partes, "<button id='volver'>Volver</button>"])


def _tabla(facturas: list[dict[str, str]], anio: str) -> str:
    titulos = "".join(f"<th>{t}</th>" for t in (anio, "Cuota", "Vencimiento", "Importe"))
    filas = "".join(
        f"<tr><td>{f['periodo'][3:]}</td><td>{f['periodo'][:2]}</td><td>{f['vencimiento']}</td><td>{f['importe']}</td></tr>"
        for f in facturas
    )
    return f"<table><thead><tr>{titulos}</tr></thead><tbody>{filas}</tbody></table>"


rutas = [
    Route(ENTRADA, formulario),
    Route("/generarAviso.do", aviso, methods=["POST"]),
]
