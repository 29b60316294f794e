"""How a consulta ended, as it is handed over to be saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
    consultada_en: datetime | None = None
    evidencia: Sequence[Parte] = ()


def guardable(dato: Any) -> Any:
    """The same text, or JSON of texts, without what PostgreSQL cannot store and a portal may show: NUL, surrogates."""
    if isinstance(dato, str):
        return dato.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(dato, Mapping):
        return {clave: guardable(valor) for clave, valor in dato.items()}
    if isinstance(dato, Sequence):
        return [guardable(valor) for valor in dato]
    return dato
