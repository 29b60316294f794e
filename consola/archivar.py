"""`consultas archivar`: old jobs go from the database into files, with everything that belongs to them."""

import contextlib
import gzip
import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psycopg2
import typer

from consola.uso import EnJson, Fin, Terminar, UsoIncorrecto, motivo, sin_base
from models import BASE_CAIDA
from models.historia import archivar_historia
from settings import ajustes


def orden_archivar(
    dias: Annotated[int, typer.Option(min=1, max=36_500, help="Los que terminaron hace más que estos días.")],
    carpeta: Annotated[Path, typer.Option(help="Dónde se escriben los archivos .jsonl.gz; se hace si no existe.")],
    evidencia: Annotated[bool, typer.Option("--evidencia", help="También la evidencia que quede.")] = False,
    en_json: EnJson = False,
) -> int:
    """Escribe los jobs viejos en archivos, con sus consultas y callbacks, y los borra de la base.

    Nada se borra antes de que su archivo esté entero en el disco. Se puede interrumpir y repetir, con el servicio en
    marcha. Las credenciales no van.
    """
    borra = ajustes().historia_dias
    if borra is not None and borra <= dias:
        raise UsoIncorrecto(f"HISTORIA_DIAS dice {borra}: reloj borraría antes lo que se quiere archivar. Va vacía.")
    archivos: list[Path] = []

    def guardar(primero: uuid.UUID, lineas: Iterator[str]) -> None:
        archivos.append(_escribir(carpeta, primero, lineas))

    jobs = 0
    try:
        carpeta.mkdir(parents=True, exist_ok=True)
        while tanda := archivar_historia(dias, guardar, evidencia=evidencia):
            jobs += tanda
    except (*BASE_CAIDA, psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise sin_base(error) from None
    except OSError as error:
        raise Terminar(
            Fin.FALLA, f"No se puede escribir en {carpeta}: {motivo(error)}. Lo demás sigue en la base."
        ) from None
    if en_json:
        typer.echo(json.dumps({"jobs": jobs, "archivos": [str(archivo) for archivo in archivos]}))
    else:
        typer.echo(f"{jobs} jobs archivados en {len(archivos)} archivos de {carpeta}.")
    return Fin.BIEN


def _escribir(carpeta: Path, primero: uuid.UUID, lineas: Iterator[str]) -> Path:
    """A new file that only its owner reads, whole and on the disk when this returns."""
    final = carpeta / f"consultas-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{primero}.jsonl.gz"
    borrador = final.with_name(f"{final.name}.parcial")
    borrador.touch(mode=0o600, exist_ok=False)
    try:
        with borrador.open("wb") as archivo:
            with gzip.open(archivo, "wt", encoding="utf-8") as comprimido:
                comprimido.writelines(f"{linea}\n" for linea in lineas)
            os.fsync(archivo.fileno())
        borrador.replace(final)
    except BaseException:
        with contextlib.suppress(OSError):
            borrador.unlink()
        raise
    _fijar(carpeta)
    return final


def _fijar(carpeta: Path) -> None:
    """Bring the names of a folder to the disk."""
    descriptor = os.open(carpeta, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
