"""A backup taken while jobs run, restored elsewhere with an empty broker: nothing that it holds is lost."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from pila import Pila, hasta, receptor
from servidores import PostgresPrivado, RabbitPrivado, buscar_programa

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D

ENTORNO = {"CONSULTA_ARRIENDO_S": "3", "RELOJ_REPUBLICAR_S": "5"}
"""In production a message that never comes is published again after RELOJ_REPUBLICAR_S: 5 minutes."""


@pytest.fixture(scope="module")
def pila(postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado) -> Iterator[Pila]:
    """The service of which the backup is taken."""
    nombre = f"respaldo_{os.getpid()}"
    base, broker = postgres_privado.crear_base(nombre), rabbit_privado.crear_vhost(nombre)
    with Pila(base, broker, ENTORNO) as en_marcha:
        yield en_marcha
    postgres_privado.borrar_base(nombre)


def _correr(programa: str, *argumentos: str) -> None:
    ruta = buscar_programa(f"/usr/lib/postgresql/*/bin/{programa}")
    subprocess.run([ruta, *argumentos], check=True, capture_output=True, timeout=60)


def test_un_respaldo_en_caliente_se_restaura_y_sigue(
    pila: Pila, semilla: Semilla, postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado
) -> None:
    # Given a job that has ended, one half done, one callback still owed
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("aysa", D.LENTO_10S))
    with receptor() as casa:
        hecho = pila.pedir("/consultar/servicios", {"servicio_ids": ids[:1], "callback_url": casa.url})
        casa.esperar(hecho["job_id"])
        hasta(lambda: pila.pedir(f"/job/{hecho['job_id']}")["callback_sent"])
        a_medias = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        hasta(lambda: pila.pedir(f"/job/{a_medias['job_id']}")["progreso"]["terminadas"] == 1)
        # When pg_dump copies it while it runs, the machine is lost, and the copy is restored beside an empty RabbitMQ
        archivo = str(pila.carpeta / "respaldo.dump")
        _correr("pg_dump", "--format=custom", f"--file={archivo}", pila.entorno["DATABASE_URL"])
        for proceso in ("web", "worker", "callbacks", "reloj"):
            pila.matar(proceso)
        nombre = f"restaurada_{os.getpid()}"
        base, broker = postgres_privado.crear_base(nombre), rabbit_privado.crear_vhost(nombre)
        _correr("pg_restore", "--no-owner", f"--dbname={base}", archivo)
        with Pila(base, broker, ENTORNO) as otra:
            # Then what had ended is there and is not sent again, and what was half done ends and calls back
            assert otra.pedir(f"/job/{hecho['job_id']}")["callback_sent"] is True
            job = otra.esperar_job(a_medias["job_id"])
            casa.esperar(a_medias["job_id"])
            assert [r["exito"] for r in job["resultado"]] == [True, True]
        assert len(casa.de(hecho["job_id"])) == 1
        assert len(casa.de(a_medias["job_id"])) == 1
    postgres_privado.borrar_base(nombre)
