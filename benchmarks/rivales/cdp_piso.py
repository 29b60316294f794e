"""(d) The floor: DevTools messages by hand to one headless shell, a fresh context for each look-up, nothing else.

Five messages: context, tab at the portal's address, attach, one script that fills in, submits and waits for the result,
and the context's end, which nobody awaits. Started as ours is, but for the proxy. It guards, limits and proves nothing.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from rivales.lotes import CLAVE, CLIENTE, EMAIL, ENTRADA, INGRESAR, SHELL, TOTAL, Cuenta, Lotes
from scrapers.chromium import ARGUMENTOS

DE_RED = ("--proxy-", "--host-resolver-rules")
RECORRER = """(async (email, clave) => {
  const ver = selector => new Promise(sigue => {
    const hallado = document.querySelector(selector);
    if (hallado) return sigue(hallado);
    new MutationObserver((_, vigia) => {
      const nodo = document.querySelector(selector);
      if (nodo) { vigia.disconnect(); sigue(nodo); }
    }).observe(document, { childList: true, subtree: true });
  });
  (await ver(%(EMAIL)s)).value = email;
  document.querySelector(%(CLAVE)s).value = clave;
  document.querySelector(%(INGRESAR)s).click();
  const total = await ver(%(TOTAL)s);
  return [document.querySelector(%(CLIENTE)s).textContent, total.textContent];
})""" % {
    nombre: json.dumps(selector)
    for nombre, selector in (
        ("EMAIL", EMAIL), ("CLAVE", CLAVE), ("INGRESAR", INGRESAR), ("TOTAL", TOTAL), ("CLIENTE", CLIENTE)
    )
}  # fmt: skip
NAVEGO = ("Inspected target navigated or closed", "Execution context was destroyed", "Cannot find")


class NoEsta(Exception):
    """The document that was asked went away: the portal's is coming."""


class Cliente:
    """A DevTools connection with flat sessions."""

    def __init__(self, conexion: ClientConnection) -> None:
        self._conexion = conexion
        self._ultimo = 0
        self._esperas: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._lectura = asyncio.ensure_future(self._leer())

    async def _leer(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for crudo in self._conexion:
                mensaje = json.loads(crudo)
                espera = self._esperas.pop(mensaje.get("id", 0), None)
                if espera is not None:
                    espera.set_result(mensaje)

    async def mandar(self, metodo: str, sesion: str | None = None, **parametros: Any) -> dict[str, Any]:
        """The result of a command. Raises NoEsta, or RuntimeError."""
        self._ultimo += 1
        espera = self._esperas[self._ultimo] = asyncio.get_running_loop().create_future()
        pedido: dict[str, Any] = {"id": self._ultimo, "method": metodo, "params": parametros}
        if sesion is not None:
            pedido["sessionId"] = sesion
        await self._conexion.send(json.dumps(pedido))
        respuesta = await espera
        if "error" in respuesta:
            texto = respuesta["error"]["message"]
            raise (NoEsta if texto.startswith(NAVEGO) else RuntimeError)(f"{metodo}: {texto}")
        resultado: dict[str, Any] = respuesta["result"]
        return resultado


class Rival(Lotes):
    async def abrir(self) -> None:
        self._perfil = Path(tempfile.mkdtemp(prefix="piso-"))
        argumentos = [a for a in ARGUMENTOS if not a.startswith(DE_RED)]
        orden = [SHELL, *argumentos, "--no-sandbox", f"--user-data-dir={self._perfil}"]
        self._chromium = subprocess.Popen(orden, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.cliente = Cliente(await connect(await self.direccion(), compression=None, max_size=None, max_queue=None))
        self._finales: set[asyncio.Task[dict[str, Any]]] = set()

    async def direccion(self) -> str:
        """Where its Chromium listens."""
        archivo = self._perfil / "DevToolsActivePort"
        while not (archivo.exists() and len(lineas := archivo.read_text().split()) == 2):
            await asyncio.sleep(0.01)
        return f"ws://127.0.0.1:{lineas[0]}{lineas[1]}"

    async def consultar(self, cuenta: Cuenta) -> tuple[str, str]:
        mandar = self.cliente.mandar
        contexto = (await mandar("Target.createBrowserContext"))["browserContextId"]
        try:
            url = f"{self.base}{ENTRADA}"
            blanco = await mandar("Target.createTarget", url=url, browserContextId=contexto)
            unida = await mandar("Target.attachToTarget", targetId=blanco["targetId"], flatten=True)
            return await self.recorrer(unida["sessionId"], cuenta)
        finally:
            final = asyncio.ensure_future(mandar("Target.disposeBrowserContext", browserContextId=contexto))
            self._finales.add(final)
            final.add_done_callback(self._finales.discard)

    async def recorrer(self, sesion: str, cuenta: Cuenta) -> tuple[str, str]:
        """Walk the page that this session is attached to."""
        orden = f"{RECORRER}({json.dumps(cuenta.email)}, {json.dumps(cuenta.clave)})"
        while True:
            with contextlib.suppress(NoEsta):
                respuesta = await self.cliente.mandar(
                    "Runtime.evaluate", sesion, expression=orden, awaitPromise=True, returnByValue=True
                )
                cliente, total = respuesta["result"]["value"]
                return str(cliente), str(total)

    async def asentar(self) -> None:
        await asyncio.gather(*self._finales)

    async def cerrar(self) -> None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.cliente.mandar("Browser.close"), 3)
        self._chromium.wait(10)
        shutil.rmtree(self._perfil, ignore_errors=True)
