"""A receiver that never answers does not hold up the callbacks of the others."""

import uuid
from collections.abc import Iterator
from typing import Self

import psycopg
import pytest
from conftest import a_la_vez, filas
from pila import PERMITIDOS, Pila, hasta, receptor
from receptores import Receptor, leer_y_callar
from standardwebhooks import Webhook
from test_firma import NUEVO, VIEJO

import models
from models import Fallo, turnos

MUERTO, SANO = "http://muerto.ejemplo.com/aviso", "http://sano.ejemplo.com/aviso"

DEBER = """
WITH nuevos AS (
    INSERT INTO jobs (id, tipo, status, callback_url, total, terminadas, created_at, limite_en)
        SELECT gen_random_uuid(), 'todas', 'completed', %(url)s, 1, 1, now(), now() FROM generate_series(1, %(n)s)
        RETURNING id)
INSERT INTO callbacks (id, job_id, evento, webhook_id, url, cuerpo, estado, token, intentos, proximo_intento_en,
                       en_turno, created_at)
    SELECT gen_random_uuid(), id, 'job.completed', 'msg_' || id, %(url)s,
           convert_to('{"job_id":"' || id || '"}', 'utf8'), 'pendiente', 0, 0, now() - interval '1 h', false, now()
    FROM nuevos RETURNING job_id
"""


def deber(base: str, url: str, cuantos: int) -> list[uuid.UUID]:
    """So many ended jobs that owe a callback, due since an hour ago."""
    with psycopg.connect(base) as bd:
        return [job_id for (job_id,) in bd.execute(DEBER, {"url": url, "n": cuantos})]


