"""The `consultas` command: look at one consulta of a portal with your own eyes, and list the empresas."""

import asyncio
import json
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from scrapers import SCRAPERS, de_empresa
from scrapers.base import Scraper
from scrapers.fallas import Falla
from scrapers.verdad import Deuda
from scrapers.verificacion import Bitacora, grabar, verificar

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
consola = Console(highlight=False, soft_wrap=True)

RAIZ = Path(__file__).resolve().parent
CLAVE = "CONSULTAS_CLAVE"


def _scraper(empresa: str) -> Scraper:
    scraper = de_empresa(empresa)
    if scraper is None:
        raise typer.BadParameter(f"no hay un scraper de {empresa!r}. Hay: {', '.join(sorted(SCRAPERS))}.")
    return scraper


def _credenciales(scraper: Scraper, numero: str, datos: list[str]) -> dict[str, str]:
    """The credenciales given on the command line; secret ones from the environment or a hidden prompt."""
    dadas = {scraper.campos[0].nombre: numero}
    for dato in datos:
        nombre, igual, valor = dato.partition("=")
        if not igual:
            raise typer.BadParameter(f"--dato se escribe campo=valor, no {dato!r}.")
        dadas[nombre] = valor
    for campo in scraper.campos:
        if campo.secreto and campo.nombre not in dadas:
            dadas[campo.nombre] = os.environ.get(CLAVE) or typer.prompt(campo.etiqueta, hide_input=True)
    try:
        return scraper.validar(dadas)
    except Falla as falla:
        raise typer.BadParameter(f"{falla.frase(empresa=scraper.nombre, consulta_id='')} ({falla.detalle})") from None


def _url(scraper: Scraper, url: str | None) -> str:
    """Where to look: as told, as the service's settings say, else the real portal."""
    portales = os.environ.get("PORTALES_URL")
    propia = os.environ.get(f"EMPRESA__{scraper.empresa.upper()}__URL")
    return url or propia or (f"{portales.rstrip('/')}/{scraper.empresa}" if portales else scraper.url)


@app.command("verificar")
def verificar_empresa(
    empresa: Annotated[str, typer.Argument(help="identificador o nombre, por ejemplo metrogas")],
    numero: Annotated[str, typer.Option(help="el número de cliente, de cuenta o de partida")],
    dato: Annotated[list[str] | None, typer.Option(help="otra credencial, campo=valor; se puede repetir")] = None,
    url: Annotated[str | None, typer.Option(help="dirección del portal; si no, la real")] = None,
    carpeta: Annotated[Path | None, typer.Option(help="donde quedan las capturas")] = None,
    plazo: Annotated[float, typer.Option(help="segundos que puede durar")] = 120,
    grabar_como: Annotated[
        str | None, typer.Option("--grabar", help="guarda la página, anónima, con este nombre")
    ] = None,
    en_json: Annotated[bool, typer.Option("--json", help="sólo el resultado, en JSON")] = False,
) -> None:
    """Hace una consulta a la vista: cada paso con su tiempo y su captura. Termina en 0 si hay un importe probado."""
    scraper = _scraper(empresa)
    pedido = _credenciales(scraper, numero, dato or [])
    destino = carpeta or Path(tempfile.mkdtemp(prefix=f"consultas-{scraper.empresa}-"))
    base = _url(scraper, url)
    if not en_json:
        consola.print(f"{scraper.nombre} en {base}\nCapturas en {destino}\n", markup=False)

    def avisar(linea: str) -> None:
        if not en_json:
            consola.print(linea, markup=False)

    comienzo = time.monotonic()
    final, bitacora = asyncio.run(verificar(scraper, pedido, url=base, plazo_s=plazo, carpeta=destino, avisar=avisar))
    resultado = _resultado(scraper, final) | {
        "segundos": round(time.monotonic() - comienzo, 1),
        "carpeta": str(destino),
    }
    if en_json:
        typer.echo(json.dumps(resultado, ensure_ascii=False))
    else:
        consola.print()
        for nombre, valor in resultado.items():
            consola.print(f"{nombre:>14}: {valor}", markup=False)
    if grabar_como is not None:
        _grabar(scraper, pedido, bitacora, grabar_como)
    raise typer.Exit(0 if isinstance(final, Deuda) else 1)


def _resultado(scraper: Scraper, final: Deuda | Falla) -> dict[str, Any]:
    if isinstance(final, Falla):
        frase = final.frase(empresa=scraper.nombre, consulta_id="-")
        return {"exito": False, "error_codigo": str(final.codigo), "error": frase, "detalle": final.detalle}
    return {
        "exito": True,
        "estado_deuda": str(final.estado),
        "deuda": f"{final.importe} {final.moneda}",
        "vencimiento": str(final.vencimiento or ""),
        "facturas": len(final.facturas),
        "regla": final.prueba.regla,
        "prueba": final.prueba.texto,
    }


def _grabar(scraper: Scraper, pedido: dict[str, str], bitacora: Bitacora, nombre: str) -> None:
    if bitacora.lectura is None:
        typer.echo("No se llegó a una página que grabar.", err=True)
        return
    destino = RAIZ / "sandbox" / scraper.empresa / "grabaciones" / nombre
    esperado = grabar(destino, scraper, pedido, bitacora.lectura)
    typer.echo(
        f"Grabada en {destino}: {esperado}. Revise que no quede ningún dato personal antes de agregarla.", err=True
    )


def tabla() -> str:
    """The empresas as a Markdown table, as the README has it."""
    filas = ["| Empresa | Servicio | Moneda | Pide | Verificada en vivo |", "|---|---|---|---|---|"]
    for scraper in sorted(SCRAPERS.values(), key=lambda s: s.nombre):
        visto = scraper.verificado_en_vivo
        pide = ", ".join(campo.etiqueta for campo in scraper.campos)
        cuando = visto.isoformat() if isinstance(visto, date) else "nunca"
        filas.append(f"| {scraper.nombre} | {scraper.tipo_servicio} | {scraper.moneda} | {pide} | {cuando} |")
    return "\n".join(filas)


@app.command("empresas")
def empresas() -> None:
    """Lista las empresas que se consultan, como la tabla del README."""
    typer.echo(tabla())


if __name__ == "__main__":
    app()
