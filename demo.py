"""What the person at the terminal says and sees: settings, port, Ctrl+C, what to try; and what `make demo` shows.

That is a job while it runs, what its servicios owe, the callback as it arrived, and how a servicio fails.
"""

import contextlib
import errno
import json
import os
import queue
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import requests
from dotenv import dotenv_values
from rich.box import SIMPLE
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from receptor import Aviso, Casa

PLAZO_S = 60
CABECERAS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature", "x-callback-intento")

DE_LA_MAQUINA = {"CHROMIUM_PATH", "CHROMIUM_SANDBOX"}

QUE_PROBAR = """
Listo en {url}, y el panel en {url}/panel  (cuentas de los portales simulados: {sandbox})

  curl -X POST {url}/consultar/propiedad -H 'Content-Type: application/json' -d '{{"propiedad_id": 35}}'
  curl -X POST {url}/consultar/servicios -H 'Content-Type: application/json' -d '{{"servicio_ids": [5, 8, 12]}}'
  curl {url}/job/JOB_ID
  curl {url}/jobs
  curl {url}/queue/stats
  curl {url}/historial/propiedad/35

Receptores internos permitidos para callback_url (CALLBACK_HOSTS_PERMITIDOS): {permitidos}
{nota}Ctrl+C detiene todo; los datos quedan en {datos}.
"""


class NoSePudo(Exception):
    """What the person at the terminal has to know, in a sentence."""


def que_probar(url: str, sandbox: str, entorno: Mapping[str, str], carpeta: Path | None) -> str:
    """What `make run` says once it is ready; `carpeta` is None where DATABASE_URL says where the data are."""
    nota = "La propiedad 36 tiene servicios que fallan. "
    if entorno["PORTALES_URL"] != sandbox:
        nota = f"Los portales son los de {entorno['PORTALES_URL']}, como dice PORTALES_URL.\n"
    if entorno.get("API_ABIERTA", "").lower() not in ("1", "true", "yes", "on", "t", "y"):
        nombres = ("DATABASE_URL", "BROKER_URL", "CIFRADO_CLAVES") if carpeta else ()
        base = "".join(f"{nombre}='{entorno[nombre]}' " for nombre in nombres)
        nota += f"\nLa API pide una clave: {base}./consultas clave crear prueba --alcance consultar --alcance leer\n"
    return QUE_PROBAR.format(
        url=url,
        sandbox=sandbox,
        permitidos=entorno["CALLBACK_HOSTS_PERMITIDOS"].replace(",", ", "),
        nota=nota,
        datos=carpeta or "la base de DATABASE_URL",
    )


def revisar_base(entorno: Mapping[str, str]) -> None:
    """Simulated portals are for the embedded Postgres, unless the address of theirs is given. Raises NoSePudo."""
    if entorno.get("DATABASE_URL") and not entorno.get("PORTALES_URL"):
        raise NoSePudo(
            "DATABASE_URL nombra una base y PORTALES_URL falta: las deudas que inventan los portales simulados"
            " quedarían en ella. Quite DATABASE_URL para usar una base propia; si esa es de pruebas, ponga en"
            " PORTALES_URL la dirección de los portales simulados; para consultar de verdad, arranque los procesos"
            " del Procfile."
        )


def puerto_libre() -> int:
    """A TCP port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as enchufe:
        return int(enchufe.getsockname()[1])


def revisar_puerto(texto: str) -> int:
    """The port of that name, if the web process can have it. Raises NoSePudo."""
    puerto = int(texto) if texto.isascii() and texto.isdecimal() else 0
    if not 1 <= puerto <= 65535:
        raise NoSePudo(f"PORT tiene que ser un número de 1 a 65535, y es {texto}.")
    with socket.socket() as enchufe:
        enchufe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            enchufe.bind(("0.0.0.0", puerto))
        except OSError as error:
            motivo = "está ocupado" if error.errno == errno.EADDRINUSE else "no se puede usar"
            raise NoSePudo(
                f"El puerto {puerto} {motivo}: elija otro, por ejemplo PORT={puerto + 1} make run."
            ) from None
    return puerto


def con_env(archivo: Path, entorno: Mapping[str, str]) -> dict[str, str]:
    """The settings of a .env file, where there is one; what the environment says wins."""
    return {**{k: v for k, v in dotenv_values(archivo, interpolate=False).items() if v is not None}, **entorno}


def aislado(ejemplo: Path, entorno: Mapping[str, str]) -> dict[str, str]:
    """An environment without the settings that .env.example lists: the demo touches nobody's database nor portal."""
    ajenos = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", ejemplo.read_text(), re.MULTILINE)) - DE_LA_MAQUINA
    return {k: v for k, v in entorno.items() if k.upper().partition("__")[0] not in ajenos}


