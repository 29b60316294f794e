"""`/docs`: the document as one page of HTML and a sheet of style, without a script: it is readable anywhere."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

WEB = Path(__file__).resolve().parent / "web"
ESTILO = (WEB / "docs.css").read_bytes()

TIPOS = {
    "string": "texto",
    "integer": "entero",
    "number": "número",
    "boolean": "true o false",
    "object": "objeto",
    "null": "null",
}
FORMATOS = {
    "uuid": "UUID",
    "date-time": "momento (RFC 3339)",
    "date": "día (AAAA-MM-DD)",
    "iri": "URL",
    "cursor": "cursor",
    "uri-reference": "ruta",
}


def prosa(texto: str) -> Markup:
    """Paragraphs, numbered lists, bold and code of a text in Markdown; everything else is escaped."""
    bloques = []
    for bloque in texto.split("\n\n"):
        puntos = re.split(r"(?m)^\d+\. ", bloque)[1:]
        etiqueta, partes = ("li", puntos) if puntos else ("p", [bloque])
        escrito = "".join(f"<{etiqueta}>{_en_linea(parte)}</{etiqueta}>" for parte in partes)
        bloques.append(f"<ol>{escrito}</ol>" if puntos else escrito)
    return Markup("".join(bloques))  # made of escaped parts


def _en_linea(texto: str) -> str:
    marcado = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(texto.strip())))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", marcado)


def tipo(esquema: dict[str, Any]) -> Markup:
    """What a value is, in words; a model is a link to its table."""
    if "$ref" in esquema:
        nombre = esquema["$ref"].rpartition("/")[2]
        return Markup('<a href="#esquema-{0}">{0}</a>').format(nombre)
    if "anyOf" in esquema:
        return Markup(" o ").join(map(tipo, esquema["anyOf"]))
    if "const" in esquema or "enum" in esquema:
        valores = esquema.get("enum", [esquema.get("const")])
        return Markup(", ").join(Markup("<code>{}</code>").format(valor) for valor in valores)
    if esquema.get("type") == "array":
        return Markup("lista de {}").format(tipo(esquema["items"]))
    return Markup("{}").format(
        FORMATOS.get(esquema.get("format", "")) or TIPOS.get(esquema.get("type", ""), "cualquiera")
    )


def limites(esquema: dict[str, Any]) -> str:
    """Between what a number may be, how long a text or a list."""
    con: dict[str, Any] = next(
        (opcion for opcion in [esquema, *esquema.get("anyOf", ())] if opcion.keys() & LIMITES.keys()), {}
    )
    return ", ".join(frase.format(con[clave]) for clave, frase in LIMITES.items() if clave in con)


LIMITES = {
    "minimum": "desde {}",
    "maximum": "hasta {}",
    "minLength": "{} caracteres o más",
    "maxLength": "{} caracteres como mucho",
    "minItems": "{} elementos o más",
    "maxItems": "{} elementos como mucho",
}


def bonito(valor: Any) -> str:
    """JSON to be read."""
    return json.dumps(valor, ensure_ascii=False, indent=2)


_entorno = Environment(
    loader=FileSystemLoader(WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_entorno.filters.update(prosa=prosa, tipo=tipo, limites=limites, bonito=bonito)


@cache
def _plantilla() -> Any:
    return _entorno.get_template("docs.html")


def dibujar(documento: dict[str, Any]) -> bytes:
    """The page of a document."""
    operaciones = [
        (metodo.upper(), ruta, operacion)
        for ruta, metodos in documento["paths"].items()
        for metodo, operacion in metodos.items()
    ]
    por_etiqueta = {
        etiqueta["name"]: (etiqueta["description"], [o for o in operaciones if etiqueta["name"] in o[2]["tags"]])
        for etiqueta in documento["tags"]
    }
    return str(_plantilla().render(documento=documento, secciones=por_etiqueta)).encode()
