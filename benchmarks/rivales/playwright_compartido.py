"""(b) Playwright with one headless shell for all, a fresh context for each look-up, and resources blocked.

The pattern is judged in Playwright's own process: a route for every request, as many write it, is slower.
"""

import re

from playwright.async_api import Route, async_playwright

from rivales.lotes import CLAVE, CLIENTE, EMAIL, ENTRADA, INGRESAR, SHELL, TOTAL, Cuenta, Lotes

BLOQUEADO = re.compile(
    r"\.(png|jpe?g|gif|webp|avif|svg|ico|mp4|woff2?|ttf|css)(\?|$)"
    r"|google-analytics\.com|googletagmanager\.com|hotjar\.com|doubleclick\.net"
)


async def _abortar(ruta: Route) -> None:
    await ruta.abort()


class Rival(Lotes):
    async def abrir(self) -> None:
        self._playwright = await async_playwright().start()
        self._navegador = await self._playwright.chromium.launch(executable_path=SHELL)

    async def consultar(self, cuenta: Cuenta) -> tuple[str, str]:
        contexto = await self._navegador.new_context()
        try:
            await contexto.route(BLOQUEADO, _abortar)
            pagina = await contexto.new_page()
            await pagina.goto(f"{self.base}{ENTRADA}", wait_until="domcontentloaded")
            await pagina.locator(EMAIL).fill(cuenta.email)
            await pagina.locator(CLAVE).fill(cuenta.clave)
            await pagina.locator(INGRESAR).click()
            total = await pagina.locator(TOTAL).text_content()
            return await pagina.locator(CLIENTE).text_content() or "", total or ""
        finally:
            await contexto.close()

    async def cerrar(self) -> None:
        await self._navegador.close()
        await self._playwright.stop()
