"""One Chromium per worker process, shared by its consultas."""

import asyncio
import contextlib
import logging
import time
import weakref
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scrapers.chromium import Chromium
from scrapers.conexion import DESCONECTADO, Conexion, Sesion
from scrapers.fallas import Codigo, Falla
from scrapers.pestana import Pestana, con_limite, romper
from scrapers.salida import Salida

logger = logging.getLogger(__name__)

CIERRE_S = 3.0
"""How long a context may take to close before its browser is given up."""
ABRIR_S = 15.0


@dataclass(frozen=True, slots=True)
class Opciones:
    """How to run Chromium. `consultas_max` and `vida_s` (s): after either a fresh one takes over."""

    ejecutable: Path | None = None
    con_sandbox: bool | None = None
    consultas_max: int = 200
    vida_s: float = 3600


@dataclass(slots=True)
class Historia:
    """What became of the tabs that were asked for; moments are monotonic seconds."""

    arranques: int = 0
    fallas: int = 0
    abrio: float | None = None
    fallo: float | None = None
    error: str | None = None

    def anotar(self, error: str | None) -> None:
        """A tab opened (None), or it did not."""
        if error is None:
            self.abrio = time.monotonic()
        else:
            self.fallo, self.error = time.monotonic(), error
            self.fallas += 1


class _Instancia:
    """A running Chromium and our connection to it."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium
        bucle = asyncio.get_running_loop()
        self._conexion = Conexion(chromium.ws, bucle)
        self._sesion = Sesion(self._conexion)
        self.caida: asyncio.Future[None] = bucle.create_future()
        self._unidas: dict[str, asyncio.Future[tuple[str, str]]] = {}
        """The tabs that are being made, by their context."""
        self._rotas: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()
        self._conexion.setClosedCallback(self._caer)
        self.nacida = time.monotonic()
        self.usadas = 0
        self.activas = 0

    def _caer(self) -> None:
        if not self.caida.done():
            self.caida.set_result(None)
        for rota in [*self._rotas]:
            romper(rota)

    def sirve(self, opciones: Opciones) -> bool:
        """Whether a further consulta may open here."""
        joven = time.monotonic() - self.nacida < opciones.vida_s
        return not self.caida.done() and self.chromium.vivo and joven and self.usadas < opciones.consultas_max

    async def saludar(self) -> dict[str, Any]:
        """Wait until the connection is open, and have every tab wait, when made, until it is prepared.

        pyppeteer refuses a second message before its connection is open.
        """
        await self._sesion.enviar("Browser.getVersion")
        self._sesion.al("Target.attachedToTarget", self._unir)
        return await self._sesion.enviar(
            "Target.setAutoAttach",
            autoAttach=True,
            waitForDebuggerOnStart=True,
            flatten=True,
            filter=[{"type": "page", "exclude": False}, {"exclude": True}],
        )

    def _unir(self, evento: dict[str, Any]) -> None:
        unida = self._unidas.get(evento["targetInfo"].get("browserContextId", ""))
        if unida is not None and not unida.done():
            unida.set_result((evento["targetInfo"]["targetId"], evento["sessionId"]))

    async def contexto(self, puerto: int) -> str:
        """A fresh isolated context that goes out by a Salida's port. Returns its id."""
        enviar = self._sesion.enviar
        creado = await enviar(
            "Target.createBrowserContext",
            disposeOnDetach=True,
            proxyServer=f"socks5://127.0.0.1:{puerto}",
            proxyBypassList="<-loopback>",
        )
        contexto: str = creado["browserContextId"]
        await asyncio.gather(
            enviar("Browser.setDownloadBehavior", behavior="deny", browserContextId=contexto),
            enviar("Browser.grantPermissions", permissions=[], browserContextId=contexto),  # refuses all others
        )
        return contexto

    def vigilar(self) -> "asyncio.Future[None]":
        """What ends when this browser does."""
        rota: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rotas.add(rota)
        if self.caida.done():
            romper(rota)
        return rota

    async def abrir(self, contexto: str, url: str) -> tuple[str, Sesion]:
        """A tab at a URL, which waits to be prepared. Returns the id of its main frame and its session."""
        unida = self._unidas[contexto] = asyncio.get_running_loop().create_future()
        try:
            await self._sesion.enviar("Target.createTarget", url=url, browserContextId=contexto)
            marco, numero = await unida
        finally:
            self._unidas.pop(contexto, None)
        return marco, Sesion(self._conexion, numero)

    async def cerrar_contexto(self, contexto: str) -> None:
        """Close the context and all it holds; a browser that cannot is killed."""
        cerrado = await con_limite(
            self._sesion.enviar("Target.disposeBrowserContext", browserContextId=contexto), CIERRE_S
        )
        if cerrado is None and not self.caida.done():
            logger.warning("Chromium no cierra un contexto: se lo reemplaza")
            await self.matar()

    async def matar(self) -> None:
        """End the process and its profile."""
        self._caer()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._conexion.dispose(), 1)
        await asyncio.to_thread(self.chromium.matar)


