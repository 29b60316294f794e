"""`consultas estado`: what GET /ready says, from here."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consola.uso import EnJson
from models.listo import mirar


def orden_estado(en_json: EnJson = False) -> int:
    """Cada parte del servicio y si hace su trabajo. Termina con 1 si alguna no puede."""
    visto = mirar()
    if en_json:
        typer.echo(visto.model_dump_json())
        return 0 if visto.listo else 1
    tabla = Table("Parte", "", "Qué se ve")
    for nombre, parte in visto.partes.items():
        marca = Text("bien", style="green") if parte.ok else Text("MAL", style="bold red")
        tabla.add_row(nombre.replace("_", " "), marca, Text(parte.mensaje))
    Console().print(tabla)
    typer.echo("El servicio está listo." if visto.listo else "El servicio no puede hacer todo su trabajo.")
    typer.echo(f"Versión {visto.version}.")
    return 0 if visto.listo else 1
