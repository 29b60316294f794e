"""The Procfile run by honcho, `worker=2`, with the settings of docs/despliegue.md on plans of twenty connections."""

import json
import os
import re
import time
from collections.abc import Iterator
from typing import Self

import psutil
import psycopg
import pytest
from pila import PROCESOS, RAIZ, Pila, hasta, receptor
from servidores import PostgresPrivado, RabbitPrivado, esperar_fin

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D

PLAN = 20
"""Connections of heroku-postgresql:essential-0, and of cloudamqp:lemur."""
APP = json.loads((RAIZ / "app.json").read_text())
DYNOS = {nombre: int(dynos["quantity"]) for nombre, dynos in APP["formation"].items()}
AJUSTES = {nombre: str(valor["value"]) for nombre, valor in APP["env"].items() if "value" in valor}
CON_DOS_WORKERS = {"DB_CONEXIONES": "3", "WORKER_HILOS": "2", "CALLBACK_HILOS": "1"}
DOS_WORKERS = {**DYNOS, "worker": 2}


def de_postgres(dynos: dict[str, int], ajustes: dict[str, str]) -> int:
    """The connections to PostgreSQL at most."""
    return sum(dynos.values()) * int(ajustes["DB_CONEXIONES"])


def de_rabbit(dynos: dict[str, int], ajustes: dict[str, str]) -> int:
    """The connections to RabbitMQ at most: two consumers, one that publishes what was delayed, one for what the event
    loop publishes, and one for each thread; web and reloj have one."""
    worker, callbacks = int(ajustes["WORKER_HILOS"]) + 4, int(ajustes["CALLBACK_HILOS"]) + 4
    return dynos["worker"] * worker + dynos["callbacks"] * callbacks + dynos["web"] + dynos["reloj"]


class PilaHoncho(Pila):
    """The same stack, its processes under one honcho."""

    principal = "honcho"

    def iniciar(self) -> Self:
        self.ejecutar(self.ordenes["release"])
        puerto = self.puerto_sandbox
        self._lanzar_orden("sandbox", f"exec uvicorn sandbox.servidor:app --port {puerto} --ws none")
        cantidades = ",".join(f"{nombre}={cuantos}" for nombre, cuantos in DOS_WORKERS.items())
        self._lanzar_orden("honcho", f"exec honcho -e /dev/null start -c {cantidades} {' '.join(DYNOS)}")
        hilos = DOS_WORKERS["worker"] * int(CON_DOS_WORKERS["WORKER_HILOS"])
        self._esperar(lambda: self._listo() and self.pedir("/queue/stats")["max_workers"] == hilos, 60)
        return self


@pytest.fixture(scope="module")
def pila(postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado) -> Iterator[Pila]:
    """The stack, by a role and a vhost that get no connection more than the plans give."""
    nombre = f"procfile_{os.getpid()}"
    postgres_privado.crear_base(nombre)
    with psycopg.connect(postgres_privado.url(), autocommit=True) as bd:
        bd.execute(f"CREATE ROLE {nombre} LOGIN CONNECTION LIMIT {PLAN}")  # type: ignore[arg-type]
        bd.execute(f"ALTER DATABASE {nombre} OWNER TO {nombre}")  # type: ignore[arg-type]
    base = postgres_privado.url(nombre).replace("postgres@", f"{nombre}@").replace("postgresql:", "postgres:")
    vhost = rabbit_privado.crear_vhost(nombre)
    rabbit_privado.ctl("set_vhost_limits", "-p", nombre, json.dumps({"max-connections": PLAN}))
    with PilaHoncho(base, "", {**AJUSTES, **CON_DOS_WORKERS, "CLOUDAMQP_URL": vhost}) as en_marcha:
        yield en_marcha
    postgres_privado.borrar_base(nombre)
    postgres_privado.ejecutar("DROP ROLE {}", nombre)


def _conexiones(pila: Pila, postgres: PostgresPrivado, rabbit: RabbitPrivado) -> tuple[int, int]:
    """Those that the stack holds: of PostgreSQL, of RabbitMQ."""
    nombre = pila.entorno["CLOUDAMQP_URL"].rpartition("/")[2]
    with psycopg.connect(postgres.url()) as bd:
        [(de_base,)] = bd.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (nombre,)).fetchall()
    return int(de_base), rabbit.ctl("list_connections", "vhost").split().count(nombre)


def test_app_json_entra_en_los_planes_que_pide() -> None:
    assert APP["addons"] == ["heroku-postgresql:essential-0", "cloudamqp:lemur"]
    assert set(DYNOS) == set(PROCESOS)
    assert de_postgres(DYNOS, AJUSTES) < PLAN and de_rabbit(DYNOS, AJUSTES) < PLAN
    sin_valor = {nombre for nombre, valor in APP["env"].items() if "value" not in valor}
    assert sin_valor == {"CIFRADO_CLAVES", "CALLBACK_SECRETOS", "HOSTS_PERMITIDOS"}
    guia = (RAIZ / "docs/despliegue.md").read_text()
    assert all(f"`{nombre}={valor}`" in guia for nombre, valor in CON_DOS_WORKERS.items())


def test_entra_en_los_planes_chicos_y_termina_a_tiempo(
    pila: Pila, semilla: Semilla, postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado
) -> None:
    # Given jobs enough for every thread of two workers, with callbacks, some of them late
    empresas = ("metrogas", "edenor", "epec", "sanisidro")
    _, ids = semilla.propiedad(*[(empresa, D.UNA_FACTURA) for empresa in empresas for _ in range(4)])
    vistas = []
    with receptor(demora_s=0.2) as casa:
        pedido = {"servicio_ids": ids, "callback_url": casa.url}
        jobs = [pila.pedir("/consultar/servicios", {**pedido, "voucher_id": str(n)})["job_id"] for n in range(4)]

        def terminados() -> bool:
            vistas.append(_conexiones(pila, postgres_privado, rabbit_privado))
            return all(pila.pedir(f"/job/{job_id}")["callback_sent"] for job_id in jobs)

        # When they have ended
        hasta(terminados, 120, 0.5)
    # Then all went well, both workers worked, and nobody ever wanted more than the plans give
    for job_id in jobs:
        assert [r["exito"] for r in pila.pedir(f"/job/{job_id}")["resultado"]] == [True] * len(ids)
    vistas.append(_conexiones(pila, postgres_privado, rabbit_privado))
    mas = [max(columna) for columna in zip(*vistas, strict=True)]
    assert mas[0] <= de_postgres(DOS_WORKERS, CON_DOS_WORKERS) < PLAN, vistas
    assert 10 < mas[1] <= de_rabbit(DOS_WORKERS, CON_DOS_WORKERS) < PLAN, vistas
    assert "MaxConnectionsExceeded" not in pila.registro("honcho")
    assert "El broker no responde" not in pila.registro("honcho")
    for quien in ("worker.1", "worker.2", "callbacks.1", "reloj.1", "web.1"):
        assert re.search(rf"\b{re.escape(quien)}\b", pila.registro("honcho")), quien
    # And SIGTERM ends them all within 30 s
    todos = pila.proceso("honcho").children(recursive=True)
    comienzo = time.monotonic()
    pila.proceso("honcho").terminate()
    psutil.wait_procs([pila.proceso("honcho")], timeout=30)
    assert time.monotonic() - comienzo < 30
    esperar_fin(todos, 1)
    assert pila.perfiles() == []
