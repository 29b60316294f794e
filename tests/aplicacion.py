"""examples/nextjs, built when its sources changed, and run as in production: `next build`, `next start`."""

import hashlib
import os
import random
import socket
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests
from pila import RECEPTORES, Pila
from selectolax.lexbor import LexborHTMLParser
from servidores import Servidor

EJEMPLO = Path(__file__).resolve().parent.parent / "examples" / "nextjs"
NEXT = EJEMPLO / "node_modules" / ".bin" / "next"
HECHAS = {"node_modules", ".next", ".datos", "next-env.d.ts", "README.md"}
CONSTRUIR_S = 300
ENTORNO = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "NEXT_TELEMETRY_DISABLED": "1"}


def _fuentes() -> Iterable[Path]:
    for ruta in sorted(EJEMPLO.rglob("*")):
        parte = ruta.relative_to(EJEMPLO).parts[0]
        if parte not in HECHAS and not parte.endswith(".tsbuildinfo") and ruta.is_file():
            yield ruta


def construir() -> None:
    """`next build`, unless what is there was built from the same files."""
    assert NEXT.exists(), f"No encuentro {NEXT}: hay que correr ./preparar.sh test."
    huella = hashlib.sha256()
    for ruta in _fuentes():
        huella.update(f"{ruta.relative_to(EJEMPLO)}\0".encode() + ruta.read_bytes() + b"\0")
    marca = EJEMPLO / ".next" / "huella"
    if marca.exists() and marca.read_text() == huella.hexdigest():
        return
    marca.unlink(missing_ok=True)
    orden = [str(NEXT), "build"]
    hecho = subprocess.run(
        orden, cwd=EJEMPLO, env=ENTORNO, capture_output=True, text=True, timeout=CONSTRUIR_S, check=False
    )
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    marca.write_text(huella.hexdigest())


@dataclass
class Pagina:
    """A page as a browser without JavaScript has it."""

    url: str
    html: LexborHTMLParser

    def texto(self, selector: str) -> str:
        """The words of the first element that fits, "" when there is none."""
        nodo = self.html.css_first(selector)
        return " ".join(nodo.text().split()) if nodo else ""


class Aplicacion(Servidor):
    """The example under `next start`, on a port that every stack permits."""

    principal = "next"
    senales = Pila.senales

    def __init__(self, pila: Pila, *secretos: str) -> None:
        super().__init__()
        self.puerto = _puerto_de_receptor()
        self.url = f"http://127.0.0.1:{self.puerto}"
        self.entorno = {
            **ENTORNO,
            "APP_URL": self.url,
            "CONSULTAS_URL": pila.url,
            "CONSULTAS_CLAVE": pila.clave or "",
            "CALLBACK_SECRETOS": ",".join(secretos),
            "DATOS": str(self.datos),
        }

    def iniciar(self) -> Self:
        orden = f"cd {EJEMPLO}; exec {NEXT} start -H 127.0.0.1 -p {self.puerto}"
        self._lanzar("next", ["/bin/sh", "-c", orden], self.entorno)
        self._esperar(self._responde)
        return self

    def _responde(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(self.url, timeout=5).ok
        return False

    def abrir(self, ruta: str) -> Pagina:
        """GET a page."""
        return _pagina(requests.get(self.url + ruta, timeout=30))

    def pedir_consulta(self, propiedad_id: int) -> Pagina:
        """Fill in the form of the first page and send it."""
        campos = self.abrir("/").html.css("form input")
        datos = {str(c.attributes["name"]): c.attributes.get("value") or "" for c in campos}
        datos["propiedad_id"] = str(propiedad_id)
        formulario = {nombre: (None, valor) for nombre, valor in datos.items()}
        return _pagina(requests.post(self.url + "/", files=formulario, timeout=30))

    def seguimiento(self, voucher: str) -> dict[str, Any]:
        """What the page asks for while it waits."""
        respuesta = requests.get(f"{self.url}/api/consulta/{voucher}", timeout=30)
        assert respuesta.ok, respuesta.text
        dato: dict[str, Any] = respuesta.json()
        return dato

    def avisar(self, cuerpo: bytes, cabeceras: dict[str, str]) -> int:
        """POST to its callback as anybody could. Returns the HTTP status."""
        url = f"{self.url}/api/callback"
        return requests.post(url, data=cuerpo, headers=cabeceras, timeout=30).status_code

    def registro(self) -> str:
        """What it has logged."""
        return (self.carpeta / "next.log").read_text(errors="replace")


def _pagina(respuesta: requests.Response) -> Pagina:
    return Pagina(respuesta.url, LexborHTMLParser(respuesta.text))


def _puerto_de_receptor() -> int:
    for puerto in random.sample(RECEPTORES, len(RECEPTORES)):
        with socket.socket() as prueba, suppress(OSError):
            prueba.bind(("127.0.0.1", puerto))
            return puerto
    raise AssertionError("ningún puerto libre para la aplicación")
