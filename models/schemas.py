"""What goes over the wire: the published JSON, in and out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from models.destino import URL_MAX, revisar_url
from models.schemas_callback import LIMITE, Cabeceras, Cursor, Eventos, Metadata, UnCursor
from settings import ajustes

ID_MAX = 2**63 - 1
TEXTO_MAX = 255
SEMANA_MIN = 7 * 24 * 60
SIN_NULOS = r"^[^\u0000]*$"

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


UrlDeCallback = Annotated[
    str,
    AfterValidator(_url_de_callback),
    WithJsonSchema({"type": "string", "format": "iri", "pattern": "^https?://", "maxLength": URL_MAX}),
]
Voucher = Annotated[
    str,
    Field(min_length=1, max_length=TEXTO_MAX, json_schema_extra={"pattern": SIN_NULOS}),
    AfterValidator(sin_nulos),
]
UnCallback = Field(
    None, description="A dónde avisar cuando termine.", examples=["https://app.ejemplo.com/api/callback"]
)
UnosEventos = Field(
    None, description="Qué avisar; sin él, el final del job.", examples=[["job.completed", "job.failed"]]
)
UnaAntiguedad = Field(
    None,
    description="Una consulta con éxito de hace estos minutos, o menos, sirve de nuevo sin ir al portal.",
    examples=[60],
)
UnVoucher = Field(
    None, description="Un identificador propio, que vuelve en el job y en los callbacks.", examples=["uuid-123"]
)
UnaMetadata = Field(
    None, description="Un objeto propio, de 4 kB como mucho, que vuelve tal cual.", examples=[{"cliente": "A-17"}]
)
UnasCabeceras = Field(
    None,
    description="Cabeceras propias para el callback. Son secretas: se guardan cifradas y no se muestran.",
    examples=[{"Authorization": "Bearer uno-cualquiera"}],
)


DEL_CALLBACK = ("callback_eventos", "callback_metadata", "callback_headers")
CON_CALLBACK_URL: dict[str, Any] = {"properties": {"callback_url": {"type": "string"}}, "required": ["callback_url"]}
SOLO_CON_CALLBACK: dict[str, Any] = {"dependentSchemas": dict.fromkeys(DEL_CALLBACK, CON_CALLBACK_URL)}


class Pedido(BaseModel):
    """What every request for a job may carry; `callback_url` and `voucher_id` are optional everywhere."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra=SOLO_CON_CALLBACK,
    )

    callback_url: UrlDeCallback | None = UnCallback
    callback_eventos: Eventos | None = UnosEventos
    callback_metadata: Metadata | None = UnaMetadata
    callback_headers: Cabeceras | None = UnasCabeceras
    voucher_id: Voucher | None = UnVoucher
    max_antiguedad_min: Annotated[int, Field(strict=True, ge=1, le=SEMANA_MIN)] | None = UnaAntiguedad

    @field_validator(*DEL_CALLBACK)
    @classmethod
    def _con_callback_url(cls, valor: Any, info: ValidationInfo) -> Any:
        if valor is not None and info.data.get("callback_url", "") is None:
            raise ValueError("necesita callback_url")
        return valor


class PedidoPropiedad(Pedido):
    """`POST /consultar/propiedad`."""

    propiedad_id: Id = Field(description="La propiedad.", examples=[35])


class PedidoServicios(Pedido):
    """`POST /consultar/servicios`."""

    servicio_ids: Annotated[list[Id], Field(min_length=1)] = Field(
        description="Los servicios, de una propiedad o de varias.", examples=[[5, 8, 12]]
    )


class PedidoTodas(Pedido):
    """`POST /consultar/todas`."""


class PedidoPrueba(BaseModel):
    """`POST /callbacks/prueba`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: UrlDeCallback = Field(
        description="El receptor que se prueba.", examples=["https://app.ejemplo.com/api/callback"]
    )
    callback_metadata: Metadata | None = UnaMetadata
    callback_headers: Cabeceras | None = UnasCabeceras


class FiltroJobs(BaseModel):
    """The query of `GET /jobs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["pending", "processing", "completed", "failed"] | None = Field(
        None, description="Sólo los que están así.", examples=["completed"]
    )
    callback_sent: bool | None = Field(
        None, description="Sólo aquellos cuyo callback llegó (true) o no llegó (false).", examples=[False]
    )
    propiedad_id: Annotated[int, Field(ge=1, le=ID_MAX)] | None = Field(
        None, description="Sólo los de esta propiedad.", examples=[35]
    )
    voucher_id: Voucher | None = Field(None, description="Sólo los pedidos con este.", examples=["uuid-123"])
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description=LIMITE, examples=[50])
    cursor: Cursor | None = UnCursor


class FiltroHistorial(BaseModel):
    """The query of `GET /historial/propiedad/{id}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200)] = Field(10, description=LIMITE, examples=[10])
    cursor: Cursor | None = UnCursor


PUBLICADAS = (
    *("id", "servicio", "propiedad_id", "empresa", "tipo_servicio", "intentos", "origen", "duracion_ms"),
    *("exito", "deuda", "moneda", "estado_deuda", "saldo_a_favor", "vencimiento", "facturas", "avisos"),
    *("error", "error_codigo", "reintentable", "mensaje_portal", "completed_at", "consultada_en"),
)
"""The columns of a consulta that its result is made of."""


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
        "consultada_en": instante(consulta.leida_en if consulta.exito else consulta.consultada_en),
    }
