"""One callback from its row to a receiver: once, signed, thin when it has to be, and logged in the published words."""

import json
import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from conftest import a_la_vez, filas
from pila import CERRADO, RAIZ, Receptor, receptor
from pydantic import SecretStr
from standardwebhooks import Webhook
from test_firma import NUEVO, VIEJO
from test_turnos import deber

from actors import firma
from actors.entrega import Respuesta
from actors.notificar import IntentoFallido, espera_tras, notificar
from settings import ajustes


@pytest.fixture
def casa() -> Iterator[Receptor]:
    """A receiver that says 200."""
    with receptor() as abierta:
        yield abierta


def intentar(job_id: uuid.UUID) -> None:
    """One run of the actor; a failed attempt that is followed by another is due again at once."""
    [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", job_id)
    try:
        notificar.fn(str(job_id), str(callback_id))
    except IntentoFallido:
        filas("UPDATE callbacks SET proximo_intento_en = now() WHERE job_id = %s", job_id)


def dicho(job_id: uuid.UUID) -> tuple[Any, ...]:
    """callback_sent and callback_error."""
    return filas("SELECT callback_sent, callback_error FROM jobs WHERE id = %s", job_id)[0]


def test_el_mismo_mensaje_diez_veces_a_la_vez_es_un_solo_post(base: str, casa: Receptor) -> None:
    casa.demora_s = 0.3
    (job_id,) = deber(base, casa.url, 1)
    a_la_vez(lambda _: intentar(job_id), range(10), hilos=10)
    intentar(job_id)
    assert len(casa.recibidos) == 1
    assert filas("SELECT count(*) FROM callback_intentos") == [(1,)]
    assert dicho(job_id) == (True, None)


def test_cada_intento_lleva_el_mismo_id_y_su_propia_firma(
    base: str, casa: Receptor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dos = ajustes().model_copy(update={"callback_secretos": [SecretStr(NUEVO), SecretStr(VIEJO)]})
    monkeypatch.setattr(firma, "ajustes", lambda: dos)
    casa.respuestas = [500]
    (job_id,) = deber(base, casa.url, 1)
    with caplog.at_level(logging.DEBUG):
        intentar(job_id)
        time.sleep(1.1 - time.time() % 1)  # another second
        intentar(job_id)
    uno, otro = casa.recibidos
    for recibido, numero in ((uno, "1/3"), (otro, "2/3")):
        assert recibido.cabeceras["x-callback-intento"] == numero
        for secreto in (NUEVO, VIEJO):
            assert Webhook(secreto).verify(recibido.cuerpo, recibido.cabeceras) == {"job_id": str(job_id)}
    assert uno.cabeceras["webhook-id"] == otro.cabeceras["webhook-id"] == f"msg_{job_id}"
    assert "." not in uno.cabeceras["webhook-id"]
    assert uno.cabeceras["webhook-timestamp"] < otro.cabeceras["webhook-timestamp"]
    assert uno.cabeceras["webhook-signature"] != otro.cabeceras["webhook-signature"]
    assert NUEVO.removeprefix("whsec_") not in caplog.text + repr(ajustes())


def test_despues_de_un_413_va_el_cuerpo_delgado(base: str, casa: Receptor) -> None:
    casa.respuestas = [413]
    (job_id,) = deber(base, casa.url, 1)
    cuerpo = json.dumps({"job_id": str(job_id), "resultados": [{"deuda": 25670.0}]}, separators=(",", ":"))
    filas("UPDATE callbacks SET cuerpo = convert_to(%s, 'utf8')", cuerpo)
    intentar(job_id)
    intentar(job_id)
    assert [r.cuerpo.decode() for r in casa.recibidos] == [
        cuerpo,
        f'{{"job_id":"{job_id}","resultados":null,"resultado_url":"/job/{job_id}"}}',
    ]


def _lineas(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{r.levelname}: {r.getMessage()}" for r in caplog.records if r.name == "callbacks"]


def test_las_lineas_del_registro_son_las_publicadas(
    base: str, casa: Receptor, caplog: pytest.LogCaptureFixture
) -> None:
    (bien,), (mal,) = deber(base, f"{casa.url}?token=secreto", 1), deber(base, f"http://{CERRADO}/x", 1)
    casa.ruta += "?token=secreto"
    with caplog.at_level(logging.INFO, "callbacks"):
        intentar(bien)
        for _ in range(4):
            intentar(mal)
    assert _lineas(caplog) == [
        f"INFO: Callback enviado exitosamente para job {bien} a {casa.url}",
        *(
            f"WARNING: Error enviando callback para job {mal}: Intento {n}/3 falló: Connection refused"
            for n in (1, 2, 3)
        ),
        f"ERROR: Callback falló definitivamente para job {mal}: Connection refused",
    ]
    assert (dicho(bien), dicho(mal)) == ((True, None), (False, "Connection refused"))


@pytest.mark.parametrize(
    ("url", "codigo"),
    [
        ("http://127.0.0.1:1/", "DESTINO_PROHIBIDO"),
        ("http://[::ffff:169.254.169.254]/latest/meta-data", "DESTINO_PROHIBIDO"),
        ("http://u:p@127.0.0.1/", "URL_INVALIDA"),
    ],
)
def test_lo_que_la_guardia_prohibe_termina_en_el_primer_intento(
    base: str, caplog: pytest.LogCaptureFixture, url: str, codigo: str
) -> None:
    # Given a row written before its destination was forbidden
    (job_id,) = deber(base, url, 1)
    intentar(job_id)
    assert filas("SELECT numero, error_codigo, status_code FROM callback_intentos") == [(1, codigo, None)]
    enviado, error = dicho(job_id)
    assert enviado is False and error.startswith("La URL ")
    assert _lineas(caplog)[-1] == f"ERROR: Callback falló definitivamente para job {job_id}: {error}"


@pytest.mark.parametrize(("status", "intentos"), [(410, 1), (404, 3), (301, 3), (500, 3)])
def test_cuantas_veces_se_intenta(base: str, casa: Receptor, status: int, intentos: int) -> None:
    casa.respuestas = [status] * 9
    (job_id,) = deber(base, casa.url, 1)
    for _ in range(5):
        intentar(job_id)
    assert len(casa.recibidos) == intentos
    assert dicho(job_id) == (False, f"HTTP {status}")


def test_el_retry_after_alarga_la_espera_hasta_un_minuto() -> None:
    def tras(retry_after_s: float | None, definitivo: bool = False) -> Respuesta:
        return Respuesta(503, "", None, retry_after_s, "HTTP_5XX", "HTTP 503", 1, definitivo, False)

    casos = [(None, 1), (0, 1), (0.5, 1), (7, 7), (60, 60), (61, 60), (86_400, 60)]
    assert [espera_tras(1, tras(pedido), [1, 2]) for pedido, _ in casos] == [espera for _, espera in casos]
    assert espera_tras(2, tras(None), [1, 2]) == 2
    assert espera_tras(3, tras(7), [1, 2]) is None
    assert espera_tras(1, tras(7, definitivo=True), [1, 2]) is None


def test_quien_termina_anuncia_a_quien_espera(base: str, casa: Receptor, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a callback that waits for the only place at its destino
    anunciados: list[uuid.UUID] = []
    modulo = import_module("actors.notificar")
    monkeypatch.setattr(modulo, "anunciar", lambda pares: anunciados.extend(job_id for _, job_id in pares))
    uno, otro = deber(base, casa.url, 2)
    filas("UPDATE callbacks SET en_turno = true WHERE job_id = %s", otro)
    # When the other ends
    intentar(uno)
    # Then it is announced
    assert anunciados == [otro]


def test_el_unico_que_se_debe_sale_con_el_mensaje_del_job(
    base: str, casa: Receptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    anunciados: list[uuid.UUID] = []
    modulo = import_module("actors.notificar")
    monkeypatch.setattr(modulo, "anunciar", lambda pares: anunciados.extend(job_id for _, job_id in pares))
    uno, otro = deber(base, casa.url, 2)
    # When the message of a job comes that owes one callback, it is delivered, and once however often that comes
    for _ in range(2):
        notificar.fn(str(uno))
    assert [r.json["job_id"] for r in casa.recibidos] == [str(uno)]
    # and of many, each is announced
    filas("UPDATE callbacks SET job_id = %s, evento = 'otro' WHERE job_id = %s", uno, otro)
    filas("UPDATE callbacks SET estado = 'pendiente', proximo_intento_en = now()")
    notificar.fn(str(uno))
    assert len(casa.recibidos) == 1
    assert anunciados == [uno, uno]


def test_ni_con_log_level_debug_se_escribe_lo_que_se_guarda() -> None:
    # Given a process that logs all it can: a statement's values have tokens, results and evidencia
    guion = (
        "import logging; from actors import configurar_registro; configurar_registro();"
        "print([logging.getLogger(n).isEnabledFor(10) for n in ('callbacks', 'peewee', 'pyppeteer.connection')])"
    )
    hecho = subprocess.run(
        [sys.executable, "-c", guion],
        cwd=RAIZ, env={**os.environ, "LOG_LEVEL": "DEBUG"}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert hecho.stdout.strip() == "[True, False, False]"
