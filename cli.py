"""The command `consultas`, for an operator: its subcommands are in consola/, a file each."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from consola import cifrado, claves, consultar, exportar
from consola.archivar import orden_archivar
from consola.empresas import orden_empresas
from consola.escuchar import orden_escuchar
from consola.estado import orden_estado
from consola.importar import orden_importar
from consola.jobs import orden_callbacks, orden_job, orden_jobs
from consola.migrar import orden_migrar
from consola.uso import Fin, Terminar
from consola.verificar import orden_verificar
from settings import VERSION

app = typer.Typer(help="Consulta portales de empresas de servicios.", pretty_exceptions_enable=False)
app.add_typer(consultar.app, name="consultar")
app.command("job")(orden_job)
app.command("jobs")(orden_jobs)
app.command("callbacks")(orden_callbacks)
app.command("importar")(orden_importar)
app.add_typer(exportar.app, name="exportar")
app.add_typer(claves.app, name="clave")
app.add_typer(cifrado.app, name="cifrado")
app.command("verificar")(orden_verificar)
app.command("estado")(orden_estado)
app.command("archivar")(orden_archivar)
app.command("empresas")(orden_empresas)
app.command("escuchar")(orden_escuchar)
app.command("migrar")(orden_migrar)


def _version(pedida: bool) -> None:
    if pedida:
        typer.echo(f"consultas {VERSION}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Dice la versión y termina.")
]


@app.callback(invoke_without_command=True)
def consultas(contexto: typer.Context, version: Version = False) -> None:
    """Consulta portales de empresas de servicios.

    importar, archivar, clave, cifrado, estado y migrar usan la base de datos de DATABASE_URL; consultar, job, jobs,
    callbacks y exportar, el servicio en marcha (CONSULTAS_URL y CONSULTAS_API_KEY); los otros, ninguno de los dos.
    """
    if contexto.invoked_subcommand is None:
        typer.echo(contexto.get_help())
        raise typer.Exit(2)


def main(argumentos: Sequence[str] | None = None) -> None:
    """Run the command line and exit with one of Fin."""
    try:
        codigo = app(args=argumentos, prog_name="consultas", standalone_mode=False)
    except Terminar as error:
        typer.echo(str(error), err=True)
        codigo = error.codigo
    except typer.TyperException as error:
        typer.echo(_frase(error), err=True)
        codigo = Fin.USO
    except typer.Abort:
        typer.echo("Interrumpida.", err=True)
        codigo = Fin.INTERRUMPIDA
    sys.exit(codigo)


def _frase(error: typer.TyperException) -> str:
    """What typer refused, as one Spanish sentence; its own exception classes are not public."""
    contexto = getattr(error, "ctx", None)
    ayuda = f"vea «{contexto.command_path if contexto else 'consultas'} --help»."
    opcion = getattr(error, "option_name", None)
    parametro = getattr(error, "param", None)
    if type(error).__name__ == "MissingParameter" and parametro is not None:
        falta = parametro.opts[0] if parametro.param_type_name == "option" else parametro.name.upper()
        return f"Falta {falta}: {ayuda}"
    if type(error).__name__ == "BadParameter" and parametro is not None:
        cual = parametro.opts[0] if parametro.param_type_name == "option" else parametro.name.upper()
        return f"No sirve lo que se dio como {cual}: {ayuda}"
    if opcion is not None:
        return f"La opción {opcion} no existe o le falta su valor: {ayuda}"
    return f"No se entiende la orden: {ayuda}"


if __name__ == "__main__":
    main()
