"""A page without the person in it: the credenciales become others of the same shape, names and addresses a mask."""

import contextlib
import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import Final

from scrapers.base import Scraper
from scrapers.dinero import normal
from scrapers.fallas import Falla

VACIOS: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "source", "track", "wbr"})
ESTRUCTURA: Final = frozenset({"id", "class", "for", "name", "type", "role", "scope", "colspan", "rowspan"})
"""Attributes that scrapers find things by: only credenciales are replaced in them."""
DIRECCIONES: Final = frozenset({"href", "src", "action"})
"""Attributes that lose their query: it may carry a session."""

_QUIEN = (
    r"titular(?:idad)?|nombres?|apellidos?|raz[oó]n social|domicilio|direcci[oó]n|calle|localidad|se[ñn]or(?:es|a)?"
    r"|sra?\.?|usuario|cliente|tel[eé]fono|celular|e-?mail"
)
ROTULO: Final = re.compile(rf"(?:[^\W\d]+ ){{0,3}}(?:{_QUIEN})(?: [^\W\d]+){{0,4}} ?:?", re.IGNORECASE)
"""A text that only says that a person's datum comes next."""
ROTULADO: Final = re.compile(
    rf"(?:(?:[^\W\d:]+ ){{0,3}}(?:{_QUIEN})(?: [^\W\d:]+){{0,4}} ?:|(?:titular|domicilio|direcci[oó]n)\b) ?(.+)"
    r"|(?:hola|bienvenid[oa]s?)[,:]? (.+?)[!.]?",
    re.IGNORECASE,
)
"""A text that says the datum after its label, or greets."""
MARCADO: Final = re.compile(r"titular|domicilio|direccion|address|holder", re.IGNORECASE)
"""A class or id of an element that holds such a datum."""

LECTURA: Final = re.compile(r"deuda|saldo|total|factura|pagar|pago|vence|vencim|[$]", re.IGNORECASE)
"""Words that an amount is read by: a text with one of them is never taken for a person's datum."""

CORREO: Final = r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
DOCUMENTO: Final = (
    r"(?<![\w.,])(?:[0-9]{2}-[0-9]{8}-[0-9]|[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-[0-9kK]"
    r"|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}|[0-9]{7,})(?![\w]|[.,][0-9])"
)
"""CUIT, RUT and DNI as people write them, and any run of seven digits or more."""
PARTE_MINIMA: Final = 4
CLAVE_FINGIDA: Final = "clave-de-prueba"
INTENTOS: Final = 20_000
"""Until one has a good check digit, where there is one."""


def fingir(scraper: Scraper, pedido: Mapping[str, str]) -> dict[str, str]:
    """Other credenciales of the same shape that the scraper accepts. Raises ValueError where there are none."""
    fingido = dict(pedido)
    for campo in scraper.campos:
        fingido[campo.nombre] = CLAVE_FINGIDA if campo.secreto else _fingido(scraper, fingido, campo.nombre)
    return fingido


def _fingido(scraper: Scraper, pedido: Mapping[str, str], nombre: str) -> str:
    local, arroba, _dominio = pedido[nombre].partition("@")
    for _ in range(INTENTOS):
        otro = _otra_forma(local) + (f"{arroba}example.com" if arroba else "")
        with contextlib.suppress(Falla):
            if otro != pedido[nombre] and scraper.validar({**pedido, nombre: otro})[nombre] == otro:
                return otro
    raise ValueError(f"no hay otro valor de la forma de {nombre}")


def _otra_forma(texto: str) -> str:
    """Random letters for letters and digits for digits, no new zero at the front; leading zeros stay."""
    propio = texto.lstrip("0")
    return texto[: len(texto) - len(propio)] + "".join(map(_otro, propio))


def _otro(caracter: str) -> str:
    if caracter.isdigit():
        return secrets.choice("123456789" if caracter != "0" else string.digits)
    if caracter.isalpha():
        letra = secrets.choice(string.ascii_lowercase)
        return letra.upper() if caracter.isupper() else letra
    return caracter


def mascara(texto: str) -> str:
    """`Juan Pérez 12` as `Xxxx Xxxxx 00`."""
    return "".join("0" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in texto)


class _Recorrido(HTMLParser):
    """Walks a page that a foto gave: our own copy, well formed, without scripts."""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


class _Personas(_Recorrido):
    """Collects what stands beside a label or the account, under a column's title or in a marked element."""

    def __init__(self, pedido: Mapping[str, str]) -> None:
        super().__init__()
        cuentas = "|".join(_patron(valor) for valor in pedido.values())
        self._tras_cuenta = re.compile(rf"(?:{cuentas})\s*[-–·,:]+\s*(.+)", re.IGNORECASE)
        self.hallados: set[str] = set()
        self._sigue = False
        self._marca: list[bool] = []
        self._titulos = False
        self._columna = 0
        self._columnas: set[int] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        dados = {nombre: valor or "" for nombre, valor in attrs}
        marcado = any(MARCADO.search(dados.get(nombre, "")) for nombre in ("class", "id", "data-testid", "name"))
        if tag == "table":
            self._columnas = set()
        elif tag == "thead":
            self._titulos = True
        elif tag == "tr":
            self._columna = -1
        elif tag in ("th", "td"):
            self._columna += 1
        if tag in VACIOS:
            if dados.get("value"):
                self._ver(dados["value"], marcado)
        else:
            self._marca.append(marcado or bool(self._marca and self._marca[-1]))

    def handle_endtag(self, tag: str) -> None:
        if self._marca:
            self._marca.pop()
        self._titulos = self._titulos and tag != "thead"
        if tag == "table":
            self._columnas = set()

    def handle_data(self, data: str) -> None:
        if normal(data):
            self._ver(data, bool(self._marca and self._marca[-1]))

    def _ver(self, dato: str, marcado: bool) -> None:
        texto = normal(dato)
        if ROTULO.fullmatch(texto):
            if self._titulos:
                self._columnas.add(self._columna)
            else:
                self._sigue = True
            return
        rotulado = ROTULADO.fullmatch(texto) or self._tras_cuenta.search(texto)
        if rotulado is not None:
            self._anotar(str(rotulado[rotulado.lastindex or 0]))
        elif marcado or self._sigue or (not self._titulos and self._columna in self._columnas):
            self._anotar(texto)
        self._sigue = False

    def _anotar(self, texto: str) -> None:
        if len(texto) >= PARTE_MINIMA and not LECTURA.search(texto) and len(re.findall(r"[^\W\d_]", texto)) >= 2:
            self.hallados.add(texto)


