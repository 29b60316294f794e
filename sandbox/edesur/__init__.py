"""Edesur, simulated: login, pop-ups, an account selector and a session that settles (portales.md, 2.6).

The e-mail is `<suministro>@sandbox.test`; any clave will do. The user has a second suministro, selected at first.
"""

import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import FALLAS, archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import Desenlace, de_numero
from sandbox.laboratorio import LABORATORIO

NOMBRE = "Edesur"
ENTRADA = "/login"
WEB = Path(__file__).parent / "web"


def _credenciales(numero: str) -> dict[str, str]:
    return {"suministro": numero, "email": f"{numero}@sandbox.test", "clave": f"Clave-{numero}!"}


CUENTAS = magicas("edesur", "30000000", _credenciales)

RECHAZOS = {
    Desenlace.CREDENCIALES_INVALIDAS: "El usuario o la contraseña son incorrectos.",
    Desenlace.CUENTA_BLOQUEADA: "Tu usuario fue bloqueado por superar los intentos permitidos.",
}


async def ingresar(request: Request) -> Response:
    """Login. The token says when it was given: for a while after that it is answered with 401."""
    email = str((await request.json())["email"])
    LABORATORIO.visitas["edesur"][email] += 1
    numero = email.partition("@")[0]
    desenlace = de_numero(numero) if numero.isdigit() else Desenlace.CREDENCIALES_INVALIDAS
    if desenlace in RECHAZOS:
        return JSONResponse({"CodigoResultado": "7", "error": RECHAZOS[desenlace]}, 401)
    if desenlace is Desenlace.SEGUNDO_FACTOR:
        return FALLAS[desenlace]()
    propias = [] if desenlace is Desenlace.CUENTA_INEXISTENTE else [numero]
    suministros = [_segundo(numero), *propias]
    return JSONResponse({"CodigoResultado": "0", "token": f"{time.time():.3f}", "suministros": suministros})


def _segundo(numero: str) -> str:
    """The user's other suministro: one without debt, or with it when the first has none."""
    otro = Desenlace.UNA_FACTURA if de_numero(numero) is Desenlace.SIN_DEUDA else Desenlace.SIN_DEUDA
    return numero[:-2] + otro.codigo


async def estado(request: Request) -> Response:
    """The look-up: what one suministro owes, or an empty 401 while the session settles."""
    dada = float(request.headers["authorization"].removeprefix("Bearer "))
    if time.time() - dada < LABORATORIO.latencias.asentar / 1000:
        return Response(status_code=401)
    datos = await request.json()
    numero = str(datos["suministro"])
    if not datos["elegido"]:  # the one the portal selects by itself: nobody asked for it
        return JSONResponse(resumen(numero).json())
    return await atender(request, "edesur", numero, lambda: resumen(numero).json(), "Suministro inexistente.")


rutas = [
    Route(ENTRADA, archivo(WEB / "login.html")),
    Route("/api/Usuario/LoginAsync", ingresar, methods=["POST"]),
    Route("/api/PlanPagos/GetDeudaAsync", estado, methods=["POST"]),
]
