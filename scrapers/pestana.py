"""One browser tab over the DevTools protocol: frames, navigation, what the network did, screenshots."""

import asyncio
import base64
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from scrapers.fallas import Codigo, Falla
from scrapers.red import COLA, Red, Sesion

T = TypeVar("T")

MUNDO = "consultas"
"""Our scripts run in an isolated world of each frame: the page cannot see or replace what they use."""
CRUDO = 5000
"""Characters kept of a line until secrets are masked in it: one that was cut could not be recognised."""
BLOQUEADOS = (
    *(f"*.{ext}*" for ext in ("png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "mp4", "woff", "woff2", "ttf")),
    *(f"*{sitio}*" for sitio in ("google-analytics.com", "googletagmanager.com", "hotjar.com", "doubleclick.net")),
)
"""Never fetched: pictures, fonts, analytics. Style sheets are: they decide what is visible."""


class ContextoPerdido(Exception):
    """The document went away under a script: the page navigated. Ask the new one."""


def romper(rota: "asyncio.Future[None]") -> None:
    """Say that the renderer or the browser died, once."""
    if not rota.done():
        rota.set_result(None)


class _SinAbrir:
    """The session of a tab that is not open: nothing can be asked of it."""

    async def enviar(self, metodo: str, **_parametros: Any) -> dict[str, Any]:
        raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=f"{metodo} sin pestaña abierta")

    def lanzar(self, metodo: str, **parametros: Any) -> None:
        return

    def al(self, evento: str, hacer: Callable[[dict[str, Any]], None]) -> None:
        return


class Pestana:
    """A tab in an isolated context of its own, open once it goes somewhere.

    `nacer` makes it at a URL, paused, and returns the id of its main frame and its session. `rota` ends when the
    renderer or the browser dies.
    """

    def __init__(self, nacer: Callable[[str], Awaitable[tuple[str, Sesion]]], rota: "asyncio.Future[None]") -> None:
        self._nacer = nacer
        self._sesion: Sesion = _SinAbrir()
        self.rota = rota
        self.red = Red(self._avisar)
        self.consola: deque[str] = deque(maxlen=COLA)
        self._contextos: dict[str, int] = {}
        self._cargados: set[str] = set()
        self._cambio = asyncio.Event()
        self.marco_principal = ""
        """Empty until it is open."""

    async def _abrir(self, url: str) -> None:
        """Be made at a URL, and let go there once everything that is needed is on: all in one round trip."""
        self.marco_principal, sesion = await self._nacer(url)
        self._sesion = sesion
        self.red.escuchar(sesion)
        sesion.al("Inspector.targetCrashed", lambda _: romper(self.rota))
        sesion.al("Runtime.executionContextCreated", self._contexto_creado)
        sesion.al("Runtime.executionContextDestroyed", self._contexto_destruido)
        sesion.al("Runtime.executionContextsCleared", lambda _: self._contextos.clear())
        sesion.al("Page.lifecycleEvent", self._ciclo)
        sesion.al("Page.javascriptDialogOpening", self._dialogo)
        sesion.al("Runtime.consoleAPICalled", self._consola)
        sesion.al("Runtime.exceptionThrown", self._excepcion)
        enviar = sesion.enviar
        await asyncio.gather(
            enviar("Page.enable"),
            enviar("Page.setLifecycleEventsEnabled", enabled=True),
            enviar("Page.addScriptToEvaluateOnNewDocument", source="", worldName=MUNDO),
            enviar("Runtime.enable"),
            enviar("Network.enable"),
            enviar("Network.setBlockedURLs", urls=list(BLOQUEADOS)),
            enviar("Network.setBypassServiceWorker", bypass=True),
            enviar("Page.setInterceptFileChooserDialog", enabled=True, cancel=True),
            enviar("Runtime.runIfWaitingForDebugger"),
        )

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
        if not self.marco_principal:
            await self._abrir(url)
            error = await self._hasta(self._primer_documento)
        else:
            error = await self._navegar(url)
        documento = self.red.documentos.get(self.marco_principal, (200, {}))
        if error and documento[0] < 400:  # a bad status without a body is an error too
            raise Falla(Codigo.PORTAL_CAIDO, detalle=f"{error} en {url}")
        return documento

    def _primer_documento(self) -> str | None:
        """Why the document that the tab was made for does not come; empty once it, or one it led to, is there."""
        pedido = self.red.navegaciones.get(self.marco_principal, "")
        return self.red.errores.get(pedido, "" if pedido in self._cargados else None)

    async def _navegar(self, url: str) -> str:
        """Go from one document to another. Returns why it cannot, or nothing."""
        self.red.documentos.pop(self.marco_principal, None)
        anteriores = set(self._cargados)
        respuesta = await self._sesion.enviar("Page.navigate", url=url)
        if respuesta.get("loaderId") and not respuesta.get("errorText"):
            await self._hasta(lambda: self._cargados - anteriores or None)
        return str(respuesta.get("errorText", ""))

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
