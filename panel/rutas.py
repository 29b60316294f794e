"""Routes of the panel: what each asks of its visitor, and how a form reaches its handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from models import Alcance
from panel.sesion import Sesion, revisar_origen
from problemas import Problema, de_validacion
from recursos.pedido import leer

M = TypeVar("M", bound=BaseModel)
Datos = Mapping[str, str]
"""The fields of a form, without the empty ones."""

FORMULARIO_MAX_BYTES = 64 * 1024


class HayQueEntrar(Exception):
    """The page asks for a key and the visitor has shown none."""


def exigir(request: Request, alcance: Alcance | None) -> None:
    """Raises HayQueEntrar, or Problema 403 for a key that may not."""
    sesion: Sesion = request.state.sesion
    if alcance is None or sesion.puede(alcance):
        return
    if sesion.clave_id is None:
        raise HayQueEntrar
    raise Problema(403, "ALCANCE_INSUFICIENTE", f"La clave «{sesion.nombre}» no tiene el alcance «{alcance}».")


def ver(path: str, mostrar: Callable[[Request], Response], alcance: Alcance | None = Alcance.LEER) -> Route:
    """A page; its handler runs in the thread pool."""

    async def atender(request: Request) -> Response:
        exigir(request, alcance)
        return await run_in_threadpool(mostrar, request)

    return Route(path, atender, methods=["GET"])


def servir(
    path: str, endpoint: Callable[[Request], Awaitable[Response]], alcance: Alcance | None = Alcance.LEER
) -> Route:
    """What the API answers too, for a visitor of the panel."""

    async def atender(request: Request) -> Response:
        exigir(request, alcance)
        return await endpoint(request)

    return Route(path, atender, methods=["GET"])


def hacer(path: str, actuar: Callable[[Request, Datos], Response], alcance: Alcance | None) -> Route:
    """What a form does; its handler runs in the thread pool once the form proved to be of this visit."""

    async def atender(request: Request) -> Response:
        exigir(request, alcance)
        datos = await _formulario(request)
        revisar_origen(request, datos.pop("csrf", ""))
        return await run_in_threadpool(actuar, request, datos)

    return Route(path, atender, methods=["POST"])


async def _formulario(request: Request) -> dict[str, str]:
    crudo = await leer(request, FORMULARIO_MAX_BYTES)
    try:
        return dict(parse_qsl(crudo.decode(), max_num_fields=100, errors="strict"))
    except ValueError:
        raise Problema(400, "FORMULARIO_INVALIDO", "El formulario llegó mal escrito.") from None


def validar(modelo: type[M], datos: Mapping[str, object]) -> M:
    """The validated data. Raises Problema 422."""
    try:
        return modelo.model_validate(datos)
    except ValidationError as error:
        raise de_validacion(error) from None


def volver(ruta: str, hecho: str | None = None) -> Response:
    """Go to a page of the panel, which says what was done."""
    return RedirectResponse(f"/panel{ruta}{f'?hecho={hecho}' if hecho else ''}", 303)
