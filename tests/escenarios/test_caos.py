"""Random faults in real processes and servers while jobs run: nothing lost, nothing doubled, nothing left open.

The seed is printed; `SEMILLA=123` repeats a run. `CAOS_SEGUNDOS=300` (make caos) goes on for so long, half of it on
each footing.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil
import psycopg
import pytest
import requests
from pila import PROCESOS, Pila, Receptor, receptor

from escenarios.conftest import PISOS, Semilla
from escenarios.cuentas import DETENER_S, revisar
from escenarios.test_servidores_caen import COMUNES, DE_RABBITMQ
from sandbox.desenlaces import Desenlace as D

ENTORNO = {
    "CONSULTA_ARRIENDO_S": "2",
    "SANDBOX_CONSULTA_MS": "600",
    "RELOJ_REPUBLICAR_S": "5",
    "CONSULTA_INICIOS_MAX": "20",
    "CALLBACK_PLAZO_S": "2",
}
SEGUNDOS = float(os.environ.get("CAOS_SEGUNDOS", "0")) / len(PISOS)
JOBS = 16
GOLPES = 8
FINAL_S = 150

Golpe = Callable[[Pila], None]


def matar_y_levantar(nombre: str) -> Golpe:
    """SIGKILL a process of the Procfile, then start it again."""

    def golpe(pila: Pila) -> None:
        pila.matar(nombre)
        time.sleep(0.3)
        pila.lanzar(nombre)

    golpe.__name__ = f"sigkill {nombre}"
    return golpe


def desplegar(pila: Pila) -> None:
    """A rolling restart: SIGTERM to every process in turn, as a deploy does."""
    for nombre in ("worker", "callbacks", "reloj"):
        assert pila.terminar_dyno(nombre) < DETENER_S
        pila.lanzar(nombre)


def matar_navegadores(pila: Pila) -> None:
    """SIGKILL every Chromium of the worker."""
    for navegador in pila.chromiums():
        with suppress(psutil.NoSuchProcess):
            navegador.kill()


def doblar_mensajes(pila: Pila) -> None:
    """Publish again every consulta that is not done: messages come twice, late and in another order."""
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        bd.execute("UPDATE consultas_deuda SET encolada_en = NULL WHERE estado <> 'terminada'")


def golpes_de(pila: Pila) -> tuple[Golpe, ...]:
    """Every fault that this footing can have; the quick form leaves the servers alone, as they take long."""
    propios = (*(matar_y_levantar(nombre) for nombre in PROCESOS), desplegar, matar_navegadores, doblar_mensajes)
    de_servidores = COMUNES if pila.rabbit is None else (*COMUNES, *DE_RABBITMQ)
    return (*propios, *de_servidores) if SEGUNDOS else (*propios, *COMUNES[1:2])


def _pedir(pila: Pila, ids: list[int], casa: Receptor) -> str | None:
    """Ask for a job as a client does that tries again for a while; None when it was not accepted."""
    limite = time.monotonic() + 20
    while time.monotonic() < limite:
        with suppress(requests.RequestException):
            pedido = {"servicio_ids": ids, "callback_url": casa.url}
            respuesta = requests.post(f"{pila.url}/consultar/servicios", json=pedido, timeout=10)
            if respuesta.status_code == 202:
                return str(respuesta.json()["job_id"])
        time.sleep(0.3)
    return None


@pytest.mark.timeout(SEGUNDOS + 400)
def test_nada_se_pierde_ni_se_duplica(pila: Pila, semilla: Semilla, capsys: pytest.CaptureFixture[str]) -> None:
    # Given jobs that come while processes and servers die
    numero = int(os.environ.get("SEMILLA") or random.randrange(10**6))
    azar = random.Random(numero)
    with capsys.disabled():
        print(f"\ncaos: SEMILLA={numero}")
    _, ids = semilla.propiedad(
        ("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA), ("aysa", D.VARIAS_FACTURAS), ("metrogas", D.CAE_UNA_VEZ)
    )
    posibles = golpes_de(pila)
    aceptados: list[str] = []
    hechos: Counter[str] = Counter()
    fin = time.monotonic() + SEGUNDOS
    with receptor([500] * 4) as casa:
        turno = 0
        while time.monotonic() < fin if SEGUNDOS else turno < JOBS:
            turno += 1
            job_id = _pedir(pila, ids, casa)
            if job_id is not None:
                aceptados.append(job_id)
            if azar.random() < GOLPES / JOBS:
                golpe = azar.choice(posibles)
                hechos[golpe.__name__] += 1
                with suppress(requests.RequestException):  # the web process may be on its way back
                    golpe(pila)
            time.sleep(azar.random() * 0.8)
        # Then, once all is quiet again, the figures are those of a day without faults
        cuentas = revisar(pila, casa, aceptados, dobles=8 * sum(hechos.values()), plazo_s=FINAL_S)
    with capsys.disabled():
        print(f"caos: {dict(hechos)}\ncaos: {cuentas}")
    assert semilla.filas("SELECT DISTINCT status FROM jobs") == [("completed",)]