def al_recibir(hacer: Callable[[], None]) -> None:
    """What SIGINT, SIGTERM and SIGHUP do."""

    def manejar(numero: int, marco: FrameType | None) -> None:
        hacer()

    for senal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(senal) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(senal, manejar)


def interrumpir() -> None:
    """End what is being done, once: the clean-up that follows is not interrupted."""
    al_recibir(lambda: None)
    raise KeyboardInterrupt


def guardar(registro: Path) -> str:
    """Keep the log of a demo that failed. Returns where, as a sentence."""
    descriptor, destino = tempfile.mkstemp(prefix="consultas-demo-", suffix=".log")
    os.close(descriptor)
    shutil.copyfile(registro, destino)
    return f" El registro quedó en {destino}."


def pesos(importe: float | None, moneda: str | None) -> str:
    """`$ 25.670,00`; a dash for no amount."""
    if importe is None:
        return "—"
    texto = f"{importe:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"$ {texto}" if moneda == "ARS" else f"{moneda} {texto}"


def segundos(cuantos: float) -> str:
    """`1,2 s`."""
    return f"{cuantos:.1f} s".replace(".", ",")


def avance(servicios: list[dict[str, Any]], job: dict[str, Any], pasados: float) -> Table:
    """A line per servicio: waiting, or how it ended."""
    terminados = {r["servicio_id"]: r for r in job["resultado"]}
    tabla = Table.grid(padding=(0, 2))
    for servicio in servicios:
        resultado = terminados.get(servicio["servicio_id"])
        if resultado is None:
            estado = Text(f"leyendo el portal… {segundos(pasados)}", style="yellow")
        else:
            estado = Text(_como_termino(resultado), style="green" if resultado["exito"] else "red")
        tabla.add_row(f"  servicio {servicio['servicio_id']}", servicio["empresa"], estado)
    return tabla


def seguir(consola: Console, url: str, job_id: str, propiedad_id: int) -> dict[str, Any]:
    """Show a job until it ends. Returns it."""
    servicios = requests.get(f"{url}/servicios/propiedad/{propiedad_id}", timeout=10).json()["servicios"]
    comienzo = time.monotonic()
    vistos: set[int] = set()
    with Live(console=consola, refresh_per_second=10, transient=False) if consola.is_terminal else _nada() as vivo:
        while True:
            job: dict[str, Any] = requests.get(f"{url}/job/{job_id}", timeout=10).json()
            pasados = time.monotonic() - comienzo
            if vivo is not None:
                vivo.update(avance(servicios, job, pasados))
            for resultado in job["resultado"]:
                if vivo is None and resultado["servicio_id"] not in vistos:
                    consola.print(
                        f"  servicio {resultado['servicio_id']}  {resultado['empresa']}: {_como_termino(resultado)}"
                    )
                vistos.add(resultado["servicio_id"])
            if job["status"] in ("completed", "failed"):
                return job
            if pasados > PLAZO_S:
                raise NoSePudo(f"El job {job_id} no terminó en {PLAZO_S} s.")
            time.sleep(0.2)


@contextlib.contextmanager
def _nada() -> Iterator[None]:
    yield None


def _como_termino(resultado: dict[str, Any]) -> str:
    return f"listo en {_duracion(resultado)}" if resultado["exito"] else str(resultado["error"])


def _duracion(resultado: dict[str, Any]) -> str:
    return segundos((resultado["duracion_ms"] or 0) / 1000)


