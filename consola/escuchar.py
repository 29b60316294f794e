"""`consultas escuchar`: a receiver of callbacks on this machine, to see what arrives and to try what a bad one does."""

import http.server
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.text import Text

from consola.uso import UsoIncorrecto, motivo
from models.firma import comprobar
from settings import Secretos

CUERPO_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Llegada:
    """A callback as it arrived and what it is answered. `firma` is None for a good one."""

    cabeceras: Mapping[str, str]
    cuerpo: bytes
    dato: Any
    firma: str | None
    vez: int
    duplicado: bool
    status: int

    def en_json(self) -> dict[str, Any]:
        """As one line of `--json`."""
        return {
            "recibido_en": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "webhook_id": self.cabeceras.get("webhook-id"),
            "intento": self.cabeceras.get("x-callback-intento"),
            "firma": self.firma or "válida",
            "vez": self.vez,
            "duplicado": self.duplicado,
            "status": self.status,
            "cabeceras": dict(self.cabeceras),
            "cuerpo": self.dato,
        }


@dataclass
class Escucha:
    """What one run remembers: which webhook-ids came and were accepted, and what to answer next."""

    secretos: list[str]
    respuestas: list[int]
    lento_s: float
    mostrar: Callable[[Llegada], None]
    veces: Counter[str] = field(default_factory=Counter)
    aceptados: set[str] = field(default_factory=set)
    candado: threading.Lock = field(default_factory=threading.Lock)
    fin: threading.Event = field(default_factory=threading.Event)

    def recibir(self, cabeceras: Mapping[str, str], cuerpo: bytes) -> int:
        """Show a callback; returns the HTTP status to answer, after the wait. The last of `respuestas` repeats."""
        aviso = cabeceras.get("webhook-id", "")
        firma = self._firma(cabeceras, cuerpo)
        with self.candado:
            status = self.respuestas.pop(0) if len(self.respuestas) > 1 else self.respuestas[0]
            self.veces[aviso] += 1
            duplicado = aviso in self.aceptados
            if aviso and 200 <= status < 300:
                self.aceptados.add(aviso)
            self.mostrar(Llegada(cabeceras, cuerpo, _leer(cuerpo), firma, self.veces[aviso], duplicado, status))
        self.fin.wait(self.lento_s)
        return status

    def _firma(self, cabeceras: Mapping[str, str], cuerpo: bytes) -> str | None:
        if not self.secretos:
            return "sin comprobar"
        aviso, timestamp, firma = (cabeceras.get(f"webhook-{parte}", "") for parte in ("id", "timestamp", "signature"))
        return comprobar(self.secretos, aviso, timestamp, firma, cuerpo, ahora_s=time.time())


def _leer(cuerpo: bytes) -> Any:
    try:
        return json.loads(cuerpo)
    except (ValueError, RecursionError):
        return None


def en_consola(llegada: Llegada) -> Text:
    """A callback for a person: a line, and one for each result."""
    dato = llegada.dato if isinstance(llegada.dato, dict) else {}
    texto = Text(time.strftime("%H:%M:%S  "), style="dim")
    texto.append(_visible(dato.get("evento") or "sin evento"), style="bold")
    if dato.get("job_id"):
        texto.append(f"  job {_visible(dato['job_id'])}: {_visible(dato.get('status'))}")
    texto.append(f"  intento {_visible(llegada.cabeceras.get('x-callback-intento', '—'))}")
    bien = llegada.firma in (None, "sin comprobar")
    texto.append(f"  firma {llegada.firma or 'válida'}", style="green" if bien else "bold red")
    if llegada.duplicado:
        texto.append("  DUPLICADO: ya se había aceptado", style="bold yellow")
    elif llegada.vez > 1:
        texto.append(f"  llega por {llegada.vez}.ª vez", style="yellow")
    texto.append(f"  → {llegada.status}", style="green" if 200 <= llegada.status < 300 else "red")
    if llegada.dato is None:
        texto.append(f"\n          no es JSON: {len(llegada.cuerpo)} bytes", style="red")
    for resultado in dato.get("resultados") or []:
        texto.append(f"\n          {_resultado(resultado)}")
    if dato.get("resultado_url"):
        texto.append(f"\n          sin resultados: están en GET {_visible(dato['resultado_url'])}")
    if dato.get("metadata"):
        texto.append(f"\n          metadata {_visible(json.dumps(dato['metadata'], ensure_ascii=False))}", style="dim")
    return texto


