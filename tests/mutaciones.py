"""Changes to a result page that leave untouched what the account owes: each is (html, random) -> html.

None alters the digits of an amount: a portal that states another amount is not a page that was misread.
"""

import random
import re
from collections.abc import Callable, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

Mutador = Callable[[str, random.Random], str]

IMPORTE = re.compile(r"\$ ?[0-9][0-9.,]*")
ROTULOS = (
    "Total a pagar",
    "Deuda Total:",
    "SALDO TOTAL",
    "Saldo a favor",
    "Última factura",
    "Importe pagado",
    "Cargo fijo",
)
ESTADOS = ("Pagada", "Vencida", "Cuota futura", "ANUAL", "Plan de pagos", "Pendiente", "Impaga", "No exigible")
ERRORES = ("Error", "Ocurrió un error inesperado.", "Estamos en mantenimiento", "Su sesión venció")
SENUELOS = (
    "<p>Total a pagar: $ 1,00</p>",
    "<p>Deuda Total: $ 99,99</p>",
    "<div><h3>TOTAL A PAGAR</h3><p>$ 5,00</p></div>",
    "<p>Cargo fijo $ 999.999,99</p>",
    "<p>No registra deuda en otros servicios.</p>",
    "<p>Año 2026: $ 2.026,00</p>",
    "<span>2026</span>",
    "<p>¿No registra deuda?</p>",
)
RARAS = ("\u00a0", "\u2009", "\u200b", "\u202f", " \n ")


def _nodos(arbol: LexborHTMLParser) -> list[LexborNode]:
    cuerpo = arbol.body
    return [] if cuerpo is None else [n for n in cuerpo.css("*") if n.tag not in ("html", "body")]


def _con_nodo(hacer: Callable[[LexborNode, list[LexborNode], random.Random], None]) -> Mutador:
    """A mutation of one element of the page."""

    def mutar(html: str, azar: random.Random) -> str:
        arbol = LexborHTMLParser(html)
        nodos = _nodos(arbol)
        if nodos:
            hacer(azar.choice(nodos), nodos, azar)
        return arbol.html or ""

    return mutar


def _quitar(nodo: LexborNode, _: list[LexborNode], __: random.Random) -> None:
    nodo.decompose()


def _vaciar(nodo: LexborNode, _: list[LexborNode], __: random.Random) -> None:
    nodo.inner_html = ""


def _duplicar(nodo: LexborNode, _: list[LexborNode], __: random.Random) -> None:
    nodo.insert_after(LexborHTMLParser(nodo.html or "", is_fragment=True).root or "")


def _mover(nodo: LexborNode, nodos: list[LexborNode], azar: random.Random) -> None:
    html = nodo.html or ""
    destino = azar.choice(nodos)
    if nodo.html and destino.html and html not in destino.html and destino.html not in html:
        destino.inner_html = (destino.inner_html or "") + html
        nodo.decompose()


def _intercambiar(nodo: LexborNode, nodos: list[LexborNode], azar: random.Random) -> None:
    hojas = [n for n in nodos if not n.css("* > *") and n.text()]
    if len(hojas) > 1:
        uno, otro = azar.sample(hojas, 2)
        uno.inner_html, otro.inner_html = otro.inner_html or "", uno.inner_html or ""


def _sin_atributos(nodo: LexborNode, _: list[LexborNode], azar: random.Random) -> None:
    for nombre in list(nodo.attributes):
        if azar.random() < 0.7:
            del nodo.attrs[nombre]


def _senuelo(nodo: LexborNode, _: list[LexborNode], azar: random.Random) -> None:
    nodo.inner_html = (nodo.inner_html or "") + azar.choice(SENUELOS)


def _error(nodo: LexborNode, _: list[LexborNode], azar: random.Random) -> None:
    nodo.inner_html = f"{azar.choice(ERRORES)} {nodo.inner_html or ''}"


