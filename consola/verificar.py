"""`consultas verificar`: one consulta of one empresa, live. No database, no broker."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from rich.console import Console
from rich.status import Status
from rich.text import Text

import sandbox
from consola.uso import UsoIncorrecto, motivo
from scrapers import SCRAPERS, de_empresa
from scrapers.base import Scraper
from scrapers.fallas import Falla
from scrapers.grabacion import NoGrabable, grabar
from scrapers.informe import informe_de, resumen
from scrapers.navegador import Opciones
from scrapers.verificacion import Bitacora, Paso, Verificacion, verificar
from settings import AjustesEmpresa, explicar

SANDBOX = Path(sandbox.__file__).parent


class Entorno(BaseSettings):
    """The environment variables that this command shares with the service, none of them obligatory."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    portales_url: str | None = None
    empresa: dict[str, AjustesEmpresa] = {}
    chromium_path: Path | None = None
    chromium_sandbox: bool | None = None
    consultas_clave: SecretStr | None = None

    def url_de(self, scraper: Scraper) -> str:
        """The portal's base URL: its own setting, the sandbox's, else the real one."""
        propia = self.empresa.get(scraper.empresa, AjustesEmpresa(url=None)).url
        comun = f"{self.portales_url.rstrip('/')}/{scraper.empresa}" if self.portales_url else None
        return propia or comun or scraper.url


class Pantalla:
    """The step log: a line per step with seconds since the start; in a terminal, also the step that runs."""

    def __init__(self, consola: Console) -> None:
        self.consola = consola
        self._vivo: Status | None = None

    def empieza(self, paso: Paso) -> None:
        if self.consola.is_terminal:
            self._vivo = self.consola.status(Text(f"{paso.verbo} {paso.detalle}"))
            self._vivo.start()

    def termina(self, paso: Paso) -> None:
        self.callar()
        linea = Text(f"{paso.inicio_s:7.2f} s  ", style="dim")
        linea.append(f"{paso.verbo:<9}", style="bold red" if paso.error else "bold green")
        linea.append(f"{paso.detalle}  ", style="default")
        linea.append(f"{paso.duracion_s:.2f} s", style="cyan")
        if paso.captura is not None:
            linea.append(f"  {paso.captura.name}")
        if paso.error is not None:
            linea.append(f"  ✗ {paso.error}", style="red")
        self.consola.print(linea)

    def callar(self) -> None:
        """Take the running step off the screen."""
        if self._vivo is not None:
            self._vivo.stop()
            self._vivo = None


def orden_verificar(
    empresa: Annotated[str, typer.Argument(help="Por ejemplo, metrogas.")],
    numero: Annotated[str, typer.Option(help="El número de cliente, cuenta o partida.")],
    dato: Annotated[list[str] | None, typer.Option(help="Otra credencial: email=ana@example.com.")] = None,
    url: Annotated[str | None, typer.Option(help="Otra dirección del portal, por ejemplo la del sandbox.")] = None,
    carpeta: Annotated[Path | None, typer.Option(help="Dónde dejar las capturas; por defecto, en .local.")] = None,
    grabacion: Annotated[str | None, typer.Option("--grabar", help="Guarda la página, anonimizada.")] = None,
    ocultar: Annotated[list[str] | None, typer.Option(help="Otro texto que la grabación no debe mostrar.")] = None,
    en_json: Annotated[bool, typer.Option("--json", help="El resultado como JSON; los pasos, a stderr.")] = False,
) -> int:
    """Una consulta en vivo, paso a paso, con capturas y tiempos.

    La clave se pregunta sin mostrarla, o se toma de CONSULTAS_CLAVE. Termina con 0 si hay importe, 1 si no.
    """
    scraper, entorno = _scraper(empresa), _entorno()
    destino = _destino(scraper, grabacion)
    direccion = _direccion(url or entorno.url_de(scraper))
    credenciales = _credenciales(scraper, numero, dato or [], entorno.consultas_clave)
    try:
        pedido = scraper.validar(credenciales)
    except Falla as falla:
        raise UsoIncorrecto(f"{falla.frase(empresa=scraper.nombre, consulta_id='')} ({falla.detalle})") from None
    salida = _carpeta(carpeta, scraper)
    consola = Console(stderr=en_json, highlight=False, soft_wrap=True, markup=False)
    visibles = ", ".join(f"{c.etiqueta} {'•••' if c.secreto else pedido[c.nombre]}" for c in scraper.campos)
    consola.print(f"{scraper.nombre} en {direccion}: {visibles}")
    pantalla = Pantalla(consola)
    bitacora = Bitacora(salida, scraper.secretos(pedido), pantalla)
    opciones = Opciones(ejecutable=entorno.chromium_path, con_sandbox=entorno.chromium_sandbox)
    try:
        verificacion = asyncio.run(
            verificar(scraper, pedido, url=direccion, plazo_s=scraper.plazo_s, bitacora=bitacora, opciones=opciones)
        )
    finally:
        pantalla.callar()
    informe = informe_de(scraper, direccion, bitacora, verificacion)
    consola.print(resumen(informe))
    if destino is not None:
        informe["grabacion"] = _grabar(consola, scraper, bitacora, pedido, verificacion, destino, ocultar or [])
    if en_json:
        typer.echo(json.dumps(informe, ensure_ascii=False, indent=2))
    elif informe["exito"] and direccion == scraper.url:
        consola.print(f"Si es lo que ve una persona, anótelo: verificado_en_vivo en scrapers/{scraper.empresa}.py.")
    return 0 if informe["exito"] else 1


