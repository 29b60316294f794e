"""Kills a real process at an exact point: tests put this folder on the PYTHONPATH of the processes they start.

`PUNTOS=models.cierre:guardar_consulta_deuda:antes;...` names functions (or `Clase.metodo`) and a side of their call:
`antes`, `despues`, or `hallado` (after a call that gave something). A point is armed by a file with its name in
TMPDIR: whoever removes that file gets SIGKILL, so that each arming kills one process.

`HORA` names a file with seconds by which the clock is wrong, read at every call: it can jump while the process
runs. (libfaketime 0.9.10 makes Python 3.11's `time.sleep` fail with EINVAL.)
"""

import datetime
import functools
import os
import signal
import time
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

from al_importar import al_importar

PUNTOS: defaultdict[str, list[str]] = defaultdict(list)
for _punto in filter(None, os.environ.get("PUNTOS", "").split(";")):
    PUNTOS[_punto.partition(":")[0]].append(_punto)


def _morir_si_esta_armado(punto: str) -> None:
    try:
        Path(os.environ["TMPDIR"], punto).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _envolver(original: Any, punto: str) -> Any:
    lado = punto.rpartition(":")[2]

    @functools.wraps(original)
    def envuelta(*posicionales: Any, **nombrados: Any) -> Any:
        if lado == "antes":
            _morir_si_esta_armado(punto)
        resultado = original(*posicionales, **nombrados)
        if lado == "despues" or (lado == "hallado" and resultado):
            _morir_si_esta_armado(punto)
        return resultado

    return envuelta


def _envolver_los_suyos(modulo: ModuleType) -> None:
    for punto in PUNTOS[modulo.__name__]:
        *clases, nombre = punto.split(":")[1].split(".")
        duenio: Any = functools.reduce(getattr, clases, modulo)
        setattr(duenio, nombre, _envolver(getattr(duenio, nombre), punto))


al_importar(dict.fromkeys(PUNTOS, _envolver_los_suyos))

if "HORA" in os.environ:
    _time, _time_ns, _momento, _desvio = time.time, time.time_ns, datetime.datetime, Path(os.environ["HORA"])

    class _Como(type):
        def __instancecheck__(cls, objeto: object) -> bool:
            return isinstance(objeto, _momento)

    class _Corrido(_momento, metaclass=_Como):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _momento.now(tz) + datetime.timedelta(seconds=int(_desvio.read_text()))

    time.time = lambda: _time() + int(_desvio.read_text())
    time.time_ns = lambda: _time_ns() + int(_desvio.read_text()) * 10**9
    datetime.datetime = _Corrido  # type: ignore[misc]
