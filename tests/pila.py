"""The whole service for a test: the Procfile's own processes, the sandbox and a receiver of callbacks.

Every process can be signalled or killed alone, by its exact pid, and started again.
"""

import http.server
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil
import requests
from cryptography.fernet import Fernet
from servidores import PUERTOS_DE_RECEPTORES, Postgres, RabbitPrivado, Servidor, esperar_fin, propio, puerto_libre

RAIZ = Path(__file__).resolve().parent.parent
PUNTOS = RAIZ / "tests" / "puntos"
PROCESOS = ("web", "worker", "callbacks", "reloj")
RECEPTORES = [puerto for puerto in PUERTOS_DE_RECEPTORES if propio(puerto)]
"""The ports on which this process receives."""
CERRADO = "127.0.0.1:9"
"""A permitted host:port where nobody listens."""
PERMITIDOS = ",".join([CERRADO, *(f"127.0.0.1:{puerto}" for puerto in PUERTOS_DE_RECEPTORES)])

CIFRADO_CLAVES = Fernet.generate_key().decode()
"""What every stack of this run encrypts with."""

T = TypeVar("T")


def hasta(dame: Callable[[], T | None], plazo_s: float = 30, cada_s: float = 0.05) -> T:
    """Ask until the answer is truthy. AssertionError when time is over."""
    limite = time.monotonic() + plazo_s
    while True:
        valor = dame()
        if valor:
            return valor
        assert time.monotonic() < limite, f"no ocurrió en {plazo_s} s"
        time.sleep(cada_s)


