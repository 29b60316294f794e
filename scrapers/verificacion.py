"""One consulta that an operator watches: every step with its time and a picture, and the final page to keep."""

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scrapers.base import Scraper
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.fallas import Falla
from scrapers.lectura import Lectura
from scrapers.navegador import Navegador
from scrapers.pagina import Marco, Pagina
from scrapers.pestana import Pestana
from scrapers.verdad import Deuda

Avisar = Callable[[str], None]

PERSONALES = r"(?:titular|nombre|domicilio|direcci[oó]n|raz[oó]n social)"
FIJOS = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "titular@ejemplo.test"),
    (re.compile(r"\b(20|23|24|27|30|33)-?\d{8}-?\d\b"), "20-00000000-0"),
)


class Bitacora:
    """Writes down each step with the seconds since the beginning, and keeps a picture after it."""

    def __init__(self, carpeta: Path, avisar: Avisar, secretos: tuple[str, ...]) -> None:
        self.carpeta = carpeta
        self.lectura: Lectura | None = None
        self._avisar = avisar
        self._secretos = secretos
        self._comienzo = time.monotonic()
        self._paso = 0

    async def anotar(self, que: str, pestana: Pestana) -> None:
        """One more step: its line, and its picture in the folder."""
        self._paso += 1
        for secreto in self._secretos:
            que = que.replace(secreto, "•••")
        self._avisar(f"{time.monotonic() - self._comienzo:6.1f} s  {self._paso:2}. {que}")
        captura = await pestana.captura()
        (self.carpeta / f"{self._paso:02}.png").write_bytes(captura)


class _Observado(Marco):
    """A frame whose verbs are written down."""

    bitacora: Bitacora

    async def esperar(self, *selectores: str, hasta_s: float = 20, ocupado: str | None = None) -> str:
        hallado = await super().esperar(*selectores, hasta_s=hasta_s, ocupado=ocupado)
        await self.bitacora.anotar(f"apareció {hallado}", self._pestana)
        return hallado

    async def escribir(self, selector: str, valor: str, *, hasta_s: float = 20) -> None:
        await super().escribir(selector, valor, hasta_s=hasta_s)
        await self.bitacora.anotar(f"escribí {valor!r} en {selector}", self._pestana)

    async def pulsar(self, selector: str, *, hasta_s: float = 20) -> None:
        await super().pulsar(selector, hasta_s=hasta_s)
        await self.bitacora.anotar(f"pulsé {selector}", self._pestana)

    async def marco(self, selector: str, *, hasta_s: float = 20) -> Marco:
        interno = await super().marco(selector, hasta_s=hasta_s)
        observado = _Observado(self._pestana, interno._marco)
        observado.bitacora = self.bitacora
        return observado

    async def foto(self, selector: str = "body") -> Lectura:
        lectura = await super().foto(selector)
        self.bitacora.lectura = lectura
        await self.bitacora.anotar(f"leí {selector}", self._pestana)
        return lectura


class PaginaObservada(_Observado, Pagina):
    """A page whose verbs are written down."""

    async def ir(self, ruta: str = "/", *, hasta_s: float = 20) -> None:
        await Pagina.ir(self, ruta, hasta_s=hasta_s)
        await self.bitacora.anotar(f"abrí {self.url}{ruta}", self._pestana)


async def verificar(
    scraper: Scraper, pedido: Mapping[str, str], *, url: str, plazo_s: float, carpeta: Path, avisar: Avisar
) -> tuple[Deuda | Falla, Bitacora]:
    """Run one consulta with every step told to `avisar` and pictured in `carpeta`. Returns how it ended."""
    carpeta.mkdir(parents=True, exist_ok=True)
    bitacora = Bitacora(carpeta, avisar, scraper.secretos(pedido))

    def observada(pestana: Pestana, base: str) -> Pagina:
        pagina = PaginaObservada(pestana, base)
        pagina.bitacora = bitacora
        return pagina

    navegador = Navegador()
    try:
        deuda = await consultar(
            navegador, scraper, pedido, url=url, plazo_s=plazo_s, evidencia_max_bytes=2_000_000, pagina=observada
        )
    except FallaConEvidencia as con_evidencia:
        evidencia = con_evidencia.evidencia
        (carpeta / "falla.html").write_text(evidencia.html or "", encoding="utf-8")
        (carpeta / "falla.txt").write_text(f"{evidencia.url}\n\n{evidencia.red}\n\n{evidencia.consola}\n")
        return con_evidencia.falla, bitacora
    except Falla as falla:
        return falla, bitacora
    finally:
        await navegador.cerrar()
    (carpeta / "prueba.png").write_bytes(deuda.prueba.captura or b"")
    return deuda, bitacora


def anonimo(html: str, scraper: Scraper, pedido: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The page and the credenciales with every personal value replaced by one of the same form.

    What a person wrote in free text stays: look at it before it is committed.
    """
    secretos = scraper.secretos(pedido)
    falsas = {campo: "secreto" if valor in secretos else _parecido(valor) for campo, valor in pedido.items()}
    for campo, valor in sorted(pedido.items(), key=lambda par: -len(par[1])):
        html = html.replace(valor, falsas[campo])
    for patron, fijo in FIJOS:
        html = patron.sub(fijo, html)
    rotulado = rf"(>[^<]*{PERSONALES}[^<]*</[^>]+>\s*(?:<[^>]+>)?)[^<]+"
    return re.sub(rotulado, r"\1Anónimo", html, flags=re.IGNORECASE), falsas


def _parecido(valor: str) -> str:
    """A value of the same length and kind of characters, the last two kept: they say nothing of anybody."""
    if "@" in valor:
        return "titular@ejemplo.test"
    return "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in valor[:-2]) + valor[-2:]


def grabar(destino: Path, scraper: Scraper, pedido: Mapping[str, str], lectura: Lectura) -> dict[str, Any]:
    """Keep the final page, anonymised, as a scenario of the sandbox: pagina.html, pedido.json, esperado.json.

    `esperado` is what the scraper says of the anonymised page. Returns it.
    """
    html, falsas = anonimo(lectura.html, scraper, pedido)
    try:
        deuda = scraper.concluir(Lectura(html), falsas)
        esperado: dict[str, Any] = {"estado": str(deuda.estado), "importe": str(deuda.importe), "codigo": None}
    except Falla as falla:
        esperado = {"estado": None, "importe": None, "codigo": str(falla.codigo)}
    destino.mkdir(parents=True, exist_ok=True)
    (destino / "pagina.html").write_text(html, encoding="utf-8")
    for nombre, dato in (("pedido", falsas), ("esperado", esperado)):
        (destino / f"{nombre}.json").write_text(json.dumps(dato, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return esperado
