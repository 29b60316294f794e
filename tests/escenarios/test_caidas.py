"""What a process leaves behind when it dies: nothing lost, nothing doubled, nothing open."""

import time

import psutil
import pytest
from pila import Pila, hasta, receptor

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D

ENTORNO = {"JOB_PLAZO_S": "60", "SANDBOX_CONSULTA_MS": "3000"}


def _en_curso(pila: Pila) -> bool:
    return pila.pedir("/queue/stats")["workers_active"] > 0 and bool(pila.chromiums())


def _inicios(semilla: Semilla, job_id: str) -> tuple[object, ...]:
    return semilla.filas("SELECT inicios, intentos FROM consultas_deuda WHERE job_id = %s", job_id)[0]


def test_sigkill_al_worker_en_medio_de_una_consulta(pila: Pila, semilla: Semilla) -> None:
    # Given a consulta that runs
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA))
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        hasta(lambda: _en_curso(pila))
        navegadores = pila.chromiums()
        # When its worker is killed
        pila.matar("worker")
        # Then its browser and profile go at once
        _, vivos = psutil.wait_procs(navegadores, timeout=5)
        assert not vivos
        hasta(lambda: not pila.perfiles(), 5)
        # And the consulta is done once, by the next worker
        pila.lanzar("worker")
        job = pila.esperar_job(alta["job_id"])
        casa.esperar(alta["job_id"])
        time.sleep(1)
        assert len(casa.de(alta["job_id"])) == 1
    assert job["resultado"][0]["exito"] is True
    assert _inicios(semilla, alta["job_id"]) == (2, 1)


def test_sigterm_doble_devuelve_la_consulta_sin_gastar_un_intento(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.UNA_FACTURA))
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    hasta(lambda: _en_curso(pila))
    # When every process of the dyno gets SIGTERM, the browser too, and the master sends it on
    time.sleep(0.5)
    assert pila.terminar_dyno("worker") < 30
    # Then nothing stays, and what ran is handed back as if it had not begun
    assert not pila.perfiles() and not pila.de_chromium()
    pendientes = "SELECT estado, inicios, intentos, error_codigo FROM consultas_deuda WHERE job_id = %s"
    assert semilla.filas(pendientes, alta["job_id"]) == [("pendiente", 0, 0, None)] * 2, pila.registro("worker")[-3000:]
    pila.lanzar("worker")
    job = pila.esperar_job(alta["job_id"])
    assert [r["exito"] for r in job["resultado"]] == [True, True]
    assert _inicios(semilla, alta["job_id"]) == (1, 1)


def test_sigkill_al_navegador_se_reintenta_con_otro(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA))
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    hasta(lambda: _en_curso(pila))
    time.sleep(1)
    for navegador in pila.chromiums():
        navegador.kill()
    (resultado,) = pila.esperar_job(alta["job_id"])["resultado"]
    assert resultado["exito"] is True
    assert resultado["intentos"] == 2


def test_los_reintentos_del_callback_sobreviven_a_su_worker(pila: Pila, semilla: Semilla) -> None:
    # Given a callback whose first attempt has failed
    _, ids = semilla.propiedad(("metrogas", D.SIN_DEUDA))
    with receptor([500]) as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        casa.esperar(alta["job_id"], 1)
        anotado = "SELECT 1 FROM callbacks WHERE job_id = %s AND intentos = 1 AND estado = 'pendiente'"
        hasta(lambda: semilla.filas(anotado, alta["job_id"]))
        # When the callback worker is killed before the second
        pila.matar("callbacks")
        pila.lanzar("callbacks")
        # Then the second comes, once
        llegadas = casa.esperar(alta["job_id"], 2)
        time.sleep(2)
        assert len(casa.de(alta["job_id"])) == 2
    assert [r.cabeceras["x-callback-intento"] for r in llegadas] == ["1/3", "2/3"]
    assert llegadas[0].cabeceras["webhook-id"] == llegadas[1].cabeceras["webhook-id"]


