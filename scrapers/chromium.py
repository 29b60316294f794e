"""The Chromium process: found, started under a guard, and gone with its profile whatever happens to us."""

import contextlib
import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from scrapers.fallas import Codigo, Falla

logger = logging.getLogger(__name__)

EJECUTABLES = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARRANQUE_S = 20.0

PUERTO = re.compile(r"(\d+)\n(/devtools/browser/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""What Chromium writes in DevToolsActivePort, whole: it may be still being written, or cut by a full disk."""

ARGUMENTOS = (
    "--headless",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-hang-monitor",
    "--disable-quic",
    "--disable-sync",
    "--disable-features=Translate,MediaRouter,OptimizationHints,IsolateOrigins,site-per-process",
    "--block-new-web-contents",
    "--hide-scrollbars",
    "--js-flags=--max-old-space-size=512",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    "--window-size=1280,900",
    # no name resolved and no connection opened but through the Salida of each consulta
    "--proxy-server=socks5://ninguna.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)

GUARDIAN = r"""
trap '' HUP INT TERM
perfil=$1; shift
exec 3<&0
mkfifo -m 600 "$perfil/errores"
( while IFS= read -r linea && [ ! -e "$perfil/DevToolsActivePort" ]; do printf '%s\n' "$linea" >>"$perfil/salida"; done
  exec cat >/dev/null ) <"$perfil/errores" 3<&- &
setsid env -i PATH="$PATH" HOME="$perfil" TMPDIR="$perfil" ${TZ:+"TZ=$TZ"} ${LANG:+"LANG=$LANG"} \
    ${LC_ALL:+"LC_ALL=$LC_ALL"} ${LD_LIBRARY_PATH:+"LD_LIBRARY_PATH=$LD_LIBRARY_PATH"} \
    ${FONTCONFIG_PATH:+"FONTCONFIG_PATH=$FONTCONFIG_PATH"} ${FONTCONFIG_FILE:+"FONTCONFIG_FILE=$FONTCONFIG_FILE"} \
    "$@" </dev/null >/dev/null 2>"$perfil/errores" 3<&- &
hijo=$!
( read -r _ <&3; kill -s KILL -- "-$hijo" ) 2>/dev/null &
lector=$!
wait "$hijo" 2>/dev/null
kill -s KILL "$lector" 2>/dev/null
for vez in 1 2 3 4 5 6 7 8 9 10; do
    kill -s KILL -- "-$hijo" 2>/dev/null
    rm -rf "$perfil" 2>/dev/null
    [ -e "$perfil" ] || exit 0
    sleep 0.1
done
"""
"""A shell that holds Chromium: when our end of its standard input closes, which even SIGKILL cannot prevent,
it kills the browser's whole process group and removes the profile. `setsid`, as Debian's command is a wrapper.
It outlives the SIGTERM that a platform sends to every process: else the profile would stay. The browser's environment
has none of our secrets, and its home is the profile: nothing of it is left elsewhere. What Chromium says is kept until
it has started: later it repeats what pages write to their console."""


def ejecutable(elegido: Path | None = None) -> str:
    """Path of the browser: the chosen one, else a headless shell, else Chromium, else Chrome."""
    for candidato in (str(elegido),) if elegido else EJECUTABLES:
        hallado = shutil.which(candidato)
        if hallado:
            return hallado
    raise Falla(Codigo.NAVEGADOR_CAIDO, detalle="no hay Chromium: instale chromium-headless-shell")


@lru_cache(maxsize=1)
def sandbox_posible() -> bool:
    """Whether Chromium's own sandbox can run here: not as root, and only with user namespaces.

    Docker's default seccomp profile refuses them, and a Chromium that insists would not start.
    """
    if os.geteuid() == 0:
        return False
    try:
        prueba = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, timeout=10)
        posible = prueba.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        posible = False
    if not posible:
        logger.warning("Chromium corre sin su sandbox: este sistema no permite espacios de nombres de usuario")
    return posible


PREFIJO = "consultas-chromium-"


def barrer_perfiles() -> None:
    """Remove the profiles of processes that died before a guardian could: the folder's name has their pid."""
    for carpeta in Path(tempfile.gettempdir()).glob(f"{PREFIJO}*"):
        pid = carpeta.name.removeprefix(PREFIJO).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(carpeta, ignore_errors=True)


def _familia(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for hijos in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for hijo in hijos.read_text().split():
                yield from _familia(int(hijo))


def _memoria(pid: int) -> int:
    """Resident bytes of a process less those that it shares; 0 when it has ended."""
    with contextlib.suppress(OSError):
        _, residentes, compartidas, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(residentes) - int(compartidas)) * resource.getpagesize()
    return 0


class Chromium:
    """A running browser process. `ws` is its DevTools address, on loopback."""

    def __init__(self, *, elegido: Path | None = None, con_sandbox: bool | None = None) -> None:
        """Start the process; about 0.1 s. Raises Falla NAVEGADOR_CAIDO."""
        barrer_perfiles()
        comando = [ejecutable(elegido), *ARGUMENTOS]
        if not (sandbox_posible() if con_sandbox is None else con_sandbox):
            comando.append("--no-sandbox")
        try:
            self._perfil = Path(tempfile.mkdtemp(prefix=f"{PREFIJO}{os.getpid()}-"))
        except OSError as error:
            raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=f"no hay lugar para su perfil: {error.strerror}") from None
        comando.append(f"--user-data-dir={self._perfil}")
        try:
            self._guardian = subprocess.Popen(
                ["/bin/sh", "-c", GUARDIAN, "guardian", str(self._perfil), *comando],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            shutil.rmtree(self._perfil, ignore_errors=True)
            raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=f"Chromium no arrancó: {error.strerror}") from None
        self.ws = self._esperar_puerto()

    def _esperar_puerto(self) -> str:
        archivo = self._perfil / "DevToolsActivePort"
        limite = time.monotonic() + ARRANQUE_S
        while time.monotonic() < limite and self.vivo:
            with contextlib.suppress(FileNotFoundError):  # not there yet, or gone with its profile
                if anunciado := PUERTO.fullmatch(archivo.read_text()):
                    return f"ws://127.0.0.1:{anunciado[1]}{anunciado[2]}"
            time.sleep(0.01)
        salida = self._ultimas_lineas()
        self.matar()
        raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=f"Chromium no arrancó: {salida}")

    def _ultimas_lineas(self) -> str:
        salida = self._perfil / "salida"
        return salida.read_text(errors="replace")[-500:] if salida.exists() else "sin salida"

    @property
    def vivo(self) -> bool:
        """Whether the process still runs."""
        return self._guardian.poll() is None

    @property
    def memoria_bytes(self) -> int:
        """Memory of its own of all its processes: what they share with others is left out."""
        return sum(map(_memoria, _familia(self._guardian.pid)))

    def matar(self) -> None:
        """Kill the browser and remove its profile; returns when both are gone, within 5 s."""
        assert self._guardian.stdin is not None
        self._guardian.stdin.close()
        try:
            self._guardian.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self._guardian.pid, signal.SIGKILL)
            self._guardian.wait()
            shutil.rmtree(self._perfil, ignore_errors=True)