def reclamar(job_id: uuid.UUID) -> models.Callback | None:
    [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", job_id)
    reclamado = models.reclamar_callback(callback_id, arriendo_s=60)
    return reclamado and reclamado[0]


class TestLugares:
    @pytest.fixture(autouse=True)
    def ocho_hilos(self, base: str) -> None:
        """Two processes of four threads serve callbacks; another one serves consultas."""
        for cola, hilos in (("callbacks", 4), ("callbacks", 4), ("consultas", 100)):
            models.latir(uuid.uuid4(), colas=cola, hilos=hilos)

    def test_un_destino_ocupa_la_cuarta_parte_de_los_hilos(self, base: str) -> None:
        muertos, sanos = deber(base, MUERTO, 20), deber(base, SANO, 1)
        # When twenty messages come at once for one destino
        reclamados = a_la_vez(reclamar, muertos)
        # Then two of them may dial, the others wait without having spent an attempt, and another destino is free
        assert len([c for c in reclamados if c]) == 2
        assert filas("SELECT intentos, count(*) FROM callbacks WHERE en_turno GROUP BY 1") == [(0, 18)]
        assert reclamar(sanos[0])
        assert filas("SELECT count(*) FROM callback_intentos") == [(3,)]

    def test_el_que_termina_da_su_lugar_al_que_mas_espero(self, base: str) -> None:
        muertos = deber(base, MUERTO, 5)
        uno, _, *resto = [reclamar(job_id) for job_id in muertos]
        assert uno and resto == [None] * 3
        filas("UPDATE callbacks SET proximo_intento_en = now() - interval '2 h' WHERE job_id = %s", muertos[4])
        assert turnos.dar_turnos("muerto.ejemplo.com") == [], "no hay lugar todavía"
        # When an attempt ends, one of those who wait is announced; the retry of the first waits behind the others
        assert models.anotar_intento(uno, Fallo("x", 0))
        assert [job_id for _, job_id in turnos.dar_turnos("muerto.ejemplo.com")] == [muertos[4]]
        assert reclamar(muertos[0]), "nadie tomó el lugar todavía"
        assert reclamar(muertos[4]) is None
        assert turnos.destinos_en_turno() == ["muerto.ejemplo.com"]

    def test_el_lugar_de_un_proceso_que_murio_queda_libre(self, base: str) -> None:
        muertos = deber(base, MUERTO, 3)
        assert [bool(reclamar(job_id)) for job_id in muertos] == [True, True, False]
        filas("UPDATE callbacks SET arrendado_hasta = now() - interval '1 s' WHERE estado = 'enviando'")
        assert [job_id for _, job_id in turnos.dar_turnos("muerto.ejemplo.com")] == [muertos[2]]
        assert [bool(reclamar(job_id)) for job_id in muertos] == [True, True, False], "reclamados por sus mensajes"
        assert filas("SELECT max(intentos), min(intentos) FROM callbacks WHERE en_turno") == [(0, 0)]

    @pytest.mark.parametrize(
        ("url", "otra"),
        [("http://h/a", "http://H/b?c"), ("https://h:8443", "https://h:8443?x=//y"), ("http://[::1]:3000/", "http://[::1]:3000#")],
    )  # fmt: skip
    def test_el_destino_es_el_host_y_su_puerto(self, base: str, url: str, otra: str) -> None:
        deber(base, url, 1)
        en_sql = filas(f"SELECT {turnos.DESTINO.sql} FROM callbacks")[0][0]
        assert en_sql == turnos.destino_de(url) == turnos.destino_de(otra)


class Avisos(Pila):
    """Two callback processes of four threads, and reloj."""

    def iniciar(self) -> Self:
        self.ejecutar(self.ordenes["release"])
        for nombre in ("callbacks", "otro", "reloj"):
            self._lanzar_orden(nombre, self.ordenes["callbacks" if nombre == "otro" else nombre])
        return self


@pytest.fixture
def muerto(base: str) -> Iterator[str]:
    """The URL of a receiver that never answers; the processes run, with PostgreSQL as the broker and a secret."""
    entorno = {"CALLBACK_HILOS": "4", "CALLBACK_PLAZO_S": "5", "CALLBACK_ESQUEMA": ",", "RELOJ_PERIODO_S": "0.2"}
    entorno["CALLBACK_SECRETOS"] = f"{NUEVO},{VIEJO}"
    with Receptor(leer_y_callar) as callado:
        entorno["CALLBACK_HOSTS_PERMITIDOS"] = f"{PERMITIDOS},127.0.0.1:{callado.port}"
        with Avisos(base, base, entorno) as pila:
            hasta(lambda: filas("SELECT sum(hilos) FROM trabajadores WHERE colas = 'callbacks'") == [(8,)])
            yield callado.url
            pila.terminar("otro")
            for dicho in ("Los callbacks salen firmados; secretos activos: 2", f"127.0.0.1:{callado.port}"):
                assert dicho in pila.registro("callbacks")
            assert "whsec_" not in pila.registro("callbacks")


A_LA_VEZ = """
SELECT max(a_la_vez) FROM (
    SELECT (SELECT count(*) FROM callback_intentos j JOIN callbacks d ON d.id = j.callback_id
            WHERE d.url = c.url AND j.iniciado_en <= i.iniciado_en AND coalesce(j.terminado_en, now()) > i.iniciado_en)
    FROM callback_intentos i JOIN callbacks c ON c.id = i.callback_id WHERE c.url = %s) AS _(a_la_vez)
"""


def test_doscientos_jobs_a_un_host_muerto_no_demoran_a_los_sanos(base: str, muerto: str) -> None:
    with receptor() as sano:
        # Given two hundred jobs for a receiver that never answers, and then ten for one that does
        deber(base, muerto, 200)
        sanos = deber(base, sano.url, 10)
        # When the ten have arrived
        hasta(lambda: len(sano.recibidos) >= 10, 60)
        assert {r.json["job_id"] for r in sano.recibidos} == {str(job_id) for job_id in sanos}
        assert all(Webhook(VIEJO).verify(r.cuerpo, r.cabeceras) for r in sano.recibidos)
    # Then hardly any of the others has been given up: they had two threads of eight
    perdidos = "SELECT count(*) FROM callbacks WHERE url = %s AND estado = 'fallido'"
    assert filas(perdidos, muerto)[0][0] < 30
    # And those two go on, one after another
    hasta(lambda: filas(perdidos, muerto)[0][0] >= 4, 60)
    assert filas(A_LA_VEZ, muerto) == [(2,)]
    assert filas("SELECT count(*) FROM callbacks WHERE url = %s AND en_turno", muerto)[0][0] > 100