def _resultado(resultado: Any) -> str:
    if not isinstance(resultado, dict):
        return _visible(resultado)
    quien = f"{_visible(resultado.get('empresa'))} ({_visible(resultado.get('tipo_servicio'))})"
    deuda = resultado.get("deuda")
    if resultado.get("exito") and isinstance(deuda, int | float):
        importe = f"{Decimal(str(deuda)):,.2f}".translate(str.maketrans(",.", ".,"))
        return f"{quien}: debe {importe} {_visible(resultado.get('moneda'))}"
    return f"{quien}: {_visible(resultado.get('error_codigo'))}. {_visible(resultado.get('error'))}"


def _visible(dato: Any) -> str:
    """What came from outside, without anything that could move the terminal's cursor."""
    return "".join(letra if letra.isprintable() else "�" for letra in str(dato))


def _manejador(escucha: Escucha) -> type[http.server.BaseHTTPRequestHandler]:
    class Manejador(http.server.BaseHTTPRequestHandler):
        server_version = "consultas-escuchar"

        def do_POST(self) -> None:
            largo = self.headers.get("Content-Length", "")
            if not (largo.isascii() and largo.isdigit() and len(largo) < 10 and int(largo) <= CUERPO_MAX_BYTES):
                self.send_error(411 if not largo else 413)
                return
            cabeceras = {nombre.lower(): valor for nombre, valor in self.headers.items()}
            self.send_response(escucha.recibir(cabeceras, self.rfile.read(int(largo))))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    return Manejador


def orden_escuchar(
    puerto: Annotated[int, typer.Option(min=0, max=65535, help="0 elige uno libre.")] = 8787,
    responder: Annotated[str, typer.Option(help="Estados HTTP en orden; el último se repite: 500,500,200.")] = "200",
    lento: Annotated[float, typer.Option(min=0, max=3600, help="Segundos antes de cada respuesta.")] = 0,
    secreto: Annotated[
        str, typer.Option(envvar="CALLBACK_SECRETOS", show_default=False, help="whsec_…, o varios con comas.")
    ] = "",
    en_json: Annotated[bool, typer.Option("--json", help="Cada callback como una línea de JSON.")] = False,
) -> int:
    """Recibe callbacks en esta máquina y los muestra: firma, repetidos y resultados. Ctrl-C termina."""
    consola = Console(highlight=False, soft_wrap=True, markup=False)
    avisos = Console(stderr=en_json, highlight=False, soft_wrap=True, markup=False)

    def mostrar(llegada: Llegada) -> None:
        if en_json:
            typer.echo(json.dumps(llegada.en_json(), ensure_ascii=False))
        else:
            consola.print(en_consola(llegada))

    escucha = Escucha(_secretos(secreto), _estados(responder), lento, mostrar)
    try:
        servidor = http.server.ThreadingHTTPServer(("127.0.0.1", puerto), _manejador(escucha))
    except OSError as error:
        raise UsoIncorrecto(f"No se puede escuchar en el puerto {puerto}: {motivo(error)}.") from None
    firmas = "" if escucha.secretos else " Sin CALLBACK_SECRETOS no se comprueban las firmas."
    avisos.print(f"Escuchando en http://127.0.0.1:{servidor.server_port}/. Ctrl-C termina.{firmas}")
    try:
        servidor.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        escucha.fin.set()
        servidor.server_close()
    avisos.print(f"\nRecibidos: {escucha.veces.total()} callbacks, {len(escucha.veces)} distintos.")
    return 0


def _secretos(escritos: str) -> list[str]:
    try:
        secretos = TypeAdapter(Secretos).validate_python(escritos if escritos else [])
    except ValidationError as error:
        falta = error.errors(include_url=False, include_input=False)[0]
        raise UsoIncorrecto(f"CALLBACK_SECRETOS {falta.get('ctx', {}).get('error', 'no es válida')}.") from None
    return [secreto.get_secret_value() for secreto in secretos]


def _estados(escritos: str) -> list[int]:
    partes = [parte.strip() for parte in escritos.split(",")]
    if not all(parte.isascii() and parte.isdigit() and 200 <= int(parte[:4]) <= 599 for parte in partes):
        raise UsoIncorrecto(f"--responder lleva estados HTTP de 200 a 599 separados por comas, y dice «{escritos}».")
    return [int(parte) for parte in partes]
