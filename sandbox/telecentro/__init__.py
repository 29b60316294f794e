"""Telecentro, simulated: a login, and bills that keep their amount once paid (portales.md, 2.14)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.atencion import FALLAS, archivo, atender
from sandbox.cuentas import magicas, resumen
from sandbox.desenlaces import Desenlace, de_numero
from sandbox.laboratorio import LABORATORIO

NOMBRE = "Telecentro"
ENTRADA = "/sucursal-virtual/login"
INEXISTENTE = "No encontramos facturas de ese cliente."
SIN = {Desenlace.PLAN_DE_PAGOS, Desenlace.DOBLE_VENCIMIENTO}
WEB = Path(__file__).parent / "web"


def _credenciales(numero: str) -> dict[str, str]:
    return {"numero_cliente": numero, "email": f"{numero}@sandbox.test", "clave": f"Clave-{numero}!"}


CUENTAS = magicas("telecentro", "300000", _credenciales, sin=SIN)
RECHAZOS = {
    Desenlace.CREDENCIALES_INVALIDAS: "El e-mail o la contraseña son incorrectos.",
    Desenlace.CUENTA_BLOQUEADA: "Tu cuenta fue bloqueada por superar los intentos permitidos.",
}


async def ingresar(request: Request) -> Response:
    """Login: the user's customer number."""
    email = str((await request.json())["email"])
    LABORATORIO.visitas["telecentro"][email] += 1
    numero = email.partition("@")[0]
    desenlace = de_numero(numero) if numero.isdigit() else Desenlace.CREDENCIALES_INVALIDAS
    if desenlace in RECHAZOS:
        return JSONResponse({"error": RECHAZOS[desenlace]}, 401)
    if desenlace is Desenlace.SEGUNDO_FACTOR:
        return FALLAS[desenlace]()
    return JSONResponse({"cliente": numero})


async def facturacion(request: Request) -> Response:
    """The look-up, after the login."""
    numero = str((await request.json())["cliente"])
    return await atender(request, "telecentro", numero, lambda: resumen(numero).json(), INEXISTENTE)


rutas = [
    Route(ENTRADA, archivo(WEB / "login.html")),
    Route("/api/login", ingresar, methods=["POST"]),
    Route("/api/facturacion", facturacion, methods=["POST"]),
]
