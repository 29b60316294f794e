"""The scrapers, one file per empresa: this package finds its siblings, so a new file is a new empresa."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scrapers.base import Scraper
from scrapers.dinero import normal


def _hallar() -> dict[str, Scraper]:
    """Import every sibling and make one Scraper of each class that names its empresa."""
    hallados: dict[str, Scraper] = {}
    for modulo in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        for clase in vars(importlib.import_module(modulo.name)).values():
            if not isinstance(clase, type) or not issubclass(clase, Scraper) or clase.__module__ != modulo.name:
                continue
            if "empresa" not in vars(clase):
                continue
            if clase.empresa in hallados:
                raise TypeError(f"dos scrapers para {clase.empresa!r}: deje uno solo")
            hallados[clase.empresa] = clase()
    return hallados


SCRAPERS: Final[Mapping[str, Scraper]] = MappingProxyType(_hallar())
"""Every scraper by the identifier of its empresa."""

_POR_NOMBRE: Final = {normal(s.nombre).casefold(): s for s in SCRAPERS.values()}


def de_empresa(empresa: str) -> Scraper | None:
    """The scraper for an empresa given as people write it (`Metrogas`) or by identifier (`metrogas`)."""
    buscada = normal(empresa).casefold()
    return SCRAPERS.get(buscada) or _POR_NOMBRE.get(buscada)
