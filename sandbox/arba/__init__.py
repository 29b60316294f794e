"""ARBA, simulated: a form that POSTs and whole pages as answers (portales.md, 2.12).

The real form always has an image captcha; this one asks one account for it, in the answer, and nobody solves it.
"""

import json
from html import escape
from typing import Any
from urllib.parse import parse_qs

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
CARTELES = {"datos": "Actualizá tus datos para continuar"}

PAGINA = """<!doctype html><html lang="es"><meta charset="utf-8"><title>Aviso de deudas</title>
<link rel="stylesheet" href="/_sandbox/sandbox.css"><body><h1>Impuesto inmobiliario</h1>{cuerpo}</body></html>"""

FORMULARIO = """<form method="post" action="/arba/generarAviso.do">
<input id="inmoPrefijo" name="partido" maxlength="3"> <input id="inmoClave" name="partida" maxlength="6">
<input type="hidden" id="captcha-token" name="captcha-token" value="sandbox">{captcha}<button>Enviar</button></form>"""

IMAGEN = """<img src="/arba/web/captcha.svg" alt="Imagen de verificación" width="120" height="40">
<input id="captcha-respuesta" name="captcha-respuesta" maxlength="5">"""


async def formulario(request: Request) -> Response:
    """The form, without the captcha."""
    return HTMLResponse(PAGINA.format(cuerpo=FORMULARIO.format(captcha="")))


async def aviso(request: Request) -> Response:
    """The look-up: a whole page."""
    campos = parse_qs((await request.body()).decode())
    numero = campos["partido"][0] + campos["partida"][0]
    respuesta = await atender(request, "arba", numero, lambda: resumen(numero).json(), INEXISTENTE)
    if not isinstance(respuesta, JSONResponse):
        return respuesta
    return _pagina(json.loads(bytes(respuesta.body)), respuesta)


def _pagina(datos: dict[str, Any], respuesta: Response) -> Response:
    """The page for what a portal with data requests would have answered."""
    if "pantalla" in datos:
        if datos["pantalla"] == "captcha":
            return HTMLResponse(PAGINA.format(cuerpo=FORMULARIO.format(captcha=IMAGEN)))
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
    alrededor = []
    if datos["pagada"] is not None:
        alrededor.append(f"<p>Último pago registrado en 2026: {escape(datos['pagada'])}</p>")
    if datos["senuelos"]:
        alrededor.append("<p>Bonificación 2026: $ 1,00. ¿Error? ¿El inmueble no registra deuda? Escribinos.</p>")
    if datos["dialogos"]:
        alrededor.append("<script>alert('a'); confirm('b'); prompt('c'); open('/'); open('/')</script>")
    aviso = f"<section id='aviso'>{_aviso(datos)}</section>"
    return "".join([aviso, *alrededor, "<button id='volver'>Volver</button>"])


def _aviso(datos: dict[str, Any]) -> str:
    cuenta = f"{datos['cuenta'][:3]}-{datos['cuenta'][3:]}"
    partes = [f"<h2 id='inmueble'>Partido y partida: {cuenta}</h2>"]
    if datos["sin_deuda"]:
        partes.append("<div class='alert-success'>El inmueble no registra deuda.</div>")
    if datos["facturas"] or datos["total"] is not None:
        partes.append(_tabla(datos["facturas"], "AÃ±o" if datos["senuelos"] else "Año"))
    if datos["total"] is not None:
        partes.append(f"<p id='total'>Total adeudado: {escape(datos['total'])}</p>")
    if len(partes) == 1:
        partes.append("<div class='alert-warning'>El aviso no está disponible para este inmueble.</div>")
    return "".join(partes)


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
