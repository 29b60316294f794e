"""A caller of the service, and a readable report: for the tests that also run against a live service."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

if (raiz := str(Path(__file__).resolve().parent.parent)) not in sys.path:
    sys.path.append(raiz)  # `python tests/test_callbacks.py` knows its own folder only


@dataclass
class Cliente:
    """Calls a running service at `url`, with an API key where it wants one."""

    url: str
    api_key: str | None = None
    propiedad_id: int = 35
    servicio_ids: tuple[int, ...] = (5, 8, 12)
    puertos_de_receptor: Sequence[int] = (8787,)
    """What `make run` permits; a stack of the tests permits others."""

    def pedir(self, ruta: str, dato: Any = None, estado: int | None = None) -> Any:
        """GET, or POST of `dato`: the JSON answer. AssertionError when the status is another."""
        cabeceras = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        metodo = "GET" if dato is None else "POST"
        respuesta = requests.request(metodo, self.url.rstrip("/") + ruta, json=dato, headers=cabeceras, timeout=15)
        esperado = estado or (200 if dato is None else 202)
        assert respuesta.status_code == esperado, f"{ruta}: HTTP {respuesta.status_code}, {respuesta.text[:300]}"
        return respuesta.json()

    def esperar_job(self, job_id: str, plazo_s: float = 120) -> dict[str, Any]:
        """The job, once it has ended."""
        limite = time.monotonic() + plazo_s
        while True:
            job: dict[str, Any] = self.pedir(f"/job/{job_id}")
            if job["status"] in ("completed", "failed"):
                return job
            assert time.monotonic() < limite, f"el job {job_id} no terminó en {plazo_s} s"
            time.sleep(0.1)


Prueba = Callable[[Cliente], str]
"""A check against a live service; returns what to report."""


def informar(pruebas: Sequence[Prueba], argumentos: Sequence[str] | None = None) -> int:
    """Run the checks against the service of the command line and print how each went. Returns the exit code."""
    lector = argparse.ArgumentParser(description="Prueba un servicio en marcha.")
    lector.add_argument("--url", default="http://127.0.0.1:8000")
    lector.add_argument("--api-key")
    lector.add_argument("--propiedad", type=int, default=35)
    lector.add_argument("--servicios", default="5,8,12", help="separados por comas")
    lector.add_argument("--receptor", type=int, default=8787, help="puerto de 127.0.0.1 que el servicio permite")
    opciones = lector.parse_args(argumentos)
    servicios = tuple(int(s) for s in opciones.servicios.split(","))
    cliente = Cliente(opciones.url, opciones.api_key, opciones.propiedad, servicios, (opciones.receptor,))
    print(f"Servicio: {cliente.url}\n")
    fallidas = 0
    for prueba in pruebas:
        comienzo = time.monotonic()
        try:
            dicho, marca = prueba(cliente), "✓"
        except requests.ConnectionError:
            dicho, marca = f"Nadie responde en {cliente.url}: ¿está en marcha?", "✗"
            fallidas += 1
        except (AssertionError, requests.RequestException) as error:
            dicho, marca = str(error) or type(error).__name__, "✗"
            fallidas += 1
        nombre = prueba.__name__.replace("_", " ")
        print(f"{marca} {nombre} ({time.monotonic() - comienzo:.1f} s)\n    {dicho}")
    print(f"\n{len(pruebas) - fallidas} de {len(pruebas)} en orden.")
    return 1 if fallidas else 0


if __name__ == "__main__":
    sys.exit("Use tests/test_callbacks.py o tests/test_queue_system.py.")
