"""Secrets planted in credenciales go through the whole service; nothing that it wrote shows them, however spelled."""

import base64
import html
import http.server
import json
import os
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from pila import RAIZ, Pila, Receptor, hasta, receptor
from psycopg.types.json import Jsonb
from servidores import PostgresEmbebido, servir

from escenarios.conftest import Semilla
from models.cifrado import cifrar

CASOS = {
    "exito": None,
    "rechazo": "CREDENCIALES_INVALIDAS",
    "eco": "PORTAL_ERROR_PROPIO",
    "interno": "ERROR_INTERNO",
    "externo": "ERROR_INTERNO",
    "ajena": "ERROR_INTERNO",
    "caida": "CREDENCIALES_INVALIDAS",
}
"""How the consulta of each servicio ends: the portal repeats its secrets wherever it can."""

MEDIO = "\"<c&a>'n+a%r/iñ"
"""Characters that are escaped differently everywhere: half a secret is found by them."""
FINAL = "9zX7canario"
"""Nothing escapes these: however a secret is written, they can be found."""

SUMINISTRO = "300000001"

SABOTAJE = """
import scrapers.consulta, scrapers.edesur
bien, fuera = scrapers.edesur.Edesur.interpretar, scrapers.consulta.consultar

def interpretar(self, lectura, pedido):
    if pedido["email"].startswith("interno"):
        clave, usuario = pedido["clave"], pedido["email"]
        raise RuntimeError(f"sin arreglo: {pedido!r} {usuario} {clave}")
    return bien(self, lectura, pedido)

async def consultar(navegador, scraper, pedido, **opciones):
    if pedido.get("email", "").startswith("externo"):
        raise RuntimeError(f"sin arreglo: {pedido!r} {pedido['clave']}")
    return await fuera(navegador, scraper, pedido, **opciones)

scrapers.edesur.Edesur.interpretar, scrapers.consulta.consultar = interpretar, consultar
"""
"""Bugs, in every process of the stack (sitecustomize.py)."""

ENTRADA = """<!doctype html><meta charset=utf-8><body>
<input type=email><input type=password><button>Ingresar</button>
<script>
document.querySelector('button').onclick = async () => {
    const [email, clave] = [...document.querySelectorAll('input')].map(c => c.value);
    const cuerpo = JSON.stringify({email, clave});
    const respuesta = await (await fetch('/entrar', {method: 'POST', body: cuerpo})).json();
    console.log('datos', email, clave); console.warn(cuerpo, ' '.repeat(485) + clave);
    console.error(encodeURIComponent(clave), btoa(unescape(encodeURIComponent(email + ':' + clave))));
    const buscar = new URLSearchParams({email, clave});
    await fetch('/pixel?' + buscar); await fetch('/pixel/' + encodeURIComponent(clave)); await fetch('/nada?' + buscar);
    setTimeout(() => { throw new Error('no sirve ' + clave); });
    history.pushState(null, '', '/login?' + buscar + '#' + encodeURIComponent(clave));
    document.title = clave;
    document.body.innerHTML = respuesta.html;
    const poner = (etiqueta, hacer) => {
        const el = document.createElement(etiqueta);
        hacer(el);
        document.body.append(el);
    };
    const mezcla = JSON.stringify(cuerpo) + encodeURIComponent(buscar) + btoa(unescape(encodeURIComponent(clave)));
    poner('p', el => { el.textContent = clave + ' ' + email; });
    poner('p', el => { el.innerHTML = [...clave].map(() => '<b></b>').join(''); });
    [...clave].forEach((letra, n) => { document.querySelectorAll('p:last-child b')[n].textContent = letra; });
    poner('p', el => { el.textContent = mezcla; });
    poner('input', el => { el.value = clave; el.title = email; el.setAttribute('data-clave', clave); });
    poner('textarea', el => { el.value = cuerpo; });
    poner('div', el => {
        el.attachShadow({mode: 'open'}).innerHTML = '<i></i>';
        el.shadowRoot.firstChild.textContent = clave;
    });
    poner('iframe', el => { el.srcdoc = '<p>' + respuesta.eco + '</p>'; });
};
</script>"""

