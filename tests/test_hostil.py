"""Pages that try to get out of their consulta: real Chromium, against listeners that must never be called."""

import asyncio
import contextlib
import http.server
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import pytest
from pila import RAIZ
from servidores import servir

from scrapers import salida
from scrapers.chromium import sandbox_posible
from scrapers.conexion import Sesion
from scrapers.fallas import Codigo, Falla
from scrapers.navegador import Navegador
from scrapers.pagina import Pagina
from scrapers.pestana import ContextoPerdido
from scrapers.secretos import NADA

MARCA = "marca-7f3a91"
CABEZA = "<meta charset=utf-8><link rel=icon href=data:,><p id=p></p><input id=f type=file>"

VIAS = {
    "fetch": "fetch(u).catch(Boolean)",
    "fetch-sin-cors": "fetch(u, {mode: 'no-cors', keepalive: true, method: 'POST'}).catch(Boolean)",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', u); x.send()",
    "beacon": "navigator.sendBeacon(u, 'x')",
    "eventsource": "new EventSource(u)",
    "websocket": "new WebSocket(u.replace('http', 'ws'))",
    "img": "new Image().src = u",
    "iframe": "pon(`<iframe src=${u}></iframe>`)",
    "srcdoc": "pon(`<iframe srcdoc='<img src=${u}>'></iframe>`)",
    "script": "const s = document.createElement('script'); s.src = u; document.head.append(s)",
    "modulo": "import(u).catch(Boolean)",
    "css": "pon(`<link rel=stylesheet href=${u}>`)",
    "css-import": "pon(`<style>@import url(${u});</style>`)",
    "css-fondo": "pon(`<div style='width:9px;height:9px;background:url(${u})'></div>`)",
    "letra": "new FontFace('x', `url(${u})`).load().catch(Boolean)",
    "prefetch": "pon(`<link rel=prefetch href=${u}>`)",
    "preload": "pon(`<link rel=preload as=script href=${u}>`)",
    "modulepreload": "pon(`<link rel=modulepreload href=${u}>`)",
    "video": "pon(`<video src=${u} preload=auto></video>`)",
    "object": "pon(`<object data=${u}></object>`)",
    "embed": "pon(`<embed src=${u}>`)",
    "svg": "pon(`<svg><image href=${u} width=9 height=9 /></svg>`)",
    "form": "pon(`<iframe name=fo></iframe><form id=fo method=post action=${u} target=fo></form>`);"
    "document.getElementById('fo').submit()",
    "meta": "pon(`<iframe srcdoc='<meta http-equiv=refresh content=0;url=${u}>'></iframe>`)",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${u}').catch(Boolean)`])))",
    "importscripts": "new Worker(URL.createObjectURL(new Blob([`importScripts('${u}')`])))",
    "sharedworker": "new SharedWorker(URL.createObjectURL(new Blob([`fetch('${u}').catch(Boolean)`])))",
    "serviceworker": "navigator.serviceWorker.register('/sw?a=' + encodeURIComponent(u))",
    "salto": "fetch('/salta?a=' + encodeURIComponent(u), {mode: 'no-cors'}).catch(Boolean)",
    "salto-iframe": "pon(`<iframe src='/salta?a=${encodeURIComponent(u)}'></iframe>`)",
    "ping": "pon(`<a id=pi href='#x' ping=${u}></a>`); document.getElementById('pi').click()",
    "audio": "new Audio(u).play().catch(Boolean)",
}
"""How a page reaches an address `u`."""

ESCRITAS = [
    "127.0.0.1",
    "localhost",
    "a.localhost",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0.0.0.0",
    "127.255.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "１２７.0.0.1",
    "127。0。0。1",
]
"""Loopback, as a page may write it."""

