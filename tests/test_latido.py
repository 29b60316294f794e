"""A worker process that can no longer work ends by itself, with a code that makes its supervisor start another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psutil
import psycopg
import pytest
from pila import Pila, hasta

from models.migrar import preparar_cola

TESTS = Path(__file__).resolve().parent
PROCESOS, HILOS = 2, 2


class Obrero(Pila):
    """The Procfile's worker alone, with ways of hanging it."""

    principal = "worker"

    def __init__(self, base: str) -> None:
        super().__init__(base, base, {"WORKER_HILOS": str(HILOS), "WORKER_PROCESOS": str(PROCESOS)})
        self.entorno["PYTHONPATH"] += f":{TESTS}"
        self.ordenes["worker"] = self.ordenes["worker"].replace("dramatiq actors", "dramatiq actors trabas")

    def iniciar(self) -> Self:
        self.lanzar("worker")
        self._esperar(self._laten, 60)
        return self

    def _laten(self) -> bool:
        with psycopg.connect(self.entorno["DATABASE_URL"]) as bd:
            vistos = {fila[0] for fila in bd.execute("SELECT pid FROM trabajadores")}
        obreros = {proceso.pid for proceso in self.obreros("worker")}
        return len(obreros) == PROCESOS and obreros <= vistos

    def mandar(self, *trabas: str) -> None:
        """Put messages on its queue."""
        self.ejecutar(f'python -c "import trabas; {"; ".join(f"trabas.{t}.send()" for t in trabas)}"')

    def fin(self, plazo_s: float = 30) -> int:
        """The exit code of its master, once it has ended; nothing of it is left."""
        hijos = self.proceso("worker").children(recursive=True)
        codigo = self._procesos.pop("worker").wait(plazo_s)
        _, vivos = psutil.wait_procs(hijos, timeout=10)
        assert not vivos
        return codigo


@pytest.fixture
def obrero(base_migrada: str) -> Iterator[Obrero]:
    """A running worker of two processes with two threads each."""
    preparar_cola(base_migrada)
    with Obrero(base_migrada) as en_marcha:
        yield en_marcha


def test_si_muere_un_proceso_terminan_todos(obrero: Obrero) -> None:
    obrero.obreros("worker")[-1].kill()
    assert obrero.fin() != 0


def test_los_hilos_atascados(obrero: Obrero) -> None:
    # Given as many stuck messages as threads
    obrero.mandar(*["atascar_un_hilo"] * PROCESOS * HILOS)
    # Then the process says so and ends, and so does its master
    assert obrero.fin() == 1
    assert "CRITICAL: Este proceso no puede seguir: todos sus hilos están atascados." in obrero.registro("worker")


def test_el_bucle_atascado(obrero: Obrero) -> None:
    obrero.mandar("atascar_el_bucle")
    assert obrero.fin() == 1
    assert "CRITICAL: Este proceso no puede seguir: el bucle de eventos no responde." in obrero.registro("worker")


def test_el_latido_mismo_atascado(obrero: Obrero) -> None:
    obrero.mandar("enmudecer")
    assert obrero.fin() == 1
    assert "Timeout (0:00:01)!" in obrero.registro("worker")
    assert 'trabas.py", line' in obrero.registro("worker")  # where it hung


def test_el_cierre_atascado(obrero: Obrero) -> None:
    # Given a process whose event loop will never end
    obrero.mandar("atascar_el_final")
    hasta(lambda: obrero.registro("worker"), 10)
    # When it is told to end
    obrero.proceso("worker").terminate()
    # Then it does
    obrero.fin()


def test_huerfano(obrero: Obrero) -> None:
    # When the master alone is killed
    hijos = obrero.obreros("worker")
    obrero.proceso("worker").kill()
    # Then its processes end: whoever starts another master would have twice as many
    _, vivos = psutil.wait_procs(hijos, timeout=10)
    assert not vivos
    assert obrero._procesos.pop("worker").wait() == -9
