"""The counts of jobs: what they say is what counting would say, whoever writes, deletes or adds them up meanwhile."""

import random
from collections.abc import Callable
from functools import partial

import psycopg
import pytest
from conftest import Crear, Sembrar, a_la_vez, filas

import models
from models.cuentas import contar_jobs, juntar
from models.historia import borrar_historia
from models.migrar import migrar
from models.schemas import FiltroJobs

CONTADOS = "SELECT status, callback_sent, count(*) FROM jobs GROUP BY 1, 2"
DICHOS = "SELECT status, callback_sent, sum(cuantos) FROM cuentas_de_jobs GROUP BY 1, 2 HAVING sum(cuantos) <> 0"


def _iguales() -> bool:
    return set(filas(CONTADOS)) == set(filas(DICHOS))


def _escribir(orden: str) -> Callable[[], object]:
    return lambda: filas(f"{orden} WHERE id IN (SELECT id FROM jobs ORDER BY random() LIMIT 3 FOR UPDATE SKIP LOCKED)")


ORDENES = (
    "UPDATE jobs SET status = 'processing'",
    "UPDATE jobs SET status = 'completed', completed_at = now()",
    "UPDATE jobs SET callback_sent = false, callback_error = 'x'",
    "UPDATE jobs SET callback_sent = true",
    "UPDATE jobs SET callback_error = NULL, terminadas = terminadas",
    "DELETE FROM jobs",
)


def test_las_cuentas_son_exactas_aunque_todos_escriban_a_la_vez(sembrar: Sembrar, crear: Crear) -> None:
    # Given jobs that are made, go on, end and are deleted, and several relojes that add up
    _, ids = sembrar(*["metrogas"] * 60)
    azar = random.Random(7)
    tareas: list[Callable[[], object]] = [partial(crear, [servicio_id]) for servicio_id in ids]
    tareas += [_escribir(orden) for orden in ORDENES for _ in range(20)] + [juntar] * 20
    azar.shuffle(tareas)
    # When all of it happens at once
    a_la_vez(lambda tarea: tarea(), tareas, 12)
    # Then the counts say what there is, before and after adding up, by every filter that the API has
    assert filas("SELECT count(*) FROM jobs")[0][0] > 0
    assert _iguales()
    juntar()
    assert _iguales()
    assert filas("SELECT count(*) FROM cuentas_de_jobs")[0][0] == len(filas(CONTADOS))
    for status in (None, "pending", "processing", "completed", "failed"):
        for sent in (None, True, False):
            hallados = models.listar_jobs(FiltroJobs(status=status, callback_sent=sent, limit=200))
            assert hallados["total"] == len(hallados["jobs"])


def test_lo_que_se_deshace_no_se_cuenta(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas")
    with pytest.raises(ZeroDivisionError), models.transaccion():
        crear(ids)
        raise ZeroDivisionError
    assert contar_jobs(FiltroJobs()) == 0


def test_la_historia_borrada_se_descuenta(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas")
    viejo, _ = crear(ids), crear(ids)
    hace = "now() - interval '9 days'"
    filas(f"UPDATE jobs SET status = 'failed', created_at = {hace}, completed_at = {hace} WHERE id = %s", viejo.job_id)
    assert models.estadisticas()["failed"] == 1
    assert borrar_historia(5) == 1
    estado = models.estadisticas()
    assert (estado["total_jobs"], estado["pending"], estado["failed"]) == (1, 1, 0)


def test_vaciar_la_tabla_vacia_las_cuentas(sembrar: Sembrar, crear: Crear, base: str) -> None:
    crear(sembrar("metrogas")[1])
    with psycopg.connect(base) as bd:
        bd.execute("TRUNCATE jobs CASCADE")
    assert contar_jobs(FiltroJobs()) == 0
    assert _iguales()


def test_la_migracion_cuenta_los_jobs_que_ya_habia(sembrar: Sembrar, crear: Crear, base: str) -> None:
    # Given jobs from before the migration
    _, ids = sembrar("metrogas")
    for _ in range(3):
        crear(ids)
    with psycopg.connect(base) as bd:
        bd.execute("DROP TABLE cuentas_de_jobs")
        bd.execute("DROP FUNCTION contar_jobs CASCADE")
        bd.execute("CREATE INDEX jobs_cuentas ON jobs (status, callback_sent)")
        bd.execute("DELETE FROM migraciones WHERE name = '0011_cuentas_de_jobs'")
    # When it runs
    assert migrar() == ["0011_cuentas_de_jobs"]
    # Then they are counted, and those that come
    crear(ids)
    assert contar_jobs(FiltroJobs(status="pending")) == 4
