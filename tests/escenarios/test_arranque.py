"""Starting in any order, stopping in time whatever is away, and clocks that are an hour wrong."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pila import PROCESOS, Pila, hasta, receptor

from escenarios.conftest import Semilla
from escenarios.cuentas import DETENER_S, revisar
from sandbox.desenlaces import Desenlace as D

ENTORNO = {"CONSULTA_ARRIENDO_S": "2", "RELOJ_REPUBLICAR_S": "5", "SANDBOX_CONSULTA_MS": "2500"}
SERVICIOS = (("metrogas", D.UNA_FACTURA), ("aysa", D.CAE_UNA_VEZ))


def detener_todo(pila: Pila) -> None:
    """Stop every process of the Procfile as a platform does; each within its time."""
    for nombre in pila.en_marcha():
        assert pila.terminar_dyno(nombre) < DETENER_S, (nombre, pila.registro(nombre)[-3000:])


def lanzar_todo(pila: Pila) -> None:
    """Start them in any order, and wait until they serve."""
    orden = random.sample(PROCESOS, len(PROCESOS))
    for nombre in orden:
        pila.lanzar(nombre)
    hasta(pila._listo, 60)


@pytest.fixture
def en_marcha(pila: Pila) -> Iterator[Pila]:
    """The stack, with whatever a test has stopped started again."""
    yield pila
    for nombre in set(PROCESOS) - set(pila.en_marcha()):
        pila.lanzar(nombre)
    hasta(pila._listo, 60)


def _apagar(pila: Pila) -> None:
    """Take away the servers that the service leans on."""
    if pila.rabbit is not None:
        pila.rabbit.detener()
    pila.postgres.detener()


def _encender(pila: Pila) -> None:
    if pila.rabbit is not None:
        pila.rabbit.iniciar()
    pila.postgres.iniciar()


def test_cada_proceso_espera_a_sus_servidores(en_marcha: Pila, semilla: Semilla) -> None:
    pila = en_marcha
    _, ids = semilla.propiedad(*SERVICIOS)
    # Given the processes, started in any order while neither Postgres nor the broker is there
    detener_todo(pila)
    leidos = {nombre: len(pila.registro(nombre)) for nombre in PROCESOS}
    _apagar(pila)
    for nombre in random.sample(PROCESOS, len(PROCESOS)):
        pila.lanzar(nombre)
    # Then each waits, and says for what in a line of Spanish
    for nombre in ("worker", "callbacks", "reloj"):
        hasta(lambda nombre=nombre: "no responde" in pila.registro(nombre)[leidos[nombre] :], 60)  # type: ignore[misc]
    time.sleep(4)
    assert sorted(pila.en_marcha()) == sorted(PROCESOS)
    for nombre in PROCESOS:
        registro = pila.registro(nombre)[leidos[nombre] :]
        assert "Traceback" not in registro, registro
        assert registro.count("El broker no responde") <= 2, registro
    # And serves as soon as they are back
    _encender(pila)
    hasta(pila._listo, 60)
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        revisar(pila, casa, [alta["job_id"]])


def test_se_detiene_a_tiempo_sin_sus_servidores(en_marcha: Pila, semilla: Semilla) -> None:
    pila = en_marcha
    # Given consultas that run, and then neither Postgres nor the broker
    _, ids = semilla.propiedad(*SERVICIOS)
    with receptor(demora_s=0.5) as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        hasta(lambda: pila.perfiles())
        _apagar(pila)
        time.sleep(1)
        # When every process is told to stop
        tardo = {nombre: pila.terminar_dyno(nombre) for nombre in PROCESOS}
        # Then it does, in time, and leaves no browser
        _encender(pila)
        assert max(tardo.values()) < 20, tardo
        hasta(lambda: not pila.perfiles() and not pila.de_chromium(), 5)
        lanzar_todo(pila)
        revisar(pila, casa, [alta["job_id"]])


class Corrido:
    """The clock of processes, moved while they run (tests/puntos)."""

    def __init__(self, pila: Pila) -> None:
        self._archivo = pila.temporales / "hora"
        self.poner(0)
        self.entorno = {"HORA": str(self._archivo)}

    def poner(self, desvio_s: int) -> None:
        """Seconds by which it is wrong from now on; written whole, as it is read at any moment."""
        nuevo = Path(f"{self._archivo}.nuevo")
        nuevo.write_text(str(desvio_s))
        nuevo.rename(self._archivo)


@pytest.mark.parametrize("desvio_s", (3600, pytest.param(-3600, marks=pytest.mark.caos)))
def test_el_reloj_de_un_proceso_salta_una_hora(en_marcha: Pila, semilla: Semilla, desvio_s: int) -> None:
    pila = en_marcha
    # Given processes whose clock jumps by an hour in the middle of a job, while the database's stays
    hora = Corrido(pila)
    _, ids = semilla.propiedad(*SERVICIOS)
    detener_todo(pila)
    for nombre in PROCESOS:
        pila.lanzar(nombre, **hora.entorno)
    hasta(pila._listo, 60)
    with receptor([500]) as casa:
        pedido = {"servicio_ids": ids, "callback_url": casa.url}
        aceptados = [pila.pedir("/consultar/servicios", pedido)["job_id"]]
        hasta(lambda: semilla.filas("SELECT 1 FROM consultas_deuda WHERE estado = 'en_curso'"))
        hora.poner(desvio_s)
        aceptados.append(pila.pedir("/consultar/servicios", pedido)["job_id"])
        # Then each job ends within its usual time, no lease was taken for lost, no deadline for passed
        cuentas = revisar(pila, casa, aceptados, plazo_s=45)
    assert cuentas.fallidos == 0
    assert semilla.filas(
        "SELECT count(*) FILTER (WHERE exito), count(*) FILTER (WHERE inicios > intentos),"
        " count(*) FILTER (WHERE abs(extract(epoch FROM created_at - now())) > 600) FROM consultas_deuda"
        " WHERE job_id = ANY(%s::uuid[])",
        aceptados,
    ) == [(4, 0, 0)]
    detener_todo(pila)
