"""How every process of ours logs: one line an event, on stderr, as text or as JSON (LOG_FORMATO).

Every line of the work on a job or a consulta carries their ids, in whatever thread or task it is written.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from settings import ajustes

FORMATO = "%(asctime)s [%(process)d%(trabajo)s] %(name)s %(levelname)s: %(message)s"

_trabajo: ContextVar[Mapping[str, str]] = ContextVar("trabajo")
"""The ids, e.g. `{"job_id": "…", "consulta_id": "…"}`."""


def anotar(**ids: object) -> None:
    """From here on the lines of this thread, and of what it starts, carry these ids too."""
    _trabajo.set({**_trabajo.get({}), **{nombre: str(valor) for nombre, valor in ids.items()}})


def olvidar() -> None:
    """The work is done."""
    _trabajo.set({})


@contextmanager
def trabajo(**ids: object) -> Iterator[None]:
    """Lines of the block carry these ids."""
    antes = _trabajo.set({**_trabajo.get({}), **{nombre: str(valor) for nombre, valor in ids.items()}})
    try:
        yield
    finally:
        _trabajo.reset(antes)


class Texto(logging.Formatter):
    """`2026-11-24 10:00:00,000 [41 job=… consulta=…] consultas INFO: …`."""

    def __init__(self) -> None:
        super().__init__(FORMATO)

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback if there is one."""
        ids = _trabajo.get({}).items()
        record.trabajo = "".join(f" {nombre.removesuffix('_id')}={valor}" for nombre, valor in ids)
        return super().format(record)


class Json(logging.Formatter):
    """An object a line: momento, nivel, registro, proceso, mensaje, the ids, and error (a traceback)."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        linea = {
            "momento": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "nivel": record.levelname,
            "registro": record.name,
            "proceso": record.process,
            "mensaje": record.getMessage(),
            **_trabajo.get({}),
        }
        if record.exc_info:
            linea["error"] = self.formatException(record.exc_info)
        return json.dumps(linea, ensure_ascii=False, default=str)


def configurar_registro() -> None:
    """Set up logging for this process."""
    salida = logging.StreamHandler()
    salida.setFormatter(Json() if ajustes().log_formato == "json" else Texto())
    logging.basicConfig(level=ajustes().log_level, handlers=[salida], force=True)
    if ajustes().log_formato == "json":
        for propio in ("uvicorn", "uvicorn.access"):  # they bring a handler of their own
            logging.getLogger(propio).handlers.clear()
            logging.getLogger(propio).propagate = True
    for ruidoso in ("pyppeteer", "websockets", "urllib3.connectionpool", "psycopg.pool"):
        logging.getLogger(ruidoso).setLevel(logging.ERROR)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # a traceback for each refused connection: we say it in a line
