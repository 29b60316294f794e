"""What goes over the wire: the published JSON, in and out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ID_MAX = 2**63 - 1
TEXTO_MAX = 255
SEMANA_MIN = 7 * 24 * 60

Id = Annotated[int, Field(strict=True, ge=1, le=ID_MAX)]


def numero(importe: Decimal | None) -> int | float | None:
    """An amount as the JSON number that JavaScript would write: 25670 for 25670.00, 25670.5 for 25670.50.

    NUMERIC(14,2) has at most 14 digits, which a double holds exactly enough to print them back.
    """
    if importe is None:
        return None
    return int(importe) if importe == importe.to_integral_value() else float(importe)


def instante(momento: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return momento.isoformat(timespec="milliseconds").replace("+00:00", "Z") if momento else None


def _url_de_callback(url: str) -> str:
    """Accept an absolute http(s) URL with a host; whether it may be dialled is decided when it is dialled."""
    if len(url) > 2048:
        raise ValueError("no puede tener más de 2048 caracteres")
    if any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise ValueError("no puede tener espacios, barras invertidas ni caracteres de control")
    try:
        url.encode()
        partes = urlsplit(url)
        puerto = partes.port
    except ValueError:
        raise ValueError("no es una URL válida") from None
    if partes.scheme not in ("http", "https"):
        raise ValueError("tiene que empezar con http:// o https://")
    if not partes.hostname or puerto == 0:
        raise ValueError("no tiene un servidor válido")
    if partes.username is not None or partes.password is not None:
        raise ValueError("no puede llevar usuario ni clave")
    return url


def _sin_nulos(texto: str) -> str:
    if "\x00" in texto:
        raise ValueError("no puede contener el carácter nulo")
    return texto


UrlDeCallback = Annotated[str, AfterValidator(_url_de_callback)]
Voucher = Annotated[str, Field(min_length=1, max_length=TEXTO_MAX), AfterValidator(_sin_nulos)]


class Pedido(BaseModel):
    """What every request for a job may carry; `callback_url` and `voucher_id` are optional everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callback_url: UrlDeCallback | None = None
    voucher_id: Voucher | None = None
    max_antiguedad_min: Annotated[int, Field(strict=True, ge=1, le=SEMANA_MIN)] | None = None
    """A successful consulta of a servicio that is no older than these minutes serves again."""


class PedidoPropiedad(Pedido):
    """`POST /consultar/propiedad`."""

    propiedad_id: Id


class PedidoServicios(Pedido):
    """`POST /consultar/servicios`."""

    servicio_ids: Annotated[list[Id], Field(min_length=1)]


class PedidoTodas(Pedido):
    """`POST /consultar/todas`."""


class FiltroJobs(BaseModel):
    """The query of `GET /jobs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["pending", "processing", "completed", "failed"] | None = None
    callback_sent: bool | None = None
    propiedad_id: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    voucher_id: Voucher | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None


class FiltroHistorial(BaseModel):
    """The query of `GET /historial/propiedad/{id}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200)] = 10
    cursor: Annotated[str, Field(max_length=200)] | None = None


def resultado_de(consulta: Any) -> dict[str, Any]:
    """The published result of one servicio, from the row of its consulta."""
    return {
        "servicio_id": consulta.servicio_id,
        "propiedad_id": consulta.propiedad_id,
        "empresa": consulta.empresa,
        "tipo_servicio": consulta.tipo_servicio,
        "deuda": numero(consulta.deuda),
        "exito": consulta.exito,
        "error": consulta.error,
        "consulta_id": str(consulta.id),
        "moneda": consulta.moneda,
        "error_codigo": consulta.error_codigo,
        "reintentable": consulta.reintentable,
        "mensaje_portal": consulta.mensaje_portal,
        "estado_deuda": consulta.estado_deuda,
        "saldo_a_favor": numero(consulta.saldo_a_favor),
        "vencimiento": consulta.vencimiento.isoformat() if consulta.vencimiento else None,
        "facturas": consulta.facturas or [],
        "avisos": consulta.avisos or [],
        "duracion_ms": consulta.duracion_ms,
        "intentos": consulta.intentos,
        "reutilizada_de": str(consulta.origen_id) if consulta.origen_id else None,
        "consultada_en": instante(consulta.consultada_en or (consulta.completed_at if consulta.exito else None)),
    }
