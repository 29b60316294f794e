"""One way to look up, in a process of its own: `proceso.py MODULO URL`, a batch per JSON line, its seconds per line.

In: `{"cuentas": [[numero, total], ...], "a_la_vez": 8}`. Out: `{"segundos": 3.2, "mensajes": {}}`, and once
`{}` when it is ready.
"""

import asyncio
import ctypes
import importlib
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS.parent)]

from rivales.lotes import Cuenta, Lotes

PR_SET_CHILD_SUBREAPER = 36


def _decir(dato: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(dato) + "\n")
    sys.stdout.flush()


async def atender(rival: Lotes) -> None:
    """Do the batches that standard input asks for, until it ends."""
    await rival.abrir()
    _decir({})
    while linea := await asyncio.to_thread(sys.stdin.readline):
        pedido = json.loads(linea)
        cuentas = [Cuenta(*par) for par in pedido["cuentas"]]
        rival.mensajes.clear()
        comienzo = time.perf_counter()
        await rival.lote(cuentas, pedido["a_la_vez"])
        _decir({"segundos": time.perf_counter() - comienzo, "mensajes": rival.mensajes})
    await rival.cerrar()


def main() -> None:
    """Adopt the orphans of whatever is started here, so that none outlives it uncounted, and attend."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    logging.disable(logging.WARNING)
    modulo, url = sys.argv[1:]
    asyncio.run(atender(importlib.import_module(f"rivales.{modulo}").Rival(url)))


if __name__ == "__main__":
    main()
