"""The shared browser against pages that misbehave: real Chromium, a real HTTP server on loopback."""

import asyncio
import http.server
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from pila import RAIZ, hasta
from servidores import servir

from scrapers.base import Campo, Scraper
from scrapers.chromium import Chromium
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.navegador import Navegador, Opciones
from scrapers.pagina import Pagina
from scrapers.verdad import Hallazgo

PAGINAS: Mapping[str, str] = {
    "/": "<h1>Hola</h1><p id=p>listo</p>",
    "/dialogos": "<p id=p></p><script>alert('a');confirm('b');p.textContent=String(prompt('c'))</script>",
    "/ventanas": "<p id=p></p><script>for(let i=0;i<20;i++)open('/');p.textContent='sigo'</script>",
    "/bucle": "<p id=p>antes</p><script>setTimeout(()=>{while(true);},50)</script>",
    "/memoria": "<p id=p>x</p><script>const a=[];"
    "setInterval(()=>a.push(new Array(1e7).fill(Math.random())),1)</script>",
    "/galleta": "<p id=p></p><script>p.textContent=document.cookie||'ninguna';document.cookie='sesion=1'</script>",
    "/tramposa": "<p id=p>real</p><script>Array.prototype.find=()=>{throw 1};"
    "document.querySelector=()=>null;"
    "Element.prototype.checkVisibility=()=>true</script>",
    "/oculto": "<style>.no{display:none}</style><p id=p>se ve<span class=no>$ 1</span>"
    "<b style='visibility:hidden'>$ 2</b>"
    "<i style='opacity:0'>$ 3</i></p>",
    "/clave": "<p id=p>x</p><input id=u><input id=c type=password><script>console.log('clave secreta-9')</script>",
    "/descarga": "<p id=p>x</p><script>setTimeout(() => location = '/archivo', 100)</script>",
    "/salto": "<p id=p>x</p><script>location = '/'</script>",
    "/apurada": f"<!--{'x' * 4096}--><p id=p>x</p><script>location = '/'</script>",
}

ConPagina = Callable[[Pagina], Awaitable[object]]