def test_tres_interrupciones_terminan_la_consulta(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.LENTO_10S))
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    for _ in range(3):
        hasta(lambda: _en_curso(pila))
        pila.matar("worker")
        pila.lanzar("worker")
    job = pila.esperar_job(alta["job_id"])
    assert job["status"] == "completed"
    assert job["resultado"][0]["error_codigo"] == "INTERRUMPIDA"
    assert job["resultado"][0]["deuda"] is None


def test_sin_reloj_ni_mensaje_nada_se_pierde(pila: Pila, semilla: Semilla) -> None:
    # Given a web process killed right after it answered, its publisher perhaps with work to do
    _, ids = semilla.propiedad(("metrogas", D.SIN_DEUDA))
    pila.matar("reloj")
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    pila.matar("web")
    semilla.filas("UPDATE consultas_deuda SET encolada_en = NULL WHERE job_id = %s RETURNING 1", alta["job_id"])
    # When the two come back
    pila.lanzar("web")
    pila.lanzar("reloj")
    hasta(lambda: pila._listo(), 30)
    # Then the job ends, once
    job = pila.esperar_job(alta["job_id"])
    assert job["progreso"] == {"total": 1, "terminadas": 1}


def test_rabbitmq_caido_no_detiene_el_alta(pila: Pila, semilla: Semilla, request: pytest.FixtureRequest) -> None:
    if not pila.entorno["BROKER_URL"].startswith("amqp"):
        return  # Postgres is the broker: without it there is no service at all
    rabbit = request.getfixturevalue("rabbit_privado")
    _, ids = semilla.propiedad(("metrogas", D.SIN_DEUDA))
    rabbit.detener()
    comienzo = time.monotonic()
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    assert time.monotonic() - comienzo < 8  # without waiting for the broker's own timeouts
    assert pila.pedir(f"/job/{alta['job_id']}")["status"] == "pending"
    rabbit.iniciar()
    job = pila.esperar_job(alta["job_id"], 90)
    assert job["resultado"][0]["exito"] is True


def test_un_job_vencido_fracasa_y_avisa(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.LENTO_10S), ("edenor", D.SIN_DEUDA))
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        hasta(lambda: pila.pedir(f"/job/{alta['job_id']}")["progreso"]["terminadas"] == 1)
        semilla.filas("UPDATE jobs SET limite_en = now() WHERE id = %s RETURNING 1", alta["job_id"])
        (recibido,) = casa.esperar(alta["job_id"])
    assert recibido.json["status"] == "failed"
    assert [r["error_codigo"] for r in recibido.json["resultados"]] == ["TIEMPO_AGOTADO", None]
    job = pila.pedir(f"/job/{alta['job_id']}")
    assert job["error"] and job["resultado"][1]["exito"] is True


def test_un_job_cancelado_termina_y_avisa(pila: Pila, semilla: Semilla) -> None:
    # Given a job with one consulta done and one that runs
    _, ids = semilla.propiedad(("metrogas", D.LENTO_10S), ("aysa", D.SIN_DEUDA))
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        hasta(lambda: pila.pedir(f"/job/{alta['job_id']}")["progreso"]["terminadas"] == 1)
        # When it is cancelled
        job = pila.pedir(f"/job/{alta['job_id']}/cancelar", {}, estado=200)
        (recibido,) = casa.esperar(alta["job_id"])
        # Then what had ended stays, the rest is CANCELADA, and the running one changes nothing when it is done
        assert job["status"] == recibido.json["status"] == "failed"
        assert [r["error_codigo"] for r in recibido.json["resultados"]] == ["CANCELADA", None]
        time.sleep(11)
        assert pila.pedir(f"/job/{alta['job_id']}")["resultado"] == job["resultado"]
        assert len(casa.de(alta["job_id"])) == 1
    assert pila.pedir(f"/job/{alta['job_id']}/cancelar", {}, estado=409)["codigo"] == "JOB_TERMINADO"
    nadie = "00000000-0000-4000-8000-000000000000"
    assert pila.pedir(f"/job/{nadie}/cancelar", {}, estado=404)["codigo"] == "JOB_INEXISTENTE"
