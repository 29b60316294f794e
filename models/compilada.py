"""Statements of every consulta's path, written once: peewee takes longer to write one than PostgreSQL to run it.

What differs from run to run is a parameter of the function that builds the query, and a value given to each run.
"""

import inspect
import itertools
import uuid
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any, TypeVar

from peewee import AsIs, DatabaseError, Model

from models.base import Enlace, bd

M = TypeVar("M", bound=Model)
_numeros = itertools.count(1)


class _Hueco:
    """Where a value goes."""

    def __init__(self, nombre: str) -> None:
        self.nombre = nombre


class Compilada:
    """`compilada` of a function that builds a query: called with the function's parameters, it runs that query.

    The values are what the driver takes: peewee's fields do not convert them, but for UUIDs. The server plans it once
    for each connection, not for each run, where the connection is a direct one.
    """

    def __init__(self, hacer: Callable[..., Any], nombres: Iterable[str] = (), *, preparable: bool = True) -> None:
        self._hacer = hacer
        self._nombres = tuple(nombres) or tuple(inspect.signature(hacer).parameters)
        self.preparable = preparable
        self._lectores: list[tuple[str, Callable[[Any], Any] | None]] = []
        """How each column that it gives is read: the name of a field and its conversion, or of an attribute."""
        self.nombre = f"{hacer.__module__}.{hacer.__qualname__}.{next(_numeros)}"
        """Of its prepared statement, in each connection."""

    @cached_property
    def _escrita(self) -> tuple[str, list[Any]]:
        huecos = {nombre: AsIs(_Hueco(nombre), False) for nombre in self._nombres}
        texto, valores = self._hacer(**huecos).sql()
        return texto, valores

    @cached_property
    def valores(self) -> list[str]:
        """The names of the values in the order in which the statement takes them."""
        return [v.nombre for v in self._escrita[1] if isinstance(v, _Hueco)]

    @cached_property
    def _ejecucion(self) -> str:
        return f'EXECUTE "{self.nombre}"({", ".join(["%s"] * len(self.valores))})'

    def preparar(self) -> None:
        """PREPARE it in this thread's connection, unless it is.

        A parameter goes where a value does; the rest stays as it is, since partial indexes ask for constants.
        """
        enlace: Enlace = bd.connection()
        if self.nombre in enlace.preparadas:
            return
        texto, valores = self._escrita
        cuenta = itertools.count(1)
        lugares = [f"${next(cuenta)}" if isinstance(v, _Hueco) else "%s" for v in valores]
        partes = texto.split("%s")
        preparada = "".join(itertools.chain(*zip(partes, lugares, strict=False), partes[len(lugares) :]))
        try:
            bd.execute_sql(f'PREPARE "{self.nombre}" AS {preparada}', [v for v in valores if not isinstance(v, _Hueco)])
            enlace.preparadas.add(self.nombre)
        except DatabaseError:  # the server's word that it was not
            raise
        except BaseException:  # Dramatiq interrupted this thread: whether the server keeps it is not known
            enlace.close()
            raise

    def _orden(self, dados: dict[str, Any]) -> tuple[str, list[Any]]:
        enlace: Enlace = bd.connection()
        if self.preparable and enlace.directo:
            self.preparar()
            texto, puestos = self._ejecucion, [dados[nombre] for nombre in self.valores]
        else:
            texto, valores = self._escrita
            puestos = [dados[v.nombre] if isinstance(v, _Hueco) else v for v in valores]
        return texto, [str(v) if isinstance(v, uuid.UUID) else v for v in puestos]

    def __call__(self, **dados: Any) -> Any:
        """Run it; returns the driver's cursor."""
        return bd.execute_sql(*self._orden(dados))

    def filas(self, modelo: type[M], *, tras: "Compilada | None" = None, **dados: Any) -> list[M]:
        """Run it; returns the rows that it gives, as those of a model.

        With `tras`, that one goes first, in the same message and so in the same transaction.
        """
        texto, valores = self._orden(dados)
        if tras is not None:
            primero, suyos = tras._orden(dados)
            texto, valores = f"{primero}; {texto}", [*suyos, *valores]
        cursor = bd.execute_sql(texto, valores)
        if not self._lectores:
            campos = [(columna.name, modelo._meta.columns.get(columna.name)) for columna in cursor.description]
            self._lectores = [(c.name, c.python_value) if c else (nombre, None) for nombre, c in campos]
        return [self._leida(modelo, fila) for fila in cursor.fetchall()]

    def _leida(self, modelo: type[M], fila: tuple[Any, ...]) -> M:
        """A row of that model; peewee works out anew in each run what its columns are."""
        leida = modelo(__no_default__=1)
        for (nombre, convertir), valor in zip(self._lectores, fila, strict=True):
            if convertir is None:
                setattr(leida, nombre, valor)
            else:
                leida.__data__[nombre] = convertir(valor)
        return leida


compilada = Compilada
escrita = partial(Compilada, preparable=False)
"""`compilada` of a query whose plan depends on its values (how long an array is): it is planned for each run."""


def arreglo(valores: Iterable[object]) -> str:
    """An array of ids as PostgreSQL writes it: what the query casts to `uuid[]` or `bigint[]`."""
    return "{" + ",".join(map(str, valores)) + "}"
