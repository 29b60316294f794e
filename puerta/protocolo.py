"""Uvicorn's HTTP with deadlines: it has none for a client that sends its request slowly, or reads the answer so.

Chosen in the Procfile: `--http puerta.protocolo:Protocolo`.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from settings import ajustes

RESPUESTA_PLAZOS = 3
"""How many times `PEDIDO_PLAZO_S` an answer waits for a client that does not read it."""
MARGEN = 50
"""Connections over `--limit-concurrency` that still get their 503; the ones after them are cut."""


class Protocolo(H11Protocol):
    """One connection. While it has no request in hand, a whole head has `PEDIDO_PLAZO_S` to arrive.

    The time runs from the connection, from the first byte after a pause between two requests, and from the first byte
    that comes after an answer to a request not read to its end. The pause itself is uvicorn's `--timeout-keep-alive`.
    The body's time is kept where it is read.
    """

    _cabeza: asyncio.TimerHandle | None = None
    _respuesta: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency + MARGEN:
            transport.abort()
        else:
            self._vigilar()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._vigilar()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._vigilar()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._olvidar()
        self.resume_writing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._respuesta = self.loop.call_later(RESPUESTA_PLAZOS * ajustes().pedido_plazo_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._respuesta is not None:
            self._respuesta.cancel()
            self._respuesta = None

    def _vigilar(self) -> None:
        ocupada = self.cycle is not None and not self.cycle.response_complete
        en_pausa = self.timeout_keep_alive_task is not None
        if ocupada or en_pausa or self.transport.is_closing():
            self._olvidar()
        elif self._cabeza is None:
            self._cabeza = self.loop.call_later(ajustes().pedido_plazo_s, self.transport.abort)

    def _olvidar(self) -> None:
        if self._cabeza is not None:
            self._cabeza.cancel()
            self._cabeza = None
