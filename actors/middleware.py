"""What Dramatiq's own middleware leaves open: exact retries, one signal, the browser's end."""

import asyncio
import inspect
import logging
import resource
import signal
import threading
from types import FrameType
from typing import Any

from dramatiq import Broker, MessageProxy, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware, Retries
from dramatiq.middleware.shutdown import Shutdown

from actors.corte import cortar_si_tarda
from actors.navegacion import cerrar_navegador
from actors.registro import anotar, configurar_registro, olvidar
from models.turnos import COLA
from settings import ajustes

logger = logging.getLogger(__name__)

CIERRE_S = 8.0

DEVUELTO_MS = 500
"""When a message that a stopping process gives back comes again: this process should be gone by then."""

deteniendo = threading.Event()
"""Set once this process was told to stop."""


class ReintentosExactos(Retries):
    """Retries with exact waits: actor option `esperas_ms=[1000, 2000]`, or the delay of the Retry that was raised.

    A shutdown costs no attempt, and a retry that cannot be published fails its message (the row is there for
    reloj) where the stock class would lose it: exceptions raised here are swallowed before the message is acked.
    """

    @property
    def actor_options(self) -> set[str]:
        """The stock options and ours."""
        return {*super().actor_options, "esperas_ms"}

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Publish the retry of a message that raised, or fail it."""
        if exception is None:
            return
        try:
            if isinstance(exception, Shutdown):
                broker.enqueue(message, delay=DEVUELTO_MS)  # type: ignore[arg-type]  # a proxy is what the stock class sends
                return
            esperas = broker.get_actor(message.actor_name).options.get("esperas_ms")
            if esperas:
                hechos = message.options.get("retries", 0)
                espera = esperas[min(hechos, len(esperas) - 1)]
                message.options.update(min_backoff=espera, max_backoff=espera)
            super().after_process_message(broker, message, result=result, exception=exception)  # type: ignore[no-untyped-call]
        except Exception:
            logger.exception("No se pudo publicar el reintento de %s: lo hará reloj", message.message_id)
            message.fail()


class Registro(Middleware):
    """Our logging in each worker process: Dramatiq's own is switched off with --skip-logging. And no core dumps."""

    def after_process_boot(self, broker: Broker) -> None:
        """Set it up."""
        configurar_registro()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its memory holds credenciales


class Trabajo(Middleware):
    """Every line logged while a message is attended to carries the ids that it was sent with."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Note them, by the actor's own names for them."""
        recibido = inspect.signature(broker.get_actor(message.actor_name).fn).bind(*message.args, **message.kwargs)
        olvidar()
        anotar(**{nombre: valor for nombre, valor in recibido.arguments.items() if nombre.endswith("_id") and valor})

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        """Forget them."""
        olvidar()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """Forget them."""
        olvidar()


class UnaSolaSenal(Middleware):
    """A second SIGTERM changes nothing: platforms send one to every process and the master forwards it again,
    and Dramatiq's answer to the second, SystemExit beside a live event loop thread, is a worker that never exits."""

    def after_process_boot(self, broker: Broker) -> None:
        """Wrap the handler that Dramatiq has just set."""
        if threading.current_thread() is not threading.main_thread():
            return
        for senal in (signal.SIGTERM, signal.SIGHUP):
            original = signal.getsignal(senal)
            if callable(original):
                signal.signal(senal, _solo_la_primera(original))


def _solo_la_primera(original: Any) -> Any:
    recibida = False

    def manejar(numero: int, marco: FrameType | None) -> None:
        nonlocal recibida
        if not recibida:
            recibida = True
            deteniendo.set()
            cortar_si_tarda()
            original(numero, marco)

    return manejar


class NavegadorDelProceso(Middleware):
    """Closes this process's browser while the event loop still runs."""

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Kill Chromium and wait a little for it."""
        hilo = get_event_loop_thread()
        if hilo is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(cerrar_navegador(), hilo.loop).result(CIERRE_S)
        except Exception:
            logger.exception("El navegador no se cerró a tiempo")


class AvisoDeCallbacks(Middleware):
    """Says, when a worker that delivers callbacks starts, whether it signs them and what its guard lets through."""

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Log it."""
        if COLA not in (worker.consumer_whitelist or broker.get_declared_queues()):
            return
        registro = logging.getLogger(COLA)
        if secretos := len(ajustes().callback_secretos):
            registro.info("Los callbacks salen firmados; secretos activos: %d", secretos)
        else:
            registro.warning("Los callbacks salen sin firma: CALLBACK_SECRETOS está vacía")
        if permitidos := ajustes().callback_hosts_permitidos:
            registro.info("Receptores internos permitidos: %s", ", ".join(permitidos))
