"""Ways of hanging a worker process, for test_latido.py: `dramatiq actors trabas`."""

import threading
import time

import dramatiq
from dramatiq.asyncio import get_event_loop_thread

from actors import corte, latido

latido.LATIDO_S = 0.1


@dramatiq.actor(queue_name="consultas", max_retries=0, time_limit=500)
def atascar_un_hilo() -> None:
    """Wait for a lock that nobody releases: no exception reaches a thread there."""
    latido.GRACIA_S = 0.5
    candado = threading.Lock()
    candado.acquire()
    candado.acquire()


@dramatiq.actor(queue_name="consultas", max_retries=0)
def atascar_el_bucle() -> None:
    """Something that blocks runs on the event loop."""
    latido.BUCLE_MAX_S = 1.0
    hilo = get_event_loop_thread()
    assert hilo is not None
    hilo.loop.call_soon_threadsafe(time.sleep, 600)


@dramatiq.actor(queue_name="consultas", max_retries=0)
def enmudecer() -> None:
    """The heartbeat never comes back from the database."""
    latido.MUDO_S = 1.0
    latido.latir = lambda *_, **__: time.sleep(600)


@dramatiq.actor(queue_name="consultas", max_retries=0)
def atascar_el_final() -> None:
    """The event loop hangs, and nobody looks."""
    corte.CORTE_S = 2.0
    latido._demora_del_bucle = lambda: 0.0
    atascar_el_bucle.fn()
