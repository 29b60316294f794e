"""A route with what it asks of its caller. A route that says nothing wants `administrar`."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Scope

from models import Alcance


class Ruta(Route):
    """A route and the alcance that a key needs for it; None: no key is asked for.

    With `include_in_schema`, its handler is documented: documento/operacion.py.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        alcance: Alcance | None,
        methods: Sequence[str] = ("GET",),
        include_in_schema: bool = True,
    ) -> None:
        super().__init__(path, endpoint, methods=list(methods), include_in_schema=include_in_schema)
        self.alcance = alcance


class Montaje(Mount):
    """An app or routes below a path, all of the same alcance; None: they look after themselves."""

    def __init__(
        self,
        path: str,
        app: ASGIApp | None = None,
        routes: Sequence[BaseRoute] | None = None,
        *,
        alcance: Alcance | None,
        name: str | None = None,
    ) -> None:
        super().__init__(path, app, routes, name)
        self.alcance = alcance


def ruta_de(rutas: Sequence[BaseRoute], scope: Scope) -> BaseRoute | None:
    """The route that will answer a request; None where it will be a 404 or a 405."""
    return next((ruta for ruta in rutas if ruta.matches(scope)[0] is Match.FULL), None)


def alcance_de(ruta: BaseRoute) -> Alcance | None:
    """What a route asks for."""
    return getattr(ruta, "alcance", Alcance.ADMINISTRAR)
