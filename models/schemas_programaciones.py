"""The published JSON of programaciones, as it comes in."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.schemas import ID_MAX, SEMANA_MIN, Id, Pedido, UrlDeCallback, Voucher
from models.schemas_callback import Cabeceras, Eventos, Metadata
from models.schemas_propiedades import Nombre

ZONA = "America/Argentina/Buenos_Aires"
GRACIA_MIN = 24 * 60
GRACIA_MAX = 31 * 24 * 60

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

    nombre: Nombre
    propiedad_id: Id | None = None
    servicio_ids: Servicios | None = None
    todas: bool = False
    dias: Dias
    hora: Hora
    zona: Zona = ZONA
    activa: bool = True
    gracia_min: Gracia = GRACIA_MIN
    """An occurrence that nobody could run is still run this many minutes later."""

    @model_validator(mode="after")
    def _de_algo(self) -> Self:
        _una_sola(self.__dict__)
        return self


class CambioDeProgramacion(BaseModel):
    """`PATCH /programaciones/{id}`: what is absent stays; what is consulted is changed as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre = ""
    propiedad_id: Id | None = None
    servicio_ids: Servicios | None = None
    todas: bool = False
    dias: Dias = []
    hora: Hora = ""
    zona: Zona = ""
    activa: bool = True
    gracia_min: Gracia = GRACIA_MIN
    callback_url: UrlDeCallback | None = None
    callback_eventos: Eventos | None = None
    callback_metadata: Metadata | None = None
    callback_headers: Cabeceras | None = None
    voucher_id: Voucher | None = None
    max_antiguedad_min: Antiguedad | None = None

    @model_validator(mode="after")
    def _de_algo(self) -> Self:
        if self.model_fields_set & set(QUE):
            _una_sola(self.__dict__)
        return self


class FiltroProgramaciones(BaseModel):
    """The query of `GET /programaciones`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
