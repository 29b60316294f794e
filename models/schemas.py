"""What goes over the wire: the published JSON, in and out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from models.destino import revisar_url
from models.schemas_callback import Cabeceras, Eventos, Metadata
from settings import ajustes

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
    """A URL that a callback may be asked for; whether it is dialled is decided then."""
    revisar_url(url, permitidos=ajustes().callback_hosts_permitidos, solo_https=ajustes().callback_solo_https)
    return url


def sin_nulos(texto: str) -> str:
    """The text; ValueError with a NUL in it, which PostgreSQL cannot store."""
    if "\x00" in texto:
        raise ValueError("no puede contener el carácter nulo")
    return texto


UrlDeCallback = Annotated[str, AfterValidator(_url_de_callback)]
Voucher = Annotated[str, Field(min_length=1, max_length=TEXTO_MAX), AfterValidator(sin_nulos)]


class Pedido(BaseModel):
    """What every request for a job may carry; `callback_url` and `voucher_id` are optional everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callback_url: UrlDeCallback | None = None
    callback_eventos: Eventos | None = None
    callback_metadata: Metadata | None = None
    callback_headers: Cabeceras | None = None
    voucher_id: Voucher | None = None
    max_antiguedad_min: Annotated[int, Field(strict=True, ge=1, le=SEMANA_MIN)] | None = None
    """A successful consulta of a servicio that is no older than these minutes serves again."""

    @field_validator("callback_eventos", "callback_metadata", "callback_headers")
    @classmethod
    def _con_callback_url(cls, valor: Any, info: ValidationInfo) -> Any:
        if valor is not None and info.data.get("callback_url", "") is None:
            raise ValueError("necesita callback_url")
        return valor


class PedidoPropiedad(Pedido):
    """`POST /consultar/propiedad`."""

    propiedad_id: Id


class PedidoServicios(Pedido):
    """`POST /consultar/servicios`."""

    servicio_ids: Annotated[list[Id], Field(min_length=1)]


class PedidoTodas(Pedido):
    """`POST /consultar/todas`."""


class PedidoPrueba(BaseModel):
    """`POST /callbacks/prueba`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: UrlDeCallback
    callback_metadata: Metadata | None = None
    callback_headers: Cabeceras | None = None


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
