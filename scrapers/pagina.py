"""What a scraper may do with a page: go, wait, write, press, read. Waits end in the Falla that explains them."""

import asyncio
import time
from typing import Any

from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla
from scrapers.guiones import ESCRIBIR, ESPERAR, FOTO, OCULTAR, PULSAR, RECORTE, VISIBLE
from scrapers.lectura import Lectura
from scrapers.pestana import ContextoPerdido, ErrorDeScript, Pestana, con_limite
from scrapers.secretos import NADA, Mascara

ESPERA_S = 20.0
"""How long a page may take to show what was asked for, unless the scraper says otherwise."""
TRAMO_S = 1.0
EVIDENCIA_S = 3.0
MARGEN_PX = 40
"""Kept around what a captura shows."""

CAIDO = (502, 503, 504)


def falla_http(estado: int, cabeceras: dict[str, str], url: str) -> Falla | None:
    """The falla that an HTTP status means for a consulta, None for a good one. Status 0: no answer at all."""
    detalle = f"HTTP {estado} en {url}"
    if estado == 429:
        espera = cabeceras.get("retry-after", "")
        segundos = float(espera) if espera.isascii() and espera.isdigit() else None
        return Falla(Codigo.LIMITE_DE_CONSULTAS, esperar_s=segundos, detalle=detalle)
    if estado == 0 or estado in CAIDO:
        return Falla(Codigo.PORTAL_CAIDO, detalle=detalle)
    if estado >= 500:
        return Falla(Codigo.PORTAL_ERROR_PROPIO, mensaje_portal=f"HTTP {estado}", detalle=detalle)
    if estado == 403:
        return Falla(Codigo.ACCESO_BLOQUEADO, detalle=detalle)
    if estado == 401:
        return Falla(Codigo.SESION_EXPIRADA, detalle=detalle)
    return Falla(Codigo.PORTAL_CAMBIO, detalle=detalle) if estado >= 400 else None


class Marco:
    """A frame of the page. Selectors are CSS; only what a person could see counts.

    `css >> texto` is what matches `css` and says exactly `texto`, whatever its case; `css >> …texto`, what ends so.
    """

    def __init__(self, pestana: Pestana, marco: str | None = None) -> None:
        """`marco` is the frame's id; None, the main frame's."""
        self._pestana = pestana
        self._propio = marco

    @property
    def _marco(self) -> str:
        return self._propio or self._pestana.marco_principal

    async def _evaluar(self, funcion: str, *argumentos: Any, hasta: float) -> Any:
        """Call `funcion` before the moment `hasta` (monotonic s), again after a navigation that took it away."""
        while True:
            try:
                return await self._evaluar_una_vez(funcion, *argumentos, hasta=hasta)
            except ContextoPerdido:
                await asyncio.sleep(0.01)

    async def _evaluar_una_vez(self, funcion: str, *argumentos: Any, hasta: float) -> Any:
        """For what must not be done twice: ContextoPerdido goes to the caller."""
        try:
            async with asyncio.timeout(max(hasta - time.monotonic(), 0.01)):
                return await self._pestana.evaluar(self._marco, funcion, *argumentos)
        except TimeoutError:
            raise self.fallo_de_red() or Falla(Codigo.PORTAL_LENTO, detalle="la página no responde") from None
        except ErrorDeScript as error:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=str(error)) from None

    def _demora(self, que: str) -> Falla:
        """Why `que` did not come: the network's last failure, a request still open, or a page that changed."""
        falla = self.fallo_de_red()
        if falla is not None:
            return falla
        if self._pestana.red.pendientes:
            return Falla(Codigo.PORTAL_LENTO, detalle=f"no llegó {que}")
        return Falla(Codigo.PORTAL_CAMBIO, detalle=f"no apareció {que}")

    def fallo_de_red(self) -> Falla | None:
        """What the last document or data request that failed since the last action means; None: none did."""
        if self._pestana.red.ultimo_fallo is None:
            return None
        estado, url, cabeceras = self._pestana.red.ultimo_fallo
        return falla_http(estado, cabeceras, url)

    async def esperar(self, *selectores: str, hasta_s: float = ESPERA_S, ocupado: str | None = None) -> str:
        """Wait until one of `selectores` is visible and return it; the first in their order when several are.

        After `hasta_s` raises a Falla: what the network said, PORTAL_LENTO while a request is open or `ocupado`
        (a busy indicator's selector) is visible, else PORTAL_CAMBIO.
        """
        limite = time.monotonic() + hasta_s
        while (resta := limite - time.monotonic()) > 0:
            tramo_ms = min(resta, TRAMO_S) * 1000
            hallado = await self._evaluar(ESPERAR, list(selectores), tramo_ms, hasta=limite + 0.5)
            if hallado is not None:
                return str(hallado)
        if ocupado is not None and await self.hay(ocupado):
            raise Falla(Codigo.PORTAL_LENTO, detalle=f"sigue ocupado sin {selectores}")
        raise self._demora(" ni ".join(selectores))

    async def hay(self, selector: str) -> bool:
        """Whether something that matches is visible now."""
        return bool(await self._evaluar(VISIBLE, selector, hasta=time.monotonic() + TRAMO_S * 2))

    async def escribir(self, selector: str, valor: str, *, hasta_s: float = ESPERA_S) -> None:
        """Fill in a visible, enabled field and fire `input` and `change`. Falla when it does not keep the value."""
        limite = time.monotonic() + hasta_s
        if not await self._evaluar(ESCRIBIR, selector, valor, hasta_s * 1000, hasta=limite + 0.5):
            raise self._demora(selector)

    async def pulsar(self, selector: str, *, hasta_s: float = ESPERA_S) -> None:
        """Press what matches once it is visible, enabled and not covered by something else."""
        self._pestana.red.olvidar()
        limite = time.monotonic() + hasta_s
        try:
            motivo = await self._evaluar_una_vez(PULSAR, selector, hasta_s * 1000, hasta=limite + 0.5)
        except ContextoPerdido:
            return  # the click navigated before its answer came
        if motivo is not None:
            raise self._demora(f"{selector} ({motivo})")

    async def marco(self, selector: str, *, hasta_s: float = ESPERA_S) -> "Marco":
        """The document inside the iframe that matches, once it is there."""
        await self.esperar(selector, hasta_s=hasta_s)
        interno = await self._pestana.marco_de(self._marco, selector)
        if interno is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"{selector} no es un marco")
        return Marco(self._pestana, interno)

    async def foto(self, selector: str = "body") -> Lectura:
        """What a person sees now inside the first match: to be read without a browser."""
        dato = await self._evaluar(FOTO, selector, hasta=time.monotonic() + ESPERA_S)
        if dato is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"falta {selector}")
        return Lectura(dato["html"], dato["url"])