def resultados(job: dict[str, Any]) -> Table:
    """The table of results of a job."""
    titulo = f"job {job['job_id']}: {job['status']}"
    tabla = Table(title=titulo, title_justify="left", box=SIMPLE, padding=0, show_edge=False)
    for columna in ("", "Empresa", "Tipo", "Estado", "Deuda", "Vence", "Fact.", "Duró"):
        tabla.add_column(columna, justify="right" if columna in ("Deuda", "Fact.", "Duró") else "left", no_wrap=True)
    for r in job["resultado"]:
        tabla.add_row(
            str(r["servicio_id"]),
            r["empresa"],
            r["tipo_servicio"],
            r["estado_deuda"] or r["error_codigo"],
            pesos(r["deuda"], r["moneda"]),
            r["vencimiento"] or "—",
            str(len(r["facturas"])),
            _duracion(r),
        )
    return tabla


def _abreviado(crudo: bytes) -> str:
    dato = json.loads(crudo)
    primero, *resto = dato["resultados"]
    dato["resultados"] = [primero, f"… y {len(resto)} más"] if resto else [primero]
    return json.dumps(dato, ensure_ascii=False, indent=2)


def _consultar(consola: Console, url: str, pedido: dict[str, Any]) -> dict[str, Any]:
    """Create a job and show it until it ends. Returns it."""
    consola.print(f"\n[bold]POST /consultar/propiedad[/bold] {json.dumps(pedido)}")
    respuesta = requests.post(f"{url}/consultar/propiedad", json=pedido, timeout=10)
    if respuesta.status_code != 202:
        raise NoSePudo(f"POST /consultar/propiedad respondió {respuesta.status_code}: {respuesta.text}")
    alta = respuesta.json()
    consola.print(f"[bold]202[/bold] job {alta['job_id']}: {alta['mensaje']}\n")
    return seguir(consola, url, alta["job_id"], pedido["propiedad_id"])


def _mostrar_callback(consola: Console, job: dict[str, Any], aviso: Aviso) -> None:
    cabeceras, crudo = aviso
    consola.print("\n[bold]El callback, como llegó:[/bold]")
    for nombre in CABECERAS:
        consola.print(f"  {nombre}: {cabeceras.get(nombre, '')}")
    consola.print(_abreviado(crudo), markup=False)
    if json.loads(crudo)["job_id"] != job["job_id"]:
        raise NoSePudo("El callback es de otro job.")


def mostrar(url: str, casa: Casa) -> None:
    """The whole journey against a running service; it calls `casa` back. Raises NoSePudo when something is missing."""
    consola = Console(highlight=False, soft_wrap=True)
    callback_url = f"http://{casa.host_y_puerto}/api/callback"
    job = _consultar(consola, url, {"propiedad_id": 35, "callback_url": callback_url, "voucher_id": "uuid-123"})
    consola.print(resultados(job))
    malos = [r["empresa"] for r in job["resultado"] if not r["exito"]]
    if malos or not job["resultado"]:
        raise NoSePudo(f"Estos servicios no se pudieron leer: {', '.join(malos) or 'ninguno se leyó'}.")
    try:
        aviso = casa.avisos.get(timeout=PLAZO_S)
    except queue.Empty:
        raise NoSePudo(f"El callback no llegó en {PLAZO_S} s.") from None
    _mostrar_callback(consola, job, aviso)
    if not casa.es_autentico(aviso):
        raise NoSePudo("La firma del callback no es la de su secreto.")
    consola.print("Su firma es la que corresponde a CALLBACK_SECRETOS.")
    consola.print("\n[bold]Lo que no se pudo leer nunca es cero[/bold] (los servicios de la propiedad 36 fallan):")
    fallidos = _consultar(consola, url, {"propiedad_id": 36})["resultado"]
    if not fallidos or any(r["exito"] or r["deuda"] is not None for r in fallidos):
        raise NoSePudo("La propiedad 36 tenía que fallar en todos sus servicios, sin importes.")
    uno = {nombre: fallidos[0][nombre] for nombre in ("empresa", "exito", "deuda", "error_codigo", "error")}
    consola.print(f"\n{json.dumps(uno, ensure_ascii=False, indent=2)}", markup=False)
