"""The previous release on the schema of this one: what a deploy that stops nothing needs, for as long as it lasts."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pila import RAIZ, Pila, hasta, receptor
from psycopg.types.json import Jsonb
from servidores import PostgresPrivado, RabbitPrivado

from escenarios.conftest import Semilla, cuenta
from sandbox.desenlaces import Desenlace as D

PREVIA = "fc7073d"
"""The previous release; whoever makes a release puts its commit here (CONTRIBUTING.md)."""
DOS = (("metrogas", D.UNA_FACTURA), ("edenor", D.CUENTA_INEXISTENTE))


class PilaPrevia(Pila):
    """The processes of another checkout, after the release step of this one."""

    def __init__(self, codigo: Path, base: str, broker: str, entorno: Mapping[str, str] | None = None) -> None:
        super().__init__(base, broker, entorno)
        self._codigo = codigo
        self.entorno["PYTHONPATH"] = str(codigo)
        lineas = (codigo / "Procfile").read_text().splitlines()
        self.ordenes |= {n: orden for n, _, orden in (linea.partition(": ") for linea in lineas) if n != "release"}

    def _lanzar_orden(self, nombre: str, orden: str, entorno: Mapping[str, str] | None = None) -> None:
        self._lanzar(nombre, ["/bin/sh", "-c", f"cd {self._codigo}; {orden}"], {**self.entorno, **(entorno or {})})


@pytest.fixture(scope="module")
def codigo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the previous release, out of the repository's history."""
    carpeta = tmp_path_factory.mktemp("previa")
    hecho = subprocess.run(["git", "-C", RAIZ, "archive", PREVIA, "-o", carpeta / "previa.tar"], capture_output=True)
    if hecho.returncode != 0:  # a copy without history (a shallow clone, a tarball) does not have the old code
        pytest.skip(f"falta {PREVIA} en la historia: git fetch --unshallow ({hecho.stderr.decode().strip()})")
    subprocess.run(["tar", "-xf", "previa.tar"], cwd=carpeta, check=True)
    return carpeta


@pytest.fixture(scope="module")
def pila(codigo: Path, postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado) -> Iterator[Pila]:
    """The previous release, running on the new schema."""
    nombre = f"previa_{os.getpid()}"
    base, broker = postgres_privado.crear_base(nombre), rabbit_privado.crear_vhost(nombre)
    with PilaPrevia(codigo, base, broker, {"CONSULTA_ARRIENDO_S": "3"}) as en_marcha:
        yield en_marcha
    postgres_privado.borrar_base(nombre)


@pytest.fixture
def en_claro(pila: Pila, semilla: Semilla) -> list[int]:
    """Two servicios as the previous release writes them. Encrypted ones are the exception that README.md tells of."""
    _, ids = semilla.propiedad(*DOS)
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        for servicio_id, (empresa, desenlace) in zip(ids, DOS, strict=True):
            escrita = Jsonb(cuenta(empresa, desenlace))
            bd.execute("UPDATE servicios SET credenciales = %s WHERE id = %s", (escrita, servicio_id))
    return ids


def _hecho(pila: Pila, alta: Any) -> list[Any]:
    return [(r["exito"], r["error_codigo"]) for r in pila.esperar_job(alta["job_id"])["resultado"]]


def test_la_version_previa_trabaja_sobre_este_esquema(pila: Pila, semilla: Semilla, en_claro: list[int]) -> None:
    # Given the previous release's processes on a migrated database
    [(migraciones,)] = semilla.filas("SELECT count(*) FROM migraciones")
    assert migraciones == len(list((RAIZ / "models/migrations").glob("[0-9]*.py")))
    # When a job is done, its callback refused once
    with receptor([503]) as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": en_claro, "callback_url": casa.url})
        hecho = _hecho(pila, alta)
        recibidos = casa.esperar(alta["job_id"], 2)
        hasta(lambda: pila.pedir(f"/job/{alta['job_id']}")["callback_sent"])
    # Then its results, its rows and its callback are what they were
    assert hecho == [(True, None), (False, "CLIENTE_NO_ENCONTRADO")]
    assert [len(r.json["resultados"]) for r in recibidos] == [2, 2]
    assert pila.pedir("/jobs?callback_sent=true")["total"] == 1
    assert pila.pedir("/historial/propiedad/1")["consultas"]
    # And its reloj repairs: an interrupted consulta is done again, a worker is told of by its row
    pila.matar("worker")
    otra = pila.pedir("/consultar/servicios", {"servicio_ids": en_claro[:1]})
    pila.lanzar("worker")
    assert _hecho(pila, otra) == [(True, None)]
    for proceso in ("web", "worker", "callbacks", "reloj"):
        assert "psycopg2.errors" not in pila.registro(proceso), pila.registro(proceso)[-2000:]
        assert "no se completó" not in pila.registro(proceso), pila.registro(proceso)[-2000:]
