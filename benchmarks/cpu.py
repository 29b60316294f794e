"""Who spends the CPU: seconds of every process below this one, by what it is, and of the whole machine."""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Self

import psutil

CHROMIUM, WORKER, CALLBACKS, RESTO, SANDBOX, POSTGRES, RABBIT, BANCO = (
    "Chromium", "Python: worker", "Python: callbacks", "Python: web y reloj", "portales simulados", "PostgreSQL",
    "RabbitMQ", "el banco",
)  # fmt: skip
POR_ORDEN = (("-Q consultas", WORKER), ("-Q callbacks", CALLBACKS), ("sandbox.servidor", SANDBOX),
             ("api:app", RESTO), ("actors.reloj", RESTO))  # fmt: skip
POR_NOMBRE = (("chrom", CHROMIUM), ("postgres", POSTGRES), ("beam", RABBIT), ("erl", RABBIT), ("epmd", RABBIT))


def _que_es(proceso: psutil.Process, del_padre: str) -> str:
    nombre, orden = proceso.name(), " ".join(proceso.cmdline())
    pistas = [grupo for pista, grupo in POR_NOMBRE if pista in nombre]
    pistas += [grupo for pista, grupo in POR_ORDEN if pista in orden]
    return pistas[0] if pistas else del_padre


def _sumar(proceso: psutil.Process, del_padre: str, suma: dict[str, float]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):  # renderers come and go
        grupo = _que_es(proceso, del_padre)
        tiempos = proceso.cpu_times()  # those of the children that ended are in their parent's
        de_hijos = 0 if grupo == BANCO else tiempos.children_user + tiempos.children_system
        suma[grupo] = suma.get(grupo, 0) + tiempos.user + tiempos.system + de_hijos
        for hijo in proceso.children():
            _sumar(hijo, grupo, suma)


def _ahora() -> dict[str, float]:
    suma: dict[str, float] = {}
    _sumar(psutil.Process(), BANCO, suma)
    return suma


@dataclass
class Gasto:
    """What was spent during a `with` block: CPU seconds by group, wall seconds, busy seconds of the machine."""

    cpu: dict[str, float] = field(default_factory=dict)
    segundos: float = 0
    ocupada: float = 0

    def __enter__(self) -> Self:
        self._cpu, self._comienzo, self._maquina = _ahora(), time.monotonic(), psutil.cpu_times()
        return self

    def __exit__(self, *_: object) -> None:
        maquina = psutil.cpu_times()
        self.segundos = time.monotonic() - self._comienzo
        antes, ocioso = self._maquina, maquina.idle + maquina.iowait - self._maquina.idle - self._maquina.iowait
        self.ocupada = sum(maquina[:8]) - sum(antes[:8]) - ocioso
        self.cpu = {grupo: total - self._cpu.get(grupo, 0) for grupo, total in _ahora().items()}

    @property
    def parte_ocupada(self) -> float:
        """Of all the CPU that the machine had in that time, 0 to 1."""
        return self.ocupada / (self.segundos * (psutil.cpu_count() or 1))

    def partes(self) -> dict[str, float]:
        """Of the CPU that was spent by the processes below this one, by group, 0 to 1; the largest first."""
        total = sum(self.cpu.values())
        return {grupo: valor / total for grupo, valor in sorted(self.cpu.items(), key=lambda par: -par[1])}
