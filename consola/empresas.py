"""`consultas empresas`: what can be consulted."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consola.uso import UsoIncorrecto, motivo
from scrapers import SCRAPERS
from scrapers.informe import TITULOS, con_tabla, en_tabla, filas


def orden_empresas(
    en_markdown: Annotated[bool, typer.Option("--markdown", help="La tabla del README.")] = False,
    en_json: Annotated[bool, typer.Option("--json", help="Lo mismo como JSON.")] = False,
    escribir: Annotated[Path | None, typer.Option(help="El archivo en el que se reescribe la tabla.")] = None,
) -> int:
    """Las empresas que se consultan, qué pide cada una y si alguien la verificó en vivo."""
    todas = SCRAPERS.values()
    if escribir is not None:
        try:
            escribir.write_text(con_tabla(escribir.read_text(encoding="utf-8"), todas), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsoIncorrecto(f"No se puede reescribir la tabla de {escribir}: {motivo(error)}.") from None
    elif en_json:
        lista = [dict(zip(TITULOS, fila, strict=True)) for fila in filas(todas)]
        typer.echo(json.dumps(lista, ensure_ascii=False, indent=2))
    elif en_markdown:
        typer.echo(en_tabla(todas))
    else:
        tabla = Table(*TITULOS)
        for fila in filas(todas):
            tabla.add_row(*map(Text, fila))
        Console().print(tabla)
    return 0
