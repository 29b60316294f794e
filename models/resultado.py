"""How a consulta ended, as it is handed over to be saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

TIPOS = ("captura", "html", "url", "consola", "red")


@dataclass(frozen=True, slots=True)
class Parte:
    """A part to keep: `tipo` is one of TIPOS; text is UTF-8, a captura is PNG."""

    tipo: str
    contenido: bytes


@dataclass(frozen=True, slots=True)
class Resultado:
    """How a consulta ended. With `exito` a `deuda` (Decimal >= 0, in `moneda`, ISO 4217), else never one."""

    exito: bool
    deuda: Decimal | None = None
    moneda: str | None = None
    estado_deuda: str | None = None
    saldo_a_favor: Decimal | None = None
    vencimiento: date | None = None
    facturas: Sequence[dict[str, Any]] = ()
    avisos: Sequence[str] = ()
    prueba: dict[str, Any] | None = None
    error: str | None = None
    error_codigo: str | None = None
    reintentable: bool | None = None
    mensaje_portal: str | None = None
    duracion_ms: int | None = None
    evidencia: Sequence[Parte] = ()
