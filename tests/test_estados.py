"""The state machines under contention: a consulta, its job and its callback end once, whoever does what when."""

import json
import random
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from conftest import Crear, Sembrar, a_la_vez, fila, filas
from pila import CERRADO

import models
from models import Callback, Consulta, Fallo, Job, Parte, Resultado, cierre
from models.reparacion import callbacks_por_despertar, empresas_en_turno, por_publicar, rescatar

PAGADA = Resultado(exito=True, deuda=Decimal("25670.00"), moneda="ARS")
CAIDO = Resultado(exito=False, error="El portal no responde.", error_codigo="PORTAL_CAIDO", reintentable=True)
INTERRUMPIDA = Resultado(exito=False, error="Se interrumpió.", error_codigo="INTERRUMPIDA", reintentable=True)
URL = f"http://{CERRADO}/callback"


def reclamar(consulta_id: uuid.UUID, simultaneas: int = 100, arriendo_s: float = 60) -> Consulta | None:
    return models.reclamar(consulta_id, arriendo_s=arriendo_s, simultaneas=simultaneas)


def reclamada(consulta_id: uuid.UUID) -> Consulta:
    consulta = reclamar(consulta_id)
    assert consulta is not None
    return consulta


def guardar(consulta: Consulta, resultado: Resultado = PAGADA) -> bool:
    dicho = models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)
    assert dicho == {"consulta_id": str(consulta.id), "guardado": dicho["guardado"]}
    return bool(dicho["guardado"])


def vencer_arriendos() -> None:
    filas("UPDATE consultas_deuda SET arrendada_hasta = now() - interval '1 s' WHERE estado = 'en_curso'")


def de_uno(sembrar: Sembrar, crear: Crear, **pedido: str) -> uuid.UUID:
    return crear(sembrar("metrogas")[1], **pedido).consulta_ids[0]


def test_marcar_lo_publicado_no_espera_a_quien_termina_el_job(sembrar: Sembrar, crear: Crear) -> None:
    # Given one of two consultas held by somebody who goes on to the other
    una, otra = crear(sembrar("metrogas", "edenor")[1]).consulta_ids
    with models.transaccion():
        filas("SELECT 1 FROM consultas_deuda WHERE id = %s FOR UPDATE", una)
        # When both are marked
        a_la_vez(models.marcar_encoladas, [[una, otra]])
    # Then the other one is, and nobody waited
    assert fila(Consulta, una).encolada_en is None
    assert fila(Consulta, otra).encolada_en is not None


