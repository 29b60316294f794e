"""The published JSON of programaciones, as it comes in and as it goes out."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.schemas import (
    ID_MAX,
    SEMANA_MIN,
    SOLO_CON_CALLBACK,
    Id,
    Pedido,
    UnaAntiguedad,
    UnaMetadata,
    UnasCabeceras,
    UnCallback,
    UnosEventos,
    UnVoucher,
    UrlDeCallback,
    Voucher,
)
from models.schemas_callback import LIMITE, Cabeceras, Eventos, Metadata, UnCursor
from models.schemas_job import Cursor, EventosPedidos, JobId, Momento, Respuesta, Status
from models.schemas_propiedades import Nombre

ZONA = "America/Argentina/Buenos_Aires"
GRACIA_MIN = 24 * 60
GRACIA_MAX = 31 * 24 * 60

EJEMPLO: dict[str, Any] = {
    "nombre": "Todos los meses",
    "propiedad_id": 35,
    "dias": [1, 15],
    "hora": "08:30",
    "zona": ZONA,
}
QUE = ("propiedad_id", "servicio_ids", "todas")


@cache
def _zonas() -> frozenset[str]:
    return frozenset(available_timezones())


def _zona(nombre: str) -> str:
    if nombre not in _zonas():
        raise ValueError(f"no es una zona horaria de IANA, como {ZONA}")
    return nombre


def _una_vez(dias: list[int]) -> list[int]:
    return sorted(set(dias))


def _una_sola(datos: Mapping[str, Any]) -> None:
    """Refuse a programacion of no servicios, or of two kinds of them."""
    if sum(bool(datos.get(que)) for que in QUE) != 1:
        raise ValueError("lleva exactamente una de estas: propiedad_id, servicio_ids o todas (true)")


Dia = Annotated[int, Field(strict=True, ge=1, le=31)]
Dias = Annotated[list[Dia], Field(min_length=1, max_length=31), AfterValidator(_una_vez)]
Hora = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Zona = Annotated[str, Field(max_length=100), AfterValidator(_zona)]
Gracia = Annotated[int, Field(strict=True, ge=0, le=GRACIA_MAX)]
Servicios = Annotated[list[Id], Field(min_length=1)]
Antiguedad = Annotated[int, Field(strict=True, ge=1, le=SEMANA_MIN)]


class NuevaProgramacion(Pedido):
    """`POST /programaciones`: what is consulted, when, and what a job of it carries."""

    model_config = ConfigDict(json_schema_extra={**SOLO_CON_CALLBACK, "examples": [EJEMPLO]})

    nombre: Nombre = Field(description="Cómo se la llama.", examples=["Todos los meses"])
    propiedad_id: Id | None = Field(None, description="La propiedad que se consulta.", examples=[35])
    servicio_ids: Servicios | None = Field(None, description="O los servicios.", examples=[None])
    todas: bool = Field(False, strict=True, description="O todo: true.", examples=[False])
    dias: Dias = Field(description="Los días del mes; el 31 es el último.", examples=[[1, 15]])
    hora: Hora = Field(description="A qué hora, en `zona`.", examples=["08:30"])
    zona: Zona = Field(ZONA, description="La zona horaria, de IANA.", examples=[ZONA])
    activa: bool = Field(True, strict=True, description="Si corre.", examples=[True])
    gracia_min: Gracia = Field(
        GRACIA_MIN, description="Cuántos minutos después corre todavía, si nadie pudo a tiempo.", examples=[1440]
    )
    """An occurrence that nobody could run is still run this many minutes later."""

    @model_validator(mode="after")
    def _de_algo(self) -> Self:
        _una_sola(self.__dict__)
        return self


class CambioDeProgramacion(BaseModel):
    """`PATCH /programaciones/{id}`: what is absent stays; what is consulted is changed as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre = Field("", description="Cómo se la llama.", examples=["Todos los meses"])
    propiedad_id: Id | None = Field(None, description="La propiedad que se consulta.", examples=[35])
    servicio_ids: Servicios | None = Field(None, description="O los servicios.", examples=[None])
    todas: bool = Field(False, strict=True, description="O todo: true.", examples=[False])
    dias: Dias = Field(default_factory=list, description="Los días del mes; el 31 es el último.", examples=[[1, 15]])
    hora: Hora = Field("", description="A qué hora, en `zona`.", examples=["08:30"])
    zona: Zona = Field("", description="La zona horaria, de IANA.", examples=[ZONA])
    activa: bool = Field(True, strict=True, description="Si corre.", examples=[True])
    gracia_min: Gracia = Field(
        GRACIA_MIN, description="Cuántos minutos después corre todavía, si nadie pudo a tiempo.", examples=[1440]
    )
    callback_url: UrlDeCallback | None = UnCallback
    callback_eventos: Eventos | None = UnosEventos
    callback_metadata: Metadata | None = UnaMetadata
    callback_headers: Cabeceras | None = UnasCabeceras
    voucher_id: Voucher | None = UnVoucher
    max_antiguedad_min: Antiguedad | None = UnaAntiguedad

    @model_validator(mode="after")
    def _de_algo(self) -> Self:
        if self.model_fields_set & set(QUE):
            _una_sola(self.__dict__)
        return self


