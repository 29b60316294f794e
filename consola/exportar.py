"""`consultas exportar`: what the running service knows, as CSV or as a calendar, to a file or to stdout."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from consola.remoto import URL, Clave, Remoto, Url, decir_json
from consola.uso import Fin, Terminar, UsoIncorrecto, motivo

app = typer.Typer(help="Saca consultas, deudas o vencimientos del servicio en marcha.", no_args_is_help=True)

Salida = Annotated[Path | None, typer.Option(help="El archivo que se escribe; sin ella, a la pantalla.")]
Excel = Annotated[bool, typer.Option("--excel", help="Como lo abre Excel en es-AR: punto y coma, coma decimal.")]
EnJson = Annotated[bool, typer.Option("--json", help="Con --salida: el archivo y sus bytes, como JSON.")]


@app.command("consultas")
def orden_consultas(
    desde: Annotated[str | None, typer.Option(help="Un día (2026-11-01) o un momento con zona horaria.")] = None,
    hasta: Annotated[str | None, typer.Option(help="Lo mismo; el día se incluye.")] = None,
    propiedad_id: Annotated[int | None, typer.Option("--propiedad", help="Sólo las de una propiedad.")] = None,
    excel: Excel = False,
    salida: Salida = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Las consultas terminadas, la más vieja primero, como CSV."""
    filtro = {"desde": desde, "hasta": hasta, "propiedad_id": propiedad_id, "formato": "excel" if excel else None}
    return _bajar(Remoto(url, clave), "/consultas.csv", filtro, salida, en_json)


@app.command("deudas")
def orden_deudas(
    excel: Excel = False, salida: Salida = None, en_json: EnJson = False, url: Url = URL, clave: Clave = None
) -> int:
    """Lo que debe cada servicio activo, según lo último que se pudo leer, como CSV."""
    filtro = {"formato": "excel" if excel else None}
    return _bajar(Remoto(url, clave), "/deudas.csv", filtro, salida, en_json)


@app.command("vencimientos")
def orden_vencimientos(salida: Salida = None, en_json: EnJson = False, url: Url = URL, clave: Clave = None) -> int:
    """Los vencimientos de lo que está impago, como calendario (.ics)."""
    return _bajar(Remoto(url, clave), "/vencimientos.ics", {}, salida, en_json)


def _bajar(remoto: Remoto, ruta: str, filtro: Mapping[str, object], salida: Path | None, en_json: bool) -> int:
    if salida is None:
        if en_json:
            raise UsoIncorrecto("--json va con --salida: lo que se exporta ya es para un programa.")
        for parte in remoto.bajar(ruta, **filtro):
            sys.stdout.buffer.write(parte)
        sys.stdout.buffer.flush()
        return Fin.BIEN
    borrador = salida.with_name(f"{salida.name}.parcial")
    try:
        with borrador.open("wb") as archivo:
            for parte in remoto.bajar(ruta, **filtro):
                archivo.write(parte)
        escritos = borrador.stat().st_size
        borrador.replace(salida)
    except OSError as error:
        raise UsoIncorrecto(f"No se puede escribir {salida}: {motivo(error)}.") from None
    except Terminar:
        borrador.unlink(missing_ok=True)
        raise
    if en_json:
        decir_json({"archivo": str(salida), "bytes": escritos})
    else:
        typer.echo(f"Escrito {salida} ({escritos} bytes).", err=True)
    return Fin.BIEN