ESTADO = """<selector-account><span class=elegido>Cuenta</span><span class=cantidad>Mis suministros (1)</span>
<span role=option>N° {suministro}</span></selector-account>
<section class=estado><h2>Estado de cuenta</h2><p>Hola, {eco}</p>
<div><h3>N° de suministro</h3><p>{suministro}</p></div><div><h3>TOTAL A PAGAR</h3><p>$ 25.670,00</p></div>
<div><h3>2do Vencimiento</h3><p>20/06/2026 {eco}</p></div></section>
<table class=deuda><thead><tr><th>Período</th><th>Tipo</th><th>Vencimiento</th><th>Importe</th></tr></thead><tbody>
<tr><td>05/2026 {eco}</td><td>Factura</td><td>10/06/2026</td><td>$ 25.670,00</td></tr>
<tr><td>06/2026 {eco}</td><td>Plan de pagos</td><td>10/06/2026</td><td>$ 1.000,00</td></tr></tbody></table>"""


def clave_de(caso: str) -> str:
    return f"Ñ{caso}{MEDIO} 🔑 {FINAL}"


def email_de(caso: str) -> str:
    return f"{caso}.{MEDIO}@{FINAL}.com.ar"


def formas(texto: str) -> set[str]:
    """A text as libraries, browsers and portals write it."""
    una_vez = {
        texto,
        html.escape(texto),
        html.escape(texto, quote=False),
        html.escape(texto).replace("&#x27;", "'"),
        texto.encode("ascii", "xmlcharrefreplace").decode(),
        urllib.parse.quote(texto),
        urllib.parse.quote(texto, safe=""),
        urllib.parse.quote_plus(texto),
        urllib.parse.quote(texto, safe="!'()*~"),
        json.dumps(texto)[1:-1],
        json.dumps(texto, ensure_ascii=False)[1:-1],
        repr(texto)[1:-1],
        ascii(texto)[1:-1],
    }
    dos_veces = {otra for una in una_vez for otra in (json.dumps(una)[1:-1], html.escape(una), urllib.parse.quote(una))}
    return una_vez | dos_veces


def en_base64(texto: str) -> set[str]:
    """What is the same wherever in a base64 text these bytes begin."""
    crudo = texto.encode()
    return {base64.b64encode(crudo[antes:]).decode()[:-4] for antes in range(3)}


AGUJAS = {FINAL, *formas(MEDIO), *(b for c in CASOS for dato in (clave_de(c), email_de(c)) for b in en_base64(dato))}
AGUJAS = {aguja.lower() for aguja in AGUJAS}


def hallados(texto: str) -> set[str]:
    """The secrets that a text shows."""
    minusculas = texto.lower()
    return {aguja for aguja in AGUJAS if aguja in minusculas}


