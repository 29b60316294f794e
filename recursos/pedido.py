"""Reading a request and writing an answer: the validated body or query, ids in the path, JSON."""

import asyncio
import json
import uuid
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from models.callback import bytes_json
from models.schemas import ID_MAX
from problemas import Problema, de_validacion
from settings import ajustes

M = TypeVar("M", bound=BaseModel)


def responder(dato: Any, estado: int = 200, cabeceras: dict[str, str] | None = None) -> Response:
    """JSON, written as in the callbacks."""
    return Response(bytes_json(dato), estado, headers=cabeceras, media_type="application/json")


async def cuerpo(request: Request, modelo: type[M]) -> M:
    """The validated body. Its size and its time are limited while it is read, not after."""
    tipo = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if tipo != "application/json" and not tipo.endswith("+json"):
        raise Problema(415, "NO_ES_JSON", "El cuerpo tiene que ser JSON (Content-Type: application/json).")
    crudo = await leer(request, ajustes().cuerpo_max_bytes)
    try:
        dato = json.loads(crudo, parse_constant=_rechazar_constante)
    except (ValueError, RecursionError):
        raise Problema(400, "JSON_INVALIDO", "El cuerpo no es un JSON válido.") from None
    if not isinstance(dato, dict):
        raise Problema(422, "DATOS_INVALIDOS", "El cuerpo tiene que ser un objeto JSON.")
    try:
        return modelo.model_validate(dato)
    except ValidationError as error:
        raise de_validacion(error) from None


def _rechazar_constante(constante: str) -> None:
    raise ValueError(constante)


async def leer(request: Request, maximo: int) -> bytes:
    """The whole body, of at most `maximo` bytes, within its time. Raises Problema 413, 408 or 400."""
    try:
        async with asyncio.timeout(ajustes().pedido_plazo_s):
            return await _leer(request, maximo)
    except TimeoutError:
        detalle = f"El cuerpo no terminó de llegar en {ajustes().pedido_plazo_s:g} segundos."
        raise Problema(408, "CUERPO_DEMASIADO_LENTO", detalle, cabeceras={"Connection": "close"}) from None


async def _leer(request: Request, maximo: int) -> bytes:
    excedido = Problema(413, "CUERPO_DEMASIADO_GRANDE", f"El cuerpo supera el máximo de {maximo} bytes.")
    declarado = request.headers.get("content-length", "")
    if declarado.isascii() and declarado.isdigit() and int(declarado) > maximo:
        raise excedido
    crudo = bytearray()
    try:
        async for parte in request.stream():
            crudo += parte
            if len(crudo) > maximo:
                raise excedido
    except ClientDisconnect:
        raise Problema(400, "JSON_INVALIDO", "El cuerpo llegó incompleto.") from None
    return bytes(crudo)


def consulta(request: Request, modelo: type[M]) -> M:
    """The validated query string."""
    try:
        return modelo.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise de_validacion(error) from None


def identificador(request: Request, que: str = "la propiedad") -> int:
    """The positive integer `{id}` of the path."""
    texto = request.path_params["id"]
    numero = int(texto) if texto.isascii() and texto.isdigit() and len(texto) < 20 else 0
    if not 1 <= numero <= ID_MAX:
        raise Problema(422, "DATOS_INVALIDOS", f"El identificador de {que} tiene que ser un entero positivo.")
    return numero


def uuid_de(request: Request, nombre: str) -> uuid.UUID:
    """The UUID of the path with this name."""
    try:
        return uuid.UUID(request.path_params[nombre])
    except ValueError:
        raise Problema(422, "DATOS_INVALIDOS", f"El {nombre} tiene que ser un UUID.") from None
