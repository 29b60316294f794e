"""What a caller may say about its callbacks, over the wire: events, metadata, headers, sending again, trying one."""

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.json_estable import bytes_estables

Evento = Literal["servicio.consultado", "job.completed", "job.failed"]
EVENTOS: tuple[Evento, ...] = get_args(Evento)
SERVICIO_CONSULTADO: Evento = "servicio.consultado"
POR_DEFECTO: tuple[Evento, ...] = ("job.completed", "job.failed")

METADATA_BYTES = 4096
METADATA_NIVELES = 20
NUMERO_MAX = 2**53 - 1
CABECERAS_MAX = 20
CABECERA_BYTES = 1024
CABECERAS_BYTES = 4096
OCULTA = "••••"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALOR = re.compile(r"[!-~]([ -~]*[!-~])?")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NUESTRAS = {"host", "accept-encoding", "user-agent", "expect", "cookie"}
DE_LA_CONEXION = {"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade"}
VEDADAS = NUESTRAS | DE_LA_CONEXION
PREFIJOS = ("content-", "proxy-", "webhook-", "x-callback-")


def _sin_mayusculas(nombres: Iterable[str]) -> str:
    """A pattern of any of these names, whatever their case, that every reader of JSON Schema understands."""
    return "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in n) for n in sorted(nombres))


_NUESTROS = f"({_sin_mayusculas(PREFIJOS)}|({_sin_mayusculas(VEDADAS)})$)"


def _eventos(pedidos: list[Evento]) -> list[Evento]:
    return [evento for evento in EVENTOS if evento in pedidos]


def _metadata(dato: dict[str, Any]) -> dict[str, Any]:
    _revisar(dato, 1)
    if len(bytes_estables(dato)) > METADATA_BYTES:
        raise ValueError(f"admite hasta {METADATA_BYTES} bytes")
    return dato


def _revisar(dato: Any, nivel: int) -> None:
    """Refuse what could not be echoed as it came: to PostgreSQL and back, and through JavaScript's numbers."""
    if nivel > METADATA_NIVELES:
        raise ValueError(f"admite hasta {METADATA_NIVELES} niveles")
    if isinstance(dato, dict):
        for clave, valor in dato.items():
            _revisar(clave, nivel)
            _revisar(valor, nivel + 1)
    elif isinstance(dato, list):
        for valor in dato:
            _revisar(valor, nivel + 1)
    elif isinstance(dato, str):
        if "\x00" in dato or any("\ud800" <= letra <= "\udfff" for letra in dato):
            raise ValueError("tiene caracteres que no se pueden guardar")
    elif isinstance(dato, int | float) and not abs(dato) <= NUMERO_MAX:
        raise ValueError("tiene un número que JavaScript no distingue de otros: póngalo como texto")


def _momento(valor: Any) -> Any:
    if isinstance(valor, datetime) or (isinstance(valor, str) and _RFC_3339.fullmatch(valor)):
        return valor
    raise PydanticCustomError("datetime_type", "not RFC 3339")


def _en_utc(momento: datetime) -> datetime:
    """PostgreSQL admits fewer offsets, and Python fewer years, than RFC 3339."""
    try:
        return momento.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_parsing", "out of range") from None


def _cabeceras(dadas: dict[str, str]) -> dict[str, str]:
    nombres = [nombre.lower() for nombre in dadas]
    for nombre, valor in dadas.items():
        if _TOKEN.fullmatch(nombre) is None:
            raise ValueError("tiene un nombre de cabecera inválido")
        if nombre.lower() in VEDADAS or nombre.lower().startswith(PREFIJOS):
            raise ValueError(f"no puede llevar la cabecera {nombre}")
        if _VALOR.fullmatch(valor) is None or len(valor) > CABECERA_BYTES:
            raise ValueError(f"tiene un valor que no es de 1 a {CABECERA_BYTES} caracteres ASCII visibles, en {nombre}")
    if len(set(nombres)) < len(nombres):
        raise ValueError("repite una cabecera")
    if sum(map(len, [*dadas, *dadas.values()])) > CABECERAS_BYTES:
        raise ValueError(f"admite hasta {CABECERAS_BYTES} bytes en total")
    return dadas


LIMITE = "Cuántos por página."
Cursor = Annotated[str, Field(max_length=200, json_schema_extra={"format": "cursor"})]
"""Where a page begins; only one that this API gave is valid."""
UnCursor = Field(None, description="El `next_cursor` de la página anterior.")
Eventos = Annotated[list[Evento], Field(min_length=1, max_length=20), AfterValidator(_eventos)]
"""Which events call back, each once, in the order in which they happen."""
Metadata = Annotated[dict[str, Any], AfterValidator(_metadata)]
"""An object of the caller's own, at most 4 kB, echoed in every callback."""
Cabeceras = Annotated[
    dict[str, str],
    Field(
        min_length=1,
        max_length=CABECERAS_MAX,
        json_schema_extra={
            "propertyNames": {"pattern": f"^(?!{_NUESTROS}){_TOKEN.pattern}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_VALOR.pattern}$", "maxLength": CABECERA_BYTES},
        },
    ),
    AfterValidator(_cabeceras),
]
"""Request headers of the caller's own; secret."""
Momento = Annotated[AwareDatetime, BeforeValidator(_momento), AfterValidator(_en_utc)]
"""As RFC 3339 writes it: never a number."""
Estado = Literal["pendiente", "enviando", "enviado", "fallido"]
Host = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x20\x7f-\xa0/?#@]+$")]
"""As the URL has it, with its port if it has one: `web:3000`."""


class FiltroIntentos(BaseModel):
    """The query of `GET /job/{job_id}/callback/intentos`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=100)] = Field(20, description=LIMITE, examples=[20])
    cursor: Cursor | None = UnCursor


class FiltroCallbacks(BaseModel):
    """The query of `GET /callbacks`: those created from `desde` on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    estado: Estado | None = Field(None, description="Sólo los que están así.", examples=["fallido"])
    desde: Momento | None = Field(
        None, description="Sólo los creados desde este momento.", examples=["2026-11-24T00:00:00Z"]
    )
    host: Host | None = Field(None, description="Sólo los que van a este host.", examples=["app.ejemplo.com"])
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description=LIMITE, examples=[50])
    cursor: Cursor | None = UnCursor


class Reenvio(BaseModel):
    """`POST /job/{job_id}/callback/reenviar`: the callback of the job's end, or another one by its id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callback_id: uuid.UUID | None = Field(
        None,
        description="Cuál; sin él, el del final del job.",
        examples=["0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"],
    )


class ReenvioMasivo(BaseModel):
    """`POST /callbacks/reenviar`: the failed ones created from `desde` until `hasta`, at most `por_minuto`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    estado: Literal["fallido"] = Field(description="Sólo se reenvían los que fallaron.")
    desde: Momento = Field(description="Los creados desde este momento.", examples=["2026-11-24T00:00:00Z"])
    hasta: Momento | None = Field(
        None, description="Y antes de este; sin él, hasta ahora.", examples=["2026-11-25T00:00:00Z"]
    )
    host: Host | None = Field(None, description="Sólo los que van a este host.", examples=["app.ejemplo.com"])
    simular: bool = Field(True, strict=True, description="Decir cuáles son, sin reenviarlos.", examples=[True])
    por_minuto: Annotated[int, Field(ge=1, le=6000)] = Field(60, description="A qué ritmo.", examples=[60])