class _Manejador(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ruta = self.path.partition("?")[0]
        if ruta == "/lenta":
            time.sleep(5)
        if ruta == "/muda":
            return  # hangs up
        estado = ruta.removeprefix("/").removesuffix("-vacia")
        self.send_response(int(estado) if estado.isdigit() else 200)
        if estado == "429":
            self.send_header("Retry-After", "7")
        tipo = "application/octet-stream" if ruta == "/archivo" else "text/html; charset=utf-8"
        self.send_header("Content-Type", tipo)
        self.end_headers()
        if ruta.endswith("-vacia") or estado == "204":
            return
        self.wfile.write(PAGINAS.get(ruta, "<p>otra</p>").encode())
        if ruta == "/apurada":
            time.sleep(0.5)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def sitio() -> Iterator[str]:
    """A site of misbehaving pages."""
    with servir(_Manejador) as url:
        yield url


@asynccontextmanager
async def abierto(opciones: Opciones | None = None) -> AsyncIterator[Navegador]:
    """A browser that is gone after the block."""
    navegador = Navegador(opciones)
    try:
        yield navegador
    finally:
        await navegador.cerrar()


def con_pagina(sitio: str, hacer: ConPagina) -> object:
    """Do something with a page of a fresh browser."""

    async def correr() -> object:
        async with abierto() as navegador, navegador.pestana(sitio) as pestana:
            return await hacer(Pagina(pestana, sitio))

    return asyncio.run(correr())


async def _texto(pagina: Pagina, ruta: str) -> str:
    await pagina.ir(ruta)
    await pagina.esperar("#p", hasta_s=5)
    return (await pagina.foto("#p")).texto


def test_it_works(sitio: str) -> None:
    assert con_pagina(sitio, lambda pagina: _texto(pagina, "/")) == "listo"


@pytest.mark.parametrize(
    ("ruta", "texto"),
    [
        ("/dialogos", "null"),
        ("/ventanas", "sigo"),
        ("/tramposa", "real"),
        ("/oculto", "se ve"),
        ("/salto", "listo"),
        ("/apurada", "listo"),
    ],
)
def test_una_pagina_hostil_no_cuelga_ni_engana(sitio: str, ruta: str, texto: str) -> None:
    assert con_pagina(sitio, lambda pagina: _texto(pagina, ruta)) == texto


@pytest.mark.parametrize(
    ("ruta", "codigo"),
    [
        ("/500", Codigo.PORTAL_ERROR_PROPIO),
        ("/429", Codigo.LIMITE_DE_CONSULTAS),
        ("/403", Codigo.ACCESO_BLOQUEADO),
        ("/503", Codigo.PORTAL_CAIDO),
        ("/404", Codigo.PORTAL_CAMBIO),
        ("/429-vacia", Codigo.LIMITE_DE_CONSULTAS),
        ("/403-vacia", Codigo.ACCESO_BLOQUEADO),
        ("/204", Codigo.PORTAL_CAIDO),
        ("/muda", Codigo.PORTAL_CAIDO),
        ("/archivo", Codigo.PORTAL_CAIDO),
    ],
)
@pytest.mark.parametrize("desde", [None, "/"])
def test_cada_estado_http_es_su_falla(sitio: str, ruta: str, codigo: Codigo, desde: str | None) -> None:
    async def ir(pagina: Pagina) -> None:
        if desde is not None:
            await pagina.ir(desde)
        with pytest.raises(Falla) as vista:
            await pagina.ir(ruta, hasta_s=8)
        assert vista.value.codigo is codigo
        assert vista.value.esperar_s == (7 if ruta.startswith("/429") else None)

    con_pagina(sitio, ir)


def test_nadie_responde() -> None:
    with pytest.raises(Falla) as vista:
        con_pagina("http://127.0.0.1:9", lambda pagina: pagina.ir("/"))
    assert vista.value.codigo is Codigo.PORTAL_CAIDO


def test_lo_que_no_llega_es_lento_y_lo_que_no_esta_cambio(sitio: str) -> None:
    with pytest.raises(Falla) as vista:
        con_pagina(sitio, lambda pagina: pagina.ir("/lenta", hasta_s=0.5))
    assert vista.value.codigo is Codigo.PORTAL_LENTO

    async def buscar(pagina: Pagina) -> None:
        await pagina.ir("/")
        await pagina.esperar("#nunca", hasta_s=0.3)

    with pytest.raises(Falla) as vista:
        con_pagina(sitio, buscar)
    assert vista.value.codigo is Codigo.PORTAL_CAMBIO


def test_cada_consulta_tiene_su_contexto(sitio: str) -> None:
    async def correr() -> list[str]:
        async with abierto() as navegador:
            vistas = []
            for _ in range(2):
                async with navegador.pestana(sitio) as pestana:
                    vistas.append(await _texto(Pagina(pestana, sitio), "/galleta"))
            return vistas

    assert asyncio.run(correr()) == ["ninguna", "ninguna"]


def test_nada_se_descarga(sitio: str, tmp_path: Path) -> None:
    antes = {*Path.home().rglob("archivo*"), *RAIZ.glob("archivo*")}

    async def descargar(pagina: Pagina) -> None:
        await _texto(pagina, "/descarga")
        await asyncio.sleep(0.5)

    con_pagina(sitio, descargar)
    assert {*Path.home().rglob("archivo*"), *RAIZ.glob("archivo*")} == antes


class _Fijo(Scraper):
    """A scraper of the misbehaving site: opens `ruta` and waits for something that never comes."""

    nombre = "Fijo"
    url = "https://fijo.test"
    tipo_servicio = "Prueba"
    campos = (Campo("ruta", "Ruta", r"/\w*"), Campo("clave", "Clave", r".+", secreto=True))
    espera = 30.0

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        await pagina.ir(pedido["ruta"])
        if await pagina.hay("#u"):
            await pagina.escribir("#u", f"usuario {pedido['clave']}")
        await pagina.esperar("#nunca", hasta_s=self.espera)
        return await pagina.foto()

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        return Hallazgo(cuenta="1")


async def _consultar(navegador: Navegador, sitio: str, ruta: str, plazo_s: float, scraper: Scraper) -> None:
    pedido = {"ruta": ruta, "clave": "secreta-9"}
    await consultar(navegador, scraper, pedido, url=sitio, plazo_s=plazo_s, evidencia_max_bytes=200_000)


@pytest.mark.parametrize("ruta", ["/bucle", "/memoria", "/"])
def test_una_pagina_sin_fin_termina_en_su_plazo(sitio: str, ruta: str) -> None:
    async def correr() -> tuple[Codigo, str]:
        async with abierto() as navegador:
            with pytest.raises((FallaConEvidencia, Falla)) as vista:
                await _consultar(navegador, sitio, ruta, 2, _Fijo())
            falla = vista.value.falla if isinstance(vista.value, FallaConEvidencia) else vista.value
            assert isinstance(falla, Falla)
            # the browser, or its successor, serves the next one
            async with navegador.pestana(sitio) as pestana:
                return falla.codigo, await _texto(Pagina(pestana, sitio), "/")

    codigo, texto = asyncio.run(correr())
    assert codigo in (Codigo.TIEMPO_AGOTADO, Codigo.NAVEGADOR_CAIDO)
    assert texto == "listo"


def test_la_evidencia_no_muestra_secretos(sitio: str) -> None:
    async def correr() -> FallaConEvidencia:
        scraper = _Fijo()
        scraper.espera = 0.3
        async with abierto() as navegador:
            with pytest.raises(FallaConEvidencia) as vista:
                await _consultar(navegador, sitio, "/clave", 10, scraper)
            return vista.value

    con_evidencia = asyncio.run(correr())
    evidencia = con_evidencia.evidencia
    assert evidencia.captura is not None and evidencia.captura.startswith(b"\x89PNG")
    assert evidencia.url.endswith("/clave")
    assert "clave •••" in evidencia.consola
    assert "GET 200" in evidencia.red
    assert "secreta-9" not in repr(evidencia)


def test_el_scraper_se_cancela_antes_de_la_evidencia(sitio: str) -> None:
    # Given a scraper that goes on working its page when its time is over
    class Terco(_Fijo):
        async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
            await pagina.ir("/")
            while True:
                await pagina._evaluar(
                    "() => { document.title = Number(document.title) + 1 }", hasta=time.monotonic() + 5
                )

    titulos: list[str] = []

    class Observada(Pagina):
        async def evidencia(self, secretos: tuple[str, ...]) -> Evidencia:
            for _ in range(2):
                titulos.append(await self._pestana.evaluar(self._marco, "() => document.title"))
                await asyncio.sleep(0.3)
            return Evidencia()

    async def correr() -> Falla:
        async with abierto() as navegador:
            with pytest.raises(FallaConEvidencia) as vista:
                await consultar(
                    navegador, Terco(), {"ruta": "/", "clave": "x"},
                    url=sitio, plazo_s=2, evidencia_max_bytes=200_000, pagina=Observada,
                )  # fmt: skip
            return vista.value.falla

    # When its evidencia is taken
    falla = asyncio.run(correr())
    # Then the page no longer changes
    assert falla.codigo is Codigo.TIEMPO_AGOTADO
    assert titulos[0] == titulos[1] != ""


def test_un_error_de_script_no_es_una_falla_del_portal(sitio: str, caplog: pytest.LogCaptureFixture) -> None:
    class Roto(_Fijo):
        async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
            await pagina.ir("/")
            raise ZeroDivisionError

    async def correr() -> FallaConEvidencia:
        async with abierto() as navegador:
            with pytest.raises(FallaConEvidencia) as vista:
                await _consultar(navegador, sitio, "/", 10, Roto())
            return vista.value

    con_evidencia = asyncio.run(correr())
    assert con_evidencia.falla.codigo is Codigo.ERROR_INTERNO
    assert con_evidencia.evidencia.captura is not None
    assert "ZeroDivisionError" in caplog.text


def test_el_navegador_muerto_se_reemplaza(sitio: str) -> None:
    async def correr() -> tuple[Codigo, str, int]:
        async with abierto() as navegador:
            async with navegador.pestana(sitio) as pestana:
                assert navegador._instancia is not None
                chromium = navegador._instancia.chromium
                pagina = Pagina(pestana, sitio)
                await pagina.ir("/")
                asyncio.get_running_loop().call_later(0.2, chromium.matar)
                with pytest.raises(Falla) as vista:
                    await pagina.esperar("#nunca", hasta_s=10)
            async with navegador.pestana(sitio) as pestana:
                return vista.value.codigo, await _texto(Pagina(pestana, sitio), "/"), navegador.historia.arranques

    assert asyncio.run(correr()) == (Codigo.NAVEGADOR_CAIDO, "listo", 2)


def test_se_recicla_tras_tantas_consultas(sitio: str) -> None:
    async def correr() -> int:
        async with abierto(Opciones(consultas_max=2)) as navegador:
            for _ in range(5):
                async with navegador.pestana(sitio) as pestana:
                    await _texto(Pagina(pestana, sitio), "/")
            return navegador.historia.arranques

    assert asyncio.run(correr()) == 3


def test_ocho_a_la_vez_en_un_solo_navegador(sitio: str) -> None:
    async def correr() -> tuple[list[str], int]:
        async with abierto() as navegador:

            async def una() -> str:
                async with navegador.pestana(sitio) as pestana:
                    return await _texto(Pagina(pestana, sitio), "/")

            return await asyncio.gather(*(una() for _ in range(8))), navegador.historia.arranques

    assert asyncio.run(correr()) == (["listo"] * 8, 1)


def _de_la_sesion(perfil: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if any(perfil in a for a in p.info["cmdline"] or ())]


def test_no_queda_nada_tras_un_sigkill() -> None:
    guion = (
        "import os, sys; from scrapers.chromium import Chromium; c = Chromium(); print(c._perfil, flush=True);"
        " sys.stdin.read()"
    )
    padre = subprocess.Popen(
        [sys.executable, "-c", guion], cwd=RAIZ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert padre.stdin is not None and padre.stdout is not None
    perfil = padre.stdout.readline().strip()
    assert _de_la_sesion(perfil)
    padre.kill()
    padre.wait()
    padre.stdin.close()
    padre.stdout.close()
    hasta(lambda: not _de_la_sesion(perfil) and not Path(perfil).exists(), 5)


def test_el_perfil_de_un_muerto_se_barre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    muerto = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    huerfano = tmp_path / f"consultas-chromium-{int(muerto.stdout)}-x"
    ajeno = tmp_path / f"consultas-chromium-{os.getpid()}-x"
    huerfano.mkdir()
    ajeno.mkdir()
    Chromium().matar()
    assert not huerfano.exists()
    assert ajeno.exists()


def test_sin_navegador_la_falla_dice_que_instalar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Falla) as vista:
        Chromium(elegido=tmp_path / "no-hay")
    assert vista.value.codigo is Codigo.NAVEGADOR_CAIDO
    assert "instale chromium-headless-shell" in str(vista.value)
    assert list(tmp_path.iterdir()) == []


SIN_LUGAR = """
import resource
from scrapers.chromium import Chromium
from scrapers.fallas import Falla
resource.setrlimit(resource.RLIMIT_FSIZE, (32, 32))
try:
    Chromium()
except Falla as falla:
    print(falla.codigo, end="")
"""


def test_donde_no_se_puede_escribir_falla_el_navegador_y_no_queda_nada(tmp_path: Path) -> None:
    # Given a disk on which not even the 60 bytes of Chromium's address can be written, as a full one
    orden = [sys.executable, "-c", SIN_LUGAR]
    entorno = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(RAIZ)}
    hecho = subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=60, check=False)
    # Then it is a falla to be tried again, and there is neither profile nor process
    assert (hecho.stdout, hecho.stderr) == (Codigo.NAVEGADOR_CAIDO, "")
    assert list(tmp_path.iterdir()) == []
    assert not _de_la_sesion(str(tmp_path))


def test_sin_donde_poner_el_perfil_falla_el_navegador(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no-hay"))

    async def abrir() -> None:
        async with abierto() as navegador, navegador.pestana():
            pytest.fail("abrió")

    with pytest.raises(Falla) as vista:
        asyncio.run(abrir())
    assert vista.value.codigo is Codigo.NAVEGADOR_CAIDO
    assert "no hay lugar para su perfil" in str(vista.value)


def test_no_quedan_descriptores_abiertos(sitio: str) -> None:
    async def correr() -> list[int]:
        cuentas = []
        async with abierto() as navegador:
            for _ in range(6):
                async with navegador.pestana(sitio) as pestana:
                    await _texto(Pagina(pestana, sitio), "/")
                cuentas.append(len(list(Path("/proc/self/fd").iterdir())))
        return cuentas

    cuentas = asyncio.run(correr())
    assert cuentas[-1] <= cuentas[1]
