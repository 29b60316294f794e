"""The broker: RabbitMQ by amqp(s)://, Postgres itself by postgresql://; its middleware in order; its queues."""

from typing import Any, Final

import dramatiq
import pika
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.middleware import (
    AgeLimit,
    AsyncIO,
    CurrentMessage,
    Middleware,
    Pipelines,
    ShutdownNotifications,
    TimeLimit,
)
from dramatiq_postgres import PostgresBroker

from actors.latido import Latido
from actors.middleware import AvisoDeCallbacks, NavegadorDelProceso, Registro, ReintentosExactos, Trabajo, UnaSolaSenal
from settings import Settings, ajustes

CONSULTAS: Final = "consultas"
CALLBACKS: Final = "callbacks"

ESPERA_MAX_MS: Final = 20 * 60 * 1000
"""Nothing is delayed longer on the broker: longer waits live in the rows."""


def _middleware() -> list[Middleware]:
    """Every middleware, outermost first. What comes after AsyncIO shuts down while the event loop still runs."""
    return [
        Registro(),
        Trabajo(),
        UnaSolaSenal(),
        AgeLimit(),
        TimeLimit(),
        ShutdownNotifications(),
        CurrentMessage(),
        Pipelines(),
        ReintentosExactos(max_retries=2),
        AsyncIO(),
        NavegadorDelProceso(),
        Latido(),
        AvisoDeCallbacks(),
    ]


def parametros_amqp(url: str) -> pika.URLParameters:
    """The connection parameters of an amqp(s) URL, with limits so that nothing waits for ever."""
    parametros = pika.URLParameters(url)
    parametros.heartbeat = 30
    parametros.blocked_connection_timeout = 10
    parametros.socket_timeout = 5
    parametros.stack_timeout = 10
    parametros.connection_attempts = 1
    return parametros


class _Rabbit(RabbitmqBroker):
    """RabbitMQ with parameters of ours: the stock class takes a URL or parameters, not both."""

    def __init__(self, url: str, **opciones: Any) -> None:
        super().__init__(url=url, **opciones)
        self.parameters = parametros_amqp(url)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """The consumer of a queue, on a connection of its own: the one that declared the queue is given back."""
        consumidor = super().consume(queue_name, prefetch, timeout)
        del self.connection
        return consumidor


def crear(config: Settings) -> dramatiq.Broker:
    """The broker of these settings. Nothing is connected yet."""
    if config.broker_es_postgres:
        broker: dramatiq.Broker = PostgresBroker(
            url=config.broker.replace("postgres://", "postgresql://", 1),
            results=False,
            middleware=_middleware(),
            poll_interval=0.5,
            heartbeat_interval=5.0,
            heartbeat_ttl=20.0,
            maintenance_interval=10.0,
        )
    else:
        broker = _Rabbit(config.broker, confirm_delivery=True, middleware=_middleware())
    return broker


broker = crear(ajustes())
dramatiq.set_broker(broker)
