"""The leases that this process holds, kept fresh by one thread."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context

from models import Consulta, renovar
from settings import ajustes

logger = logging.getLogger("consultas")

Reclamo = tuple[int, int]
"""The id of a consulta as a number, and the token of its claim. Numbers, as the hash of a UUID is Python code, within
which a thread can be interrupted."""


class Arriendos(threading.Thread):
    """A daemon thread that renews every lease it was given, three times within its duration."""

    def __init__(self) -> None:
        super().__init__(name="arriendos", daemon=True)
        self._arranque = threading.Lock()
        self._vigentes: dict[Reclamo, Context] = {}
        """No lock: each use is one step, and whoever holds a lease may be interrupted anywhere."""

    @contextmanager
    def mantener(self, consulta: Consulta) -> Iterator[None]:
        """Keep the lease of a claimed consulta fresh during the block."""
        if not self.is_alive():
            self._arrancar()
        reclamo = consulta.id.int, consulta.token
        self._vigentes[reclamo] = copy_context()
        try:
            yield
        finally:
            self._vigentes.pop(reclamo, None)

    def _arrancar(self) -> None:
        with self._arranque:
            if not self.is_alive():
                self.start()

    def run(self) -> None:
        """Renew, for as long as the process lives."""
        while True:
            time.sleep(ajustes().consulta_arriendo_s / 3)
            for reclamo, contexto in self._vigentes.copy().items():
                contexto.run(self._renovar, reclamo)

    def _renovar(self, reclamo: Reclamo) -> None:
        consulta_id, token = uuid.UUID(int=reclamo[0]), reclamo[1]
        try:
            nuestra = renovar(consulta_id, token, arriendo_s=ajustes().consulta_arriendo_s)
        except Exception as error:  # whatever it is, this thread must live
            logger.warning("No se pudo renovar la consulta %s: %s", consulta_id, error)
            return
        if not nuestra and self._vigentes.pop(reclamo, None) is not None:
            logger.info("La consulta %s ya no es de este proceso", consulta_id)


arriendos = Arriendos()
