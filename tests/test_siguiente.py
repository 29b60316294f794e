"""What goes on once a consulta has ended: one question, and the step of the pipeline that its answer leaves."""

import sys
import uuid
from decimal import Decimal
from typing import Any

import pytest
from conftest import Crear, Sembrar, filas
from dramatiq.middleware import CurrentMessage

import models
from actors import consultar
from models import Resultado
from models.siguiente import lo_que_sigue

modulo = sys.modules["actors.consultar"]  # `actors.consultar` is the actor
BIEN = Resultado(exito=True, deuda=Decimal(1), moneda="ARS", estado_deuda="CON_DEUDA")
AVISO = "https://ejemplo.com/aviso"


@pytest.fixture(autouse=True)
def _en_la_base(base: str) -> None:
    """Every test is on the database."""


def terminar(consulta_id: uuid.UUID) -> models.Consulta:
    consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=1)
    assert consulta is not None
    models.guardar_consulta_deuda(consulta.id, consulta.token, BIEN)
    return consulta


def seguir(consulta: models.Consulta) -> tuple[bool, bool, int]:
    siguiente = lo_que_sigue(consulta.id, consulta.job_id, consulta.empresa)
    return siguiente.seguidoras, siguiente.turno, len(siguiente.callbacks)


def test_solo_la_ultima_deja_un_callback(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas", "edenor")
    creado = crear(ids, callback_url=AVISO)
    primera, ultima = (terminar(consulta_id) for consulta_id in creado.consulta_ids[:1]), creado.consulta_ids[1]
    assert [seguir(consulta) for consulta in primera] == [(False, False, 0)]
    assert seguir(terminar(ultima)) == (False, False, 1)


def test_dice_quien_espera_su_resultado_y_quien_su_lugar(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas", "metrogas")
    lider = crear(ids)
    crear(ids[:1])
    en_curso = models.reclamar(lider.consulta_ids[0], arriendo_s=60, simultaneas=1)
    assert en_curso is not None
    assert models.reclamar(lider.consulta_ids[1], arriendo_s=60, simultaneas=1) is None
    models.guardar_consulta_deuda(en_curso.id, en_curso.token, BIEN)
    assert seguir(en_curso) == (True, True, 0)


@pytest.mark.parametrize(
    ("callbacks", "queda"), [([], None), (["c"], ["j", "c"]), (["c", "d"], ["j"])], ids=["ninguno", "uno", "varios"]
)
def test_el_paso_que_queda(callbacks: list[str], queda: list[str] | None) -> None:
    mensaje = consultar.message("x")
    mensaje.options["pipe_target"] = {"args": ["j"]}
    CurrentMessage._MESSAGE.set(mensaje)
    try:
        modulo._elegir_paso(callbacks)
    finally:
        CurrentMessage._MESSAGE.set(None)
    paso: Any = mensaje.options.get("pipe_target")
    assert (paso and paso["args"]) == queda


def test_lo_devuelto_conserva_su_paso(sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ids = sembrar("metrogas")
    consulta = models.reclamar(crear(ids).consulta_ids[0], arriendo_s=60, simultaneas=1)
    assert consulta is not None
    models.devolver(consulta.id, consulta.token)
    monkeypatch.setattr(modulo, "_elegir_paso", lambda _: pytest.fail("su mensaje se manda otra vez"))
    modulo._seguir(consulta)
    assert filas("SELECT estado FROM consultas_deuda") == [("pendiente",)]
