"""`consultas cifrado`: keys for what is stored encrypted."""

import typer
from cryptography.fernet import Fernet

from models import BASE_CAIDA
from models.rotacion import rotar

app = typer.Typer(help="Las claves con las que se cifran las credenciales (CIFRADO_CLAVES).", no_args_is_help=True)


@app.command("nueva")
def nueva() -> int:
    """Muestra una clave nueva, hecha al azar; no la guarda."""
    typer.echo(Fernet.generate_key().decode())
    return 0


@app.command("rotar")
def orden_rotar() -> int:
    """Cifra de nuevo, con la primera clave de CIFRADO_CLAVES, todo lo que se guardó con las otras.

    Se puede interrumpir y repetir, con el servicio en marcha. Termina con 1 si algo no se pudo leer.
    """
    try:
        cuentas = rotar()
    except BASE_CAIDA as error:
        typer.echo(f"No se pudo llegar a la base de datos: {' '.join(str(error).split())}", err=True)
        return 1
    for cuenta in cuentas:
        typer.echo(f"{cuenta.columna}: {cuenta.cifradas} cifradas de nuevo, {cuenta.al_dia} ya lo estaban.")
    ilegibles = [c for c in cuentas if c.ilegibles]
    for cuenta in ilegibles:
        muestra = ", ".join(str(clave) for clave in cuenta.ilegibles[:20])
        cuantas = len(cuenta.ilegibles)
        typer.echo(f"{cuenta.columna}: {cuantas} no se pueden descifrar con CIFRADO_CLAVES: {muestra}.", err=True)
    if ilegibles:
        return 1
    typer.echo("Todo está cifrado con la primera clave: las otras se pueden quitar de CIFRADO_CLAVES.")
    return 0