class Portal:
    """A portal that repeats whatever it is told; `caida` answers only once it is let go."""

    def __init__(self) -> None:
        self.soltar = threading.Event()
        self.vistos: list[str] = []
        self.url = ""

    def entrar(self, email: str, clave: str) -> dict[str, str]:
        caso = email.partition(".")[0]
        self.vistos.append(caso)
        if caso == "caida":
            self.soltar.wait(60)
        eco = html.escape(f"{email} {clave}")
        avisos = {
            "rechazo": f"El usuario o la contraseña son incorrectos: {eco}",
            "caida": f"El usuario o la contraseña son incorrectos: {eco}",
            "eco": f"Algo salió mal con {'.' * 250} {eco}",
        }
        if caso in avisos:
            return {"html": f"<p role=alert>{avisos[caso]}</p>", "eco": eco}
        return {"html": ESTADO.format(suministro=SUMINISTRO, eco=eco), "eco": eco}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """The portal, on loopback."""
    propio = Portal()

    class Manejador(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._responder(404 if self.path.startswith("/nada") else 200, "text/html; charset=utf-8", ENTRADA)

        def do_POST(self) -> None:
            dato = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._responder(200, "application/json", json.dumps(propio.entrar(dato["email"], dato["clave"])))

        def _responder(self, estado: int, tipo: str, cuerpo: str) -> None:
            try:
                self.send_response(estado)
                self.send_header("Content-Type", tipo)
                self.end_headers()
                self.wfile.write(cuerpo.encode())
            except ConnectionError:
                return  # its browser was killed

        def log_message(self, *_: object) -> None:
            return

    with servir(Manejador) as propio.url:
        yield propio


@contextmanager
def _pila(postgres: PostgresEmbebido, portal: Portal, carpeta: Path) -> Iterator[Pila]:
    (carpeta / "sitecustomize.py").write_text(SABOTAJE)
    base = postgres.crear_base(f"canarios_{os.getpid()}")
    entorno = {
        "PYTHONPATH": f"{carpeta}:{RAIZ}",
        "LOG_LEVEL": "DEBUG",
        "EMPRESA__EDESUR__URL": portal.url,
        "EMPRESA__EDESUR__SIMULTANEAS": "4",
        "EMPRESA__EDESUR__PAUSA_S": "0",
        "CONSULTA_ARRIENDO_S": "3",
        "CALLBACK_ESQUEMA": "0.1",
    }
    with Pila(base, base, entorno) as pila:
        yield pila
    postgres.borrar_base(f"canarios_{os.getpid()}")


@pytest.fixture(scope="module")
def pila(
    postgres_embebido: PostgresEmbebido, portal: Portal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pila]:
    """The whole service with that portal and those bugs, logging all it can."""
    with _pila(postgres_embebido, portal, tmp_path_factory.mktemp("sabotaje")) as en_marcha:
        yield en_marcha


def _servicio(pila: Pila, credenciales: object) -> int:
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        orden = (
            "WITH p AS (INSERT INTO propiedades (nombre, created_at) VALUES ('P', now()) RETURNING id)"
            " INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
            " SELECT id, 'Edesur', 'Prueba', %s, true, now() FROM p RETURNING id"
        )
        fila = bd.execute(orden, (Jsonb(credenciales),)).fetchone()
        assert fila is not None
        return int(fila[0])


def _sembrar(pila: Pila) -> dict[str, int]:
    """A servicio for each case, encrypted: `ajena` under a key that the service does not have."""
    Semilla(pila)
    datos = {c: {"suministro": SUMINISTRO, "email": email_de(c), "clave": clave_de(c)} for c in CASOS}
    ajeno = Fernet(Fernet.generate_key()).encrypt(json.dumps(datos["ajena"]).encode()).decode()
    return {c: _servicio(pila, ajeno if c == "ajena" else cifrar(datos[c])) for c in CASOS}


def _correr(pila: Pila, portal: Portal, aviso: Receptor) -> tuple[list[str], dict[int, dict[str, Any]]]:
    """Every case to its end, one of them over the death of its worker. Returns the jobs, and results by servicio."""
    ids = _sembrar(pila)
    caida = ids.pop("caida")
    jobs = [
        pila.pedir("/consultar/servicios", {"servicio_ids": [*ids.values()], "callback_url": aviso.url})["job_id"],
    ]
    resultados = pila.esperar_job(jobs[0])["resultado"]
    jobs.append(pila.pedir("/consultar/servicios", {"servicio_ids": [caida], "callback_url": aviso.url})["job_id"])
    hasta(lambda: "caida" in portal.vistos)
    pila.matar("worker")
    pila.lanzar("worker")
    hasta(lambda: portal.vistos.count("caida") >= 2)
    portal.soltar.set()
    resultados += pila.esperar_job(jobs[1])["resultado"]
    for job_id in jobs:
        aviso.esperar(job_id)
    por_servicio = {r["servicio_id"]: r for r in resultados}
    return jobs, {**{c: por_servicio[i] for c, i in ids.items()}, "caida": por_servicio[caida]}  # type: ignore[dict-item]


def _de_la_base(pila: Pila) -> Iterator[tuple[str, str]]:
    """Every row of every table, the broker's too."""
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        tablas = bd.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (tabla,) in tablas:
            for fila in bd.execute(f"SELECT * FROM {tabla}"):
                yield tabla, " ".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in fila)


