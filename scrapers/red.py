"""What a tab asked of the network, as DevTools tells it."""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

COLA = 60
"""Lines kept of console and network."""


class Sesion(Protocol):
    """What a tab needs of its DevTools session; `enviar` raises Falla NAVEGADOR_CAIDO or ContextoPerdido."""

    async def enviar(self, metodo: str, **parametros: Any) -> dict[str, Any]: ...

    def lanzar(self, metodo: str, **parametros: Any) -> None: ...

    def al(self, evento: str, hacer: Callable[[dict[str, Any]], None]) -> None: ...


class Red:
    """What the tab asked of the network: open requests, and how the data requests (XHR, fetch, documents) ended."""

    def __init__(self, avisar: Callable[[], None]) -> None:
        """`avisar` is called when a document does not come."""
        self._avisar = avisar
        self.lineas: deque[str] = deque(maxlen=COLA)
        self._abiertos: dict[str, tuple[str, str]] = {}
        self.documentos: dict[str, tuple[int, dict[str, str]]] = {}
        """Status and headers of the last document of each frame."""
        self.navegaciones: dict[str, str] = {}
        """The last document that each frame asked for: its loader's id."""
        self.errores: dict[str, str] = {}
        """Why a document did not come, by its loader's id."""
        self.ultimo_fallo: tuple[int, str, dict[str, str]] | None = None

    def escuchar(self, sesion: Sesion) -> None:
        """Take note of what a session tells."""
        sesion.al("Network.requestWillBeSent", self._pedido)
        sesion.al("Network.responseReceived", self._respuesta)
        sesion.al("Network.loadingFinished", lambda e: self._fin(e["requestId"]))
        sesion.al("Network.loadingFailed", self._fallo)

    @property
    def pendientes(self) -> int:
        """How many documents and data requests have no end yet."""
        return len(self._abiertos)

    def olvidar(self) -> None:
        """Before an action: what failed earlier no longer explains what comes."""
        self.ultimo_fallo = None

    def _pedido(self, evento: dict[str, Any]) -> None:
        if evento.get("type") in ("XHR", "Fetch", "Document", "EventSource"):
            self._abiertos[evento["requestId"]] = (evento["request"]["method"], evento["request"]["url"])
        if evento["requestId"] == evento["loaderId"]:
            self.navegaciones[evento["frameId"]] = evento["loaderId"]

    def _respuesta(self, evento: dict[str, Any]) -> None:
        respuesta, clase = evento["response"], evento.get("type")
        estado = int(respuesta["status"])
        metodo, url = self._abiertos.get(evento["requestId"], ("GET", respuesta["url"]))
        cabeceras = {nombre.lower(): valor for nombre, valor in respuesta["headers"].items()}
        if clase in ("XHR", "Fetch", "Document"):
            self.lineas.append(f"{metodo} {estado} {url}")
        if clase == "Document" and "frameId" in evento:
            self.documentos[evento["frameId"]] = (estado, cabeceras)
        if estado >= 400 and clase in ("XHR", "Fetch", "Document"):
            self.ultimo_fallo = (estado, url, cabeceras)

    def _fallo(self, evento: dict[str, Any]) -> None:
        metodo, url = self._abiertos.get(evento["requestId"], ("", ""))
        if url and not evento.get("canceled") and "blockedReason" not in evento:
            self.lineas.append(f"{metodo} {evento.get('errorText')} {url}")
            self.ultimo_fallo = (0, url, {})
        if evento.get("type") == "Document":
            self.errores[evento["requestId"]] = evento["errorText"]
            self._avisar()
        self._fin(evento["requestId"])

    def _fin(self, pedido: str) -> None:
        self._abiertos.pop(pedido, None)
