"""Reading a CSV as spreadsheets save it: its encoding, its separator, its columns, its rows with their lines."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from consola.uso import UsoIncorrecto, motivo

ABREVIADO = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+")
"""How Excel writes a long number in a narrow column, its digits lost."""


@dataclass(frozen=True, slots=True)
class Renglon:
    """A row: the line on which it begins, its cells that are not empty by column, what is wrong with their form."""

    linea: int
    celdas: dict[str, str]
    errores: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Planilla:
    """A file as it was read."""

    renglones: list[Renglon]
    codificacion: str
    separador: str

    @property
    def aviso(self) -> str | None:
        """What the operator should know about how it was read."""
        if self.codificacion != "Windows-1252":
            return None
        return "El archivo no está en UTF-8: se leyó como Windows-1252, como lo guarda Excel. Revise las tildes."


def leer_planilla(archivo: Path, columnas: Sequence[str]) -> Planilla:
    """The rows of a file with these columns, in any order. Raises UsoIncorrecto; a message never shows a cell."""
    try:
        crudo = archivo.read_bytes()
    except OSError as error:
        raise UsoIncorrecto(f"No se puede leer {archivo}: {motivo(error)}.") from None
    texto, codificacion = _decodificar(crudo, archivo)
    separador, saltadas, texto = _separador(texto)
    lector = csv.reader(io.StringIO(texto, newline=""), delimiter=separador, strict=True)
    try:
        encabezado = next(lector, None)
        if encabezado is None or not any(encabezado):
            raise UsoIncorrecto(f"{archivo} no tiene encabezado.")
        titulos = _titulos(encabezado, columnas)
        renglones = list(_renglones(lector, titulos, saltadas))
    except csv.Error:
        linea = lector.line_num + saltadas
        raise UsoIncorrecto(f"{archivo} no es un CSV: en la línea {linea} hay comillas mal puestas.") from None
    if not renglones:
        raise UsoIncorrecto(f"{archivo} no tiene ninguna fila.")
    return Planilla(renglones, codificacion, separador)


def _decodificar(crudo: bytes, archivo: Path) -> tuple[str, str]:
    if crudo.startswith((b"\xff\xfe", b"\xfe\xff")):
        formas = [("utf-16", "UTF-16")]
    else:
        formas = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    for forma, nombre in formas:
        try:
            texto = crudo.decode(forma)
        except UnicodeDecodeError:
            continue
        if "\x00" not in texto:
            return texto, nombre
    raise UsoIncorrecto(f"{archivo} no es un texto: guárdelo como «CSV UTF-8».")


def _separador(texto: str) -> tuple[str, int, str]:
    """The separator, how many lines come before the header, and the text from there: Excel may say `sep=;` first."""
    primera, _, resto = texto.partition("\n")
    dicho = re.fullmatch(r'"?sep=([;,\t])"?\s*', primera, re.IGNORECASE)
    if dicho:
        return dicho[1], 1, resto
    return max(";,\t", key=primera.count), 0, texto


def _titulos(encabezado: Sequence[str], columnas: Sequence[str]) -> list[str | None]:
    titulos = [_sin_adornos(titulo) or None for titulo in encabezado]
    for lugar, titulo in enumerate(titulos, 1):
        if titulo is not None and titulo not in columnas:
            # Without a header this would be a cell, and maybe a clave: it is not shown.
            raise UsoIncorrecto(f"No se conoce la columna {lugar} del encabezado. Las que hay: {', '.join(columnas)}.")
    repetidas = sorted({titulo for titulo in titulos if titulo and titulos.count(titulo) > 1})
    if repetidas:
        raise UsoIncorrecto(f"El encabezado repite columnas: {', '.join(repetidas)}.")
    faltan = [columna for columna in ("propiedad", "empresa") if columna not in titulos]
    if faltan:
        raise UsoIncorrecto(f"Al encabezado le faltan columnas: {', '.join(faltan)}.")
    return titulos


def _sin_adornos(titulo: str) -> str:
    """`Dirección ` as `direccion`, `Número cliente` as `numero_cliente`."""
    suelto = "".join(c for c in unicodedata.normalize("NFD", titulo) if not unicodedata.combining(c))
    return re.sub(r"[\s_-]+", "_", suelto.strip().casefold())


def _renglones(lector: Iterator[list[str]], titulos: Sequence[str | None], saltadas: int) -> Iterator[Renglon]:
    anterior = lector.line_num  # type: ignore[attr-defined]
    for fila in lector:
        linea, anterior = anterior + 1 + saltadas, lector.line_num  # type: ignore[attr-defined]
        limpias = [celda.strip().strip("\N{NO-BREAK SPACE}") for celda in fila]
        if not any(limpias):
            continue
        errores = []
        if any(celda for celda in limpias[len(titulos) :]):
            errores.append(("fila", "tiene más celdas que el encabezado"))
        if any(celda and titulo is None for titulo, celda in zip(titulos, limpias, strict=False)):
            errores.append(("fila", "tiene datos en una columna sin título"))
        celdas = {titulo: celda for titulo, celda in zip(titulos, limpias, strict=False) if titulo and celda}
        errores += [
            (titulo, "es un número que Excel abrevió: dé a la columna formato de texto y escríbalo de nuevo")
            for titulo, celda in celdas.items()
            if ABREVIADO.fullmatch(celda)
        ]
        yield Renglon(linea, celdas, tuple(errores))
