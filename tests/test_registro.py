"""What the processes log: one line an event, with the ids of the work it is about, and nothing secret."""

import asyncio
import json
import logging
import threading
from contextvars import copy_context

import pytest

from actors.publicador import Envio, Publicador
from actors.registro import Json, Texto, anotar, olvidar, trabajo


@pytest.fixture(autouse=True)
def sin_trabajo() -> None:
    """This thread works on nothing."""
    olvidar()


def _linea(mensaje: str = "Listo: %s", *args: object, error: BaseException | None = None) -> logging.LogRecord:
    causa = (type(error), error, None) if error else None
    return logging.LogRecord("callbacks", logging.INFO, __file__, 1, mensaje, args, causa)


def test_en_json_cada_linea_es_un_objeto_con_sus_ids() -> None:
    anotar(job_id="j-1", consulta_id="c-1")
    linea = Json().format(_linea("Listo: %s\n%s", "ñ", '"', error=ValueError("x")))
    assert "\n" not in linea
    leida = json.loads(linea)
    assert leida["mensaje"] == 'Listo: ñ\n"'
    assert (leida["job_id"], leida["consulta_id"], leida["nivel"], leida["registro"]) == (
        "j-1", "c-1", "INFO", "callbacks",
    )  # fmt: skip
    assert leida["momento"].endswith("+00:00")
    assert "ValueError: x" in leida["error"]


def test_en_texto_los_ids_van_delante_de_la_linea_publicada() -> None:
    anotar(job_id="j-1")
    publicada = "INFO: Callback enviado exitosamente para job j-1 a https://x"
    linea = Texto().format(_linea("Callback enviado exitosamente para job %s a %s", "j-1", "https://x"))
    assert linea.endswith(f" job=j-1] callbacks {publicada}")
    olvidar()
    assert "job=" not in Texto().format(_linea("x"))


def test_los_ids_siguen_al_trabajo_a_otros_hilos_y_tareas() -> None:
    vistas: list[str] = []

    def escribir() -> None:
        vistas.append(Texto().format(_linea("x")))

    async def en_el_bucle() -> None:
        await asyncio.create_task(asyncio.to_thread(escribir))

    # Given an event loop and a publisher in threads of their own
    bucle = asyncio.new_event_loop()
    hilo = threading.Thread(target=bucle.run_forever)
    hilo.start()
    publicador = Publicador()
    # When work with an id is done in each
    with trabajo(job_id="j-9"):
        asyncio.run_coroutine_threadsafe(en_el_bucle(), bucle).result(10)
        publicador.entregar(Envio([escribir], lambda: None))
        otro = threading.Thread(target=copy_context().run, args=(escribir,))
    otro.start()
    otro.join()
    publicador.detener()
    bucle.call_soon_threadsafe(bucle.stop)
    hilo.join()
    bucle.close()
    # Then every line has it, and none afterwards
    assert len(vistas) == 3
    assert all(" job=j-9]" in vista for vista in vistas)
    escribir()
    assert "job=" not in vistas[-1]
