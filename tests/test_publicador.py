"""The publisher: one connection a process, alive after idling and after RabbitMQ's restarts, never in the way."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Sembrar, Web, a_la_vez, filas
from pila import hasta
from servidores import RabbitPrivado

from actors import publicador as modulo
from actors.broker import broker, parametros_amqp
from actors.consultar import tuberia
from actors.publicador import Envio, Publicador

VHOST = "publicador"


class Cola:
    """The private RabbitMQ as its administrator sees it."""

    def __init__(self, rabbit: RabbitPrivado) -> None:
        self.rabbit = rabbit
        self.url = rabbit.crear_vhost(VHOST)

    def conexiones(self) -> list[str]:
        """The open connections of our vhost."""
        lineas = self.rabbit.ctl("list_connections", "--no-table-headers", "vhost", "pid").splitlines()
        return [linea.split()[1] for linea in lineas if linea.split()[0] == VHOST]

    def frenada(self) -> bool:
        """Whether RabbitMQ holds its publishers back."""
        estados = self.rabbit.ctl("list_connections", "--no-table-headers", "state").split()
        return bool(estados) and set(estados) <= {"blocking", "blocked"}

    def mensajes(self) -> int:
        """How many messages wait on the queue `consultas`."""
        orden = ("list_queues", "--no-table-headers", "-p", VHOST, "name", "messages")
        return sum(int(n) for q, n in map(str.split, self.rabbit.ctl(*orden).splitlines()) if q == "consultas")


@pytest.fixture(scope="module")
def cola(rabbit_privado: RabbitPrivado) -> Cola:
    """A vhost of our own."""
    return Cola(rabbit_privado)


@pytest.fixture(scope="module")
def web(base_migrada: str, cola: Cola) -> Iterator[Web]:
    """A running web process."""
    with Web(base_migrada, cola.url) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


Publicar = Callable[[int], bool]


def _muda() -> None:
    """A message that goes nowhere."""


def _cerrar_conexion() -> None:
    """Close the connection of the thread that runs this."""
    del broker.connection


@pytest.fixture
def publicar(cola: Cola, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publicar]:
    """A publisher of this process whose connection dies after two silent seconds: publish n pipelines and wait."""
    parametros = parametros_amqp(cola.url)
    parametros.heartbeat = 1
    monkeypatch.setattr(broker, "parameters", parametros)
    monkeypatch.setattr(modulo, "LATIDO_S", 0.3)
    publicador = Publicador()

    def publicar(cuantas: int) -> bool:
        listo = threading.Event()
        mensajes = [lambda: tuberia(uuid.uuid4(), uuid.uuid4()) for _ in range(cuantas)]
        publicador.entregar(Envio(mensajes, listo.set))
        return listo.wait(10)

    yield publicar
    publicador.entregar(Envio([_cerrar_conexion], _muda))
    publicador.detener()
    assert not publicador.is_alive()


def _pedir(web: Web, sembrar: Sembrar, cuantos: int, *empresas: str) -> list[float]:
    """POST from many threads, each for servicios of its own. Returns how long each took, in seconds."""
    grupos = [sembrar(*empresas or ("Metrogas",))[1] for _ in range(cuantos)]

    def uno(ids: list[int]) -> float:
        comienzo = time.monotonic()
        web.pedir("/consultar/servicios", {"servicio_ids": ids})
        return time.monotonic() - comienzo

    return a_la_vez(uno, grupos, hilos=25)


def _sin_publicar() -> int:
    return int(filas("SELECT count(*) FROM consultas_deuda WHERE encolada_en IS NULL")[0][0])


class TestProcesoWeb:
    def test_cincuenta_pedidos_por_una_sola_conexion(self, web: Web, cola: Cola, sembrar: Sembrar) -> None:
        antes = cola.mensajes()
        _pedir(web, sembrar, 50, "Metrogas", "Edenor")
        hasta(lambda: _sin_publicar() == 0, 10)
        assert len(cola.conexiones()) == 1
        assert cola.mensajes() - antes == 100

    def test_una_alarma_de_rabbit_no_detiene_a_la_api(self, web: Web, cola: Cola, sembrar: Sembrar) -> None:
        # Given a RabbitMQ that has blocked its publishers
        _pedir(web, sembrar, 1)
        cola.rabbit.ctl("set_vm_memory_high_watermark", "absolute", "1")
        try:
            hasta(cola.frenada, 10)
            # When jobs are asked for
            tardanzas = _pedir(web, sembrar, 20)
            # Then they are accepted in the usual time; nobody says that they were published
            assert max(tardanzas) < 2
            time.sleep(1)
            assert _sin_publicar() == 20
            assert web.pedir("/queue/stats")["queue_size"] == 21
        finally:
            cola.rabbit.ctl("set_vm_memory_high_watermark", "0.6")
        # And when the alarm is over, publishing goes on by itself
        hasta(lambda: _sin_publicar() == 0, 15)

    def test_sobrevive_a_un_reinicio_de_rabbit(self, web: Web, cola: Cola, sembrar: Sembrar) -> None:
        _pedir(web, sembrar, 1)
        hasta(lambda: _sin_publicar() == 0, 10)
        cola.rabbit.detener()
        try:
            assert max(_pedir(web, sembrar, 20)) < 2
            assert _sin_publicar() == 20
        finally:
            cola.rabbit.iniciar()
        _pedir(web, sembrar, 1)
        hasta(lambda: _sin_publicar() == 20, 15)
        assert len(cola.conexiones()) == 1


class TestEnEsteProceso:
    def test_vive_ociosa_y_publica_por_la_misma_conexion(self, publicar: Publicar, cola: Cola) -> None:
        # Given a connection that RabbitMQ closes after two silent seconds
        assert publicar(1)
        antes = cola.conexiones()
        # When nothing is published for longer
        time.sleep(4)
        # Then it is still there, and carries the next
        with ThreadPoolExecutor(20) as pool:
            assert all(pool.map(publicar, [1] * 50))
        assert cola.conexiones() == antes

    def test_una_conexion_cortada_no_pierde_lo_siguiente(self, publicar: Publicar, cola: Cola) -> None:
        assert publicar(1)
        for _ in range(2):
            cola.rabbit.ctl("close_all_connections", "--vhost", VHOST, "prueba")
            antes = cola.mensajes()
            assert publicar(3)
            assert cola.mensajes() == antes + 3


def test_lo_que_falla_no_mata_al_hilo_ni_dice_que_se_publico() -> None:
    publicador, dicho, listo = Publicador(), [], threading.Event()
    publicador.entregar(Envio([_muda, lambda: {}["roto"]], lambda: dicho.append("mal")))
    publicador.entregar(Envio([_muda], listo.set))
    assert listo.wait(5) and dicho == []
    publicador.detener()


def test_una_conexion_rota_de_cualquier_modo_no_mata_al_hilo(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a connection of the publisher's thread that fails as no driver should
    class Rota:
        is_open = False

        def process_data_events(self) -> None:
            visto.set()
            raise RuntimeError

    def romper() -> None:
        broker.state.connection = rota
        broker.connections.add(rota)

    rota, visto, listo = Rota(), threading.Event(), threading.Event()
    monkeypatch.setattr(modulo, "LATIDO_S", 0.05)
    publicador = Publicador()
    publicador.entregar(Envio([romper], _muda))
    # When it idles
    assert visto.wait(5)
    # Then it goes on
    publicador.entregar(Envio([_muda], listo.set))
    assert listo.wait(5)
    publicador.detener()


def test_lo_que_no_cabe_se_deja_para_reloj(caplog: pytest.LogCaptureFixture) -> None:
    # Given a publisher that is busy, and a full queue
    publicador, ocupado, soltar, dichos = Publicador(capacidad=1), threading.Event(), threading.Event(), []
    publicador.entregar(Envio([ocupado.set, lambda: soltar.wait(5)], _muda))
    assert ocupado.wait(5)
    publicador.entregar(Envio([_muda], lambda: dichos.append("entró")))
    # When one more comes
    comienzo = time.monotonic()
    publicador.entregar(Envio([_muda], lambda: dichos.append("no entró")))
    # Then the caller does not wait
    assert time.monotonic() - comienzo < 0.5
    assert "lo hará reloj" in caplog.text
    soltar.set()
    publicador.detener()
    assert dichos == ["entró"]
