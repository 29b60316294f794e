"""A worker process says that it is alive, and ends when it can no longer work, so that another takes its place.

The heartbeat's thread writes the row, with what the process says of itself, after making sure that messages can still
be attended to: the event loop answers, no thread of Dramatiq's has died, not all of them are stuck. Otherwise it says
why in one line and ends the process with code 1; Dramatiq's master then ends too, and whoever supervises the Procfile
starts it again. A process whose heartbeat cannot even run (a lock that nobody releases, a database call that hangs) is
ended from below by faulthandler's own thread, with the stack of every thread in the log. What was running is taken back
when its lease runs out (docs/decisiones/0008-latido.md).
"""

import asyncio
import concurrent.futures
import faulthandler
import logging
import os
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from dramatiq import Broker, MessageProxy, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

from actors.navegacion import medidas_del_navegador, sucesos_del_navegador
from actors.publicador import publicador
from actors.registro import Ausencia
from models import BASE_CAIDA, despedir, latir
from models.totales import sumar

logger = logging.getLogger("latido")

LATIDO_S = 10.0
BUCLE_MAX_S = 60.0
"""The event loop must answer in this time."""
LIMITE_MS = 600_000
"""Of an actor that gives none (Dramatiq's TimeLimit)."""
GRACIA_S = 60.0
"""A thread that is so long over the time limit of its message is stuck: Dramatiq could not interrupt it."""
MUDO_S = 180.0
"""The process is ended from below when its heartbeat does not come round in this time."""
STDERR = 2
"""The process's own: `sys.stderr` is a pipe of Dramatiq's."""


class Latido(Middleware):
    """Beats every few seconds from a thread of its own."""

    def __init__(self) -> None:
        self._id = uuid.uuid4()
        self._fin = threading.Event()
        self._hilo: threading.Thread | None = None
        self._limites: dict[int, float] = {}
        self._sucesos: dict[str, int] = {}
        self._padre = 0
        self._base = Ausencia(logger, "La base de datos")

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Note until when (monotonic s) this thread may take."""
        limite_ms = broker.get_actor(message.actor_name).options.get("time_limit", LIMITE_MS)
        self._limites[threading.get_ident()] = time.monotonic() + limite_ms / 1000

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        """This thread is free."""
        self._limites.pop(threading.get_ident(), None)

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """This thread is free."""
        self._limites.pop(threading.get_ident(), None)

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Begin to beat."""
        self._padre = os.getppid()
        self._hilo = threading.Thread(target=self._latir, args=(worker,), name="latido", daemon=True)
        self._hilo.start()

    def _latir(self, worker: Worker) -> None:
        colas = ",".join(sorted(worker.consumer_whitelist or worker.broker.get_declared_queues()))
        while True:
            terminar_en(MUDO_S)
            demora_s = _demora_del_bucle()
            motivo = "el bucle de eventos no responde" if demora_s is None else self._que_falla(worker)
            if self._fin.is_set():
                return
            if motivo is not None:
                logger.critical("Este proceso no puede seguir: %s. Termina para que arranque otro.", motivo)
                os._exit(1)
            self._anotar(colas, worker.worker_threads, {"bucle_s": demora_s, "por_publicar": publicador.pendientes})
            if self._fin.wait(LATIDO_S):
                return

    def _que_falla(self, worker: Worker) -> str | None:
        """Why no message can be attended to any more."""
        if os.getppid() != self._padre:
            return "murió el proceso que lo vigilaba"
        if not all(hilo.is_alive() for hilo in (*worker.workers, *worker.consumers.values())):
            return "murió uno de sus hilos"
        ahora = time.monotonic()
        atascados = sum(ahora > limite + GRACIA_S for limite in list(self._limites.values()))
        return "todos sus hilos están atascados" if atascados >= worker.worker_threads else None

    def _anotar(self, colas: str, hilos: int, medidas: Mapping[str, Any]) -> None:
        try:
            latir(self._id, colas=colas, hilos=hilos, medidas={**medidas, **medidas_del_navegador()})
            for nombre, veces in sucesos_del_navegador().items():
                sumar(nombre, {"": veces - self._sucesos.get(nombre, 0)})
                self._sucesos[nombre] = veces
            self._base.esta()
        except BASE_CAIDA as error:
            self._base.falta(error)

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Stop beating and say goodbye."""
        self._fin.set()
        if self._hilo is not None:
            self._hilo.join(5)
        try:
            despedir(self._id)
        except BASE_CAIDA as error:
            logger.warning("La base de datos no responde: %s", error)


def _demora_del_bucle() -> float | None:
    """Seconds that the event loop takes to answer; None when it does not."""
    hilo = get_event_loop_thread()
    if hilo is None or not hilo.is_alive():
        return None
    comienzo = time.monotonic()
    try:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), hilo.loop).result(BUCLE_MAX_S)
    except (concurrent.futures.TimeoutError, RuntimeError):
        return None
    return round(time.monotonic() - comienzo, 3)


def terminar_en(segundos: float) -> None:
    """End this process, whatever it is doing, unless it is put off in this time: each call replaces the one before."""
    faulthandler.dump_traceback_later(segundos, exit=True, file=STDERR)