class _Copia(_Recorrido):
    """Writes the page again, its texts and attributes changed by `texto` and `atributo`."""

    def __init__(self, texto: Callable[[str], str], atributo: Callable[[str, str], str]) -> None:
        super().__init__()
        self.partes: list[str] = []
        self._texto = texto
        self._atributo = atributo

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        dados = "".join(f' {n}="{escape(self._atributo(n, v or ""))}"' for n, v in attrs)
        self.partes.append(f"<{tag}{dados}>")

    def handle_endtag(self, tag: str) -> None:
        self.partes.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.partes.append(escape(self._texto(data), quote=False))


class Anonimo:
    """Replaces in texts what names a person: `fingido` for `pedido`, masks for `personas`, others for documents."""

    def __init__(self, pedido: Mapping[str, str], fingido: Mapping[str, str], personas: Iterable[str]) -> None:
        self._fingidos = {pedido[nombre]: fingido[nombre] for nombre in pedido}
        largos = sorted(self._fingidos, key=len, reverse=True)
        self._credenciales = re.compile("|".join(f"({_patron(valor)})" for valor in largos), re.IGNORECASE)
        self._valores = largos
        locales = [valor.partition("@")[0] for valor in largos if "@" in valor]
        frases = sorted({*personas, *(local for local in locales if len(local) >= PARTE_MINIMA)}, key=len, reverse=True)
        conocidas = "|".join(r"\s+".join(map(re.escape, frase.split())) for frase in frases) or r"(?!)"
        self._resto = re.compile(
            f"(?P<persona>{conocidas})|(?P<correo>{CORREO})|(?P<documento>{DOCUMENTO})", re.IGNORECASE
        )
        self._documentos: dict[str, str] = {}

    def credenciales(self, texto: str) -> str:
        """The text with each credencial, however separated, as the fake one."""
        return self._credenciales.sub(self._fingir, texto)

    def todo(self, texto: str) -> str:
        """The text without credenciales, persons, e-mails or documents."""
        partes, desde = [], 0
        for hallado in self._credenciales.finditer(texto):
            partes += [self._enmascarar(texto[desde : hallado.start()]), self._fingir(hallado)]
            desde = hallado.end()
        return "".join([*partes, self._enmascarar(texto[desde:])])

    def atributo(self, nombre: str, valor: str) -> str:
        """The value of an attribute, by what it is for."""
        if nombre in ESTRUCTURA:
            return self.credenciales(valor)
        return self.todo(valor.partition("?")[0] if nombre in DIRECCIONES else valor)

    def _fingir(self, hallado: re.Match[str]) -> str:
        assert hallado.lastindex is not None
        fingido = self._fingidos[self._valores[hallado.lastindex - 1]]
        visto = hallado[0]
        if sum(map(str.isalnum, visto)) != sum(map(str.isalnum, fingido)):
            return fingido
        siguientes = iter(filter(str.isalnum, fingido))
        return "".join(next(siguientes) if c.isalnum() else c for c in visto)

    def _enmascarar(self, texto: str) -> str:
        def cambiar(hallado: re.Match[str]) -> str:
            if hallado["persona"]:
                return mascara(hallado[0])
            if hallado["correo"]:
                return "persona@example.com"
            es_importe = re.search(r"\$\s*-?\s*$", texto[: hallado.start()])
            return hallado[0] if es_importe else self._documento(hallado[0])

        return self._resto.sub(cambiar, texto)

    def _documento(self, visto: str) -> str:
        """Another of the same shape, the same for the same digits."""
        digitos = re.sub(r"\D", "", visto)
        siguientes = iter(self._documentos.setdefault(digitos, _otra_forma(digitos)))
        return "".join(next(siguientes) if c.isdigit() else c for c in visto)


def _patron(valor: str) -> str:
    """How a page may write a credencial: exactly, or with separators between its letters and digits."""
    if not valor.isalnum():
        return re.escape(valor)
    if len(valor) < PARTE_MINIMA:
        return rf"(?<!\w){re.escape(valor)}(?!\w)"
    return r"[\s.\-/]{0,2}".join(map(re.escape, valor))


def anonimizar(html: str, pedido: Mapping[str, str], fingido: Mapping[str, str], ocultar: Iterable[str] = ()) -> str:
    """The same page without the person; `ocultar`: further texts to mask."""
    personas = _Personas(pedido)
    personas.feed(html)
    anonimo = Anonimo(pedido, fingido, {*personas.hallados, *(normal(texto) for texto in ocultar if normal(texto))})
    copia = _Copia(anonimo.todo, anonimo.atributo)
    copia.feed(html)
    copia.close()
    return "".join(copia.partes)
