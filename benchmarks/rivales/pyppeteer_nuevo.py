"""(a) A full Chromium for each look-up, with pyppeteer: how the service before this one worked.

Each in a thread with an event loop of its own, as its workers had it; hence without signal handlers.
"""

import asyncio
import contextlib
import os

from pyppeteer import launch
from pyppeteer.launcher import CHROME_PROFILE_PATH

from rivales.lotes import CLAVE, CLIENTE, EMAIL, ENTRADA, INGRESAR, TOTAL, Cuenta, EnHilos

CHROMIUM = "/usr/bin/chromium"


class Rival(EnHilos):
    async def abrir(self) -> None:
        await super().abrir()
        CHROME_PROFILE_PATH.mkdir(parents=True, exist_ok=True)  # else the first threads race for it

    def bloqueado(self, cuenta: Cuenta) -> tuple[str, str]:
        return asyncio.run(self._una(cuenta))

    async def _una(self, cuenta: Cuenta) -> tuple[str, str]:
        navegador = await launch(
            executablePath=CHROMIUM, headless=True, args=["--no-sandbox"], loop=asyncio.get_running_loop(),
            handleSIGINT=False, handleSIGTERM=False, handleSIGHUP=False, autoClose=False,
        )  # fmt: skip
        try:
            pagina = await navegador.newPage()
            await pagina.goto(f"{self.base}{ENTRADA}")
            await pagina.waitForSelector(EMAIL)
            await pagina.type(EMAIL, cuenta.email)
            await pagina.type(CLAVE, cuenta.clave)
            await pagina.click(INGRESAR)
            await pagina.waitForSelector(TOTAL)
            cliente = await pagina.querySelectorEval(CLIENTE, "nodo => nodo.textContent")
            return cliente, await pagina.querySelectorEval(TOTAL, "nodo => nodo.textContent")
        finally:
            await navegador.close()

    async def asentar(self) -> None:
        """Reap what the browsers orphaned, so that its CPU is counted (proceso.py adopts orphans)."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