def _otro_estado(html: str, azar: random.Random) -> str:
    """A row more, of another state: paid, future, yearly."""
    arbol = LexborHTMLParser(html)
    filas = [] if arbol.body is None else arbol.body.css("tbody tr, .factura")
    if not filas:
        return html
    fila = azar.choice(filas)
    nueva = fila.html or ""
    for estado in ESTADOS:
        nueva = nueva.replace(estado, azar.choice(ESTADOS))
    fila.insert_after(LexborHTMLParser(nueva, is_fragment=True).root or "")
    return arbol.html or ""


def _renombrar(html: str, azar: random.Random) -> str:
    """Another label instead of one text without digits."""
    textos = list(re.finditer(r">([^<>0-9]*[a-zA-Z][^<>0-9]*)<", html))
    if not textos:
        return html
    elegido = azar.choice(textos)
    return html[: elegido.start(1)] + azar.choice(ROTULOS) + html[elegido.end(1) :]


def _en_un_importe(cambiar: Callable[[str, random.Random], str]) -> Mutador:
    """A change to how one amount is written, or all of them."""

    def mutar(html: str, azar: random.Random) -> str:
        hallados = list(IMPORTE.finditer(html))
        if not hallados:
            return html
        elegido = azar.choice(hallados)
        if azar.random() < 0.3:
            return IMPORTE.sub(lambda m: cambiar(m[0], azar), html)
        return html[: elegido.start()] + cambiar(elegido[0], azar) + html[elegido.end() :]

    return mutar


def _partir(importe: str, azar: random.Random) -> str:
    corte = azar.randrange(1, len(importe))
    return f"<span>{importe[:corte]}</span><i>{importe[corte:]}</i>"


def _otro_estilo(importe: str, azar: random.Random) -> str:
    return importe.translate(str.maketrans(".,", ",."))


def _sin_centavos(importe: str, azar: random.Random) -> str:
    return re.sub(r"[.,][0-9]{2}$", "", importe)


def _ancho_completo(importe: str, azar: random.Random) -> str:
    return importe.translate({ord("0") + i: 0xFF10 + i for i in range(10)})


def _truncar(html: str, azar: random.Random) -> str:
    return html[: azar.randrange(len(html) + 1)]


def _otra_cuenta(html: str, azar: random.Random) -> str:
    """Another account's page: its number everywhere."""
    numeros = sorted(set(re.findall(r"\b3[0-9]{5,16}\b", html)))
    for numero in numeros:
        html = html.replace(numero, str(int(numero) + azar.randrange(1, 9) * 100))
    return html


def _dos_paginas(html: str, azar: random.Random) -> str:
    return html + html


MUTADORES: Mapping[str, Mutador] = {
    "quitar un nodo": _con_nodo(_quitar),
    "vaciar un nodo": _con_nodo(_vaciar),
    "duplicar un nodo": _con_nodo(_duplicar),
    "mover un nodo": _con_nodo(_mover),
    "intercambiar textos": _con_nodo(_intercambiar),
    "quitar atributos": _con_nodo(_sin_atributos),
    "señuelo": _con_nodo(_senuelo),
    "texto de error": _con_nodo(_error),
    "fila de otro estado": _otro_estado,
    "renombrar un rótulo": _renombrar,
    "signo": _en_un_importe(
        lambda importe, azar: azar.choice((f"-{importe}", importe.replace("$ ", "$ -"), f"({importe})"))
    ),
    "moneda": _en_un_importe(lambda importe, azar: importe.replace("$", azar.choice(("U$S", "€", "USD", "")))),
    "otro estilo decimal": _en_un_importe(_otro_estilo),
    "sin centavos": _en_un_importe(_sin_centavos),
    "nodo partido": _en_un_importe(_partir),
    "espacios raros": _en_un_importe(lambda importe, azar: importe.replace(" ", azar.choice(RARAS))),
    "dígitos de ancho completo": _en_un_importe(_ancho_completo),
    "truncar": _truncar,
    "otra cuenta": _otra_cuenta,
    "dos páginas": _dos_paginas,
}
"""By name."""
