"""On the PYTHONPATH of a measured worker: the scraper returns at once, and all the rest is the service's own.

Only `consultar` of scrapers/consulta.py is replaced, where actors/navegacion.py calls it: on the event loop, with the
browser's object in hand. The result has a bill, a prueba and a captura of 8 KiB.
"""

import importlib
import random
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

from al_importar import al_importar

CAPTURA = random.Random(1).randbytes(8192)


def _responder_al_instante(navegacion: ModuleType) -> None:
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

    navegacion.consultar = consultar  # type: ignore[attr-defined]


al_importar({"actors.navegacion": _responder_al_instante})
