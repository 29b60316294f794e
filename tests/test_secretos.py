"""Secrets are masked however they are written, and before a picture is taken."""

import asyncio
import base64
import html
import http.server
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servidores import servir

from scrapers.base import CLAVE, EMAIL, Scraper
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.evidencia import LINEA, Evidencia
from scrapers.fallas import TEXTO_MAX, Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.navegador import Navegador
from scrapers.pagina import Pagina
from scrapers.pestana import Pestana
from scrapers.secretos import NADA, OCULTO, SIGNOS, Mascara
from scrapers.verdad import Hallazgo

SECRETO = "Ñ9\"<c&a>'n+a%r/i\\o 🔑 zX7"
LETRAS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=6, max_size=30)


def _solo_en_base64(secreto: str, antes: bytes) -> str:
    return base64.b64encode(antes + secreto.encode() + b"despues").decode()


@settings(max_examples=60, deadline=None)
@given(LETRAS.filter(lambda s: s == s.strip()))
def test_se_oculta_en_cualquier_escritura(secreto: str) -> None:
    mascara = Mascara([secreto])
    una_vez = [
        secreto,
        html.escape(secreto),
        secreto.encode("ascii", "xmlcharrefreplace").decode(),
        urllib.parse.quote(secreto),
        urllib.parse.quote_plus(secreto),
        json.dumps(secreto)[1:-1],
        json.dumps(secreto, ensure_ascii=False)[1:-1],
    ]
    dos_veces = [hacer(t) for t in una_vez for hacer in (json.dumps, urllib.parse.quote)] + [html.escape(una_vez[1])]
    for texto in [*una_vez, *dos_veces]:
        assert mascara.ocultar(texto).strip('"') in (OCULTO, f"%22{OCULTO}%22"), texto
    for antes in (b"", b"x", b"xy", b"ana:"):
        assert OCULTO in mascara.ocultar(_solo_en_base64(secreto, antes))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.text(max_size=12))
def test_un_texto_sin_signos_se_oculta_igual_con_el_patron_llano(datos: st.DataObject, secreto: str) -> None:
    # Given texts made of pieces of the secret and of what surrounds them, with none of the signs of an escape
    trozos = [secreto, secreto.upper(), secreto.lower(), secreto[:-1], base64.b64encode(secreto.encode()).decode()]
    piezas = st.sampled_from([*trozos, " ", "  ", "\t", "x", "<b>", "ñ", "=", '"', "/"])
    texto = re.sub(f"[{SIGNOS}]", "", "".join(datos.draw(st.lists(piezas, max_size=8))))
    mascara = Mascara([secreto])
    # Then both patterns find the same in them
    todos = [re.sub(p, OCULTO, texto, flags=re.IGNORECASE) if p else texto for p in (mascara.patron, mascara.llano)]
    assert todos[0] == todos[1]


def test_ningun_texto_lo_hace_tardar() -> None:
    hostil = Mascara(["\\" * 3 + "x", '  \\ \\""%25%25&amp;&amp;' * 8])
    for texto in ("\\" * 20_000, " " * 20_000, "+%20" * 5_000, "&amp;" * 5_000, "%25" * 5_000, '\\"' * 5_000):
        assert hostil.ocultar(texto) == texto


def test_lo_demas_queda_como_estaba() -> None:
    texto = "TOTAL A PAGAR $ 25.670,00 de Ñandú <b>&amp;</b> %20 \\u00d1"
    assert Mascara([SECRETO, "clave-larga"]).ocultar(texto) == texto
    assert NADA.ocultar(texto) == Mascara([""]).ocultar(texto) == texto
    assert "clave" not in repr(Mascara(["clave"]))


def test_el_mas_largo_se_oculta_entero() -> None:
    assert Mascara(["ana", "ana-2026"]).ocultar("ANA-2026 y ana") == f"{OCULTO} y {OCULTO}"


def test_se_oculta_antes_de_cortar() -> None:
    # Given a secret over the place where a line, a message or a part is cut
    mascara = Mascara([SECRETO])
    linea = "x" * (LINEA - 5) + SECRETO
    saneada = Evidencia(consola=f"{linea}\n{linea}", html="x" * 9_990 + SECRETO).saneada(mascara, 10_000)
    falla = Falla(Codigo.PORTAL_ERROR_PROPIO, mensaje_portal="x" * (TEXTO_MAX - 5) + SECRETO).oculta(mascara.ocultar)
    # Then no piece of it is left
    for texto in (saneada.consola, saneada.html, falla.mensaje_portal, str(falla)):
        assert texto is not None and "Ñ9" not in texto and OCULTO in texto
    assert max(map(len, saneada.consola.splitlines())) == LINEA - 5 + len(OCULTO)