class Pila(Servidor):
    """`release`, then the Procfile's processes, against a database, a broker and the simulated portals."""

    principal = "web"
    senales = {"fast": signal.SIGTERM, "immediate": signal.SIGTERM, "kill": signal.SIGKILL}
    postgres: Postgres
    rabbit: RabbitPrivado | None = None
    """The servers it leans on, for tests that stop them; `rabbit` is None where Postgres is the broker."""

    def __init__(self, base: str, broker: str, entorno: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.temporales = self.carpeta / "tmp"
        self.temporales.mkdir()
        self.puerto = puerto_libre()
        self.url = f"http://127.0.0.1:{self.puerto}"
        self.puerto_sandbox = puerto_libre()
        self.entorno = {
            **{k: v for k, v in os.environ.items() if k in ("HOME", "LANG", "SSL_CERT_FILE", "CHROMIUM_PATH")},
            "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "PYTHONPATH": f"{PUNTOS}:{RAIZ}",
            "TMPDIR": str(self.temporales),
            "DATABASE_URL": base,
            "BROKER_URL": broker,
            "CIFRADO_CLAVES": CIFRADO_CLAVES,
            "PORT": str(self.puerto),
            "API_ABIERTA": "1",
            "LIMITE_POR_MINUTO": "1000000",
            "PORTALES_URL": f"http://127.0.0.1:{self.puerto_sandbox}",
            "RELOJ_PERIODO_S": "0.5",
            "SANDBOX_HIDRATACION_MS": "50",
            "SANDBOX_CONSULTA_MS": "50",
            "SANDBOX_ASENTAR_MS": "100",
            "REINTENTOS_ESCALA": "0.02",
            "CIRCUITO_FALLAS": "1000",
            "CALLBACK_HOSTS_PERMITIDOS": PERMITIDOS,
            **(entorno or {}),
        }
        lineas = re.findall(r"^(\w+): *(.+)$", (RAIZ / "Procfile").read_text(), re.MULTILINE)
        self.ordenes = dict(lineas)
        self.clave: str | None = None
        """A key of the API, where the stack asks for one (API_ABIERTA empty)."""

    def iniciar(self) -> Self:
        """Migrate, start the sandbox and every process, and return once all answer."""
        self.ejecutar(self.ordenes["release"])
        if not self.entorno["API_ABIERTA"]:
            orden = "python cli.py clave crear pila --alcance consultar --alcance leer"
            self.clave = self.ejecutar(orden).strip()
        self._lanzar_orden(
            "sandbox", f"exec uvicorn sandbox.servidor:app --port {self.puerto_sandbox} --ws none --log-level warning"
        )
        for nombre in PROCESOS:
            self.lanzar(nombre)
        self._esperar(self._listo, 60)
        return self

    def lanzar(self, nombre: str, **entorno: str) -> None:
        """Start one process of the Procfile, with more environment variables if given."""
        self._lanzar_orden(nombre, self.ordenes[nombre], entorno)

    def armar(self, punto: str) -> None:
        """The next process that comes by this point (tests/puntos, named in PUNTOS) is killed there."""
        (self.temporales / punto).touch()

    def esperar_muerte(self, nombre: str, plazo_s: float = 60) -> None:
        """Wait until a process ends by itself: a supervisor would start it again now."""
        self._procesos[nombre].wait(plazo_s)
        self._procesos.pop(nombre)

    def en_marcha(self) -> list[str]:
        """The names of the Procfile's processes that run."""
        return [n for n in PROCESOS if n in self._procesos and self._procesos[n].poll() is None]

    def _lanzar_orden(self, nombre: str, orden: str, entorno: Mapping[str, str] | None = None) -> None:
        self._lanzar(nombre, ["/bin/sh", "-c", f"cd {RAIZ}; {orden}"], {**self.entorno, **(entorno or {})})

    def _listo(self) -> bool:
        try:
            requests.get(f"http://127.0.0.1:{self.puerto_sandbox}/", timeout=2)
            return requests.get(f"{self.url}/health", timeout=2).ok and self.pedir("/queue/stats")["max_workers"] > 0
        except requests.RequestException:
            return False

    def ejecutar(self, orden: str) -> str:
        """Run a command to its end with this stack's environment. Returns what it printed."""
        hecho = subprocess.run(
            ["/bin/sh", "-c", orden],
            cwd=RAIZ,
            env=self.entorno,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert hecho.returncode == 0, hecho.stdout + hecho.stderr
        return hecho.stdout

    def proceso(self, nombre: str) -> psutil.Process:
        """One of the processes, by name."""
        return psutil.Process(self._procesos[nombre].pid)

    def obreros(self, nombre: str) -> list[psutil.Process]:
        """The worker processes that a Dramatiq master forked."""
        return [p for p in self.proceso(nombre).children() if p.name() != "sh"]

    def chromiums(self) -> list[psutil.Process]:
        """Every browser main process below the worker."""
        hallados = []
        for hijo in self.proceso("worker").children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # or a zombie
                if "--remote-debugging-port=0" in hijo.cmdline() and "chromium" in hijo.name():
                    hallados.append(hijo)
        return hallados

    def de_chromium(self) -> list[psutil.Process]:
        """Every process of any browser of this stack, orphans too: its profile is in their command line."""
        hallados = []
        for proceso in psutil.process_iter():
            with suppress(psutil.Error):
                if any(str(self.temporales) in palabra for palabra in proceso.cmdline()):
                    hallados.append(proceso)
        return hallados

    def perfiles(self) -> list[Path]:
        """The profile folders of its browsers."""
        return list(self.temporales.glob("consultas-chromium-*"))

    def matar(self, nombre: str) -> None:
        """SIGKILL a process and the ones it forked, at once; Chromium's guardian is on its own."""
        proceso = self.proceso(nombre)
        victimas = [proceso, *self.obreros(nombre)]
        for victima in victimas:
            victima.kill()
        psutil.wait_procs(victimas, timeout=10)
        self._procesos.pop(nombre).wait()

    def terminar(self, nombre: str, plazo_s: float = 30) -> float:
        """SIGTERM a process and wait until it and its children are gone. Returns the seconds that took."""
        comienzo = time.monotonic()
        self._terminar(nombre, signal.SIGTERM, plazo_s)
        return time.monotonic() - comienzo

    def terminar_dyno(self, nombre: str, plazo_s: float = 30) -> float:
        """SIGTERM every process of a dyno at once, as Heroku does. Returns the seconds until all were gone."""
        comienzo = time.monotonic()
        todos = [self.proceso(nombre), *self.proceso(nombre).children(recursive=True)]
        for proceso in todos:
            with suppress(psutil.NoSuchProcess):
                proceso.terminate()
        self._procesos[nombre].wait(plazo_s)
        self._procesos.pop(nombre)
        esperar_fin(todos)
        return time.monotonic() - comienzo

    def cerrar(self) -> None:
        """Stop everything, workers first."""
        for nombre in ("reloj", "callbacks", "worker"):
            self._terminar(nombre, signal.SIGTERM, 15)
        super().cerrar()

    def registro(self, nombre: str) -> str:
        """What a process has logged."""
        ruta = self.carpeta / f"{nombre}.log"
        return ruta.read_text(errors="replace") if ruta.exists() else ""

    def pedir(self, ruta: str, dato: Any = None, estado: int | None = None) -> Any:
        """GET, or POST of `dato`: the JSON answer, of HTTP `estado` (200, or 202 for a POST)."""
        cabeceras = {"Authorization": f"Bearer {self.clave}"} if self.clave else {}
        metodo = "GET" if dato is None else "POST"
        respuesta = requests.request(metodo, self.url + ruta, json=dato, headers=cabeceras, timeout=10)
        assert respuesta.status_code == (estado or (200 if dato is None else 202)), respuesta.text
        return respuesta.json()

    def esperar_job(self, job_id: str, plazo_s: float = 60) -> dict[str, Any]:
        """The job, once it has ended."""

        def terminado() -> dict[str, Any] | None:
            job = self.pedir(f"/job/{job_id}")
            return job if job["status"] in ("completed", "failed") else None

        return hasta(terminado, plazo_s)


@dataclass
class Recibido:
    """A callback as it arrived: when (monotonic s), headers, raw bytes, and the HTTP status it got."""

    momento: float
    cabeceras: dict[str, str]
    cuerpo: bytes
    estado: int = 200

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.cuerpo)


@dataclass
class Receptor:
    """A receiver of callbacks on loopback: answers `respuestas` in order, then 200."""

    respuestas: list[int] = field(default_factory=list)
    recibidos: list[Recibido] = field(default_factory=list)
    demora_s: float = 0
    ruta: str = field(default_factory=lambda: f"/callback/{uuid.uuid4().hex[:8]}")
    url: str = ""

    def de(self, job_id: str) -> list[Recibido]:
        """What arrived for a job."""
        return [r for r in self.recibidos if r.json["job_id"] == job_id]

    def esperar(self, job_id: str, cuantos: int = 1, plazo_s: float = 30) -> list[Recibido]:
        """What arrived for a job, once there is that much."""
        return hasta(lambda: r if len(r := self.de(job_id)) >= cuantos else None, plazo_s)


_turnos = itertools.count(random.randrange(len(RECEPTORES)))


def _escuchar(manejador: type[http.server.BaseHTTPRequestHandler], puertos: Sequence[int]) -> http.server.HTTPServer:
    for turno in itertools.islice(_turnos, len(puertos)):
        with suppress(OSError):
            return http.server.ThreadingHTTPServer(("127.0.0.1", puertos[turno % len(puertos)]), manejador)
    raise AssertionError(f"ningún puerto libre de {puertos} para el receptor")


@contextmanager
def receptor(
    respuestas: list[int] | None = None, demora_s: float = 0, puertos: Sequence[int] = RECEPTORES
) -> Iterator[Receptor]:
    """Run a receiver during the block, on one of these ports."""
    estado = Receptor(list(respuestas or []), demora_s=demora_s)

    class Manejador(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            crudo = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != estado.ruta:  # a late callback for whoever had this port before
                self.send_error(410)
                return
            respuesta = estado.respuestas.pop(0) if estado.respuestas else 200
            estado.recibidos.append(Recibido(time.monotonic(), dict(self.headers), crudo, respuesta))
            time.sleep(estado.demora_s)
            with suppress(ConnectionError):  # the sender may be killed meanwhile
                self.send_response(respuesta)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    servidor = _escuchar(Manejador, puertos)
    hilo = threading.Thread(target=servidor.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    hilo.start()
    estado.url = f"http://127.0.0.1:{servidor.server_port}{estado.ruta}"
    try:
        yield estado
    finally:
        servidor.shutdown()
        servidor.server_close()
        hilo.join()
