"""How every process of ours logs: one line an event, on stderr."""

import logging

from settings import ajustes

FORMATO = "%(asctime)s [%(process)d] %(name)s %(levelname)s: %(message)s"


def configurar_registro() -> None:
    """Set up logging for this process."""
    logging.basicConfig(level=ajustes().log_level, format=FORMATO, force=True)
    for ruidoso in ("pyppeteer", "websockets", "urllib3.connectionpool", "psycopg.pool"):
        logging.getLogger(ruidoso).setLevel(logging.ERROR)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # a traceback for each refused connection: we say it in a line
