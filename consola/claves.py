"""`consultas clave`: the API keys, in the database of DATABASE_URL."""

from datetime import datetime
from typing import Annotated, Any

import typer
from dotenv import load_dotenv
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consola.remoto import decir_json
from consola.uso import EnJson, Fin, Terminar, UsoIncorrecto, sin_base
from models import BASE_CAIDA
from models.api_key import NOMBRE_MAX, Alcance, ApiKey, NombreEnUso, crear_clave, listar_claves, revocar
from models.schemas import instante

app = typer.Typer(help="Las claves de la API: crear, listar, revocar.", no_args_is_help=True)


@app.callback()
def claves() -> None:
    """Las claves de la API: crear, listar, revocar. Usa la base de DATABASE_URL, también si está en .env."""
    load_dotenv(interpolate=False)


@app.command("crear")
def orden_crear(
    nombre: Annotated[str, typer.Argument(help="Para qué es, por ejemplo «nextjs».")],
    alcance: Annotated[list[Alcance], typer.Option(help="Se puede repetir; administrar incluye a los otros.")],
    en_json: EnJson = False,
) -> int:
    """Crea una clave y la muestra, por única vez."""
    nombre = nombre.strip()
    if not nombre or len(nombre) > NOMBRE_MAX or not nombre.isprintable():
        raise UsoIncorrecto(f"El nombre de una clave lleva de 1 a {NOMBRE_MAX} caracteres, en una línea.")
    try:
        clave, texto = crear_clave(nombre, alcance)
    except NombreEnUso:
        raise UsoIncorrecto(
            f"Ya hay una clave en uso llamada «{nombre}»: elija otro nombre, o revóquela antes."
        ) from None
    except BASE_CAIDA as error:
        raise sin_base(error) from None
    if en_json:
        decir_json({**_vista(clave), "clave": texto})
        return 0
    typer.echo(f"Clave {clave.id} («{nombre}»: {', '.join(clave.alcances)}). No se vuelve a mostrar:", err=True)
    typer.echo(texto)
    return 0


@app.command("listar")
def orden_listar(en_json: EnJson = False) -> int:
    """Las claves, sin su texto: qué pueden y cuándo se usaron."""
    try:
        todas = listar_claves()
    except BASE_CAIDA as error:
        raise sin_base(error) from None
    if en_json:
        decir_json([_vista(clave) for clave in todas])
        return 0
    tabla = Table("Id", "Nombre", "Alcances", "Creada", "Último uso", "Estado")
    for clave in todas:
        tabla.add_row(*map(Text, _fila(clave)))
    Console().print(tabla)
    return 0


@app.command("revocar")
def orden_revocar(
    clave: Annotated[str, typer.Argument(help="El id o el nombre de la clave.")], en_json: EnJson = False
) -> int:
    """Deja sin uso una clave, a más tardar en 5 segundos y para siempre."""
    try:
        revocada = revocar(clave)
    except BASE_CAIDA as error:
        raise sin_base(error) from None
    if revocada is None:
        raise Terminar(Fin.NO_EXISTE, f"No hay ninguna clave en uso con el id o el nombre «{clave}».")
    if en_json:
        decir_json(_vista(revocada))
        return 0
    typer.echo(f"Revocada la clave {revocada.id} («{revocada.nombre}»).")
    return 0


def _vista(clave: ApiKey) -> dict[str, Any]:
    """A key for a program, never its text."""
    momentos = {campo: getattr(clave, campo) for campo in ("created_at", "ultimo_uso_en", "revocada_en")}
    return {
        "id": clave.id,
        "nombre": clave.nombre,
        "alcances": clave.alcances,
        **{campo: instante(momento) for campo, momento in momentos.items()},
    }


def _fila(clave: ApiKey) -> tuple[str, ...]:
    estado = "en uso" if clave.revocada_en is None else f"revocada {_momento(clave.revocada_en)}"
    alcances = ", ".join(clave.alcances)
    return clave.id, clave.nombre, alcances, _momento(clave.created_at), _momento(clave.ultimo_uso_en), estado


def _momento(momento: datetime | None) -> str:
    return f"{momento:%Y-%m-%d %H:%M} UTC" if momento else "nunca"
