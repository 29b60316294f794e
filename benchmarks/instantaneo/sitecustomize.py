"""On the PYTHONPATH of a measured worker: the scraper returns at once, and all the rest is the service's own.

Only `consultar` of scrapers/consulta.py is replaced, where actors/navegacion.py calls it: on the event loop, with the
browser's object in hand. The result has a bill, a prueba and a captura of 8 KiB.
"""

import importlib
import importlib.abc
import importlib.machinery
import random
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

MODULO = "actors.navegacion"
CAPTURA = random.Random(1).randbytes(8192)


class _Cargador(importlib.abc.Loader):
    def __init__(self, original: importlib.abc.Loader) -> None:
        self._original = original

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._original.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._original.exec_module(module)
        verdad = importlib.import_module("scrapers.verdad")  # not before the service does
        importe, vence = Decimal("12345.67"), date(2026, 12, 10)

        async def consultar(*_: Any, **__: Any) -> Any:
            return verdad.Deuda(
                verdad.EstadoDeuda.CON_DEUDA,
                importe,
                "ARS",
                verdad.Prueba("total_igual_al_detalle", "Total a pagar: $ 12.345,67", CAPTURA),
                (verdad.Factura(importe, vence, "0001-00012345", "11/2026"),),
                vence,
            )

        module.consultar = consultar  # type: ignore[attr-defined]


class _Buscador(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != MODULO:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.loader is not None
        spec.loader = _Cargador(spec.loader)
        return spec


sys.meta_path.insert(0, _Buscador())
