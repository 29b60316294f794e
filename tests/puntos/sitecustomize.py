"""Kills a real process at an exact point: tests put this folder on the PYTHONPATH of the processes they start.

`PUNTOS=models.cierre:guardar_consulta_deuda:antes;...` names functions (or `Clase.metodo`) and a side of their call:
`antes`, `despues`, or `hallado` (after a call that gave something). A point is armed by a file with its name in
TMPDIR: whoever removes that file gets SIGKILL, so that each arming kills one process.

`HORA` names a file with seconds by which the clock is wrong, read at every call: it can jump while the process
runs. (libfaketime 0.9.10 makes Python 3.11's `time.sleep` fail with EINVAL.)
"""

import datetime
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

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


class _Cargador(importlib.abc.Loader):
    """Runs the module, then wraps its functions before anybody imports their names."""

    def __init__(self, original: importlib.abc.Loader) -> None:
        self._original = original

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._original.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._original.exec_module(module)
        for punto in PUNTOS.pop(module.__name__):
            *clases, nombre = punto.split(":")[1].split(".")
            duenio: Any = functools.reduce(getattr, clases, module)
            setattr(duenio, nombre, _envolver(getattr(duenio, nombre), punto))


class _Buscador(importlib.abc.MetaPathFinder):
    """Finds the named modules as everybody else would, and gives them our loader."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in PUNTOS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.loader is not None
        spec.loader = _Cargador(spec.loader)
        return spec


sys.meta_path.insert(0, _Buscador())

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
