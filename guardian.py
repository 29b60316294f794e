"""Processes that end with us, whatever ends us: each under a shell that holds it.

The standard library has nothing that outlives SIGKILL of the parent; a pipe that closes does.
"""

import contextlib
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

RAIZ = Path(__file__).resolve().parent
FIN_S = 25

GUARDIAN = """
exec 3<&0
setsid "$@" </dev/null 2>&1 3<&- &
hijo=$!
( read -r _ <&3; kill -s TERM "$hijo"
  while [ "$FIN_S" -gt 0 ] && kill -s 0 "$hijo"; do sleep 1; FIN_S=$((FIN_S - 1)); done
  kill -s KILL -- "-$hijo" ) >/dev/null 2>&1 &
lector=$!
trap ':' INT TERM
wait "$hijo"; codigo=$?
while kill -s 0 "$hijo" 2>/dev/null; do wait "$hijo"; codigo=$?; done
kill -s KILL -- "-$hijo" 2>/dev/null
kill -s KILL "$lector" 2>/dev/null
exit "$codigo"
"""
"""A shell that holds one process: when our end of its input closes, even by SIGKILL, the process is told to end."""

CONSERJE = """
cat >/dev/null
for vez in 1 2 3 4 5 6 7 8 9 10; do
    if [ "$1/postmaster.pid" -nt "$2" ] && read -r pid <"$1/postmaster.pid"; then
        kill -s INT "$pid"
        for vez in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 "$pid" || break; sleep 0.3; done
        break
    fi
    sleep 0.3
done 2>/dev/null
[ -z "$3" ] || rm -rf "$3"
"""
"""A shell that stops Postgres once we *and every guardian*, who hold its input, are gone: workers cannot end well
without their database. Its output is the folder's lock. It tries for a while: pg_ctl may be starting. Arguments: the
data, the lock (a postmaster.pid older than it is nobody's), and a folder to remove, or nothing."""


class Proceso:
    """A process under a guardian: it ends with us, whatever ends us."""

    def __init__(
        self, nombre: str, orden: str, entorno: Mapping[str, str], salida: IO[str], conserje: IO[bytes] | None
    ) -> None:
        self.nombre = nombre
        self.popen = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "guardian", "/bin/sh", "-c", orden],
            cwd=RAIZ,
            env={**entorno, "FIN_S": str(FIN_S)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=conserje or subprocess.DEVNULL,  # its own; the process's is its output
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._eco = threading.Thread(target=self._copiar, args=(salida,), daemon=True)
        self._eco.start()

    def _copiar(self, salida: IO[str]) -> None:
        assert self.popen.stdout is not None
        for linea in self.popen.stdout:
            with contextlib.suppress(OSError, ValueError):  # nobody reads us any more: go on emptying its pipe
                salida.write(f"{self.nombre:<10}| {linea}")
                salida.flush()

    def soltar(self) -> None:
        """Tell it to end."""
        assert self.popen.stdin is not None
        self.popen.stdin.close()

    def esperar(self, plazo_s: float | None = FIN_S + 10) -> int:
        """Wait until it has ended; once let go, its guardian kills it in the end. Returns its exit code."""
        codigo = self.popen.wait(plazo_s)
        self._eco.join(5)
        return codigo
