"""An end to stopping: a process told to stop is gone in time, whatever it waits for."""

import logging
import os
import threading
import time

from models import base_responde

logger = logging.getLogger(__name__)

CORTE_S = 25.0
"""Platforms kill 30 s after they asked; what is killed cannot say so."""
SIN_BASE_S = 4.0
"""Without the database nothing can be saved or handed back: there is nothing to wait for."""


def cortar_si_tarda() -> None:
    """From now on, end this process when stopping takes too long or is pointless. reloj repairs what was half done."""
    threading.Thread(target=_cortar, name="corte", daemon=True).start()


def _cortar() -> None:
    comienzo = vista = time.monotonic()
    while time.monotonic() < comienzo + CORTE_S and time.monotonic() < vista + SIN_BASE_S:
        time.sleep(0.5)
        if base_responde():
            vista = time.monotonic()
    logger.warning("No se pudo terminar en orden a los %d s: se corta", time.monotonic() - comienzo)
    os._exit(0)
