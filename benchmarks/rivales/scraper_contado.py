"""Our scraper alone, its DevTools messages counted."""

import asyncio
from typing import Any

from rivales import scraper_solo
from rivales.mensajes import Relevo
from scrapers import navegador
from scrapers.chromium import Chromium


class Rival(scraper_solo.Rival):
    async def abrir(self) -> None:
        relevo = Relevo()

        class Relevado(Chromium):
            def __init__(self, **opciones: Any) -> None:
                super().__init__(**opciones)
                self.ws = asyncio.run_coroutine_threadsafe(relevo.abrir(self.ws), relevo.bucle).result(5)

        navegador.Chromium = Relevado  # type: ignore[misc]
        self.mensajes = relevo.cuenta
        await super().abrir()
