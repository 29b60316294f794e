"""One consulta watched step by step, for a person who checks a scraper against the real portal."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scrapers.base import Scraper
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.evidencia import Evidencia
from scrapers.fallas import Falla
from scrapers.lectura import Lectura
from scrapers.navegador import Navegador, Opciones
from scrapers.pagina import ESPERA_S, Marco, Pagina
from scrapers.pestana import Pestana, con_limite
from scrapers.secretos import Mascara
from scrapers.verdad import Deuda

T = TypeVar("T")

CAPTURA_S = 3.0
EVIDENCIA_MAX_BYTES = 20_000_000

MUESTRA_SECRETO = """secretos => {
    const dice = texto => secretos.some(secreto => texto.includes(secreto));
    return dice(document.body?.innerText ?? '')
        || [...document.querySelectorAll('input, textarea')].some(c => c.type !== 'password' && dice(c.value));
}"""


@dataclass(slots=True)
class Paso:
    """A verb of the scraper. Times in seconds since the start; `error` says why it did not end well."""

    verbo: str
    detalle: str
    inicio_s: float
    duracion_s: float = 0
    captura: Path | None = None
    error: str | None = None


class Testigo(Protocol):
    """Who is told of each step: when it begins and when it is over."""

    def empieza(self, paso: Paso) -> None: ...

    def termina(self, paso: Paso) -> None: ...


class Bitacora:
    """The steps of one consulta, and a screenshot after each in `carpeta`; never one that shows a secret."""

    def __init__(self, carpeta: Path, secretos: tuple[str, ...], testigo: Testigo) -> None:
        self.carpeta = carpeta
        self.pasos: list[Paso] = []
        self.lectura: Lectura | None = None
        """The result page, once the scraper reached it."""
        self._secretos = secretos
        self._mascara = Mascara(secretos)
        self._testigo = testigo
        self._comienzo = time.monotonic()
        self._abierto: Paso | None = None
        self._dentro = False

    @property
    def ahora_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._comienzo

    def oculto(self, texto: str) -> str:
        """The text with every secret masked."""
        return self._mascara.ocultar(texto)

    async def paso(
        self, pestana: Pestana, verbo: str, detalle: str, hacer: Awaitable[T], ver: Callable[[T], str] | None = None
    ) -> T:
        """Await `hacer` as one step; `ver` says what came of it. A step inside another is not told apart.

        A wait in slices (see `Avisos`) is one step: the same verb again goes on with it, and a foto in between
        only looks for an interruption.
        """
        if self._dentro or (verbo == "foto" and self._abierto is not None):
            return await hacer
        paso = self._empezar(verbo, self.oculto(detalle))
        self._dentro = True
        try:
            resultado = await hacer
        except Exception as error:
            paso.error = self.oculto(str(error) or type(error).__name__)
            raise
        finally:
            self._dentro = False
        paso.error = None
        if ver is not None:
            paso.detalle = self.oculto(ver(resultado))
        paso.duracion_s = self.ahora_s - paso.inicio_s
        await self._capturar(pestana, paso)
        self._cerrar(paso)
        return resultado

    def _empezar(self, verbo: str, detalle: str) -> Paso:
        abierto = self._abierto
        if abierto is not None and (abierto.verbo, abierto.detalle) == (verbo, detalle):
            return abierto
        self.terminar()
        self._abierto = Paso(verbo, detalle, self.ahora_s)
        self._testigo.empieza(self._abierto)
        return self._abierto

    def terminar(self) -> None:
        """Close the step that never ended well, if there is one."""
        if self._abierto is not None:
            self._abierto.duracion_s = self.ahora_s - self._abierto.inicio_s
            self._abierto.error = self._abierto.error or "quedó a medias"
            self._cerrar(self._abierto)

    def _cerrar(self, paso: Paso) -> None:
        self._abierto = None
        self.pasos.append(paso)
        self._testigo.termina(paso)

    async def _capturar(self, pestana: Pestana, paso: Paso) -> None:
        for marco in pestana.marcos if self._secretos else ():
            muestra = await con_limite(pestana.evaluar(marco, MUESTRA_SECRETO, list(self._secretos)), 1)
            if muestra is not False:
                return
        png = await con_limite(pestana.captura(), CAPTURA_S)
        paso.captura = self.guardar(f"{len(self.pasos) + 1:02}-{paso.verbo}.png", png)

    def guardar(self, nombre: str, contenido: bytes | str | None) -> Path | None:
        """Write a file of the carpeta, secrets masked. Returns its path, None for nothing to write."""
        if not contenido:
            return None
        ruta = self.carpeta / nombre
        ruta.write_bytes(contenido if isinstance(contenido, bytes) else self.oculto(contenido).encode())
        return ruta

    def observado(self, scraper: Scraper) -> Scraper:
        """The same scraper, whose result page is kept here."""

        async def navegar(quien: Scraper, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
            self.lectura = await type(scraper).navegar(quien, pagina, pedido)
            return self.lectura

        gemelo: Scraper = type("Observado", (type(scraper),), {"navegar": navegar})()
        return gemelo

    def pagina(self, pestana: Pestana, url: str) -> "PaginaObservada":
        """A Pagina whose verbs are steps of this bitacora."""
        return PaginaObservada(self, pestana, url)


class _Observado(Marco):
    """A Marco whose verbs are steps."""

    bitacora: Bitacora

    async def _paso(self, verbo: str, detalle: str, hacer: Awaitable[T], ver: Callable[[T], str] | None = None) -> T:
        return await self.bitacora.paso(self._pestana, verbo, detalle, hacer, ver)

    async def esperar(self, *selectores: str, hasta_s: float = ESPERA_S, ocupado: str | None = None) -> str:
        espera = super().esperar(*selectores, hasta_s=hasta_s, ocupado=ocupado)
        return await self._paso("esperar", " | ".join(selectores), espera, str)

    async def escribir(self, selector: str, valor: str, *, hasta_s: float = ESPERA_S) -> None:
        escritura = super().escribir(selector, valor, hasta_s=hasta_s)
        await self._paso("escribir", f"{selector} ← {valor}", escritura)

    async def pulsar(self, selector: str, *, hasta_s: float = ESPERA_S) -> None:
        await self._paso("pulsar", selector, super().pulsar(selector, hasta_s=hasta_s))

    async def marco(self, selector: str, *, hasta_s: float = ESPERA_S) -> Marco:
        interno = await self._paso("marco", selector, super().marco(selector, hasta_s=hasta_s))
        return MarcoObservado(self.bitacora, self._pestana, interno._marco)

    async def foto(self, selector: str = "body") -> Lectura:
        def medir(lectura: Lectura) -> str:
            return f"{selector} ({len(lectura.html)} caracteres)"

        return await self._paso("foto", selector, super().foto(selector), medir)


class MarcoObservado(_Observado):
    """A frame whose verbs are steps."""

    def __init__(self, bitacora: Bitacora, pestana: Pestana, marco: str) -> None:
        super().__init__(pestana, marco)
        self.bitacora = bitacora


class PaginaObservada(_Observado, Pagina):
    """A Pagina whose verbs, and those of its frames, are steps."""

    def __init__(self, bitacora: Bitacora, pestana: Pestana, url: str) -> None:
        super().__init__(pestana, url)
        self.bitacora = bitacora

    async def ir(self, ruta: str = "/", *, hasta_s: float = ESPERA_S) -> None:
        await self._paso("ir", f"{self.url}{ruta}", super().ir(ruta, hasta_s=hasta_s))


@dataclass(frozen=True, slots=True)
class Verificacion:
    """How a watched consulta ended: a deuda, or a falla. `archivos`: the prueba or the evidencia, as saved."""

    final: Deuda | Falla
    duracion_s: float
    archivos: tuple[Path, ...]


async def verificar(
    scraper: Scraper, pedido: Mapping[str, str], *, url: str, plazo_s: float, bitacora: Bitacora, opciones: Opciones
) -> Verificacion:
    """One consulta of the validated `pedido`, in a browser of its own, at the portal's base `url`.

    What is seen goes to the bitacora and its carpeta while it runs; nothing is raised for a falla.
    """
    correr = partial(consultar, url=url, plazo_s=plazo_s, evidencia_max_bytes=EVIDENCIA_MAX_BYTES)
    navegador = Navegador(opciones)
    final: Deuda | Falla
    archivos: list[Path | None]
    try:
        final = await correr(navegador, bitacora.observado(scraper), pedido, pagina=bitacora.pagina)
        archivos = [bitacora.guardar("prueba.png", final.prueba.captura)]
    except FallaConEvidencia as fallida:
        final, archivos = fallida.falla, _guardar_evidencia(bitacora, fallida.evidencia)
    except Falla as falla:
        final, archivos = falla, []
    finally:
        bitacora.terminar()
        duracion_s = bitacora.ahora_s
        await navegador.cerrar()
    if bitacora.lectura is not None:
        archivos.append(bitacora.guardar("pagina.html", bitacora.lectura.html))
    return Verificacion(final, duracion_s, tuple(ruta for ruta in archivos if ruta is not None))


def _guardar_evidencia(bitacora: Bitacora, evidencia: Evidencia) -> list[Path | None]:
    partes: dict[str, Any] = {
        "falla.png": evidencia.captura,
        "falla.html": evidencia.html,
        "falla.txt": f"{evidencia.url}\n\n{evidencia.red}\n\n{evidencia.consola}\n",
    }
    return [bitacora.guardar(nombre, parte) for nombre, parte in partes.items()]