class Pagina(Marco):
    """The main document of a tab, at the portal's base URL."""

    def __init__(self, pestana: Pestana, url: str) -> None:
        super().__init__(pestana)
        self.url = url.rstrip("/")

    async def ir(self, ruta: str = "/", *, hasta_s: float = ESPERA_S) -> None:
        """Open a path of the portal and wait for its DOM. Raises the Falla of its HTTP status, PORTAL_LENTO, ..."""
        destino = f"{self.url}{ruta}"
        try:
            async with asyncio.timeout(hasta_s):
                estado, cabeceras = await self._pestana.ir(destino)
        except TimeoutError:
            raise Falla(Codigo.PORTAL_LENTO, detalle=f"no cargó {ruta}") from None
        falla = falla_http(estado, cabeceras, destino)
        if falla is not None:
            raise falla

    async def captura(self, texto: str | None = None, mascara: Mascara = NADA) -> bytes | None:
        """A PNG of where the page says `texto`, in whichever frame, or of the window, secrets masked.

        None when none comes in 3 s, and when the page may have shown a secret in it.
        """
        if await self._tapar(mascara) is None:
            return None
        recorte = await con_limite(self._recorte(texto), EVIDENCIA_S) if texto else None
        png = await con_limite(self._pestana.captura(recorte), EVIDENCIA_S)
        return png if await self._tapar(mascara) == 0 else None

    async def _tapar(self, mascara: Mascara) -> int | None:
        """Mask every frame. Returns how many places had to be; None when a frame did not answer."""
        cambios = 0
        for marco in self._pestana.marcos if mascara.patron else ():
            tapado = self._pestana.evaluar(marco, OCULTAR, mascara.patron, mascara.llano)
            propios = await con_limite(tapado, EVIDENCIA_S / 3)
            if propios is None:
                return None
            cambios += propios
        return cambios

    async def _recorte(self, texto: str) -> dict[str, float] | None:
        for marco in self._pestana.marcos:
            caja = await self._pestana.evaluar(marco, RECORTE, texto)
            if caja is not None:
                x, y = await self._pestana.esquina_de(marco)
                return {
                    "x": max(x + caja["x"] - MARGEN_PX, 0),
                    "y": max(y + caja["y"] - MARGEN_PX, 0),
                    "width": caja["width"] + 2 * MARGEN_PX,
                    "height": caja["height"] + 2 * MARGEN_PX,
                }
        return None

    async def evidencia(self, mascara: Mascara = NADA) -> Evidencia:
        """How the page looks, secrets masked. Takes at most about 3 s for each part."""
        self._pestana.detener()
        captura = await self.captura(mascara=mascara)
        partes = []
        url = ""
        for marco in [self._marco, *(m for m in self._pestana.marcos if m != self._marco)]:
            foto = await con_limite(self._pestana.evaluar(marco, FOTO, "html"), EVIDENCIA_S / 3)
            if foto:
                url = url or foto["url"]
                partes.append(f"<!-- {foto['url']} -->\n{foto['html']}")
        return Evidencia(
            url=url,
            captura=captura,
            html="\n".join(partes) or None,
            consola="\n".join(self._pestana.consola),
            red="\n".join(self._pestana.red.lineas),
        )
