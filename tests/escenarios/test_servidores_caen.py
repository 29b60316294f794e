"""PostgreSQL and RabbitMQ go, come back, fill up and forget while jobs run: nothing lost, doubled or left open."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import pika as amqp
import psutil
import psycopg
import pytest
import requests
from pila import Pila, Receptor, hasta, receptor

from escenarios.conftest import Semilla
from escenarios.cuentas import DETENER_S, revisar
from sandbox.desenlaces import Desenlace as D

ENTORNO = {
    "CONSULTA_ARRIENDO_S": "2",
    "RELOJ_REPUBLICAR_S": "5",
    "SANDBOX_CONSULTA_MS": "800",
    "EMPRESA__METROGAS__PLAZO_S": "6",
}
DISCO_LLENO = """
CREATE FUNCTION disco_lleno() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER disco_lleno BEFORE INSERT ON evidencias FOR EACH ROW EXECUTE FUNCTION disco_lleno()
"""

Falla = Callable[[Pila], None]


def _vhost(pila: Pila) -> str:
    return urlsplit(pila.entorno["BROKER_URL"]).path[1:]


def reiniciar_rabbitmq(pila: Pila) -> None:
    """Stop it and start it again, with what it keeps on disk."""
    assert pila.rabbit is not None
    pila.rabbit.reiniciar()


def cerrar_las_conexiones_de_rabbitmq(pila: Pila) -> None:
    """As an administrator does."""
    assert pila.rabbit is not None
    pila.rabbit.ctl("close_all_connections", "prueba")


def borrar_las_colas(pila: Pila) -> None:
    """Delete queues with the messages in them."""
    assert pila.rabbit is not None
    for cola in ("consultas", "consultas.DQ", "callbacks"):
        pila.rabbit.ctl("delete_queue", "-p", _vhost(pila), cola)


def alarma_de_memoria(pila: Pila) -> None:
    """Let RabbitMQ refuse to read what is published, ask for jobs meanwhile, and relieve it."""
    assert pila.rabbit is not None
    pila.rabbit.ctl("set_vm_memory_high_watermark", "0.0000001")
    try:
        comienzo = time.monotonic()
        _, ids = Semilla(pila).propiedad(("aysa", D.SIN_DEUDA))
        for _ in range(3):
            pila.pedir("/consultar/servicios", {"servicio_ids": ids})
        assert time.monotonic() - comienzo < 8
        time.sleep(3)
    finally:
        pila.rabbit.ctl("set_vm_memory_high_watermark", "0.6")


def reiniciar_postgresql(pila: Pila) -> None:
    """Restart it without waiting for anybody, as after a crash (the embedded one only knows how to stop in order)."""
    pila.postgres.reiniciar("immediate")


def cortar_conexiones(pila: Pila) -> None:
    """Cut every connection to the database but this one."""
    with psycopg.connect(pila.entorno["DATABASE_URL"], autocommit=True) as bd:
        bd.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )


def agotar_conexiones(pila: Pila) -> None:
    """Cut everybody off and take every connection there is, for some seconds."""
    with ExitStack() as codiciosas, psycopg.connect(pila.entorno["DATABASE_URL"], autocommit=True) as bd:
        limite = time.monotonic() + 5
        while time.monotonic() < limite:
            with suppress(psycopg.OperationalError):
                while True:
                    codiciosas.enter_context(psycopg.connect(pila.entorno["DATABASE_URL"]))
            bd.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN"
                " ('consultas', 'dramatiq-postgres') AND datname = current_database()"
            )
        with suppress(requests.RequestException):
            assert requests.get(f"{pila.url}/queue/stats", timeout=20).status_code == 503
        assert requests.get(f"{pila.url}/health", timeout=5).ok


def matar_un_renderer(pila: Pila) -> None:
    """SIGKILL the processes that draw the pages; the browser lives on."""
    for proceso in pila.de_chromium():
        with suppress(psutil.NoSuchProcess):
            if "--type=renderer" in proceso.cmdline():
                proceso.kill()


def matar_el_reloj(pila: Pila) -> None:
    """SIGKILL, and start it again."""
    pila.matar("reloj")
    pila.lanzar("reloj")


COMUNES: tuple[Falla, ...] = (
    reiniciar_postgresql,
    cortar_conexiones,
    agotar_conexiones,
    matar_un_renderer,
    matar_el_reloj,
)
DE_RABBITMQ: tuple[Falla, ...] = (
    reiniciar_rabbitmq,
    cerrar_las_conexiones_de_rabbitmq,
    borrar_las_colas,
    alarma_de_memoria,
)


FALLAS = (
    *(f for f in (*COMUNES, *DE_RABBITMQ) if f is not agotar_conexiones),
    pytest.param(agotar_conexiones, marks=pytest.mark.caos),
)


def _pedir(pila: Pila, semilla: Semilla, casa: Receptor, jobs: int) -> list[str]:
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("aysa", D.SIN_DEUDA), ("edenor", D.VARIAS_FACTURAS))
    pedido = {"servicio_ids": ids, "callback_url": casa.url}
    return [pila.pedir("/consultar/servicios", pedido)["job_id"] for _ in range(jobs)]


@pytest.mark.parametrize("falla", FALLAS, ids=lambda falla: falla.__name__)
def test_un_servidor_falla_en_medio_de_los_jobs(pila: Pila, semilla: Semilla, falla: Falla) -> None:
    if falla in DE_RABBITMQ and pila.rabbit is None:
        return  # Postgres is the broker
    with receptor([500]) as casa:
        # Given jobs that run
        aceptados = _pedir(pila, semilla, casa, 3)
        hasta(lambda: semilla.filas("SELECT 1 FROM consultas_deuda WHERE estado = 'en_curso'"))
        # When the server fails and comes back
        falla(pila)
        # Then each job ends once, none of them failed, and later ones are served as before
        aceptados += _pedir(pila, semilla, casa, 1)
        cuentas = revisar(pila, casa, aceptados)
    assert cuentas.fallidos == 0
    malos = semilla.filas(
        "SELECT error_codigo FROM consultas_deuda WHERE NOT exito AND job_id = ANY(%s::uuid[])", aceptados
    )
    assert malos == []


@contextmanager
def sin_worker(pila: Pila) -> Iterator[None]:
    """While it is stopped, messages wait at the broker."""
    pila.terminar("worker")
    try:
        yield
    finally:
        pila.lanzar("worker")


def _en_postgresql(pila: Pila, orden: str) -> None:
    with psycopg.connect(pila.entorno["BROKER_URL"]) as bd:
        bd.execute(orden)  # type: ignore[arg-type]


def perder_mensajes(pila: Pila) -> None:
    """The broker forgets every message of the queue."""
    if pila.rabbit is None:
        _en_postgresql(pila, "DELETE FROM dramatiq.queue WHERE queue_name = 'consultas'")
    else:
        pila.rabbit.ctl("purge_queue", "-p", _vhost(pila), "consultas")


def doblar_y_desordenar_mensajes(pila: Pila) -> None:
    """Every message of the queue twice, the last one first."""
    if pila.rabbit is None:
        _en_postgresql(
            pila,
            "UPDATE dramatiq.queue SET available_at = now() - (available_at - '2000-01-01') / 1000000;"
            "INSERT INTO dramatiq.queue (queue_name, message_id, state, message, available_at)"
            " SELECT queue_name, nuevo, 'queued', jsonb_set(message, '{message_id}', to_jsonb(nuevo)), now()"
            " FROM (SELECT *, gen_random_uuid() nuevo FROM dramatiq.queue WHERE queue_name = 'consultas') m",
        )
        return
    conexion = amqp.BlockingConnection(amqp.URLParameters(pila.entorno["BROKER_URL"]))
    canal = conexion.channel()
    cuerpos = []
    while (mensaje := canal.basic_get("consultas", auto_ack=True))[2] is not None:
        cuerpos.append(mensaje[2])
    assert cuerpos
    for cuerpo in [*reversed(cuerpos), *reversed(cuerpos)]:
        canal.basic_publish("", "consultas", cuerpo, amqp.BasicProperties(delivery_mode=2))
    conexion.close()


@pytest.mark.parametrize("falla", (perder_mensajes, doblar_y_desordenar_mensajes), ids=lambda falla: falla.__name__)
def test_mensajes_perdidos_doblados_y_en_otro_orden(pila: Pila, semilla: Semilla, falla: Falla) -> None:
    with receptor() as casa:
        with sin_worker(pila):
            aceptados = _pedir(pila, semilla, casa, 2)
            calladas = (
                "SELECT 1 FROM consultas_deuda WHERE estado = 'pendiente' AND encolada_en IS NULL AND origen_id IS NULL"
            )
            hasta(lambda: not semilla.filas(calladas))
            falla(pila)
        cuentas = revisar(pila, casa, aceptados)
    assert cuentas.posts == 2


def test_sin_lugar_para_la_evidencia_el_resultado_se_guarda(pila: Pila, semilla: Semilla) -> None:
    # Given a database that has no room for evidencia
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        bd.execute(DISCO_LLENO)  # type: ignore[arg-type]
    _, ids = semilla.propiedad(("metrogas", D.CUENTA_INEXISTENTE), ("edenor", D.UNA_FACTURA))
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        revisar(pila, casa, [alta["job_id"]])
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        bd.execute("DROP TRIGGER disco_lleno ON evidencias")
    # Then each result is there all the same, and the log says what is missing
    mala, buena = pila.pedir(f"/job/{alta['job_id']}")["resultado"]
    assert mala["error_codigo"] == "CLIENTE_NO_ENCONTRADO" and buena["exito"] is True
    assert "No se pudo guardar la evidencia" in pila.registro("worker")
    assert pila.pedir(f"/consulta/{mala['consulta_id']}")["evidencia"] == {}


@pytest.mark.caos
def test_paginas_sin_fin_en_bucle_y_hambrientas(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(
        ("metrogas", D.SIN_FIN), ("metrogas", D.PAGINA_COLGADA), ("metrogas", D.COME_MEMORIA), ("aysa", D.SIN_DEUDA)
    )
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        revisar(pila, casa, [alta["job_id"]])
    *malas, buena = pila.pedir(f"/job/{alta['job_id']}")["resultado"]
    assert buena["exito"] is True
    assert [r["deuda"] for r in malas] == [None] * 3
    assert {r["error_codigo"] for r in malas} <= {"PORTAL_LENTO", "TIEMPO_AGOTADO", "NAVEGADOR_CAIDO"}


def test_paginas_que_abren_dialogos_y_ventanas(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("metrogas", D.DIALOGOS), ("edesur", D.DIALOGOS), ("aysa", D.DIALOGOS))
    with receptor() as casa:
        alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
        revisar(pila, casa, [alta["job_id"]])
    resultados = pila.pedir(f"/job/{alta['job_id']}")["resultado"]
    assert [(r["estado_deuda"], r["intentos"]) for r in resultados] == [("CON_DEUDA", 1)] * 3


@pytest.mark.caos
def test_un_despliegue_en_medio_de_cincuenta_jobs(pila: Pila, semilla: Semilla) -> None:
    # Given fifty jobs, and every process replaced in turn while they run, as a deploy does
    _, ids = semilla.propiedad(*[("aysa", D.SIN_DEUDA), ("metrogas", D.UNA_FACTURA)] * 25)
    with receptor() as casa:
        aceptados = []
        for turno, servicio_id in enumerate(ids):
            pedido = {"servicio_ids": [servicio_id], "callback_url": casa.url}
            aceptados.append(pila.pedir("/consultar/servicios", pedido)["job_id"])
            if turno in (10, 20, 30, 40):
                nombre = ("worker", "callbacks", "reloj", "web")[turno // 10 - 1]
                assert pila.terminar_dyno(nombre) < DETENER_S
                pila.lanzar(nombre)
                if nombre == "web":
                    hasta(pila._listo, 30)
        cuentas = revisar(pila, casa, aceptados)
    # Then no consulta failed, and none was counted as interrupted
    assert cuentas.fallidos == 0
    assert semilla.filas(
        "SELECT count(*) FILTER (WHERE exito), count(*) FILTER (WHERE inicios > intentos) FROM consultas_deuda"
        " WHERE job_id = ANY(%s::uuid[])",
        aceptados,
    ) == [(50, 0)]
