"""JSON byte for byte as JavaScript writes it again: `JSON.stringify(JSON.parse(x)) === x`.

Receivers that parse a callback and verify what they re-serialise are the commonest mistake in the field. The rules are
those of ECMA-262: Number::toString, the order of an object's own keys, and well-formed JSON.stringify. Integers beyond
2**53, which JavaScript rounds, stay exact.
"""

import json
import math
import re
from decimal import Decimal
from typing import Any

INDICE = re.compile("0|[1-9][0-9]{0,9}")
INDICE_MAX = 2**32 - 2

_texto = json.encoder.encode_basestring


def bytes_estables(dato: Any) -> bytes:
    """UTF-8 of `dato` (dict, list, str, int, float, bool, None). Raises ValueError for NaN and infinities."""
    # Through UTF-16, where a pair of surrogates is its character; a lone one stays, as \udXXX.
    unido = _escrito(dato).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return unido.encode("utf-8", "backslashreplace")


def _escrito(dato: Any) -> str:
    if isinstance(dato, str):
        return _texto(dato)
    if isinstance(dato, float):
        return _numero(dato)
    if isinstance(dato, dict):
        claves = sorted(dato, key=_lugar)
        return f"{{{','.join(f'{_texto(clave)}:{_escrito(dato[clave])}' for clave in claves)}}}"
    if isinstance(dato, list | tuple):
        return f"[{','.join(map(_escrito, dato))}]"
    return json.dumps(dato)


def _lugar(clave: str) -> int:
    """Keys that are array indices go first, in their order; the others stay in theirs."""
    indice = int(clave) if INDICE.fullmatch(clave) else INDICE_MAX + 1
    return min(indice, INDICE_MAX + 1)


def _numero(x: float) -> str:
    if not math.isfinite(x):
        raise ValueError("a number that JSON does not have")
    escrito = repr(x)  # the shortest digits, as in JavaScript; only where the exponent begins differs
    if 1e-6 <= abs(x) < 1e21 or x == 0:
        fijo = format(Decimal(escrito), "f")
        return fijo.removesuffix(".0") if x else "0"
    return escrito.replace("e-0", "e-")
