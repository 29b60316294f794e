"""The floor and a screenshot of the amount: the one thing more that each of our look-ups keeps as its proof."""

import json

from rivales import cdp_piso
from rivales.lotes import TOTAL, Cuenta

CAJA = "(({{ x, y, width, height }}) => [x, y, width, height])(document.querySelector({}).getBoundingClientRect())"
MARGEN_PX = 40


class Rival(cdp_piso.Rival):
    async def recorrer(self, sesion: str, cuenta: Cuenta) -> tuple[str, str]:
        leido = await super().recorrer(sesion, cuenta)
        mandar = self.cliente.mandar
        orden = CAJA.format(json.dumps(TOTAL))
        caja = await mandar("Runtime.evaluate", sesion, expression=orden, returnByValue=True)
        x, y, ancho, alto = caja["result"]["value"]
        recorte = {
            "x": max(x - MARGEN_PX, 0), "y": max(y - MARGEN_PX, 0), "scale": 1,
            "width": ancho + 2 * MARGEN_PX, "height": alto + 2 * MARGEN_PX,
        }  # fmt: skip
        foto = await mandar("Page.captureScreenshot", sesion, format="png", clip=recorte)
        assert foto["data"]
        return leido
