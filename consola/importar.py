"""`consultas importar`: propiedades and servicios from a spreadsheet as CSV, into the database of DATABASE_URL."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv
from rich.console import Console
from rich.progress import Progress

from consola.planilla import Planilla, Renglon, leer_planilla
from consola.uso import EnJson, Fin, sin_base
from models import BASE_CAIDA
from models.importacion import Alta, Importado, importar
from scrapers import SCRAPERS, de_empresa
from scrapers.base import Scraper
from scrapers.credenciales import CredencialesInvalidas, cuenta_de, revisadas

CAMPOS = {campo.nombre for scraper in SCRAPERS.values() for campo in scraper.campos}
COLUMNAS = ("propiedad", "direccion", "empresa", "tipo_servicio", *sorted(CAMPOS))
NOMBRE_MAX, TEXTO_MAX = 200, 500

Errores = list[dict[str, object]]


def orden_importar(
    archivo: Annotated[Path, typer.Argument(help="Un CSV con encabezado; ver el README.")],
    simular: Annotated[bool, typer.Option("--simular", help="Revisa todo y no escribe nada.")] = False,
    parcial: Annotated[bool, typer.Option("--parcial", help="Escribe las filas buenas aunque haya malas.")] = False,
    en_json: EnJson = False,
) -> int:
    """Agrega las propiedades y los servicios de una planilla; repetida, no agrega nada dos veces.

    Escribe todo o nada, salvo con --parcial. Las credenciales no se muestran. Termina con 1 si alguna fila no sirve.
    """
    load_dotenv(interpolate=False)
    planilla = leer_planilla(archivo, COLUMNAS)
    errores: Errores = []
    altas = [alta for renglon in planilla.renglones if (alta := _alta(renglon, errores))]

    def escribir(hecho: Importado) -> bool:
        errores.extend(_ambigua(linea) for linea in hecho.ambiguas)
        return not simular and (parcial or not errores)

    pantalla = Console(stderr=True)
    try:
        with Progress(console=pantalla, transient=True, disable=not pantalla.is_terminal) as barra:
            tarea = barra.add_task("Importando", total=len(altas))
            hecho = importar(altas, _cuenta, escribir=escribir, avance=lambda: barra.advance(tarea))
    except BASE_CAIDA as error:
        raise sin_base(error) from None
    errores.sort(key=lambda error: int(str(error["linea"])))
    escrito = not simular and (parcial or not errores)
    if en_json:
        typer.echo(json.dumps(_en_json(planilla, hecho, errores, escrito), ensure_ascii=False, indent=2))
    else:
        _decir(planilla, hecho, errores, escrito, simular)
    return Fin.FALLA if errores else Fin.BIEN


def _alta(renglon: Renglon, errores: Errores) -> Alta | None:
    """What a row asks for; None with what is wrong with it added to `errores`."""
    celdas, faltas = renglon.celdas, list(renglon.errores)
    scraper = de_empresa(celdas.get("empresa", ""))
    if "propiedad" not in celdas:
        faltas.append(("propiedad", "es obligatoria"))
    faltas += [
        (columna, f"admite hasta {maximo} caracteres")
        for columna, maximo in (("propiedad", NOMBRE_MAX), *((c, TEXTO_MAX) for c in COLUMNAS if c != "propiedad"))
        if len(celdas.get(columna, "")) > maximo
    ]
    if scraper is None:
        conocidas = ", ".join(sorted(s.nombre for s in SCRAPERS.values()))
        motivo = f"no es una que se consulte; son: {conocidas}" if "empresa" in celdas else "es obligatoria"
        faltas.append(("empresa", motivo))
    else:
        faltas += _faltas_de(scraper, celdas)
    errores += [{"linea": renglon.linea, "columna": columna, "mensaje": mensaje} for columna, mensaje in faltas]
    if faltas or scraper is None:
        return None
    return Alta(
        renglon.linea,
        celdas["propiedad"],
        celdas.get("direccion"),
        scraper.nombre,
        scraper.tipo_servicio,
        _credenciales(celdas),
    )


def _faltas_de(scraper: Scraper, celdas: Mapping[str, str]) -> list[tuple[str, str]]:
    tipo = celdas.get("tipo_servicio")
    faltas = []
    if tipo is not None and tipo.casefold() != scraper.tipo_servicio.casefold():
        faltas.append(("tipo_servicio", f"el de {scraper.nombre} es {scraper.tipo_servicio}; puede quedar vacío"))
    try:
        revisadas(scraper, _credenciales(celdas))
    except CredencialesInvalidas as error:
        faltas += [(e["campo"].removeprefix("credenciales."), e["mensaje"]) for e in error.errores]
    return faltas


def _credenciales(celdas: Mapping[str, str]) -> dict[str, str]:
    return {nombre: valor for nombre, valor in celdas.items() if nombre in CAMPOS}


def _cuenta(empresa: str, credenciales: Mapping[str, str]) -> str | None:
    scraper = de_empresa(empresa)
    return cuenta_de(scraper, credenciales) if scraper else None


def _ambigua(linea: int) -> dict[str, object]:
    return {"linea": linea, "columna": "propiedad", "mensaje": "hay más de una con ese nombre: no se sabe de cuál es"}


def _en_json(planilla: Planilla, hecho: Importado, errores: Errores, escrito: bool) -> dict[str, object]:
    return {
        "escrito": escrito,
        "propiedades": hecho.propiedades,
        "servicios": hecho.servicios,
        "repetidas": hecho.repetidas,
        "errores": errores,
        "codificacion": planilla.codificacion,
        "separador": planilla.separador,
    }


def _decir(planilla: Planilla, hecho: Importado, errores: Errores, escrito: bool, simular: bool) -> None:
    if planilla.aviso:
        typer.echo(planilla.aviso, err=True)
    for error in errores:
        typer.echo(f"Línea {error['linea']}: {error['columna']} {error['mensaje']}.", err=True)
    if hecho.repetidas:
        lineas = ", ".join(map(str, hecho.repetidas[:20])) + ("…" if len(hecho.repetidas) > 20 else "")
        typer.echo(f"Ya estaban, y quedan como están: {len(hecho.repetidas)} (líneas {lineas}).")
    cuantas = f"{hecho.propiedades} propiedades y {hecho.servicios} servicios"
    if escrito:
        typer.echo(f"Agregados: {cuantas}.")
    elif simular:
        typer.echo(f"Simulacro, no se escribió nada. Se agregarían {cuantas}.")
    else:
        malas = len({error["linea"] for error in errores})
        typer.echo(f"No se escribió nada: {malas} filas no sirven. Con --parcial se agregan las otras.")