def test_la_base_que_se_va_al_guardar_la_evidencia_no_cuesta_la_evidencia(
    sembrar: Sembrar, crear: Crear, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a claimed consulta whose connection is cut while its evidencia is kept
    consulta = reclamada(de_uno(sembrar, crear))
    guardar_partes = cierre.guardar_partes

    def cortar(*partes: Any) -> None:
        with psycopg.connect(base, autocommit=True) as otra:
            otra.execute("SELECT pg_terminate_backend(%s)", (models.bd.connection().info.backend_pid,))
        guardar_partes(*partes)

    monkeypatch.setattr(cierre, "guardar_partes", cortar)
    # When it ends, the database's fall is told, and nothing of it is kept
    resultado = replace(PAGADA, evidencia=(Parte("captura", b"PNG"),))
    with pytest.raises(models.BASE_CAIDA):
        guardar(consulta, resultado)
    # Then it can be saved whole
    monkeypatch.undo()
    assert guardar(consulta, resultado)
    assert filas("SELECT count(*) FROM evidencias") == [(1,)]


def test_la_evidencia_que_no_cabe_no_cuesta_el_resultado(sembrar: Sembrar, crear: Crear) -> None:
    consulta = reclamada(de_uno(sembrar, crear))
    de_mas = Parte("no es un tipo", b"PNG")  # the table refuses it
    assert guardar(consulta, replace(PAGADA, evidencia=(de_mas,)))
    assert filas("SELECT estado, deuda FROM consultas_deuda") == [("terminada", PAGADA.deuda)]
    assert filas("SELECT terminadas, status FROM jobs") == [(1, "completed")]
    assert filas("SELECT count(*) FROM evidencias") == [(0,)]


class TestUnaConsulta:
    def test_de_pendiente_a_terminada(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a job of two
        creado = crear(sembrar("metrogas", "edenor")[1])
        # When one is claimed
        una = reclamada(creado.consulta_ids[0])
        # Then it runs, with a lease and a token, and so does the job
        assert (una.estado, una.token, una.inicios, una.intentos) == ("en_curso", 1, 1, 0)
        assert timedelta(seconds=50) < una.arrendada_hasta - datetime.now(UTC) < timedelta(seconds=61)
        assert fila(Job, creado.job_id).status == "processing"
        # And when both end, one of them badly
        assert guardar(una)
        assert fila(Job, creado.job_id).status == "processing"
        assert guardar(reclamada(creado.consulta_ids[1]), CAIDO)
        # Then so does the job
        job = fila(Job, creado.job_id)
        assert (job.status, job.terminadas, job.error) == ("completed", 2, None)
        assert job.started_at <= job.completed_at
        bien, mal = (fila(Consulta, c) for c in creado.consulta_ids)
        assert (bien.exito, bien.deuda, bien.error_codigo) == (True, Decimal("25670.00"), None)
        assert (mal.exito, mal.deuda, mal.error_codigo) == (False, None, "PORTAL_CAIDO")
        assert [(c.inicios, c.intentos, c.arrendada_hasta) for c in (bien, mal)] == [(1, 1, None)] * 2

    def test_no_se_reclama_dos_veces_ni_lo_que_no_existe(self, sembrar: Sembrar, crear: Crear) -> None:
        consulta_id = de_uno(sembrar, crear)
        assert sum(c is not None for c in a_la_vez(lambda _: reclamar(consulta_id), range(20))) == 1
        assert reclamar(uuid.uuid4()) is None

    def test_lo_que_trae_un_token_viejo_no_cambia_nada(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a claim whose lease ran out and was given to another
        consulta_id = de_uno(sembrar, crear, callback_url=URL)
        vieja = reclamada(consulta_id)
        vencer_arriendos()
        assert rescatar(10, inicios_max=3, resultado=INTERRUMPIDA) == (1, 0)
        nueva = reclamada(consulta_id)
        antes = filas("SELECT * FROM consultas_deuda")
        # When the old one comes back
        assert not guardar(vieja)
        assert not models.renovar(vieja.id, vieja.token, arriendo_s=60)
        assert not models.devolver(vieja.id, vieja.token)
        assert not models.reintentar(vieja.id, vieja.token, espera_s=1, error_codigo="PORTAL_CAIDO")
        # Then nothing happened, and the new one still has it
        assert filas("SELECT * FROM consultas_deuda") == antes
        assert filas("SELECT count(*) FROM callbacks") == [(0,)]
        assert guardar(nueva) and not guardar(nueva)
        assert not guardar(vieja, CAIDO)
        assert fila(Consulta, consulta_id).exito is True

    def test_renovar_alarga_el_arriendo(self, sembrar: Sembrar, crear: Crear) -> None:
        consulta = reclamada(de_uno(sembrar, crear))
        vencer_arriendos()
        assert models.renovar(consulta.id, consulta.token, arriendo_s=60)
        assert rescatar(10, inicios_max=3, resultado=INTERRUMPIDA) == (0, 0)

    def test_devolver_no_gasta_ni_un_inicio(self, sembrar: Sembrar, crear: Crear) -> None:
        consulta = reclamada(de_uno(sembrar, crear))
        assert models.devolver(consulta.id, consulta.token)
        devuelta = fila(Consulta, consulta.id)
        assert (devuelta.estado, devuelta.inicios, devuelta.encolada_en) == ("pendiente", 0, None)
        assert reclamada(consulta.id).token == 2

    def test_reintentar_espera_y_cuenta_el_intento(self, sembrar: Sembrar, crear: Crear) -> None:
        consulta = reclamada(de_uno(sembrar, crear))
        assert models.reintentar(consulta.id, consulta.token, espera_s=0.3, error_codigo="PORTAL_CAIDO")
        assert reclamar(consulta.id) is None, "todavía no"
        time.sleep(0.35)
        otra = reclamada(consulta.id)
        assert (otra.inicios, otra.intentos, otra.token) == (2, 1, 2)
        assert guardar(otra)
        assert fila(Consulta, consulta.id).intentos == 2
        assert filas("SELECT count(*) FROM callbacks") == [(0,)], "sin callback_url no se debe ninguno"

    def test_a_la_tercera_interrupcion_termina(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given an error before: it has a budget of its own
        consulta = reclamada(de_uno(sembrar, crear, callback_url=URL))
        assert models.reintentar(consulta.id, consulta.token, espera_s=0, error_codigo="PORTAL_CAIDO")
        # When its worker dies three times
        for devueltas_y_terminadas in ((1, 0), (1, 0), (0, 1)):
            reclamada(consulta.id)
            vencer_arriendos()
            assert rescatar(10, inicios_max=3, resultado=INTERRUMPIDA) == devueltas_y_terminadas
        # Then it ends, and its job with it
        terminada = fila(Consulta, consulta.id)
        assert (terminada.exito, terminada.deuda, terminada.error_codigo) == (False, None, "INTERRUMPIDA")
        assert (terminada.inicios, terminada.intentos) == (4, 1)
        assert filas("SELECT status, terminadas FROM jobs") == [("completed", 1)]
        assert filas("SELECT estado FROM callbacks") == [("pendiente",)]

    def test_muchos_relojes_rescatan_una_sola_vez(self, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar(*["metrogas"] * 30)[1])
        for consulta_id in creado.consulta_ids:
            reclamada(consulta_id)
        vencer_arriendos()
        filas(
            "UPDATE consultas_deuda SET inicios = 3 WHERE id = ANY(%s::uuid[])",
            [str(c) for c in creado.consulta_ids[:10]],
        )
        hechos = a_la_vez(lambda _: rescatar(50, inicios_max=3, resultado=INTERRUMPIDA), range(8), hilos=8)
        assert (sum(d for d, _ in hechos), sum(t for _, t in hechos)) == (20, 10)
        assert filas("SELECT terminadas FROM jobs") == [(10,)]


class TestTurnos:
    def test_el_limite_de_la_empresa_se_respeta_entre_todos(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given twenty consultas of an empresa and one of another
        ids = crear(sembrar(*["metrogas"] * 20, "edenor")[1]).consulta_ids
        # When all are claimed at once, three at a time
        reclamadas = [c for c in a_la_vez(lambda c: reclamar(c, simultaneas=3), ids, hilos=21) if c is not None]
        # Then three run, the other empresa's too, and the rest wait for their turn, off the broker
        assert sorted(c.empresa for c in reclamadas) == ["edenor", "metrogas", "metrogas", "metrogas"]
        assert empresas_en_turno() == ["metrogas"]
        assert filas("SELECT count(*) FROM consultas_deuda WHERE en_turno AND encolada_en IS NULL") == [(17,)]
        assert por_publicar(100, gracia_s=-1, perdida_s=-1) == []

    def test_los_turnos_se_dan_por_orden_de_llegada(self, sembrar: Sembrar, crear: Crear) -> None:
        ids = crear(sembrar(*["metrogas"] * 12)[1]).consulta_ids
        primera = reclamada(ids[0])
        for consulta_id in random.sample(ids[1:], 11):
            assert reclamar(consulta_id, simultaneas=1) is None
        turnos = [models.tomar_turno("metrogas") for _ in range(3)]
        assert [t.id for t in turnos if t] == list(ids[1:4])
        # One that finds no place after all keeps its own
        assert reclamar(ids[1], simultaneas=1) is None
        siguiente = models.tomar_turno("metrogas")
        assert siguiente is not None and siguiente.id == ids[1]
        # And many at once take one each
        resto = a_la_vez(lambda _: models.tomar_turno("metrogas"), range(10), hilos=10)
        assert {t.id for t in resto if t} == set(ids[4:]) and resto.count(None) == 2
        assert guardar(primera) and reclamar(ids[1], simultaneas=1) is not None


class TestTrabajoDoble:
    def test_con_todo_entregado_dos_veces_cada_job_se_cierra_una_vez(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given 200 jobs of four consultas with every message delivered twice
        empresas = [f"empresa{n}" for n in range(8)]
        creados = [crear(sembrar(*random.sample(empresas, 4))[1], callback_url=URL) for _ in range(200)]
        entregas = [c for creado in creados for c in creado.consulta_ids] * 2
        random.shuffle(entregas)

        def entregar(consulta_id: uuid.UUID) -> int:
            consulta = reclamar(consulta_id)
            return guardar(consulta) + guardar(consulta) if consulta is not None else 0

        # When twenty workers take them, and save twice as well
        guardadas = sum(a_la_vez(entregar, entregas))
        # Then every consulta ended once, every job counted right, and each owes one callback of four results
        assert guardadas == 800
        assert filas("SELECT status, terminadas, count(*) FROM jobs GROUP BY 1, 2") == [("completed", 4, 200)]
        assert filas("SELECT inicios, intentos, count(*) FROM consultas_deuda GROUP BY 1, 2") == [(1, 1, 800)]
        cuerpos = [json.loads(bytes(c)) for (c,) in filas("SELECT cuerpo FROM callbacks")]
        assert {c["job_id"] for c in cuerpos} == {str(c.job_id) for c in creados}
        assert [len(c["resultados"]) for c in cuerpos] == [4] * 200

    def test_el_plazo_corre_contra_las_ultimas_consultas(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given jobs whose four consultas run when their time is over
        ids = sembrar("metrogas", "edenor", "aysa", "edesur")[1]
        creados = [crear(ids, plazo_s=0.001, callback_url=URL) for _ in range(40)]
        vivas = [reclamada(c) for creado in creados for c in creado.consulta_ids]
        assert set(models.vencidos(500)) == {creado.job_id for creado in creados}

        def correr(cual: Consulta | uuid.UUID) -> bool:
            if isinstance(cual, uuid.UUID):
                return models.fracasar(cual, error="El job superó su tiempo máximo.", resultado=INTERRUMPIDA)
            return guardar(cual)

        # When they end while two relojes fail the jobs
        tareas: list[Consulta | uuid.UUID] = [*vivas, *(c.job_id for c in creados), *(c.job_id for c in creados)]
        random.shuffle(tareas)
        a_la_vez(correr, tareas)
        # Then each job ended one way, with all counted and one callback that says the same
        assert filas("SELECT count(*) FROM jobs WHERE terminadas = 4 AND status IN ('completed', 'failed')") == [(40,)]
        assert filas("SELECT count(*) FROM consultas_deuda WHERE estado = 'terminada'") == [(160,)]
        cerrados = filas("SELECT j.status, j.error, c.evento, c.cuerpo FROM jobs j JOIN callbacks c ON c.job_id = j.id")
        assert len(cerrados) == 40
        for status, error, evento, cuerpo in cerrados:
            dicho = json.loads(bytes(cuerpo))
            assert (dicho["status"], dicho["error"], evento) == (status, error, f"job.{status}")
            assert len(dicho["resultados"]) == 4 and (error is None) == (status == "completed")


class TestCallbacks:
    @pytest.fixture
    def debido(self, sembrar: Sembrar, crear: Crear) -> uuid.UUID:
        """The callback of a job that has ended."""
        creado = crear(sembrar("metrogas")[1], callback_url=URL, voucher_id="v-1")
        guardar(reclamada(creado.consulta_ids[0]))
        [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", creado.job_id)
        return uuid.UUID(str(callback_id))

    def reclamar(self, callback_id: uuid.UUID) -> tuple[Callback, int]:
        reclamado = models.reclamar_callback(callback_id, arriendo_s=60)
        assert reclamado is not None
        return reclamado

    def test_se_reclama_una_vez_y_el_intento_se_escribe_antes(self, debido: uuid.UUID) -> None:
        reclamados = a_la_vez(lambda _: models.reclamar_callback(debido, arriendo_s=60), range(10), hilos=10)
        assert [r[1] for r in reclamados if r] == [1]
        assert filas("SELECT numero, terminado_en, error FROM callback_intentos") == [(1, None, None)]
        assert filas("SELECT callback_sent, callback_error FROM jobs") == [(None, None)]

    def test_entregado(self, debido: uuid.UUID) -> None:
        callback, _ = self.reclamar(debido)
        assert models.anotar_intento(callback, None, status_code=200, duracion_ms=12)
        assert filas("SELECT callback_sent, callback_error FROM jobs") == [(True, None)]
        assert filas("SELECT status_code, error, duracion_ms FROM callback_intentos") == [(200, None, 12)]
        assert models.reclamar_callback(debido, arriendo_s=60) is None
        assert not models.anotar_intento(callback, Fallo("tarde", None)), "ya terminó"
        assert filas("SELECT callback_sent, callback_error FROM jobs") == [(True, None)]

    def test_las_esperas_y_el_final(self, debido: uuid.UUID) -> None:
        # When two attempts fail
        for numero in (1, 2):
            callback, este = self.reclamar(debido)
            assert este == numero
            assert models.anotar_intento(callback, Fallo("HTTP 500", 0.3), status_code=500)
            # Then nobody may try before the wait is over, and the job says nothing yet
            assert models.reclamar_callback(debido, arriendo_s=60) is None
            assert filas("SELECT callback_sent, callback_error FROM jobs") == [(None, None)]
            time.sleep(0.35)
        # And when the last one fails, it does
        callback, _ = self.reclamar(debido)
        assert models.anotar_intento(callback, Fallo("Connection refused", None))
        assert filas("SELECT callback_sent, callback_error FROM jobs") == [(False, "Connection refused")]
        errores = filas("SELECT error FROM callback_intentos ORDER BY numero")
        assert errores == [("HTTP 500",), ("HTTP 500",), ("Connection refused",)]
        assert filas("SELECT estado, intentos, proximo_intento_en FROM callbacks") == [("fallido", 3, None)]

    def test_el_que_murio_marcando_gasto_su_intento(self, debido: uuid.UUID) -> None:
        muerto, _ = self.reclamar(debido)
        filas("UPDATE callbacks SET arrendado_hasta = now() - interval '1 s'")
        assert callbacks_por_despertar(10, gracia_s=1.5, perdida_s=60) == [(debido, muerto.job_id)]
        otro, numero = self.reclamar(debido)
        assert numero == 2
        assert not models.anotar_intento(muerto, None, status_code=200), "ya no es suyo"
        assert models.anotar_intento(otro, None, status_code=204)

    def test_reloj_despierta_una_vez_lo_que_nadie_anuncio(self, debido: uuid.UUID) -> None:
        assert callbacks_por_despertar(10, gracia_s=60, perdida_s=60) == [], "recién se escribió"
        hechos = a_la_vez(lambda _: callbacks_por_despertar(10, gracia_s=0, perdida_s=60), range(8), hilos=8)
        assert [callback_id for hecho in hechos for callback_id, _ in hecho] == [debido]

    def test_el_cuerpo_es_fijo_y_el_delgado_dice_donde_esta_el_resto(self, debido: uuid.UUID) -> None:
        callback, _ = self.reclamar(debido)
        entero = bytes(callback.cuerpo)
        assert json.loads(entero)["resultados"][0]["deuda"] == 25670 and b'"voucher_id":"v-1"' in entero
        models.poner_cuerpo_delgado(callback)
        delgado = json.loads(bytes(fila(Callback, callback.id).cuerpo))
        assert (delgado["resultados"], delgado["resultado_url"]) == (None, f"/job/{callback.job_id}")
        assert delgado["resumen"] == {"total": 1, "exitosas": 1, "fallidas": 0}