def _de_la_api(pila: Pila, jobs: list[str], consultas: list[str]) -> Iterator[tuple[str, str]]:
    rutas = ["/jobs", "/queue/stats", "/empresas", "/empresas/salud", *(f"/job/{j}" for j in jobs)]
    rutas += [f"/{que}/propiedad/{n}" for que in ("historial", "servicios") for n in range(1, len(CASOS) + 1)]
    for ruta in rutas:
        yield ruta, json.dumps(pila.pedir(ruta), ensure_ascii=False)
    for consulta_id in consultas:
        vista = pila.pedir(f"/consulta/{consulta_id}")
        yield consulta_id, json.dumps(vista, ensure_ascii=False)


def _de_archivos(*carpetas: Path) -> Iterator[tuple[str, str]]:
    for carpeta in carpetas:
        for ruta in carpeta.rglob("*"):
            if ruta.is_file() and not ruta.is_symlink():
                yield str(ruta), ruta.read_bytes().decode(errors="replace")


def test_ningun_secreto_queda_escrito(pila: Pila, portal: Portal, postgres_embebido: PostgresEmbebido) -> None:
    # Given credenciales that the portal and our own bugs repeat in every way, and a worker that dies
    with receptor() as aviso:
        # When their consultas end
        jobs, resultados = _correr(pila, portal, aviso)
        avisado = [("callback", f"{r.cabeceras} {r.cuerpo.decode()}") for r in aviso.recibidos]
    # Then each ends as it must
    assert {caso: r["error_codigo"] for caso, r in resultados.items()} == CASOS  # type: ignore[comparison-overlap]
    assert len(avisado) == 2
    # And nothing that was written shows a secret: rows, messages, logs, answers, callbacks, temporary files, disk
    consultas = [str(r["consulta_id"]) for r in resultados.values()]
    escrito = [*avisado, *_de_la_base(pila), *_de_la_api(pila, jobs, consultas)]
    escrito += _de_archivos(pila.carpeta, postgres_embebido.carpeta)
    mostrados = {donde: vistos for donde, texto in escrito if (vistos := hallados(texto))}
    assert mostrados == {}
    # And it was looked for where it would have been
    registro = pila.registro("worker")
    assert registro.count("sin arreglo: {") >= 2 and "•••" in registro
    evidencia = " ".join(texto for tabla, texto in escrito if tabla == "public.evidencias")
    assert evidencia.count("•••") > 20 and "GET 404" in evidencia and "exception" in evidencia


def test_lo_que_se_escribe_sin_cifrar_lo_cifra_reloj(pila: Pila) -> None:
    servicio_id = _servicio(pila, {"suministro": SUMINISTRO, "email": "ana@example.com", "clave": "plana"})
    tipo = "SELECT jsonb_typeof(credenciales) FROM servicios WHERE id = %s"
    hasta(lambda: Semilla(pila).filas(tipo, servicio_id) == [("string",)])
    assert re.search(r"Credenciales cifradas: las de \d+ servicios", pila.registro("reloj"))


@pytest.mark.parametrize("caso", CASOS)
def test_las_agujas_se_encuentran(caso: str) -> None:
    for dato in (clave_de(caso), email_de(caso)):
        for escrito in (dato, html.escape(dato), urllib.parse.quote(dato), json.dumps(json.dumps(dato))):
            assert hallados(f"antes {escrito} después")
        assert hallados(base64.b64encode(f"antes:{dato}.".encode()).decode())
