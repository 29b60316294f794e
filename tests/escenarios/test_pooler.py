"""The core of the journeys with a transaction-mode pooler between us and PostgreSQL."""

import os
from collections.abc import Iterator

import pytest
from pila import Pila, hasta, receptor
from pooler import PgBouncer
from servidores import PostgresPrivado, RabbitPrivado

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D


@pytest.fixture(scope="module")
def pila(postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado) -> Iterator[Pila]:
    """A service whose every connection to the database is lent for one transaction at a time."""
    nombre = f"pooler_{os.getpid()}"
    postgres_privado.crear_base(nombre)
    with PgBouncer(postgres_privado) as pooler:
        entorno = {"CONSULTA_ARRIENDO_S": "3"}
        with Pila(pooler.url(nombre), rabbit_privado.crear_vhost(nombre), entorno) as en_marcha:
            yield en_marcha
    postgres_privado.borrar_base(nombre)


def test_el_recorrido_entero(pila: Pila, semilla: Semilla) -> None:
    propiedad_id, _ = semilla.propiedad(
        ("metrogas", D.VARIAS_FACTURAS), ("edenor", D.CAE_UNA_VEZ), ("aysa", D.CUENTA_INEXISTENTE)
    )
    with receptor([500]) as casa:
        alta = pila.pedir("/consultar/propiedad", {"propiedad_id": propiedad_id, "callback_url": casa.url})
        job = pila.esperar_job(alta["job_id"])
        casa.esperar(alta["job_id"], 2)
    assert [r["exito"] for r in job["resultado"]] == [True, True, False]
    assert hasta(lambda: pila.pedir(f"/job/{alta['job_id']}")["callback_sent"]) is True


def test_muchos_jobs_a_la_vez_terminan_una_vez_cada_uno(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(*[(e, D.SIN_DEUDA) for e in ("metrogas", "edenor", "aysa")])
    altas = [pila.pedir("/consultar/servicios", {"servicio_ids": ids}) for _ in range(8)]
    for alta in altas:
        assert pila.esperar_job(alta["job_id"])["progreso"] == {"total": 3, "terminadas": 3}


def test_un_worker_muerto_no_pierde_la_consulta(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.LENTO_10S))
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    hasta(lambda: pila.pedir("/queue/stats")["workers_active"])
    pila.matar("worker")
    pila.lanzar("worker")
    assert pila.esperar_job(alta["job_id"])["resultado"][0]["exito"] is True
