"""Which broker the settings choose, with which limits, and its middleware in order."""

import ssl

import pytest
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq_postgres import PostgresBroker

from actors.broker import crear, parametros_amqp
from settings import Settings

BASE = "postgresql://u@127.0.0.1:1/d"
ORDEN = [
    "Registro",
    "Trabajo",
    "UnaSolaSenal",
    "AgeLimit",
    "TimeLimit",
    "ShutdownNotifications",
    "CurrentMessage",
    "Pipelines",
    "ReintentosExactos",
    "AsyncIO",
    "NavegadorDelProceso",
    "Latido",
    "AvisoDeCallbacks",
]


@pytest.mark.parametrize("esquema", ["amqp", "amqps"])
def test_rabbitmq_por_amqp_y_amqps(esquema: str) -> None:
    broker = crear(Settings(database_url=BASE, broker_url=f"{esquema}://u:c@rabbit.test/vh"))  # type: ignore[arg-type]
    assert isinstance(broker, RabbitmqBroker)
    assert broker.confirm_delivery is True
    assert [type(m).__name__ for m in broker.middleware] == ORDEN


def test_amqps_comprueba_el_certificado_y_nada_espera_para_siempre() -> None:
    parametros = parametros_amqp("amqps://u:c@rabbit.test/vh")
    assert parametros.port == 5671
    assert parametros.ssl_options.context.verify_mode is ssl.CERT_REQUIRED
    assert (parametros.heartbeat, parametros.blocked_connection_timeout) == (30, 10)
    assert parametros.socket_timeout and parametros.stack_timeout


@pytest.mark.parametrize("esquema", ["postgres", "postgresql"])
def test_postgres_mismo_por_su_esquema(esquema: str) -> None:
    broker = crear(Settings(database_url=BASE, broker_url=f"{esquema}://u@127.0.0.1:1/d"))  # type: ignore[arg-type]
    try:
        assert isinstance(broker, PostgresBroker)
        assert [type(m).__name__ for m in broker.middleware] == ORDEN
    finally:
        broker.close()


def test_cloudamqp_url_sirve_de_broker() -> None:
    broker = crear(Settings(database_url=BASE, broker_url=None, cloudamqp_url="amqps://u:c@rabbit.test/vh"))  # type: ignore[arg-type]
    assert isinstance(broker, RabbitmqBroker)
