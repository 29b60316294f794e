"""Publishing messages from one thread, on one broker connection: pika's connections belong to their thread."""

import logging
import queue
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field

import dramatiq

from models import BASE_CAIDA, marcar_encoladas

logger = logging.getLogger(__name__)

LATIDO_S = 5.0


@dataclass(frozen=True, slots=True)
class Envio:
    """Messages to publish in order, and what to do once all of them are on the broker."""

    mensajes: Sequence[Callable[[], object]]
    despues: Callable[[], None]
    contexto: Context = field(default_factory=copy_context)
    """Of whoever hands it over: what is logged about it carries the same ids."""


class Publicador(threading.Thread):
    """A daemon thread that publishes what it is given. What it cannot publish is left to reloj."""

    def __init__(self, capacidad: int = 10_000) -> None:
        super().__init__(name="publicador", daemon=True)
        self._cola: queue.Queue[Envio | None] = queue.Queue(capacidad)
        self._candado = threading.Lock()

    def entregar(self, envio: Envio) -> None:
        """Publish soon; returns at once. A full queue drops it: the rows are there, reloj will do it."""
        with self._candado:
            if not self.is_alive():
                self.start()
        try:
            self._cola.put_nowait(envio)
        except queue.Full:
            logger.warning("Demasiado para publicar: lo hará reloj")

    @property
    def pendientes(self) -> int:
        """How many batches wait to be published."""
        return self._cola.qsize()

    def detener(self, espera_s: float = 5) -> None:
        """Publish what is left, for at most `espera_s` seconds."""
        if self.is_alive():
            with suppress(queue.Full):
                self._cola.put_nowait(None)
            self.join(espera_s)

    def run(self) -> None:
        """Publish until told to stop, keeping the broker connection alive in between."""
        while True:
            try:
                envio = self._cola.get(timeout=LATIDO_S)
            except queue.Empty:
                _atender_conexion()
                continue
            if envio is None:
                return
            envio.contexto.run(self._publicar, envio)

    def _publicar(self, envio: Envio) -> None:
        try:
            for mensaje in envio.mensajes:
                mensaje()
            envio.despues()
        except BASE_CAIDA as error:
            logger.warning("Publicado sin anotarlo (%s): reloj lo repetirá", error)
        except Exception as error:
            logger.warning("El broker no responde (%s): publicará reloj", type(error).__name__)


def _atender_conexion() -> None:
    """Answer RabbitMQ's heartbeats on this thread's connection, so that idling does not close it."""
    broker = dramatiq.get_broker()
    conexion = getattr(getattr(broker, "state", None), "connection", None)
    if conexion is None:
        return
    try:
        conexion.process_data_events()
    except Exception:  # whatever it is, this thread must live
        del broker.connection  # type: ignore[attr-defined]  # the next publish opens a fresh one


publicador = Publicador()


def marcar(consulta_ids: Sequence[uuid.UUID]) -> Callable[[], None]:
    """Note that these consultas are on the broker."""
    return lambda: marcar_encoladas(consulta_ids)
