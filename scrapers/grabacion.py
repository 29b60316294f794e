"""A result page kept for the tests: anonymised, with what it must be read as."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from scrapers.anonimo import PARTE_MINIMA, anonimizar, fingir
from scrapers.base import Scraper
from scrapers.fallas import Falla
from scrapers.lectura import Lectura
from scrapers.verdad import Deuda

PAGINA: Final = "pagina.html"
PEDIDO: Final = "pedido.json"
ESPERADO: Final = "esperado.json"

Esperado = Mapping[str, str | None]


class NoGrabable(Exception):
    """Why a page was not kept, as a Spanish sentence."""


def esperado_de(final: Deuda | Falla) -> dict[str, str | None]:
    """`estado` and `importe` of a deuda, or the `codigo` of a falla; None for the rest."""
    if isinstance(final, Falla):
        return {"estado": None, "importe": None, "codigo": str(final.codigo)}
    return {"estado": str(final.estado), "importe": str(final.importe), "codigo": None}


def leer(scraper: Scraper, html: str, pedido: Mapping[str, str]) -> dict[str, str | None]:
    """How a kept page is read now, by the rules of truth."""
    try:
        return esperado_de(scraper.concluir(Lectura(html), scraper.validar(pedido)))
    except Falla as falla:
        return esperado_de(falla)


def repetir(scraper: Scraper, carpeta: Path) -> tuple[Esperado, Esperado]:
    """How the page of a grabación is read now, and how it must be."""
    html = (carpeta / PAGINA).read_text(encoding="utf-8")
    pedido = json.loads((carpeta / PEDIDO).read_text(encoding="utf-8"))
    esperado: dict[str, str | None] = json.loads((carpeta / ESPERADO).read_text(encoding="utf-8"))
    return leer(scraper, html, pedido), esperado


def grabar(
    scraper: Scraper,
    lectura: Lectura,
    pedido: Mapping[str, str],
    final: Deuda | Falla,
    carpeta: Path,
    *,
    ocultar: Iterable[str] = (),
) -> None:
    """Keep the page in `carpeta`, which must not exist.

    Raises NoGrabable, having written nothing, when the anonymised page still shows a credencial or is no longer
    read as the real one was.
    """
    esperado, fingido = esperado_de(final), fingir(scraper, pedido)
    if carpeta.exists():
        raise NoGrabable(f"Ya existe {carpeta}: elija otro nombre.")
    if leer(scraper, lectura.html, pedido) != esperado:
        raise NoGrabable("La consulta no terminó por lo que dice esta página: no se graba.")
    html = anonimizar(lectura.html, pedido, fingido, ocultar)
    if any(valor.casefold() in html.casefold() for valor in pedido.values() if len(valor) >= PARTE_MINIMA):
        raise NoGrabable("La página anonimizada todavía muestra una credencial: no se graba.")
    leido = leer(scraper, html, fingido)
    if leido != esperado:
        raise NoGrabable(f"La página anonimizada se lee distinto ({_breve(leido)}): no se graba.")
    carpeta.mkdir(parents=True)
    (carpeta / PAGINA).write_text(html + "\n", encoding="utf-8")
    for nombre, dato in ((PEDIDO, fingido), (ESPERADO, esperado)):
        (carpeta / nombre).write_text(json.dumps(dato, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _breve(esperado: Esperado) -> str:
    return " ".join(valor for valor in esperado.values() if valor)
