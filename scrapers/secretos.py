"""Secrets kept out of what is written down: masked however a page, a URL, a script or a library spells them."""

import base64
import re
from collections.abc import Iterable, Iterator
from html.entities import codepoint2name

OCULTO = "•••"

BASE64_MIN = 6
"""A shorter secret is not looked for in base64: too much would look like it."""


SIGNOS = "%&+\\\\"
"""A text without these (as inside a class of a regular expression) spells a secret by its own letters, or in base64."""


class Mascara:
    """Masks these secrets. `patron` is a regular expression of Python and of JavaScript, whatever the case; or ''.

    `llano`: the same for a text with none of SIGNOS, as most are: it is a fiftieth as long.
    """

    def __init__(self, secretos: Iterable[str] = ()) -> None:
        largos = sorted({s for s in secretos if s}, key=len, reverse=True)
        self.patron = "|".join(forma for secreto in largos for forma in _formas(secreto))
        self.llano = "|".join(forma for secreto in largos for forma in _llanas(secreto))

    def __repr__(self) -> str:
        return "Mascara(…)"

    def ocultar(self, texto: str) -> str:
        """The text with every secret masked."""
        patron = self.patron if re.search(f"[{SIGNOS}]", texto) else self.llano
        return re.sub(patron, OCULTO, texto, flags=re.IGNORECASE) if patron else texto


NADA = Mascara()


def _formas(secreto: str) -> Iterator[str]:
    """Patterns of a secret: its letters, each in any spelling, and what base64 makes of it, alone or inside more."""
    yield "".join(map(_tramo, re.findall(r"\s+|\\+|.", secreto, re.DOTALL)))
    yield from _todas_en_base64(secreto)


def _llanas(secreto: str) -> Iterator[str]:
    """Of those, the ones that a text without SIGNOS can have."""
    if re.search(f"[{SIGNOS}]", secreto) is None:
        tramos = re.findall(r"\s+|.", secreto, re.DOTALL)
        yield "".join(rf"\s{{1,{4 * len(tramo)}}}" if tramo.isspace() else _tal_cual(tramo) for tramo in tramos)
    yield from _todas_en_base64(secreto)


def _todas_en_base64(secreto: str) -> Iterator[str]:
    for juego in ("utf-8", "latin-1"):
        crudo = secreto.encode(juego, "ignore")
        if len(crudo) >= BASE64_MIN:
            yield from (_en_base64(crudo, antes) for antes in range(3))


def _tal_cual(letra: str) -> str:
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", letra)


_AMP, _NUM, _FIN = (f"(?:{signo}|%(?:25){{0,4}}{ord(signo):02x})" for signo in "&#;")
_BARRA = r"(?:\\|%(?:25){0,4}5c)"
_BLANCOS = (r"\s", r"\+", "%(?:25){0,4}2b", f"{_BARRA}{{1,8}}[nrt]")


def _tramo(texto: str) -> str:
    """One letter; or a run of blanks or of backslashes, of which more or fewer may be shown. Every repetition is
    bounded and can be divided in one way only: no text takes for ever."""
    letras = [forma for letra in sorted(set(texto)) for forma in _letra(letra)]
    if texto.isspace():
        blancos = [forma for forma in letras if not forma.isspace()]
        return f"(?:{'|'.join([*blancos, *_BLANCOS])}){{1,{4 * len(texto)}}}"
    if texto.startswith("\\"):
        return f"(?:{'|'.join(forma for forma in letras if not forma.startswith(_BARRA))}){{1,{8 * len(texto)}}}"
    return f"(?:{'|'.join(letras)})" if texto not in "\"'/" else f"{_BARRA}{{0,8}}(?:{'|'.join(letras)})"


def _letra(letra: str) -> Iterator[str]:
    """One character as itself, percent-encoded, as an HTML entity or escaped in a script; encoded twice, too."""
    codigo = ord(letra)
    nombre = "apos" if letra == "'" else codepoint2name.get(codigo)
    entidades = [f"{_NUM}0{{0,6}}{codigo}", f"{_NUM}x0{{0,6}}{codigo:x}", *([nombre] if nombre else [])]
    yield f"{_AMP}(?:amp{_FIN}){{0,4}}(?:{'|'.join(entidades)}){_FIN}"
    for juego in ("utf-8", "latin-1"):
        crudo = letra.encode(juego, "ignore")
        if crudo:
            yield "".join(f"%(?:25){{0,4}}{octeto:02x}" for octeto in crudo)
    utf16 = letra.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(f"{_BARRA}{{1,8}}u{utf16[i : i + 4]}" for i in range(0, len(utf16), 4))
    if codigo < 256:
        yield f"{_BARRA}{{1,8}}x{codigo:02x}"
    yield _tal_cual(letra)


def _en_base64(crudo: bytes, antes: int) -> str:
    """What is always there of some bytes in base64 when `antes` (mod 3) others precede them."""
    texto = base64.b64encode(b"\0" * antes + crudo).decode()
    cola = (0, 3, 2)[(antes + len(crudo)) % 3]
    fijo = texto[(0, 2, 3)[antes] : len(texto) - cola]
    return fijo.replace("+", "(?:[+-]|%2b)").replace("/", "(?:[\\/_]|%2f)")
