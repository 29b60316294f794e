"""How every process of ours logs: one line an event, on stderr."""

import logging
import time

from settings import ajustes

FORMATO = "%(asctime)s [%(process)d] %(name)s %(levelname)s: %(message)s"


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
    logging.basicConfig(level=ajustes().log_level, format=FORMATO, force=True)
    for salida in logging.getLogger().handlers:
        salida.addFilter(_BrokerAusente())
    # peewee's would be every statement with its values: tokens of callback_url, results, evidencia
    for ruidoso in ("peewee", "pyppeteer", "websockets", "urllib3.connectionpool", "psycopg.pool"):
        logging.getLogger(ruidoso).setLevel(logging.ERROR)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # a traceback for each refused connection: we say it in a line
