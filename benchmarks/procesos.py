"""CPU and memory of a process and all below it, Chromium apart from the rest."""

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import psutil

CADA_S = 0.3


@dataclass(frozen=True)
class Cpu:
    """Seconds of user and system time of Chromium's processes, and of the others."""

    chromium: float = 0
    propia: float = 0

    def __add__(self, otra: "Cpu") -> "Cpu":
        return Cpu(self.chromium + otra.chromium, self.propia + otra.propia)

    def __sub__(self, otra: "Cpu") -> "Cpu":
        return Cpu(self.chromium - otra.chromium, self.propia - otra.propia)

    def entre(self, consultas: int) -> "Cpu":
        """For each of so many."""
        return Cpu(self.chromium / consultas, self.propia / consultas)


def _familia(raiz: psutil.Process) -> list[psutil.Process]:
    return [raiz, *raiz.children(recursive=True)]


def _es_chromium(proceso: psutil.Process) -> bool:
    return "chrom" in proceso.name()


def cpu(raiz: psutil.Process) -> Cpu:
    """Until now. What a parent reaped counts too: only browsers and their renderers end while this is measured."""
    total = Cpu()
    for proceso in _familia(raiz):
        with contextlib.suppress(psutil.NoSuchProcess):
            tiempos = proceso.cpu_times()
            propia, de_hijos = tiempos.user + tiempos.system, tiempos.children_user + tiempos.children_system
            total += Cpu(propia + de_hijos, 0) if _es_chromium(proceso) else Cpu(de_hijos, propia)
    return total


def pss_mb(raiz: psutil.Process) -> float:
    """Proportional set size: what several processes share is divided among them."""
    total = 0
    for proceso in _familia(raiz):
        with contextlib.suppress(psutil.NoSuchProcess):  # renderers come and go
            total += proceso.memory_full_info().pss
    return total / 1e6


class Muestras:
    """Samples of the memory of a process's family while the block lasts."""

    def __init__(self, raiz: psutil.Process) -> None:
        self._raiz = raiz
        self._fin = threading.Event()
        self.mb: list[float] = []

    def __enter__(self) -> "Muestras":
        self._hilo = threading.Thread(target=self._tomar)
        self._hilo.start()
        return self

    def _tomar(self) -> None:
        while not self._fin.wait(CADA_S):
            self.mb.append(pss_mb(self._raiz))

    def __exit__(self, *_: object) -> None:
        self._fin.set()
        self._hilo.join()

    @property
    def mediana(self) -> float:
        return median(self.mb)


@contextlib.contextmanager
def cpu_de(raices: Iterable[tuple[str, psutil.Process]], asentar_s: float = 0.3) -> Iterator[dict[str, Cpu]]:
    """The CPU that each named family uses during the block and a moment after it, in which what it left ends."""
    grupos = list(raices)
    antes = {nombre: cpu(raiz) for nombre, raiz in grupos}
    gastado: dict[str, Cpu] = {}
    yield gastado
    time.sleep(asentar_s)
    for nombre, raiz in grupos:
        gastado[nombre] = cpu(raiz) - antes[nombre]
