"""`consultas cifrado`: keys for what is stored encrypted."""

import json
from dataclasses import asdict

import typer
from cryptography.fernet import Fernet

from consola.uso import EnJson, Fin, sin_base
from models import BASE_CAIDA
from models.rotacion import rotar

app = typer.Typer(help="Las claves con las que se cifran las credenciales (CIFRADO_CLAVES).", no_args_is_help=True)


@app.command("nueva")
def nueva(en_json: EnJson = False) -> int:
    """Muestra una clave nueva, hecha al azar; no la guarda."""
    clave = Fernet.generate_key().decode()
    typer.echo(json.dumps({"clave": clave}) if en_json else clave)
    return 0


@app.command("rotar")
def orden_rotar(en_json: EnJson = False) -> int:
    """Cifra de nuevo, con la primera clave de CIFRADO_CLAVES, todo lo que se guardó con las otras.

    Se puede interrumpir y repetir, con el servicio en marcha. Termina con 1 si algo no se pudo leer.
    """
    try:
        cuentas = rotar()
    except BASE_CAIDA as error:
        raise sin_base(error) from None
    if en_json:
        typer.echo(json.dumps([asdict(cuenta) for cuenta in cuentas], default=str))
        return Fin.FALLA if any(c.ilegibles for c in cuentas) else Fin.BIEN
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
