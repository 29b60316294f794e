"""API keys at the door: every request shows one, except to what is public or with `API_ABIERTA`."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from models import BASE_CAIDA
from models.api_key import ApiKey, verificar
from problemas import Problema, base_caida
from puerta.limites import Cuenta, Fallidas
from puerta.rutas import alcance_de, ruta_de
from settings import ajustes

VIGENCIA_S = 5
"""How long a key is believed without asking the database: a revoked one works that much longer at most."""
CLAVES_MAX = 1000

RETO = {"WWW-Authenticate": "Bearer"}


@dataclass
class Conocida:
    """A key that was right, when to look it up again, and its requests of this minute."""

    clave: ApiKey
    vence: float
    cuenta: Cuenta = field(default_factory=Cuenta)


class Llavero:
    """The keys this process has seen lately, by SHA-256 of their text; at most `CLAVES_MAX`."""

    def __init__(self) -> None:
        self._conocidas: OrderedDict[bytes, Conocida] = OrderedDict()
        self._fallidas = Fallidas()

    async def abrir(self, texto: str, direccion: str) -> ApiKey:
        """The key with this text, one of its requests spent. Raises Problema (401, 429) and what `BASE_CAIDA` says."""
        marca = sha256(texto.encode()).digest()
        conocida = self._conocidas.get(marca)
        if conocida is None:  # a key that was right is looked up again, whatever else its address sends
            self._fallidas.revisar(direccion)
        if conocida is None or conocida.vence <= time.monotonic():
            conocida = await self._buscar(texto, marca)
        if conocida is None or not await conocida.cuenta.gastar(conocida.clave):
            self._conocidas.pop(marca, None)
            self._fallidas.anotar(direccion)
            raise Problema(401, "CLAVE_INVALIDA", "La clave de la API no existe o fue revocada.", cabeceras=RETO)
        return conocida.clave

    async def _buscar(self, texto: str, marca: bytes) -> Conocida | None:
        vence = time.monotonic() + VIGENCIA_S
        clave = await run_in_threadpool(verificar, texto)
        if clave is None:
            return None
        conocida = self._conocidas.setdefault(marca, Conocida(clave, vence))
        conocida.clave, conocida.vence = clave, vence
        self._conocidas.move_to_end(marca)
        if len(self._conocidas) > CLAVES_MAX:
            self._conocidas.popitem(last=False)
        return conocida


class Claves:
    """ASGI middleware: 401 without a key, 403 with one that may not, 429 past its limit; else `state["clave"]`.

    What no route answers needs a key too, of any alcance.
    """

    def __init__(self, app: ASGIApp, rutas: Sequence[BaseRoute]) -> None:
        self._app = app
        self._rutas = rutas
        self._llavero = Llavero()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (rechazo := await self._rechazar(scope)) is None:
            await self._app(scope, receive, send)
        else:
            await rechazo(scope, receive, send)

    async def _rechazar(self, scope: Scope) -> Response | None:
        try:
            await self._revisar(scope)
        except Problema as problema:
            return problema.respuesta()
        except BASE_CAIDA as error:
            return base_caida(error)
        return None

    async def _revisar(self, scope: Scope) -> None:
        ruta = ruta_de(self._rutas, scope)
        if ajustes().api_abierta or (ruta is not None and alcance_de(ruta) is None):
            return
        texto = presentada(Headers(scope=scope))
        if not texto:
            detalle = "Falta la clave de la API (Authorization: Bearer …, o X-API-Key)."
            raise Problema(401, "FALTA_CLAVE", detalle, cabeceras=RETO)
        clave = await self._llavero.abrir(texto, (scope.get("client") or ("",))[0])
        alcance = alcance_de(ruta) if ruta is not None else None
        if alcance is not None and not clave.puede(alcance):
            detalle = f"La clave «{clave.nombre}» no tiene el alcance «{alcance}»."
            raise Problema(403, "ALCANCE_INSUFICIENTE", detalle)
        scope.setdefault("state", {})["clave"] = clave


def presentada(cabeceras: Headers) -> str:
    """The key that a request shows; empty where it shows none."""
    esquema, _, texto = cabeceras.get("authorization", "").partition(" ")
    return texto.strip() if esquema.lower() == "bearer" else cabeceras.get("x-api-key", "").strip()
