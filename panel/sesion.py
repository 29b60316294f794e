"""Who looks at the panel: a signed cookie, what it allows, and the token that every form carries."""

import hmac
import secrets
import time
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from models import Alcance
from models.api_key import clave_vigente
from problemas import Problema
from settings import ajustes

COOKIE = "consultas_panel"
DURACION_S = 12 * 3600


def _firma(texto: str, uso: str) -> str:
    """An HMAC under a key of the panel's own, derived from the newest of CIFRADO_CLAVES: no further secret to set."""
    clave = hmac.digest(ajustes().claves_de_cifrado[0].encode(), b"consultas: panel", "sha256")
    return hmac.new(clave, f"{uso}:{texto}".encode(), "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Sesion:
    """A visit: whose key it is (None before logging in, and in open mode), what it may do, its secret salt."""

    clave_id: str | None = None
    nombre: str | None = None
    abierta: bool = False
    alcances: frozenset[str] = frozenset()
    sal: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    nueva: bool = True

    def puede(self, alcance: str) -> bool:
        """Whether it may do this; `administrar` includes the others."""
        return self.abierta or alcance in self.alcances or Alcance.ADMINISTRAR in self.alcances

    @property
    def csrf(self) -> str:
        """What every form of this visit carries."""
        return _firma(self.sal, "csrf")

    def poner(self, request: Request, respuesta: Response) -> None:
        """Set the cookie."""
        cuerpo = f"{self.clave_id or '-'}.{int(time.time()) + DURACION_S}.{self.sal}"
        respuesta.set_cookie(
            COOKIE,
            f"{cuerpo}.{_firma(cuerpo, 'sesion')}",
            max_age=DURACION_S,
            path="/panel",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )


def leer_cookie(request: Request) -> tuple[str | None, str] | None:
    """The key's id and the salt of a cookie of ours that has not run out."""
    cuerpo, _, firma = request.cookies.get(COOKIE, "").rpartition(".")
    if not hmac.compare_digest(firma.encode(), _firma(cuerpo, "sesion").encode()):
        return None
    clave_id, vence, sal = cuerpo.split(".")
    return (None if clave_id == "-" else clave_id, sal) if int(vence) > time.time() else None


def sesion_de(request: Request) -> Sesion:
    """The visit that a request belongs to. A key that was revoked has none."""
    leida = leer_cookie(request)
    if leida is None:
        return Sesion(abierta=ajustes().api_abierta)
    clave_id, sal = leida
    visita = Sesion(abierta=ajustes().api_abierta, sal=sal, nueva=False)
    if visita.abierta or clave_id is None:
        return visita
    clave = clave_vigente(clave_id)
    if clave is None:
        return Sesion()
    return replace(visita, clave_id=clave.id, nombre=clave.nombre, alcances=frozenset(clave.alcances))


def revisar_origen(request: Request, token: str) -> None:
    """Raises Problema 403 for a form that is not of this visit, or that another site sent."""
    origen = request.headers.get("origin")
    ajeno = origen is not None and urlsplit(origen).netloc != request.headers.get("host")
    sesion: Sesion = request.state.sesion
    if ajeno or not hmac.compare_digest(token.encode(), sesion.csrf.encode()):
        detalle = "El formulario venció o vino de otro sitio: vuelva atrás, recargue la página y repita la acción."
        raise Problema(403, "FORMULARIO_VENCIDO", detalle)
