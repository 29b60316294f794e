"""The DevTools connection of a Chromium and the sessions of its tabs; the only file that knows pyppeteer.

pyppeteer carries the protocol; the tab on top of it is ours, since pyppeteer 2.0's Page hangs on crashed pages and
dialogs and speaks parts of the protocol that are gone.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

from pyppeteer.connection import Connection
from pyppeteer.connection import ws_connect as conectar_ws
from pyppeteer.errors import NetworkError
from websockets.exceptions import ConnectionClosed

from scrapers.fallas import Codigo, Falla
from scrapers.pestana import ContextoPerdido

logging.getLogger("pyppeteer").setLevel(logging.CRITICAL)

DESCONECTADO = (NetworkError, ConnectionError)
"""What a command raises that the browser cannot answer."""
PERDIDO = ("Execution context was destroyed", "Cannot find context", "Inspected target navigated or closed")


class Conexion(Connection):  # type: ignore[misc]
    """pyppeteer's connection with flat sessions, whose messages are not JSON inside JSON, and without compression."""

    def __init__(self, url: str, bucle: asyncio.AbstractEventLoop) -> None:
        super().__init__(url, bucle)
        self._ws = conectar_ws(url, max_size=None, compression=None, ping_interval=None, ping_timeout=None)
        self._oyentes: dict[tuple[str, str], Callable[[dict[str, Any]], None]] = {}
        self._recv_fut.add_done_callback(self._sin_lector)

    def _sin_lector(self, recibir: "asyncio.Task[None]") -> None:
        """Nobody reads any more, whatever the reason: what is pending must fail."""
        if not recibir.cancelled():
            recibir.exception()
        if self._connected:
            self._loop.create_task(self.dispose())

    async def _async_send(self, msg: str, callback_id: int) -> None:
        while not self._connected and callback_id in self._callbacks and not self._recv_fut.done():
            await asyncio.sleep(0.005)
        try:
            if not self._connected:
                raise ConnectionError
            await self.connection.send(msg)
        except (ConnectionClosed, ConnectionError):
            self._abandonar(callback_id)

    def _abandonar(self, numero: int) -> None:
        """Nobody will answer this command."""
        futuro = self._callbacks.pop(numero, None)
        if futuro is not None and not futuro.done():
            futuro.set_exception(NetworkError(f"Protocol error {futuro.method}: Target closed."))

    def mandar(self, metodo: str, parametros: dict[str, Any], sesion: str | None) -> "asyncio.Future[Any]":
        """Send to the browser, or to a session. Raises ConnectionError once closed."""
        if self._lastId and not self._connected:
            raise ConnectionError("Connection is closed")
        self._lastId += 1
        mensaje = {"id": self._lastId, "method": metodo, "params": parametros}
        futuro: asyncio.Future[Any] = self._loop.create_future()
        futuro.error, futuro.method, futuro.sesion = NetworkError(), metodo, sesion  # type: ignore[attr-defined]
        self._callbacks[self._lastId] = futuro
        completo = mensaje if sesion is None else {**mensaje, "sessionId": sesion}
        self._loop.create_task(self._async_send(json.dumps(completo), self._lastId))
        return futuro

    def al(self, sesion: str, evento: str, hacer: Callable[[dict[str, Any]], None]) -> None:
        """Call `hacer` with each of these events of a session."""
        self._oyentes[sesion, evento] = hacer

    def _on_query(self, msg: dict[str, Any]) -> None:
        if "method" not in msg:  # an answer that came after its session ended
            return
        metodo, parametros = msg["method"], msg.get("params", {})
        if metodo == "Target.detachedFromTarget":
            self._soltar(parametros["sessionId"])
        oyente = self._oyentes.get((msg.get("sessionId", ""), metodo))
        if oyente is not None:
            oyente(parametros)

    def _soltar(self, sesion: str) -> None:
        """A session ended: nobody answers what it was asked."""
        for clave in [clave for clave in self._oyentes if clave[0] == sesion]:
            del self._oyentes[clave]
        for numero in [numero for numero, futuro in self._callbacks.items() if futuro.sesion == sesion]:
            self._abandonar(numero)


class Sesion:
    """The DevTools session of a tab, or of the browser (None), whose abandoned answers make no noise."""

    def __init__(self, conexion: Conexion, sesion: str | None = None) -> None:
        self._conexion = conexion
        self._sesion = sesion

    async def enviar(self, metodo: str, **parametros: Any) -> dict[str, Any]:
        """The result of a command. Raises Falla NAVEGADOR_CAIDO, or ContextoPerdido."""
        try:
            respuesta: dict[str, Any] = await asyncio.shield(self._mandar(metodo, parametros)) or {}
        except DESCONECTADO as error:
            if any(marca in str(error) for marca in PERDIDO):
                raise ContextoPerdido(str(error)) from None
            raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=str(error)[:200]) from None
        return respuesta

    def lanzar(self, metodo: str, **parametros: Any) -> None:
        """Send a command whose result nobody awaits."""
        with contextlib.suppress(*DESCONECTADO):
            self._mandar(metodo, parametros)

    def _mandar(self, metodo: str, parametros: dict[str, Any]) -> "asyncio.Future[Any]":
        futuro = self._conexion.mandar(metodo, parametros, self._sesion)
        futuro.add_done_callback(lambda f: f.cancelled() or f.exception())
        return futuro

    def al(self, evento: str, hacer: Callable[[dict[str, Any]], None]) -> None:
        """Call `hacer` with each of these events."""
        self._conexion.al(self._sesion or "", evento, hacer)
