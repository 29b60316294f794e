"""Random faults in real processes while jobs run: nothing lost, nothing doubled, nothing left open.

The seed is printed; `SEMILLA=123` repeats a run, `CAOS_JOBS` and `CAOS_GOLPES` make it longer.
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
from pila import PROCESOS, Pila, Receptor, hasta, receptor

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D

ENTORNO = {"CONSULTA_ARRIENDO_S": "2", "SANDBOX_CONSULTA_MS": "600", "RELOJ_REPUBLICAR_S": "5"}
JOBS = int(os.environ.get("CAOS_JOBS", "16"))
GOLPES = int(os.environ.get("CAOS_GOLPES", "8"))
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
        pila.terminar(nombre)
        pila.lanzar(nombre)


def matar_navegadores(pila: Pila) -> None:
    """SIGKILL every Chromium of the worker."""
    for navegador in pila.chromiums():
        with suppress(psutil.NoSuchProcess):
            navegador.kill()


def cortar_conexiones(pila: Pila) -> None:
    """Cut every connection to the database but this one."""
    with psycopg.connect(pila.entorno["DATABASE_URL"], autocommit=True) as bd:
        bd.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )


def doblar_mensajes(pila: Pila) -> None:
    """Publish again every consulta that is not done: messages come twice, late and in another order."""
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        bd.execute("UPDATE consultas_deuda SET encolada_en = NULL WHERE estado <> 'terminada'")


GOLPES_POSIBLES: tuple[Golpe, ...] = (
    *(matar_y_levantar(nombre) for nombre in PROCESOS),
    desplegar,
    matar_navegadores,
    cortar_conexiones,
    doblar_mensajes,
)


def _pedir(pila: Pila, ids: list[int], casa: Receptor) -> str | None:
    """Ask for a job; None when the web process is away and nothing was accepted."""
    with suppress(requests.RequestException):
        pedido = {"servicio_ids": ids, "callback_url": casa.url}
        respuesta = requests.post(f"{pila.url}/consultar/servicios", json=pedido, timeout=10)
        if respuesta.status_code == 202:
            return str(respuesta.json()["job_id"])
    return None


def _resueltos(semilla: Semilla, aceptados: list[str]) -> bool:
    filas = semilla.filas(
        "SELECT count(*) FROM jobs"
        " WHERE id = ANY(%s::uuid[]) AND completed_at IS NOT NULL AND callback_sent IS NOT NULL",
        aceptados,
    )
    return filas[0][0] == len(aceptados)


def test_nada_se_pierde_ni_se_duplica(pila: Pila, semilla: Semilla, capsys: pytest.CaptureFixture[str]) -> None:
    # Given jobs that come while processes die
    numero = int(os.environ.get("SEMILLA") or random.randrange(10**6))
    azar = random.Random(numero)
    with capsys.disabled():
        print(f"\ncaos: SEMILLA={numero}")
    _, ids = semilla.propiedad(
        ("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA), ("aysa", D.VARIAS_FACTURAS), ("metrogas", D.CAE_UNA_VEZ)
    )
    golpes = sorted(azar.sample(range(JOBS), min(GOLPES, JOBS)))
    aceptados: list[str] = []
    hechos: Counter[str] = Counter()
    with receptor([500] * 4) as casa:
        for turno in range(JOBS):
            job_id = _pedir(pila, ids, casa)
            if job_id is not None:
                aceptados.append(job_id)
            if turno in golpes:
                golpe = azar.choice(GOLPES_POSIBLES)
                golpe(pila)
                hechos[golpe.__name__] += 1
            time.sleep(azar.random() * 0.8)
        # When all is quiet again
        hasta(lambda: _resueltos(semilla, aceptados), FINAL_S, 0.5)
        time.sleep(1)
    with capsys.disabled():
        print(f"caos: {len(aceptados)} jobs aceptados; {dict(hechos)}")
    # Then every accepted job has ended, each consulta once, and every callback was sent or recorded as failed
    _revisar(semilla, casa, aceptados, len(ids))
    pila.terminar("worker")
    assert not pila.perfiles()
    pila.lanzar("worker")


def _revisar(semilla: Semilla, casa: Receptor, aceptados: list[str], por_job: int) -> None:
    jobs = semilla.filas("SELECT status, terminadas, total FROM jobs WHERE id = ANY(%s::uuid[])", aceptados)
    assert jobs == [("completed", por_job, por_job)] * len(aceptados)
    consultas = semilla.filas(
        "SELECT job_id::text, count(*), count(*) FILTER (WHERE estado = 'terminada') FROM consultas_deuda"
        " WHERE job_id = ANY(%s::uuid[]) GROUP BY 1",
        aceptados,
    )
    assert sorted(c[0] for c in consultas) == sorted(aceptados)
    assert {c[1:] for c in consultas} == {(por_job, por_job)}
    callbacks = semilla.filas(
        "SELECT job_id::text, estado, intentos, webhook_id FROM callbacks WHERE job_id = ANY(%s::uuid[])", aceptados
    )
    assert sorted(c[0] for c in callbacks) == sorted(aceptados)
    for job_id, estado, intentos, webhook_id in callbacks:
        assert estado in ("enviado", "fallido")
        llegados = casa.de(str(job_id))
        assert len(llegados) <= int(str(intentos))
        assert {r.cabeceras["webhook-id"] for r in llegados} <= {webhook_id}
        assert len({r.cuerpo for r in llegados}) <= 1
        if estado == "enviado":
            assert llegados
