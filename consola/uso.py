"""What every command of `consultas` may say about how it was used, and with which code it ends."""

from enum import IntEnum
from typing import Annotated

import typer


class Fin(IntEnum):
    """The exit codes of `consultas`."""

    BIEN = 0
    FALLA = 1
    """It was done, and something failed: a consulta, a row, a migration."""
    USO = 2
    """What was written on the command line, or the settings."""
    NO_EXISTE = 3
    NO_RESPONDE = 4
    """The service, or the database."""
    RECHAZADO = 5
    """The service answered that it may not, or cannot, be done."""
    INTERRUMPIDA = 130


class Terminar(Exception):
    """Nothing more can be done: one Spanish sentence, and the code."""

    def __init__(self, codigo: Fin, frase: str) -> None:
        super().__init__(frase)
        self.codigo = codigo


class UsoIncorrecto(Terminar):
    """What the operator wrote cannot be done: one Spanish sentence."""

    def __init__(self, frase: str) -> None:
        super().__init__(Fin.USO, frase)


def motivo(error: Exception) -> str:
    """Why it failed, without Python's own words."""
    return getattr(error, "strerror", None) or str(error)


def sin_base(error: Exception) -> Terminar:
    """The database does not answer."""
    return Terminar(Fin.NO_RESPONDE, f"No se pudo llegar a la base de datos: {' '.join(str(error).split())}")


EnJson = Annotated[bool, typer.Option("--json", help="Lo mismo como JSON.")]