PERMISOS = """
const dice = promesa => Promise.resolve(promesa).then(v => String(v), e => e.name);
const lugar = new Promise((_, mal) => navigator.geolocation.getCurrentPosition(() => 0, e => mal({name: e.code})));
Promise.all([
    dice(Notification.requestPermission()), dice(lugar), dice(navigator.mediaDevices.getUserMedia({video: true})),
    dice(navigator.mediaDevices.getUserMedia({audio: true})), dice(navigator.clipboard.readText()),
    dice(navigator.requestMIDIAccess({sysex: true})),
    ...['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'midi', 'background-sync',
        'persistent-storage', 'screen-wake-lock', 'idle-detection', 'local-network-access', 'payment-handler']
        .map(name => dice(navigator.permissions.query({name}).then(p => p.state)))
]).then(todo => p.textContent = todo.join(' '));
"""

GUARDA = f"""
document.cookie = 'galleta={MARCA}';
localStorage.setItem('local', '{MARCA}');
sessionStorage.setItem('sesion', '{MARCA}');
window.oido = [];
const canal = new BroadcastChannel('canal');
canal.onmessage = e => oido.push(e.data);
navigator.locks.request('cerrojo', () => new Promise(() => 0));
(async () => {{
    await new Promise(bien => {{
        const abrir = indexedDB.open('base', 1);
        abrir.onsuccess = () => bien(abrir.result.close());
    }});
    await (await caches.open('cache')).put('/x', new Response('{MARCA}'));
    await navigator.serviceWorker.register('/sw');
    await navigator.serviceWorker.ready;
    await fetch('/unica');
    await new Promise(bien => {{
        const x = new XMLHttpRequest();
        x.open('GET', '/clave', true, 'usuario', '{MARCA}');
        x.onload = () => bien(window.clave = x.status);
        x.send();
    }});
    p.textContent = clave;
}})();
"""

MIRA = """
(async () => {
    const canal = new BroadcastChannel('canal');
    canal.postMessage('de la otra');
    const claves = await fetch('/clave', {credentials: 'include'});
    const cerrojos = await navigator.locks.query();
    p.textContent = JSON.stringify([
        document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
        (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
        cerrojos.held.length, await (await fetch('/unica')).text(), claves.status,
    ]);
})();
"""

OYE = """
new Promise(bien => {
    canal.addEventListener('message', () => setTimeout(bien));
    new BroadcastChannel('canal').postMessage('de la misma');
}).then(() => p.textContent = JSON.stringify(oido))
"""

DESCARGAS = f"""
const baja = href => Object.assign(document.createElement('a'), {{href, download: 'archivo'}}).click();
baja(URL.createObjectURL(new Blob(['{MARCA}'])));
baja('data:application/octet-stream,{MARCA}');
baja('/archivo');
document.body.insertAdjacentHTML('beforeend', '<iframe src=/archivo?iframe></iframe>');
setTimeout(() => location = '/archivo?ir', 50);
"""

PROHIBIDAS = (
    "file:///etc/passwd",
    "view-source:file:///etc/passwd",
    "chrome://version",
    "chrome://crash",
    "chrome-untrusted://new-tab-page",
    "devtools://devtools/bundled/inspector.html",
    "mailto:nadie@ejemplo.test",
    "tel:1",
    "ms-word:ofe",
    "data:text/html,fuera",
)

ICE = """
const con = new RTCPeerConnection({iceServers: [
    {urls: ['stun:127.0.0.1:PUERTO_U', 'stun:canario.test:PUERTO_U']},
    {urls: ['turn:127.0.0.1:PUERTO_U', 'turn:127.0.0.1:PUERTO_T?transport=tcp'], username: 'x', credential: 'x'},
]});
const candidatos = [];
con.createDataChannel('x');
con.onicecandidate = e => e.candidate && candidatos.push(e.candidate.candidate);
con.onicegatheringstatechange = () => {
    if (con.iceGatheringState === 'complete') p.textContent = 'fin ' + candidatos.length;
};
con.createOffer().then(o => con.setLocalDescription(o));
"""


