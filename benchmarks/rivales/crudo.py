"""The raw limit: Dramatiq's own broker and middleware, and an actor that does nothing.

`dramatiq crudo` consumes; every TOTAL messages it touches the file LISTO. `python crudo.py` publishes TOTAL of them,
each confirmed before the next.
"""

import itertools
import os
from pathlib import Path

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

TOTAL = int(os.environ["TOTAL"])
dramatiq.set_broker(RabbitmqBroker(url=os.environ["BROKER_URL"], confirm_delivery=True))
cuenta = itertools.count(1)


@dramatiq.actor(queue_name="crudo")
def nada(consulta_id: str) -> None:
    """Count."""
    if next(cuenta) % TOTAL == 0:
        Path(os.environ["LISTO"]).touch()


if __name__ == "__main__":
    for n in range(TOTAL):
        nada.send(f"00000000-0000-0000-0000-{n:012}")