def _scraper(empresa: str) -> Scraper:
    scraper = de_empresa(empresa)
    if scraper is None:
        raise UsoIncorrecto(f"No conozco la empresa «{empresa}»: las que hay son {', '.join(sorted(SCRAPERS))}.")
    return scraper


def _entorno() -> Entorno:
    try:
        return Entorno()
    except ValidationError as error:
        raise UsoIncorrecto(explicar(error)) from None
    except SettingsError:
        raise UsoIncorrecto("Configuración inválida: EMPRESA no es un JSON válido.") from None


def _direccion(url: str) -> str:
    if not re.match(r"https?://[^/\s]", url):
        raise UsoIncorrecto(f"La dirección del portal tiene que empezar con http:// o https://, y es «{url}».")
    return url.rstrip("/")


def _destino(scraper: Scraper, nombre: str | None) -> Path | None:
    """The folder of a grabación, checked before the portal is visited."""
    if nombre is None:
        return None
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", nombre) is None:
        raise UsoIncorrecto("El nombre de una grabación lleva letras minúsculas sin tilde, números y guiones.")
    destino = SANDBOX / scraper.empresa / "grabaciones" / nombre
    if destino.exists():
        raise UsoIncorrecto(f"Ya existe la grabación {destino}: elija otro nombre.")
    return destino


def _credenciales(scraper: Scraper, numero: str, datos: list[str], clave: SecretStr | None) -> dict[str, str]:
    """What the scraper asks for: `--numero`, each `--dato`, and the secrets from the environment or the keyboard."""
    primero, *otros = scraper.campos
    dadas = {primero.nombre: numero}
    visibles = [campo.nombre for campo in otros if not campo.secreto]
    for nombre, igual, valor in (dato.partition("=") for dato in datos):
        if not igual or nombre not in visibles:
            admite = f"--dato {visibles[0]}=…" if visibles else "solo --numero"
            raise UsoIncorrecto(f"No sirve --dato «{nombre}»: {scraper.nombre} admite {admite}; la clave se pregunta.")
        dadas[nombre] = valor
    for nombre in visibles:
        if nombre not in dadas:
            raise UsoIncorrecto(f"Falta --dato {nombre}=…, que {scraper.nombre} pide además del número.")
    for campo in otros:
        if campo.secreto:
            dadas[campo.nombre] = clave.get_secret_value() if clave else _preguntar(campo.etiqueta)
    return dadas


def _preguntar(etiqueta: str) -> str:
    if not sys.stdin.isatty():
        raise UsoIncorrecto(f"Falta la {etiqueta.lower()}: use una terminal, o la variable CONSULTAS_CLAVE.")
    return str(typer.prompt(f"{etiqueta} (no se muestra)", hide_input=True, err=True))


def _carpeta(elegida: Path | None, scraper: Scraper) -> Path:
    """A folder of this run alone, that only its owner may read."""
    ahora = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    carpeta = elegida or Path(".local", "verificaciones", f"{scraper.empresa}-{ahora}")
    try:
        carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(carpeta.iterdir()):
            raise UsoIncorrecto(f"La carpeta {carpeta} ya tiene archivos: elija otra.")
    except OSError as error:
        raise UsoIncorrecto(f"No se puede escribir en {carpeta}: {motivo(error)}.") from None
    return carpeta


def _grabar(
    consola: Console,
    scraper: Scraper,
    bitacora: Bitacora,
    pedido: Mapping[str, str],
    verificacion: Verificacion,
    destino: Path,
    ocultar: Sequence[str],
) -> str | None:
    """Keep the result page as a scenario. Returns its folder, None (and says why) when it cannot be kept."""
    try:
        if bitacora.lectura is None:
            raise NoGrabable("La consulta no llegó a una página de resultado: no se graba nada.")
        grabar(scraper, bitacora.lectura, pedido, verificacion.final, destino, ocultar=ocultar)
    except NoGrabable as porque:
        consola.print(str(porque), style="yellow")
        return None
    consola.print(f"Grabada en {destino}. Antes de hacer commit, léala entera: que no quede ningún dato de nadie.")
    return str(destino)