PAGINA = """<meta charset=utf-8><body><h1>Hola</h1><div id=aqui></div><script>
const clave = %s, aqui = document.querySelector('#aqui');
const poner = (etiqueta, hacer) => { const el = document.createElement(etiqueta); hacer(el); aqui.append(el); };
poner('p', el => { el.textContent = 'su clave: ' + clave; });
poner('p', el => { for (const c of clave) el.appendChild(document.createElement('b')).textContent = c; });
poner('p', el => { el.textContent = encodeURIComponent(clave); });
poner('input', el => { el.value = clave; el.placeholder = clave; });
poner('input', el => { el.type = 'password'; el.value = clave; });
poner('textarea', el => { el.value = 'a ' + clave; });
poner('select', el => { el.add(new Option(clave)); });
poner('div', el => { el.attachShadow({mode: 'open'}).append(clave); });
poner('iframe', el => { el.srcdoc = '<p id=i></p>'; el.onload = () => {
    el.contentDocument.querySelector('#i').textContent = clave; aqui.id = 'listo'; }; });
if (location.pathname === '/rebelde') setInterval(() => { document.querySelector('p').textContent = clave; }, 1);
</script>"""

LO_QUE_SE_VE = """() => {
    const de = raiz => [...raiz.querySelectorAll('*')].map(el => [
        el.textContent, el.value, el.placeholder, el.shadowRoot && el.shadowRoot.textContent + de(el.shadowRoot)]);
    return JSON.stringify(de(document));
}"""


class _Portal(Scraper):
    empresa = "prueba"
    nombre = "Prueba"
    tipo_servicio = "Prueba"
    url = "https://example.invalid"
    campos = (EMAIL, CLAVE)

    async def navegar(self, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        await pagina.ir(pedido["email"])
        await pagina.esperar("#listo")
        raise Falla(Codigo.RESULTADO_AMBIGUO)

    def interpretar(self, lectura: Lectura, pedido: Mapping[str, str]) -> Hallazgo:
        raise NotImplementedError


class _Mirada(Pagina):
    """Keeps what every frame showed at the moment of each picture."""

    vistos: list[str]

    def __init__(self, pestana: Pestana, url: str) -> None:
        super().__init__(pestana, url)
        self.vistos = []
        original = pestana.captura

        async def mirar(recorte: dict[str, float] | None = None) -> bytes:
            self.vistos += [str(await pestana.evaluar(marco, LO_QUE_SE_VE)) for marco in pestana.marcos]
            return await original(recorte)

        pestana.captura = mirar  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def sitio() -> Iterator[str]:
    """A page that shows the secret in every way, one of them again and again under /rebelde."""

    class Manejador(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((PAGINA % json.dumps(SECRETO)).encode())

        def log_message(self, *_: object) -> None:
            return

    with servir(Manejador) as url:
        yield url


def _evidencia(sitio: str, ruta: str) -> tuple[Evidencia, list[str]]:
    paginas: list[_Mirada] = []

    def abrir(pestana: Pestana, url: str) -> Pagina:
        paginas.append(_Mirada(pestana, url))
        return paginas[0]

    async def correr() -> FallaConEvidencia:
        navegador = Navegador()
        opciones: dict[str, Any] = {"url": sitio, "plazo_s": 30, "evidencia_max_bytes": 500_000, "pagina": abrir}
        try:
            with pytest.raises(FallaConEvidencia) as vista:
                await consultar(navegador, _Portal(), {"email": ruta, "clave": SECRETO}, **opciones)
        finally:
            await navegador.cerrar()
        return vista.value

    return asyncio.run(correr()).evidencia, paginas[0].vistos


def test_la_captura_se_toma_con_todo_oculto(sitio: str) -> None:
    evidencia, vistos = _evidencia(sitio, "/abierta")
    assert evidencia.captura is not None and evidencia.html is not None
    assert len(vistos) == 2, "la página y su marco"
    for texto in [*vistos, evidencia.html]:
        assert "zX7" not in texto and OCULTO in texto
    assert "Hola" in vistos[0] and "su clave: •••" in vistos[0]


def test_la_captura_de_una_pagina_que_insiste_no_se_guarda(sitio: str) -> None:
    evidencia, _ = _evidencia(sitio, "/rebelde")
    assert evidencia.captura is None
    assert evidencia.html is not None and "zX7" not in evidencia.html