class Navegador:
    """The browser of this process: opened when first needed, replaced when old, worn or dead."""

    def __init__(self, opciones: Opciones | None = None) -> None:
        self._opciones = opciones or Opciones()
        self._candado = asyncio.Lock()
        self._instancia: _Instancia | None = None
        self._retiradas: set[_Instancia] = set()
        self._limpiezas: set[asyncio.Task[None]] = set()
        self.historia = Historia()

    @property
    def memoria_bytes(self) -> int:
        """What its Chromium holds of its own; from any thread."""
        vivas = [*self._retiradas, *([self._instancia] if self._instancia else [])]
        return sum(instancia.chromium.memoria_bytes for instancia in vivas)

    async def _tomar(self) -> _Instancia:
        async with self._candado:
            if self._instancia is None or not self._instancia.sirve(self._opciones):
                await self._reemplazar()
            assert self._instancia is not None
            self._instancia.usadas += 1
            self._instancia.activas += 1
            return self._instancia

    async def _reemplazar(self) -> None:
        vieja, self._instancia = self._instancia, None
        if vieja is not None:
            self._retiradas.add(vieja)
            if vieja.activas == 0 or vieja.caida.done():
                self._limpiar(self._retirar(vieja))
        opciones = self._opciones
        chromium = await asyncio.to_thread(Chromium, elegido=opciones.ejecutable, con_sandbox=opciones.con_sandbox)
        self.historia.arranques += 1
        nueva = _Instancia(chromium)
        if await con_limite(nueva.saludar(), ABRIR_S) is None:
            await nueva.matar()
            raise Falla(Codigo.NAVEGADOR_CAIDO, detalle="Chromium no responde")
        self._instancia = nueva

    async def _retirar(self, instancia: _Instancia) -> None:
        self._retiradas.discard(instancia)
        await instancia.matar()

    def _limpiar(self, tarea: Coroutine[Any, Any, None]) -> None:
        """Run a clean-up beside the consulta: awaiting one inside it would hold a worker thread."""
        limpieza = asyncio.get_running_loop().create_task(tarea)
        self._limpiezas.add(limpieza)
        limpieza.add_done_callback(self._limpiezas.discard)

    @contextlib.asynccontextmanager
    async def pestana(self, permitida: str | None = None) -> AsyncIterator[Pestana]:
        """A tab in an isolated context of its own, closed afterwards whatever happened.

        It reaches public addresses, and the host and port of the URL `permitida`, which may be private.
        """
        try:
            instancia = await self._tomar()
        except Falla as falla:
            self.historia.anotar(falla.detalle or str(falla))
            raise
        contexto = None
        try:
            async with Salida(permitida) as salida:
                contexto = asyncio.ensure_future(instancia.contexto(salida.puerto))
                pestana = Pestana(partial(self._abrir, instancia, contexto), instancia.vigilar())
                salida.anotar = pestana.red.lineas.append
                yield pestana
        finally:
            instancia.activas -= 1
            self._limpiar(self._soltar(instancia, contexto))

    async def _abrir(self, instancia: _Instancia, contexto: "asyncio.Future[str]", url: str) -> tuple[str, Sesion]:
        """As `_Instancia.abrir`; a browser that does not is given up."""
        try:
            async with asyncio.timeout(ABRIR_S):
                abierta = await instancia.abrir(await asyncio.shield(contexto), url)
        except (TimeoutError, Falla, *DESCONECTADO) as error:
            self._limpiar(instancia.matar())
            self.historia.anotar(f"no abre: {error}")
            raise Falla(Codigo.NAVEGADOR_CAIDO, detalle=f"no abre: {error}") from None
        self.historia.anotar(None)
        return abierta

    async def _soltar(self, instancia: _Instancia, creado: "asyncio.Future[str] | None") -> None:
        contexto = await con_limite(creado, CIERRE_S) if creado is not None else None
        if contexto is not None and not instancia.caida.done():
            await instancia.cerrar_contexto(contexto)
        if instancia in self._retiradas and instancia.activas == 0:
            await self._retirar(instancia)

    async def cerrar(self) -> None:
        """Kill every Chromium of this process; a consulta still running ends as NAVEGADOR_CAIDO."""
        async with self._candado:
            vivas = [*self._retiradas, *([self._instancia] if self._instancia else [])]
            self._instancia = None
            self._retiradas.clear()
            for instancia in vivas:
                await instancia.matar()
        if self._limpiezas:
            await asyncio.wait(self._limpiezas, timeout=CIERRE_S)
