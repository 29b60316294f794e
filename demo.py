"""What `make demo` shows: a job while it runs, what its servicios owe, and the callback as it arrived."""

import contextlib
import http.server
import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import requests
from rich.box import SIMPLE
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

PLAZO_S = 60
CABECERAS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "x-callback-intento")

QUE_PROBAR = """
Listo en {url}  (portales simulados y sus cuentas: {sandbox})

  curl -X POST {url}/consultar/propiedad -H 'Content-Type: application/json' -d '{{"propiedad_id": 35}}'
  curl -X POST {url}/consultar/servicios -H 'Content-Type: application/json' -d '{{"servicio_ids": [5, 8, 12]}}'
  curl {url}/job/JOB_ID
  curl {url}/jobs
  curl {url}/queue/stats
  curl {url}/historial/propiedad/35

La propiedad 36 tiene servicios que fallan. Ctrl+C detiene todo; los datos quedan en .local/.
"""

Aviso = tuple[dict[str, str], bytes]


@contextlib.contextmanager
def receptor() -> Iterator[tuple[str, "queue.Queue[Aviso]"]]:
    """A receiver of callbacks on loopback during the block: its address, and what arrives."""
    avisos: queue.Queue[Aviso] = queue.Queue()

    class Manejador(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            crudo = self.rfile.read(int(self.headers["Content-Length"]))
            avisos.put(({nombre.lower(): valor for nombre, valor in self.headers.items()}, crudo))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    servidor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Manejador)
    hilo = threading.Thread(target=servidor.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    hilo.start()
    try:
        yield f"http://127.0.0.1:{servidor.server_port}/api/callback", avisos
    finally:
        servidor.shutdown()
        servidor.server_close()
        hilo.join()


def pesos(importe: float | None, moneda: str | None) -> str:
    """`$ 25.670,00`; a dash for no amount."""
    if importe is None:
        return "—"
    texto = f"{importe:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"$ {texto}" if moneda == "ARS" else f"{moneda} {texto}"


def avance(servicios: list[dict[str, Any]], job: dict[str, Any], segundos: float) -> Table:
    """A line per servicio: waiting, or how it ended."""
    terminados = {r["servicio_id"]: r for r in job["resultado"]}
    tabla = Table.grid(padding=(0, 2))
    for servicio in servicios:
        resultado = terminados.get(servicio["servicio_id"])
        if resultado is None:
            estado = Text(f"leyendo el portal… {segundos:.1f} s", style="yellow")
        elif resultado["exito"]:
            estado = Text(f"listo en {resultado['duracion_ms'] / 1000:.1f} s", style="green")
        else:
            estado = Text(resultado["error"], style="red")
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
            segundos = time.monotonic() - comienzo
            if vivo is not None:
                vivo.update(avance(servicios, job, segundos))
            for resultado in job["resultado"]:
                if vivo is None and resultado["servicio_id"] not in vistos:
                    consola.print(f"  {segundos:4.1f} s  {resultado['empresa']}: {_como_termino(resultado)}")
                vistos.add(resultado["servicio_id"])
            if job["status"] in ("completed", "failed"):
                return job
            assert segundos < PLAZO_S, f"el job {job_id} no terminó en {PLAZO_S} s"
            time.sleep(0.1)


@contextlib.contextmanager
def _nada() -> Iterator[None]:
    yield None


def _como_termino(resultado: dict[str, Any]) -> str:
    return "listo" if resultado["exito"] else str(resultado["error"])


def resultados(job: dict[str, Any]) -> Table:
    """The table of results of a job."""
    tabla = Table(title=f"job {job['job_id']}: {job['status']}", title_justify="left", box=SIMPLE, padding=(0, 1))
    for titulo in ("", "Empresa", "Estado", "Deuda", "Vence", "Facturas", "Seg."):
        tabla.add_column(titulo, justify="right" if titulo in ("Deuda", "Facturas", "Seg.") else "left", no_wrap=True)
    for r in job["resultado"]:
        tabla.add_row(
            str(r["servicio_id"]),
            r["empresa"],
            r["estado_deuda"] or r["error_codigo"],
            pesos(r["deuda"], r["moneda"]),
            r["vencimiento"] or "—",
            str(len(r["facturas"])),
            f"{(r['duracion_ms'] or 0) / 1000:.1f}",
        )
    return tabla


def _abreviado(crudo: bytes) -> str:
    dato = json.loads(crudo)
    primero, *resto = dato["resultados"]
    dato["resultados"] = [primero, f"… y {len(resto)} más"] if resto else [primero]
    return json.dumps(dato, ensure_ascii=False, indent=2)


def mostrar(url: str) -> None:
    """The whole journey against a running service. Raises AssertionError when something is missing."""
    consola = Console(highlight=False, soft_wrap=True)
    with receptor() as (callback_url, avisos):
        pedido = {"propiedad_id": 35, "callback_url": callback_url, "voucher_id": "uuid-123"}
        consola.print(f"\n[bold]POST /consultar/propiedad[/bold] {json.dumps(pedido)}")
        respuesta = requests.post(f"{url}/consultar/propiedad", json=pedido, timeout=10)
        assert respuesta.status_code == 202, respuesta.text
        alta = respuesta.json()
        consola.print(f"[bold]202[/bold] job {alta['job_id']}: {alta['mensaje']}\n")
        job = seguir(consola, url, alta["job_id"], 35)
        consola.print(resultados(job))
        try:
            cabeceras, crudo = avisos.get(timeout=PLAZO_S)
        except queue.Empty:
            raise AssertionError("el callback no llegó") from None
    consola.print("\n[bold]El callback, como llegó:[/bold]")
    for nombre in CABECERAS:
        consola.print(f"  {nombre}: {cabeceras.get(nombre, '')}")
    consola.print(_abreviado(crudo), markup=False)
    consola.print("\n[bold]Lo que no se pudo leer nunca es cero[/bold] (propiedad 36):")
    alta = requests.post(f"{url}/consultar/propiedad", json={"propiedad_id": 36}, timeout=10).json()
    consola.print(resultados(seguir(consola, url, alta["job_id"], 36)))
