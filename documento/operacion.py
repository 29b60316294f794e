"""How a route is described: `@documentar(Operacion(...))` above its handler. What it does not say is deduced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

F = TypeVar("F", bound=Callable[..., Any])

IDEMPOTENCIA = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Enlace:
    """What can be asked next with something of the answer: an operationId, and its parameters or fields of its body.

    Their values are runtime expressions of OpenAPI, like `$response.body#/job_id`.
    """

    operacion: str
    parametros: Mapping[str, str] = field(default_factory=dict)
    cuerpo: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operacion:
    """A route as a reader sees it, in Spanish. Its operationId is the name of the handler.

    `respuestas`: what each 2xx carries: a model, or media types without one, or None for nothing.
    `errores`: its own codes of documento.errores; those of every route, of a key, body, query or path are added.
    """

    titulo: str
    etiqueta: str
    respuestas: Mapping[int, type[BaseModel] | tuple[str, ...] | None]
    detalle: str = ""
    consulta: type[BaseModel] | None = None
    """The model of the query string."""
    cuerpo: type[BaseModel] | None = None
    cuerpo_opcional: bool = False
    cabeceras: tuple[str, ...] = ()
    """Request headers, of documento.cabeceras."""
    responde_con: tuple[str, ...] = ()
    """Headers of its 2xx, of documento.cabeceras."""
    errores: tuple[str, ...] = ()
    enlaces: tuple[Enlace, ...] = ()
    avisa: bool = False
    """Whether it leads to callbacks to its `callback_url`."""


_operaciones: dict[Callable[..., Any], Operacion] = {}


def documentar(operacion: Operacion) -> Callable[[F], F]:
    """Describe a handler."""

    def marcar(manejador: F) -> F:
        _operaciones[manejador] = operacion
        return manejador

    return marcar


def operacion_de(manejador: Callable[..., Any]) -> Operacion | None:
    """How a handler is described; None when nobody did."""
    return _operaciones.get(manejador)
