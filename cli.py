"""The command `consultas`, for an operator: its subcommands are in consola/, a file each."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from consola import cifrado, claves
from consola.empresas import orden_empresas
from consola.escuchar import orden_escuchar
from consola.uso import UsoIncorrecto
from consola.verificar import orden_verificar
from settings import VERSION

app = typer.Typer(help="Consulta portales de empresas de servicios.", pretty_exceptions_enable=False)
app.add_typer(claves.app, name="clave")
app.add_typer(cifrado.app, name="cifrado")
app.command("verificar")(orden_verificar)
app.command("empresas")(orden_empresas)
app.command("escuchar")(orden_escuchar)


def _version(pedida: bool) -> None:
    if pedida:
        typer.echo(f"consultas {VERSION}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Dice la versión y termina.")
]


@app.callback(invoke_without_command=True)
def consultas(contexto: typer.Context, version: Version = False) -> None:
    """Consulta portales de empresas de servicios; sólo `clave` usa la base de datos."""
    if contexto.invoked_subcommand is None:
        typer.echo(contexto.get_help())
        raise typer.Exit(2)


def main(argumentos: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 for an amount, 1 for a falla, 2 for wrong usage."""
    try:
        codigo = app(args=argumentos, prog_name="consultas", standalone_mode=False)
    except (UsoIncorrecto, typer.TyperException) as error:
        typer.echo(str(error) if isinstance(error, UsoIncorrecto) else _frase(error), err=True)
        codigo = 2
    except typer.Abort:
        typer.echo("Interrumpida.", err=True)
        codigo = 130
    sys.exit(codigo)


def _frase(error: typer.TyperException) -> str:
    """What typer refused, as one Spanish sentence; its own exception classes are not public."""
    ayuda = "vea «consultas --help» o «consultas verificar --help»."
    opcion = getattr(error, "option_name", None)
    parametro = getattr(error, "param", None)
    if type(error).__name__ == "MissingParameter" and parametro is not None:
        falta = parametro.opts[0] if parametro.param_type_name == "option" else parametro.name.upper()
        return f"Falta {falta}: {ayuda}"
    if opcion is not None:
        return f"La opción {opcion} no existe o le falta su valor: {ayuda}"
    return f"No se entiende la orden: {ayuda}"


if __name__ == "__main__":
    main()
