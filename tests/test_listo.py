"""GET /ready, part by part; all of them well is shown on a real stack in escenarios/test_operacion.py."""

import asyncio
import uuid

import httpx
import pytest
from conftest import apuntar, filas
from starlette.applications import Starlette

import api
import models
from models.listo import mirar
from problemas import manejadores
from recursos import listo

APP = Starlette(routes=api.rutas, exception_handlers=manejadores)
"""The API without its keys."""


@pytest.fixture(autouse=True)
def cada_vez(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer is a fresh one."""
    monkeypatch.setattr(listo.ultimo, "vigencia_s", 0)


def _pedir() -> httpx.Response:
    async def pedir() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://consultas") as cliente:
            return await cliente.get("/ready")

    return asyncio.run(pedir())


def _latir(cola: str, **medidas: object) -> uuid.UUID:
    proceso = uuid.uuid4()
    models.latir(proceso, colas=cola, hilos=8, medidas=medidas)
    return proceso


def test_sin_nadie_ninguna_parte_esta_lista_salvo_la_base(base: str) -> None:
    respuesta = _pedir()
    assert respuesta.status_code == 503
    partes = respuesta.json()["partes"]
    assert {nombre for nombre, parte in partes.items() if parte["ok"]} == {"base_de_datos"}
    assert partes["broker"]["mensaje"] == "El broker no responde (AMQPConnectionError)."
    assert partes["reloj"]["mensaje"] == "No hay ningún reloj."


def test_sin_base_lo_dice_y_no_inventa_el_resto(base: str) -> None:
    apuntar("postgresql://nadie@127.0.0.1:1/nada", espera_s=1)
    respuesta = _pedir()
    apuntar(base)
    assert respuesta.status_code == 503
    partes = respuesta.json()["partes"]
    assert partes["base_de_datos"]["mensaje"] == "La base de datos no responde."
    assert partes["consultas"]["mensaje"] == "No se sabe: la base de datos no responde."
    assert "127.0.0.1" not in respuesta.text


def test_los_latidos_por_cola(base: str) -> None:
    # Given a worker that beats, and one that beat a minute ago
    _latir("consultas")
    callado = _latir("consultas")
    filas("UPDATE trabajadores SET visto_en = now() - interval '1 minute' WHERE id = %s", callado)
    # When both count
    visto = mirar().partes["consultas"]
    # Then one is alive, and the silent one is told of
    assert visto.ok
    assert visto.mensaje == ("1 proceso, 8 hilos: el último latido fue hace 0 s; 1 sin latido desde hace más de 30 s.")
    # And with that one alone nobody is
    filas("DELETE FROM trabajadores WHERE id <> %s", callado)
    visto = mirar().partes["consultas"]
    assert not visto.ok
    assert visto.mensaje == "No hay ningún worker de consultas: el último latido fue hace 60 s."


@pytest.mark.parametrize(
    ("medidas", "ok", "mensaje"),
    [
        ([{}], True, "Ninguna consulta abrió el navegador todavía."),
        ([{"abrio_hace_s": 3}], True, "1 proceso ya abrió páginas, ninguno falla."),
        ([{"abrio_hace_s": 3, "fallo_hace_s": 9}], True, "1 proceso ya abrió páginas, ninguno falla."),
        (
            [{"abrio_hace_s": 9, "fallo_hace_s": 3, "navegador_error": "no abre"}],
            False,
            "1 de 1 procesos no abren páginas: no abre.",
        ),
        (
            [{"abrio_hace_s": 1}, {"fallo_hace_s": 0, "navegador_error": "no hay Chromium"}],
            True,
            "1 de 2 procesos no abren páginas: no hay Chromium.",
        ),
    ],
)
def test_el_navegador(base: str, medidas: list[dict[str, object]], ok: bool, mensaje: str) -> None:
    for propias in medidas:
        _latir("consultas", **propias)
    visto = mirar().partes["navegador"]
    assert (visto.ok, visto.mensaje) == (ok, mensaje)
