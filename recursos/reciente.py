"""An answer that is made at most once in a while, however many ask for it."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Reciente(Generic[T]):
    """What `hacer` returned, while it is fresh (`vigencia_s` seconds); who comes meanwhile waits for the same."""

    def __init__(self, hacer: Callable[[], T], vigencia_s: float) -> None:
        self._hacer = hacer
        self.vigencia_s = vigencia_s
        self._candado = threading.Lock()
        self._ultimo: tuple[float, T] | None = None

    def __call__(self) -> T:
        """The last one, or a new one. Raises what `hacer` raises."""
        with self._candado:
            if self._ultimo is None or time.monotonic() - self._ultimo[0] >= self.vigencia_s:
                self._ultimo = time.monotonic(), self._hacer()
            return self._ultimo[1]
