"""(c) crawlee's PlaywrightCrawler: a request for each look-up, isolated pages, the same headless shell.

In its favour: the browser stays open between batches, its queue is in memory, requests are blocked by its own helper
and no browser fingerprint is invented for each page.
"""

from collections.abc import Sequence
from datetime import timedelta

from crawlee import ConcurrencySettings, Request, service_locator
from crawlee.browsers import BrowserPool
from crawlee.crawlers import PlaywrightCrawler, PlaywrightCrawlingContext, PlaywrightPreNavCrawlingContext
from crawlee.storage_clients import MemoryStorageClient

from rivales.lotes import CLAVE, CLIENTE, EMAIL, ENTRADA, INGRESAR, SHELL, TOTAL, Cuenta, Lotes, comprobar


async def _antes(contexto: PlaywrightPreNavCrawlingContext) -> None:
    await contexto.block_requests()
    contexto.goto_options["wait_until"] = "domcontentloaded"


class Rival(Lotes):
    async def abrir(self) -> None:
        service_locator.set_storage_client(MemoryStorageClient())
        self._navegadores = BrowserPool.with_default_plugin(
            browser_type="chromium", headless=True, use_incognito_pages=True,
            browser_launch_options={"executable_path": SHELL, "chromium_sandbox": False},
        )  # fmt: skip
        await self._navegadores.__aenter__()
        self._lotes = 0

    async def lote(self, cuentas: Sequence[Cuenta], a_la_vez: int) -> None:
        por_numero = {cuenta.numero: cuenta for cuenta in cuentas}
        self._lotes += 1
        leidas: list[str] = []
        crawler = PlaywrightCrawler(
            browser_pool=self._navegadores, configure_logging=False, max_request_retries=0,
            concurrency_settings=ConcurrencySettings(a_la_vez, a_la_vez, desired_concurrency=a_la_vez),
            request_handler_timeout=timedelta(seconds=60),
        )  # fmt: skip
        crawler.pre_navigation_hook(_antes)

        @crawler.router.default_handler
        async def leer(contexto: PlaywrightCrawlingContext) -> None:
            cuenta, pagina = por_numero[str(contexto.request.user_data["numero"])], contexto.page
            await pagina.locator(EMAIL).fill(cuenta.email)
            await pagina.locator(CLAVE).fill(cuenta.clave)
            await pagina.locator(INGRESAR).click()
            total = await pagina.locator(TOTAL).text_content() or ""
            comprobar(cuenta, (await pagina.locator(CLIENTE).text_content() or "", total))
            leidas.append(cuenta.numero)

        url = f"{self.base}{ENTRADA}"
        await crawler.run(
            [Request.from_url(url, unique_key=f"{self._lotes}-{n}", user_data={"numero": n}) for n in por_numero]
        )
        assert sorted(leidas) == sorted(por_numero), f"crawlee leyó {len(leidas)} de {len(por_numero)}"

    async def cerrar(self) -> None:
        await self._navegadores.__aexit__(None, None, None)
