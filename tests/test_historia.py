"""What is deleted of the past, and what never is."""

import uuid
from decimal import Decimal

import psycopg
import pytest
from conftest import Crear, Sembrar, a_la_vez, filas
from test_estados import URL, guardar, reclamada

import models
from actors import reloj
from models import Fallo, Parte, Resultado
from models.historia import borrar_historia
from models.turnos import reclamar_callback
from settings import ajustes

HECHA = Resultado(exito=True, deuda=Decimal(1), moneda="ARS", evidencia=[Parte("captura", b"png")])


def quedan(tabla: str = "jobs") -> int:
    return int(filas(f"SELECT count(*) FROM {tabla}")[0][0])


def envejecer(job_id: uuid.UUID, dias: int = 100) -> None:
    """Make a job so many days older."""
    filas(
        "UPDATE jobs SET created_at = created_at - %s * interval '1 day',"
        " completed_at = completed_at - %s * interval '1 day' WHERE id = %s",
        dias, dias, job_id,
    )  # fmt: skip


@pytest.fixture
def terminado(sembrar: Sembrar, crear: Crear) -> uuid.UUID:
    """A job that ended a hundred days ago, its callback delivered."""
    _, ids = sembrar("metrogas")
    creado = crear(ids, callback_url=URL)
    assert guardar(reclamada(creado.consulta_ids[0]), HECHA)
    entregar(creado.job_id, None)
    envejecer(creado.job_id)
    return creado.job_id


def entregar(job_id: uuid.UUID, fallo: Fallo | None) -> None:
    """One attempt at the job's callback."""
    [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", job_id)
    reclamado = reclamar_callback(callback_id, arriendo_s=60)
    assert reclamado is not None and models.anotar_intento(reclamado[0], fallo)


def test_un_job_viejo_se_va_con_todo_lo_suyo(terminado: uuid.UUID) -> None:
    suyas = ("jobs", "consultas_deuda", "evidencias", "callbacks", "callback_intentos")
    assert [quedan(tabla) for tabla in suyas] == [1] * 5
    assert borrar_historia(99) == 1
    assert [quedan(tabla) for tabla in suyas] == [0] * 5
    assert quedan("servicios") == 1
    assert borrar_historia(99) == 0


def test_lo_reciente_queda_y_lo_que_acaba_de_terminar_tambien(terminado: uuid.UUID) -> None:
    assert borrar_historia(101) == 0
    filas("UPDATE jobs SET completed_at = now()")
    assert borrar_historia(1) == 0


def test_un_job_abierto_no_se_borra(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas", "edenor")
    creado = crear(ids)
    guardar(reclamada(creado.consulta_ids[0]), HECHA)
    envejecer(creado.job_id, 1000)
    assert borrar_historia(1) == 0


def test_un_callback_que_se_debe_retiene_a_su_job(terminado: uuid.UUID) -> None:
    # Given a job of long ago whose callback somebody sends again
    assert models.reenviar(terminado, None) is not None
    # When its turn to be deleted comes, before and during the attempt
    assert borrar_historia(1) == 0
    [(callback_id,)] = filas("SELECT id FROM callbacks")
    reclamado = reclamar_callback(callback_id, arriendo_s=60)
    assert borrar_historia(1) == 0
    # Then it goes once that has ended, even badly
    assert reclamado is not None and models.anotar_intento(reclamado[0], Fallo("x", None))
    assert borrar_historia(1) == 1


def test_un_callback_que_se_reenvia_en_ese_momento_tambien(terminado: uuid.UUID, base: str) -> None:
    with psycopg.connect(base) as otra:
        otra.execute("UPDATE callbacks SET estado = 'pendiente'")
        assert borrar_historia(1) == 0, "sin esperar a nadie"
    assert borrar_historia(1) == 0


def test_de_a_tandas_y_entre_varios_relojes(sembrar: Sembrar, crear: Crear) -> None:
    # Given twelve old jobs of two consultas
    _, ids = sembrar("metrogas", "edenor")
    for _ in range(12):
        creado = crear(ids)
        for consulta_id in creado.consulta_ids:
            guardar(reclamada(consulta_id), HECHA)
        envejecer(creado.job_id)
    # Then a batch is what its limits say, and one job at least
    assert borrar_historia(1, jobs=2) == 2
    assert borrar_historia(1, consultas=5) == 2
    assert borrar_historia(1, consultas=1) == 1
    # And several at once take each what no other has
    assert sum(a_la_vez(lambda _: borrar_historia(1, jobs=3), range(6))) == 7
    assert quedan() == 0


def test_lo_que_se_refiere_a_un_job_borrado_sigue(sembrar: Sembrar, crear: Crear) -> None:
    # Given a job that tried another again, and one that shared its result
    _, ids = sembrar("metrogas")
    viejo = crear(ids)
    otro = crear(ids)
    guardar(reclamada(viejo.consulta_ids[0]), HECHA)
    models.repartir(viejo.consulta_ids[0], ())
    filas("UPDATE jobs SET reintento_de_id = %s WHERE id = %s", viejo.job_id, otro.job_id)
    envejecer(viejo.job_id)
    # When the older one goes
    assert borrar_historia(1) == 1
    # Then the other stays, with its result
    job = models.leer_job(otro.job_id)
    assert job is not None and [r["deuda"] for r in job["resultado"]] == [1]


def test_sin_el_ajuste_nada_se_borra_y_con_el_reloj_lo_dice(
    terminado: uuid.UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reloj.limpiar()
    assert quedan() == 1
    monkeypatch.setattr(reloj, "ajustes", lambda: ajustes().model_copy(update={"historia_dias": 99}))
    with caplog.at_level("INFO"):
        reloj.limpiar()
    assert quedan() == 0
    assert "Historia vencida: 1 jobs borrados, con sus consultas y callbacks" in caplog.text
