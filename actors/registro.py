"""How every process of ours logs: one line an event, on stderr, as text or as JSON (LOG_FORMATO).

Every line of the work on a job or a consulta carries their ids, in whatever thread or task it is written.
"""

import json
import logging
import time
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


REPETIR_S = 60.0
BROKER_AUSENTE = "El broker no responde; se vuelve a probar hasta que responda: %s"


class Ausencia:
    """Says that something went away and that it is back: once, not each time that it is tried."""

    def __init__(self, logger: logging.Logger, quien: str) -> None:
        self._logger = logger
        self._quien = quien
        self._falta = False

    def falta(self, error: BaseException) -> None:
        """It did not answer; it will be tried again."""
        if not self._falta:
            self._falta = True
            self._logger.warning("%s no responde; se vuelve a probar hasta que responda: %s", self._quien, linea(error))

    def esta(self) -> None:
        """It answered."""
        if self._falta:
            self._falta = False
            self._logger.info("%s responde otra vez", self._quien)


def linea(error: BaseException) -> str:
    """The error's text on one line."""
    return " ".join(str(error).split()) or type(error).__name__


class _BrokerAusente(logging.Filter):
    """Dramatiq tells every three seconds, of each queue, that the broker is away: one line a minute is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._dicho = -REPETIR_S

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is kept; the one that is says it in Spanish."""
        if not record.name.startswith("dramatiq.worker.ConsumerThread"):
            return True
        if str(record.msg).startswith("Restarting consumer"):
            return False
        if not str(record.msg).startswith("Consumer encountered"):
            return True
        ahora = time.monotonic()
        if ahora - self._dicho < REPETIR_S:
            return False
        self._dicho = ahora
        error = record.exc_info[1] if record.exc_info else record.args[0] if isinstance(record.args, tuple) else None
        record.msg, record.levelno, record.levelname = (
            "El broker no responde; se lo espera: %s",
            logging.WARNING,
            "WARNING",
        )
        record.args = (linea(error) if isinstance(error, BaseException) else error,)
        record.exc_info = record.exc_text = None
        return True


def configurar_registro() -> None:
    """Set up logging for this process."""
    salida = logging.StreamHandler()
    salida.setFormatter(Json() if ajustes().log_formato == "json" else Texto())
    salida.addFilter(_BrokerAusente())
    logging.basicConfig(level=ajustes().log_level, handlers=[salida], force=True)
    if ajustes().log_formato == "json":
        for propio in ("uvicorn", "uvicorn.access"):  # they bring a handler of their own
            logging.getLogger(propio).handlers.clear()
            logging.getLogger(propio).propagate = True
    # peewee's would be every statement with its values: tokens of callback_url, results, evidencia
    for ruidoso in ("peewee", "pyppeteer", "websockets", "urllib3.connectionpool", "psycopg.pool"):
        logging.getLogger(ruidoso).setLevel(logging.ERROR)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # a traceback for each refused connection: we say it in a line