class FiltroProgramaciones(BaseModel):
    """The query of `GET /programaciones`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description=LIMITE, examples=[50])
    cursor: Annotated[int, Field(ge=1, le=ID_MAX)] | None = UnCursor


class Ocurrencia(Respuesta):
    """What became of one moment of a programacion."""

    prevista_en: Momento = Field(description="Cuándo tenía que correr.")
    desenlace: Literal["creada", "omitida", "perdida", "rechazada"] = Field(
        description="Qué pasó.", examples=["creada"]
    )
    detalle: str | None = Field(description="Por qué no hubo job.", examples=[None])
    job_id: JobId | None = Field(description="El job que hizo.")
    status: Status | None = Field(description="Cómo está ese job.", examples=["completed"])


class Programacion(Respuesta):
    """A programacion, when it runs next and what became of the last times."""

    programacion_id: int = Field(description="La programación.", examples=[1])
    nombre: str = Field(description="Cómo se la llama.", examples=["Todos los meses"])
    propiedad_id: int | None = Field(description="La propiedad que se consulta.", examples=[35])
    servicio_ids: list[int] | None = Field(description="O los servicios.", examples=[None])
    todas: bool = Field(description="O todo.", examples=[False])
    dias: list[int] = Field(description="Los días del mes; el 31 es el último.", examples=[[1, 15]])
    hora: str = Field(description="A qué hora, en `zona`.", examples=["08:30"])
    zona: str = Field(description="La zona horaria, de IANA.", examples=[ZONA])
    activa: bool = Field(description="Si corre.", examples=[True])
    gracia_min: int = Field(description="Cuántos minutos después corre todavía.", examples=[1440])
    callback_url: str | None = Field(description="A dónde avisan sus jobs.", examples=[None])
    callback_eventos: EventosPedidos
    callback_headers: dict[str, str] | None = Field(
        description="Los nombres de las cabeceras propias.", examples=[None]
    )
    callback_metadata: dict[str, Any] | None = Field(description="Lo que vuelve en cada callback.", examples=[None])
    voucher_id: str | None = Field(description="El de cada uno de sus jobs.", examples=[None])
    max_antiguedad_min: int | None = Field(description="Lo mismo que en una consulta.", examples=[None])
    proxima_en: Momento | None = Field(description="Cuándo corre; null si no está activa.")
    proximas: list[Momento] = Field(description="Y las veces siguientes.")
    ultimas: list[Ocurrencia] = Field(description="Qué pasó las últimas veces.")
    created_at: Momento = Field(description="Cuándo se creó.")
    updated_at: Momento | None = Field(description="Cuándo se cambió.")


class PaginaDeProgramaciones(Respuesta):
    """`GET /programaciones`."""

    programaciones: list[Programacion] = Field(description="Las más nuevas primero.")
    next_cursor: Cursor = Field(examples=[None])
