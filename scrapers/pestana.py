"""One browser tab over the DevTools protocol: frames, navigation, what the network did, screenshots."""

import asyncio
import base64
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from scrapers.fallas import Codigo, Falla

T = TypeVar("T")

MUNDO = "consultas"
"""Our scripts run in an isolated world of each frame: the page cannot see or replace what they use."""
COLA = 60
"""Lines kept of console and network."""
CRUDO = 5000
"""Characters kept of a line until secrets are masked in it: one that was cut could not be recognised."""
BLOQUEADOS = (
    *(f"*.{ext}*" for ext in ("png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "mp4", "woff", "woff2", "ttf")),
    *(f"*{sitio}*" for sitio in ("google-analytics.com", "googletagmanager.com", "hotjar.com", "doubleclick.net")),
)
"""Never fetched: pictures, fonts, analytics. Style sheets are: they decide what is visible."""


class ContextoPerdido(Exception):
    """The document went away under a script: the page navigated. Ask the new one."""


class Sesion(Protocol):
    """What a tab needs of its DevTools session; `enviar` raises Falla NAVEGADOR_CAIDO or ContextoPerdido."""

    async def enviar(self, metodo: str, **parametros: Any) -> dict[str, Any]: ...

    def lanzar(self, metodo: str, **parametros: Any) -> None: ...

    def al(self, evento: str, hacer: Callable[[dict[str, Any]], None]) -> None: ...


class Red:
    """What the tab asked of the network: open requests, and how the data requests (XHR, fetch, documents) ended."""

    def __init__(self, sesion: Sesion) -> None:
        self.lineas: deque[str] = deque(maxlen=COLA)
        self._abiertos: dict[str, tuple[str, str]] = {}
        self.documentos: dict[str, tuple[int, dict[str, str]]] = {}
        """Status and headers of the last document of each frame."""
        self.ultimo_fallo: tuple[int, str, dict[str, str]] | None = None
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
        self._fin(evento["requestId"])

    def _fin(self, pedido: str) -> None:
        self._abiertos.pop(pedido, None)


class Pestana:
    """A tab in an isolated context of its own. `rota` ends when the renderer or the browser dies."""

    def __init__(self, sesion: Sesion, rota: "asyncio.Future[None]") -> None:
        self._sesion = sesion
        self.rota = rota
        self.red = Red(sesion)
        self.consola: deque[str] = deque(maxlen=COLA)
        self._contextos: dict[str, int] = {}
        self._cargados: set[str] = set()
        self._cambio = asyncio.Event()
        self.marco_principal = ""
        sesion.al("Runtime.executionContextCreated", self._contexto_creado)
        sesion.al("Runtime.executionContextDestroyed", self._contexto_destruido)
        sesion.al("Runtime.executionContextsCleared", lambda _: self._contextos.clear())
        sesion.al("Page.lifecycleEvent", self._ciclo)
        sesion.al("Page.javascriptDialogOpening", self._dialogo)
        sesion.al("Runtime.consoleAPICalled", self._consola)
        sesion.al("Runtime.exceptionThrown", self._excepcion)

    async def preparar(self) -> None:
        """Switch on what is needed, in one round trip."""
        enviar = self._sesion.enviar
        arbol, *_ = await asyncio.gather(
            enviar("Page.getFrameTree"),
            enviar("Page.enable"),
            enviar("Page.setLifecycleEventsEnabled", enabled=True),
            enviar("Page.addScriptToEvaluateOnNewDocument", source="", worldName=MUNDO),
            enviar("Runtime.enable"),
            enviar("Network.enable"),
            enviar("Network.setBlockedURLs", urls=list(BLOQUEADOS)),
            enviar("Network.setBypassServiceWorker", bypass=True),
            enviar("Page.setInterceptFileChooserDialog", enabled=True, cancel=True),
        )
        marco = arbol["frameTree"]["frame"]
        self.marco_principal = marco["id"]
        self._cargados.add(marco["loaderId"])

    # --- events -------------------------------------------------------------------------------------------------

    def _avisar(self) -> None:
        self._cambio.set()

    def _contexto_creado(self, evento: dict[str, Any]) -> None:
        contexto = evento["context"]
        if contexto.get("name") == MUNDO:
            self._contextos[contexto["auxData"]["frameId"]] = contexto["id"]
            self._avisar()

    def _contexto_destruido(self, evento: dict[str, Any]) -> None:
        for marco, contexto in list(self._contextos.items()):
            if contexto == evento["executionContextId"]:
                del self._contextos[marco]

    def _ciclo(self, evento: dict[str, Any]) -> None:
        if evento["name"] == "DOMContentLoaded" and evento["frameId"] == self.marco_principal:
            self._cargados.add(evento["loaderId"])
            self._avisar()

    def _dialogo(self, evento: dict[str, Any]) -> None:
        self.consola.append(f"dialog {evento['type']}: {evento['message'][:CRUDO]}")
        self._sesion.lanzar("Page.handleJavaScriptDialog", accept=False)

    def _consola(self, evento: dict[str, Any]) -> None:
        partes = [str(a.get("value", a.get("description", ""))) for a in evento["args"]]
        self.consola.append(f"{evento['type']}: {' '.join(partes)[:CRUDO]}")

    def _excepcion(self, evento: dict[str, Any]) -> None:
        detalle = evento["exceptionDetails"]
        descripcion = detalle.get("exception", {}).get("description", detalle.get("text", ""))
        self.consola.append(f"exception: {descripcion[:CRUDO]}")

    @property
    def marcos(self) -> list[str]:
        """The frame ids that have a document now."""
        return list(self._contextos)

    async def _hasta(self, dame: Callable[[], T | None]) -> T:
        """Wait until `dame` gives something; the caller bounds the time."""
        while (valor := dame()) is None:
            self._cambio.clear()
            await self._cambio.wait()
        return valor

    # --- verbs --------------------------------------------------------------------------------------------------

    async def ir(self, url: str) -> tuple[int, dict[str, str]]:
        """Navigate and wait for DOMContentLoaded, of a page that this one leads to at once if it does.

        Returns the document's HTTP status and headers (lower case names).

        Raises Falla PORTAL_CAIDO where nothing answers. The caller bounds the time.
        """
        self.red.olvidar()
        self.red.documentos.pop(self.marco_principal, None)
        anteriores = set(self._cargados)
        respuesta = await self._sesion.enviar("Page.navigate", url=url)
        if respuesta.get("errorText"):
            raise Falla(Codigo.PORTAL_CAIDO, detalle=f"{respuesta['errorText']} en {url}")
        if respuesta.get("loaderId"):
            await self._hasta(lambda: self._cargados - anteriores or None)
        return self.red.documentos.get(self.marco_principal, (200, {}))

    async def evaluar(self, marco: str, funcion: str, *argumentos: Any) -> Any:
        """Call a JavaScript function in our world of that frame; a promise is awaited. Returns its JSON value."""
        contexto = await self._hasta(lambda: self._contextos.get(marco))
        respuesta = await self._llamar(contexto, funcion, argumentos, por_valor=True)
        return respuesta.get("value")

    async def marco_de(self, marco: str, selector: str) -> str | None:
        """The frame id of the iframe that matches in that frame, or None."""
        contexto = await self._hasta(lambda: self._contextos.get(marco))
        objeto = await self._llamar(contexto, "s => document.querySelector(s)", (selector,), por_valor=False)
        if "objectId" not in objeto:
            return None
        nodo = await self._sesion.enviar("DOM.describeNode", objectId=objeto["objectId"])
        hallado: str | None = nodo["node"].get("frameId")
        return hallado

    async def esquina_de(self, marco: str) -> tuple[float, float]:
        """Where a frame begins in the window: CSS pixels from its left and top."""
        if marco == self.marco_principal:
            return 0, 0
        nodo = await self._sesion.enviar("DOM.getFrameOwner", frameId=marco)
        caja = await self._sesion.enviar("DOM.getBoxModel", backendNodeId=nodo["backendNodeId"])
        izquierda, arriba = caja["model"]["content"][:2]
        return float(izquierda), float(arriba)

    async def _llamar(
        self, contexto: int, funcion: str, argumentos: tuple[Any, ...], *, por_valor: bool
    ) -> dict[str, Any]:
        respuesta = await self._sesion.enviar(
            "Runtime.callFunctionOn",
            functionDeclaration=funcion,
            executionContextId=contexto,
            arguments=[{"value": a} for a in argumentos],
            returnByValue=por_valor,
            awaitPromise=True,
        )
        if "exceptionDetails" in respuesta:
            excepcion = respuesta["exceptionDetails"].get("exception", {})
            raise ErrorDeScript(excepcion.get("description") or json.dumps(respuesta["exceptionDetails"])[:500])
        resultado: dict[str, Any] = respuesta["result"]
        return resultado

    def detener(self) -> None:
        """Stop loading: a script in a page whose next document is still awaited would wait for it."""
        self._sesion.lanzar("Page.stopLoading")

    async def captura(self, recorte: dict[str, float] | None = None) -> bytes:
        """A PNG of the window, or of a part of it (`x`, `y`, `width`, `height` in CSS pixels)."""
        extra = {"clip": {**recorte, "scale": 1}, "captureBeyondViewport": False} if recorte else {}
        respuesta = await self._sesion.enviar("Page.captureScreenshot", format="png", **extra)
        return base64.b64decode(respuesta["data"])


class ErrorDeScript(Exception):
    """A script of ours threw: a bug of ours, or a page that took the DOM away."""


async def con_limite(esperable: Awaitable[T], segundos: float) -> T | None:
    """The result, or None when it takes longer or fails: for clean-ups and evidencia, never for amounts."""
    try:
        async with asyncio.timeout(segundos):
            return await esperable
    except (TimeoutError, Falla, ContextoPerdido, ErrorDeScript):
        return None
