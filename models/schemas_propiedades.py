"""The published JSON of propiedades and servicios, as it comes in."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.schemas import ID_MAX, Id, sin_nulos

Texto = Annotated[str, AfterValidator(str.strip), AfterValidator(sin_nulos)]
Nombre = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=200), AfterValidator(sin_nulos)]
Direccion = Annotated[Texto, Field(max_length=500)]
Credenciales = Annotated[
    dict[Annotated[str, Field(max_length=50)], Annotated[Texto, Field(max_length=500)]], Field(max_length=20)
]


class NuevaPropiedad(BaseModel):
    """`POST /propiedades`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre
    direccion: Direccion | None = None


class CambioDePropiedad(BaseModel):
    """`PATCH /propiedades/{id}`: what is absent stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre = ""
    direccion: Direccion | None = None


class NuevoServicio(BaseModel):
    """`POST /servicios`; `empresa` as GET /empresas names it, or its identificador."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    propiedad_id: Id
    empresa: Annotated[Texto, Field(max_length=100)]
    credenciales: Credenciales
    activo: bool = True


class CambioDeServicio(BaseModel):
    """`PATCH /servicios/{id}`: what is absent stays, each of the credenciales too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    credenciales: Credenciales = Field(default_factory=dict)
    activo: bool | None = None


class FiltroPropiedades(BaseModel):
    """The query of `GET /propiedades`; `q` is part of a nombre or a direccion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[Texto, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