class _Manejador(http.server.BaseHTTPRequestHandler):
    """The hostile site: `/?js` runs that script, `/salta?a=url` redirects, the rest is what the scripts use."""

    protocol_version = "HTTP/1.1"
    pedidos: list[str] = []

    def do_GET(self) -> None:
        ruta, _, consulta = self.path.partition("?")
        self.pedidos.append(self.path)
        dicho = unquote(consulta.removeprefix("a="))
        cuerpo, tipo, mas, estado = f"{CABEZA}<script>{dicho}</script>", "text/html", {}, 200
        if ruta == "/salta":
            estado, mas = 302, {"Location": dicho}
        elif ruta == "/sw":
            cuerpo, tipo = f"if ('{dicho}') fetch('{dicho}').catch(Boolean);", "text/javascript"
        elif ruta == "/archivo":
            cuerpo, tipo, mas = MARCA, "application/octet-stream", {"Content-Disposition": "attachment"}
        elif ruta == "/unica":
            cuerpo, mas = str(self.pedidos.count("/unica")), {"Cache-Control": "max-age=3600"}
        elif ruta == "/clave" and "Authorization" not in self.headers:
            estado, mas = 401, {"WWW-Authenticate": 'Basic realm="x"'}
        self.send_response(estado)
        for nombre, valor in {"Content-Type": tipo, "Content-Length": str(len(cuerpo.encode())), **mas}.items():
            self.send_header(nombre, valor)
        self.end_headers()
        self.wfile.write(cuerpo.encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def sitio() -> Iterator[str]:
    """The site whose host and port is permitted."""
    with servir(_Manejador) as url:
        yield url


class Canario:
    """Listeners on one port of every loopback address, TCP and UDP; `llamado` says whether anything came."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.puerto: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("0.0.0.0", 0))
        self.puerto_udp: int = self.udp.getsockname()[1]
        for enchufe in (self.tcp, self.udp):
            enchufe.setblocking(False)

    @property
    def llamado(self) -> bool:
        """Whether a connection or a datagram waits: the kernel keeps it until it is asked for."""
        for recibir in (self.tcp.accept, lambda: self.udp.recv(1)):
            try:
                recibir()
            except BlockingIOError:
                continue
            return True
        return False


@pytest.fixture
def canario() -> Iterator[Canario]:
    canario = Canario()
    yield canario
    canario.tcp.close()
    canario.udp.close()


@pytest.fixture
def negados(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The hosts that the guard refused. Every name under .test is 127.0.0.1 here."""
    negados: set[str] = set()
    de_veras, juzgar = salida.resolver, salida.juzgar

    async def resolver(host: str, hilos: salida.ThreadPoolExecutor) -> list[str]:
        return ["127.0.0.1"] if host.endswith(".test") else await de_veras(host, hilos)

    def apuntar(destino: salida.Destino, direcciones: list[str], permitido: salida.Destino | None) -> None:
        try:
            juzgar(destino, direcciones, permitido)
        except salida.Negada:
            negados.add(destino[0])
            raise

    monkeypatch.setattr(salida, "resolver", resolver)
    monkeypatch.setattr(salida, "juzgar", apuntar)
    return negados


@asynccontextmanager
async def abierta(sitio: str) -> AsyncIterator[tuple[Navegador, Pagina]]:
    """A page of a browser that is gone after the block."""
    navegador = Navegador()
    try:
        async with navegador.pestana(sitio) as pestana:
            yield navegador, Pagina(pestana, sitio)
    finally:
        await navegador.cerrar()


async def correr(pagina: Pagina, guion: str) -> None:
    """Open the page of the hostile site that runs a script."""
    await pagina.ir("/?" + "".join(f"%{b:02x}" for b in guion.encode()))


async def dicho(pagina: Pagina) -> str:
    """What the page came to say."""
    await pagina.esperar("#p:not(:empty)", hasta_s=10)
    return (await pagina.foto("#p")).texto


async def evaluar(pagina: Pagina, guion: str) -> object:
    """Run a script in the page's own world, as if a person had clicked."""
    respuesta = await pagina._pestana._sesion.enviar(
        "Runtime.evaluate", expression=guion, awaitPromise=True, userGesture=True, returnByValue=True
    )
    return respuesta["result"].get("value")


async def cumplido(condicion: object, plazo_s: float = 15) -> None:
    """Wait for a condition, with the loop running."""
    assert callable(condicion)
    async with asyncio.timeout(plazo_s):
        while not condicion():
            await asyncio.sleep(0.02)


def test_ninguna_via_lleva_a_una_direccion_privada(sitio: str, canario: Canario, negados: set[str]) -> None:
    guion = f"const pon = html => document.body.insertAdjacentHTML('beforeend', html); const puerto = {canario.puerto};"
    guion += "pon(`<link rel=preconnect href=http://a.test:${puerto}><link rel=dns-prefetch href=//b.test>`);"
    guion += "".join(f"{{const u = `http://{via}.test:${{puerto}}/`; {codigo}}};" for via, codigo in VIAS.items())

    async def probar() -> set[str]:
        async with abierta(sitio) as (_, pagina):
            await correr(pagina, guion)
            esperados = {f"{via}.test" for via in VIAS}
            with contextlib.suppress(TimeoutError):
                await cumplido(lambda: negados >= esperados)
            return esperados - negados

    assert asyncio.run(probar()) == set()
    assert not canario.llamado


def test_ninguna_escritura_de_loopback_pasa(sitio: str, canario: Canario, negados: set[str]) -> None:
    guion = f"""
        const pedidos = {json.dumps(ESCRITAS)}.map(host => `http://${{host}}:{canario.puerto}/`);
        Promise.allSettled(pedidos.map(u => fetch(u, {{mode: 'no-cors'}})))
            .then(todos => p.textContent = todos.filter(r => r.status === 'rejected').length);
    """

    async def probar() -> str:
        async with abierta(sitio) as (_, pagina):
            await correr(pagina, guion)
            return await dicho(pagina)

    assert asyncio.run(probar()) == str(len(ESCRITAS))
    assert {"127.0.0.1", "localhost", "::1", "0.0.0.0"} <= negados
    assert not canario.llamado


@pytest.mark.parametrize("url", ["http://127.0.0.1:{puerto}/", "http://publico.test:{puerto}/", "file:///etc/passwd"])
def test_un_redireccionamiento_hacia_adentro_es_un_portal_caido(
    sitio: str, canario: Canario, negados: set[str], url: str
) -> None:
    async def probar() -> Falla:
        async with abierta(sitio) as (_, pagina):
            with pytest.raises(Falla) as vista:
                await pagina.ir("/salta?a=" + url.format(puerto=canario.puerto))
            return vista.value

    assert asyncio.run(probar()).codigo is Codigo.PORTAL_CAIDO
    assert not canario.llamado


def test_ni_al_puerto_de_devtools_ni_al_de_otra_consulta(sitio: str) -> None:
    async def probar() -> str:
        async with abierta(sitio) as (navegador, pagina), navegador.pestana(sitio):
            assert navegador._instancia is not None
            puertos = [urlsplit(navegador._instancia.chromium.ws).port]
            puertos += [
                c.laddr.port for c in psutil.Process().net_connections("tcp4") if c.status == psutil.CONN_LISTEN
            ]
            propio = urlsplit(sitio).port
            await correr(
                pagina,
                f"""Promise.allSettled({[n for n in puertos if n != propio]}
                .map(n => fetch(`http://127.0.0.1:${{n}}/json/version`, {{mode: 'no-cors'}})))
                .then(todos => p.textContent = todos.map(r => r.status).join(' '));""",
            )
            return await dicho(pagina)

    salidas = asyncio.run(probar()).split()
    assert len(salidas) >= 3
    assert set(salidas) == {"rejected"}


def test_webrtc_no_manda_nada_por_fuera(sitio: str, canario: Canario, negados: set[str]) -> None:
    async def probar() -> str:
        async with abierta(sitio) as (_, pagina):
            guion = ICE.replace("PUERTO_U", str(canario.puerto_udp)).replace("PUERTO_T", str(canario.puerto))
            await correr(pagina, guion)
            return await dicho(pagina)

    assert asyncio.run(probar()) == "fin 0"
    assert not canario.llamado


def test_ninguna_pagina_muestra_lo_que_no_es_de_la_web(sitio: str) -> None:
    guion = f"""onload = () => {{
        const pon = html => document.body.insertAdjacentHTML('beforeend', html);
        for (const u of {json.dumps(PROHIBIDAS)}) {{
            try {{ open(u); open(u, '_blank', 'noopener') }} catch {{}}
            pon(`<iframe src="${{u}}"></iframe><object data="${{u}}"></object>`);
        }}
        fetch('file:///etc/passwd').then(r => r.text()).catch(e => e.name).then(r => p.textContent = r);
    }}"""

    async def probar() -> tuple[str, str, list[str]]:
        async with abierta(sitio) as (navegador, pagina):
            await correr(pagina, guion)
            leido = await dicho(pagina)
            evidencia = await pagina.evidencia(NADA)
            assert navegador._instancia is not None
            blancos = await navegador._instancia._sesion.enviar("Target.getTargets")
            return leido, evidencia.html or "", [b["type"] for b in blancos["targetInfos"]]

    leido, html, blancos = asyncio.run(probar())
    assert leido == "TypeError"
    assert "root:" not in html
    assert blancos.count("page") == 1


def test_ninguna_pagina_se_va_a_lo_que_no_es_de_la_web(sitio: str) -> None:
    async def probar() -> set[str]:
        async with abierta(sitio) as (navegador, _):
            vistas = set()
            for url in PROHIBIDAS:
                async with navegador.pestana(sitio) as pestana:
                    pagina = Pagina(pestana, sitio)
                    await correr(pagina, f"onload = () => setTimeout(() => location.href = '{url}')")
                    with contextlib.suppress(ContextoPerdido):
                        await evaluar(pagina, "new Promise(bien => setTimeout(bien, 50))")
                    vistas.add((await pagina.foto()).url.partition("?")[0])
            return vistas

    assert asyncio.run(probar()) <= {f"{sitio}/", "about:blank#blocked"}


def test_ningun_permiso_y_sin_preguntar(sitio: str) -> None:
    async def probar() -> list[str]:
        async with abierta(sitio) as (_, pagina):
            await correr(pagina, PERMISOS)
            return (await dicho(pagina)).split()

    pedidos, estados = (todos := asyncio.run(probar()))[:6], todos[6:]
    assert pedidos[:2] == ["denied", "1"]
    assert set(pedidos[2:]) <= {"NotAllowedError", "NotFoundError"}  # not found: a machine without a camera
    assert set(estados) == {"denied"}


def test_un_selector_de_archivos_no_elige_nada(sitio: str) -> None:
    async def probar() -> str:
        async with abierta(sitio) as (_, pagina):
            await correr(pagina, "f.oncancel = () => p.textContent = `cancelado ${f.files.length}`")
            await evaluar(pagina, "f.click()")
            return await dicho(pagina)

    assert asyncio.run(probar()) == "cancelado 0"


def test_nada_llega_al_disco(sitio: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    en_casa = {*Path.home().rglob("archivo*"), *RAIZ.glob("archivo*")}

    def marcados() -> list[Path]:
        hallados = []
        for ruta in tmp_path.rglob("*"):
            with contextlib.suppress(OSError):  # gone meanwhile, or not a file
                hallados += [ruta] if ruta.is_file() and MARCA.encode() in ruta.read_bytes() else []
        return hallados

    async def probar() -> None:
        async with abierta(sitio) as (_, pagina):
            await correr(pagina, DESCARGAS + GUARDA)
            await cumplido(lambda: "/archivo?ir" in _Manejador.pedidos)
            assert (await dicho(pagina)) == "200"
            assert [*tmp_path.rglob("DevToolsActivePort")]
            await cumplido(lambda: not marcados())  # while it is refused, a download has a file in the profile

    asyncio.run(probar())
    assert {*Path.home().rglob("archivo*"), *RAIZ.glob("archivo*")} == en_casa
    assert [*tmp_path.iterdir()] == []


def test_dos_consultas_a_la_vez_no_saben_una_de_otra(sitio: str) -> None:
    async def probar() -> tuple[list[object], list[str], set[str]]:
        async with abierta(sitio) as (navegador, una):
            await correr(una, GUARDA)
            assert await dicho(una) == "200"
            async with navegador.pestana(sitio) as pestana:
                otra = Pagina(pestana, sitio)
                await correr(otra, MIRA)
                visto = json.loads(await dicho(otra))
            await evaluar(una, OYE)
            oido = json.loads(await dicho(una))
            assert navegador._instancia is not None
            enviar = navegador._instancia._sesion.enviar
            contextos = (await enviar("Target.getBrowserContexts"))["browserContextIds"]
            for contexto in contextos:
                await navegador._instancia.cerrar_contexto(contexto)
            while quedan := {b["type"] for b in (await enviar("Target.getTargets"))["targetInfos"]} - {"tab"}:
                async with asyncio.timeout(10):
                    await asyncio.sleep(0.02)
            return visto, oido, quedan

    pedidas = _Manejador.pedidos.count("/unica")
    visto, oido, quedan = asyncio.run(probar())
    assert visto == ["", 0, 0, 0, 0, 0, 0, str(pedidas + 2), 401]
    assert oido == ["de la misma"]
    assert not quedan & {"service_worker", "shared_worker", "worker", "iframe"}


def test_el_navegador_no_recibe_nuestros_secretos(sitio: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://x:{MARCA}@localhost/x")

    async def probar() -> list[bool]:
        async with abierta(sitio) as (navegador, pagina):
            await pagina.ir("/?")
            assert navegador._instancia is not None
            perfil = str(navegador._instancia.chromium._perfil)
            procesos = [
                p for p in psutil.process_iter(["cmdline"]) if f"--user-data-dir={perfil}" in (p.info["cmdline"] or [])
            ]
            return [MARCA in str(p.environ()) for p in procesos if p.name() != "sh"]

    vistos = asyncio.run(probar())
    assert vistos and not any(vistos)


def test_por_fuera_de_una_consulta_no_hay_red(sitio: str) -> None:
    """Even a tab that we would open without a Salida reaches nothing."""

    async def probar() -> str:
        async with abierta(sitio) as (navegador, _):
            assert navegador._instancia is not None
            sesion, unidas = navegador._instancia._sesion, list[str]()
            sesion.al("Target.attachedToTarget", lambda evento: unidas.append(evento["sessionId"]))
            await sesion.enviar("Target.createTarget", url="about:blank")
            await cumplido(lambda: bool(unidas))
            suelta = Sesion(navegador._instancia._conexion, unidas[0])
            await suelta.enviar("Runtime.runIfWaitingForDebugger")
            return str((await suelta.enviar("Page.navigate", url=sitio)).get("errorText"))

    assert asyncio.run(probar()) == "net::ERR_PROXY_CONNECTION_FAILED"


def test_el_sandbox_se_usa_donde_se_puede(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no namespaces for us, one that has, and root."""
    unshare = tmp_path / "unshare"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    hallados = []
    for usuario, salida_ in ((10001, 0), (10001, 1), (0, 0)):
        unshare.write_text(f"#!/bin/sh\nexit {salida_}\n")
        unshare.chmod(0o755)
        monkeypatch.setattr("os.geteuid", lambda usuario=usuario: usuario)
        hallados.append(sandbox_posible.__wrapped__())
    assert hallados == [True, False, False]
    unshare.unlink()
    monkeypatch.setattr("os.geteuid", lambda: 10001)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not sandbox_posible.__wrapped__()
