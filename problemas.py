"""Every error of the API, as RFC 9457 problem documents in Spanish."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from models.base import BASE_CAIDA
from models.callback import bytes_json
from models.listados import CursorInvalido

logger = logging.getLogger("api")

REINTENTAR_S = 5

TITULOS: Mapping[int, str] = {
    400: "Pedido mal formado",
    401: "No autorizado",
    403: "Prohibido",
    404: "No encontrado",
    405: "Método no permitido",
    408: "El pedido no llegó a tiempo",
    409: "Conflicto",
    413: "Cuerpo demasiado grande",
    415: "Tipo de contenido no admitido",
    422: "Datos inválidos",
    429: "Demasiados pedidos",
    431: "Cabeceras demasiado grandes",
    500: "Error interno",
    503: "Servicio no disponible",
}

MOMENTO = "tiene que ser un momento con zona horaria, como 2026-11-24T10:00:00Z"
MENSAJES: Mapping[str, str] = {
    "missing": "es obligatorio",
    "int_type": "tiene que ser un número entero",
    "int_parsing": "tiene que ser un número entero",
    "int_parsing_size": "es un número demasiado grande",
    "int_from_float": "tiene que ser un número entero",
    "bool_parsing": "tiene que ser true o false",
    "bool_type": "tiene que ser true o false",
    "string_type": "tiene que ser un texto",
    "string_too_long": "admite hasta {max_length} caracteres",
    "string_too_short": "no puede estar vacío",
    "string_unicode": "tiene caracteres que no se pueden guardar",
    "list_type": "tiene que ser una lista",
    "dict_type": "tiene que ser un objeto",
    "too_short": "no puede estar vacía",
    "too_long": "admite hasta {max_length} elementos",
    "greater_than_equal": "tiene que ser {ge} o más",
    "less_than_equal": "tiene que ser {le} o menos",
    "string_pattern_mismatch": "no tiene la forma esperada",
    "uuid_parsing": "tiene que ser un UUID",
    "uuid_type": "tiene que ser un UUID",
    "datetime_type": MOMENTO,
    "datetime_parsing": MOMENTO,
    "datetime_from_date_parsing": MOMENTO,
    "timezone_aware": MOMENTO,
    "literal_error": "tiene que ser {expected}",
    "extra_forbidden": "no es un campo conocido",
    "value_error": "{error}",
}


class Problema(Exception):
    """An answer that is an error: HTTP status, a stable code, a Spanish sentence, the fields at fault."""

    def __init__(
        self,
        estado: int,
        codigo: str,
        detalle: str,
        *,
        errores: list[dict[str, str]] | None = None,
        cabeceras: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detalle)
        self.estado = estado
        self.codigo = codigo
        self.detalle = detalle
        self.errores = errores or []
        self.cabeceras = dict(cabeceras or {})

    def respuesta(self) -> Response:
        """The problem document."""
        documento: dict[str, Any] = {
            "type": "about:blank",
            "title": TITULOS.get(self.estado, HTTPStatus(self.estado).phrase),
            "status": self.estado,
            "detail": self.detalle,
            "codigo": self.codigo,
            "errores": self.errores,
        }
        return Response(
            bytes_json(documento), self.estado, headers=self.cabeceras, media_type="application/problem+json"
        )


def _mensaje(error: ErrorDetails) -> str:
    contexto = error.get("ctx", {})
    if error["type"] == "literal_error":
        contexto = {"expected": str(contexto["expected"]).replace(" or ", " o ")}
    tipo = error["type"]
    if tipo == "too_short" and contexto.get("field_type") != "List":
        tipo = "string_too_short"  # a text that was trimmed before it was measured
    return MENSAJES.get(tipo, "no es válido").format(**contexto)


def de_validacion(error: ValidationError) -> Problema:
    """422 with the first fault as a sentence and all of them by field."""
    faltas = error.errors(include_url=False, include_input=False)[:20]
    errores = [{"campo": ".".join(str(p) for p in f["loc"]), "mensaje": _mensaje(f)} for f in faltas]
    detalle = f"{errores[0]['campo']} {errores[0]['mensaje']}."
    codigo = getattr(faltas[0].get("ctx", {}).get("error"), "codigo", "DATOS_INVALIDOS")
    return Problema(422, codigo, detalle, errores=errores)


async def _problema(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problema)
    return error.respuesta()


def _metodos(request: Request) -> set[str]:
    """What a path admits: Starlette tells of its first route alone."""
    rutas = [ruta for ruta in request.app.routes if isinstance(ruta, Route)]
    suyas = [ruta for ruta in rutas if ruta.matches(request.scope)[0] is not Match.NONE]
    return {metodo for ruta in suyas for metodo in ruta.methods or ()}


async def _http(request: Request, error: Exception) -> Response:
    """What Starlette's routing refuses: 404 and 405."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        detalle = f"{request.scope['path']} no admite {request.method}."
        permitidos = {"Allow": ", ".join(sorted(_metodos(request)))}
        return Problema(405, "METODO_NO_PERMITIDO", detalle, cabeceras=permitidos).respuesta()
    if error.status_code == 404:
        return Problema(404, "RUTA_INEXISTENTE", f"No existe {request.scope['path']}.").respuesta()
    titulo = TITULOS.get(error.status_code, "El pedido no se pudo atender")
    return Problema(error.status_code, "PEDIDO_RECHAZADO", f"{titulo}.", cabeceras=error.headers).respuesta()


def base_caida(error: Exception) -> Response:
    """503, written down."""
    logger.warning("La base de datos no responde: %s", error)
    return Problema(
        503,
        "BASE_DE_DATOS_CAIDA",
        "La base de datos no responde. No se perdió nada: pruebe de nuevo en unos segundos.",
        cabeceras={"Retry-After": str(REINTENTAR_S)},
    ).respuesta()


async def _base_caida(request: Request, error: Exception) -> Response:
    return base_caida(error)


async def _interno(request: Request, error: Exception) -> Response:
    logger.error("Error inesperado en %s %s", request.method, request.scope["path"], exc_info=error)
    return Problema(500, "ERROR_INTERNO", "Ocurrió un error inesperado. Ya quedó registrado.").respuesta()


async def _cursor(request: Request, error: Exception) -> Response:
    return Problema(422, "CURSOR_INVALIDO", "El cursor no es válido: use el next_cursor recibido.").respuesta()


manejadores: dict[Any, Any] = {
    Problema: _problema,
    CursorInvalido: _cursor,
    HTTPException: _http,
    **dict.fromkeys(BASE_CAIDA, _base_caida),
    Exception: _interno,
}
