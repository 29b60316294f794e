"""Statements of every consulta's path, written once: peewee takes longer to write one than PostgreSQL to run it.

What differs from run to run is a parameter of the function that builds the query, and a value given to each run.
"""

import inspect
import uuid
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar

from peewee import AsIs, Model

from models.base import bd

M = TypeVar("M", bound=Model)


class _Hueco:
    """Where a value goes."""

    def __init__(self, nombre: str) -> None:
        self.nombre = nombre


class Compilada:
    """`compilada` of a function that builds a query: called with the function's parameters, it runs that query.

    The values are what the driver takes: peewee's fields do not convert them, but for UUIDs.
    """

    def __init__(self, hacer: Callable[..., Any], nombres: Iterable[str] = ()) -> None:
        self._hacer = hacer
        self._nombres = tuple(nombres) or tuple(inspect.signature(hacer).parameters)

    @cached_property
    def _escrita(self) -> tuple[str, list[Any]]:
        huecos = {nombre: AsIs(_Hueco(nombre), False) for nombre in self._nombres}
        texto, valores = self._hacer(**huecos).sql()
        return texto, valores

    def _valores(self, dados: dict[str, Any]) -> tuple[str, list[Any]]:
        texto, valores = self._escrita
        puestos = [dados[v.nombre] if isinstance(v, _Hueco) else v for v in valores]
        return texto, [str(v) if isinstance(v, uuid.UUID) else v for v in puestos]

    def __call__(self, **dados: Any) -> Any:
        """Run it; returns the driver's cursor."""
        return bd.execute_sql(*self._valores(dados))

    def filas(self, modelo: type[M], **dados: Any) -> list[M]:
        """Run it; returns the rows that it gives, as those of a model."""
        texto, valores = self._valores(dados)
        return list(modelo.raw(texto, *valores))


compilada = Compilada
