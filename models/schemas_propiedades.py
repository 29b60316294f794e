"""The published JSON of propiedades and servicios, as it comes in and as it goes out."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.schemas import ID_MAX, Id, sin_nulos
from models.schemas_callback import LIMITE, UnCursor
from models.schemas_job import Cursor, Momento, PropiedadId, Respuesta

Texto = Annotated[str, AfterValidator(str.strip), AfterValidator(sin_nulos)]
Nombre = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=200), AfterValidator(sin_nulos)]
Direccion = Annotated[Texto, Field(max_length=500)]
Credenciales = Annotated[
    dict[Annotated[str, Field(max_length=50)], Annotated[Texto, Field(max_length=500)]], Field(max_length=20)
]

SU_NOMBRE = "Cómo se la llama."
SU_DIRECCION = "Dónde queda."
SUS_CREDENCIALES = "Lo que pide la empresa, por campo: vea `GET /empresas`. Entran y no salen."
SI_SE_CONSULTA = "Si se consulta."


class NuevaPropiedad(BaseModel):
    """`POST /propiedades`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre = Field(description=SU_NOMBRE, examples=["Rivadavia 1234, 5.º B"])
    direccion: Direccion | None = Field(None, description=SU_DIRECCION, examples=["Av. Rivadavia 1234"])


class CambioDePropiedad(BaseModel):
    """`PATCH /propiedades/{id}`: what is absent stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nombre: Nombre = Field("", description=SU_NOMBRE, examples=["Rivadavia 1234, 5.º B"])
    direccion: Direccion | None = Field(None, description=SU_DIRECCION, examples=["Av. Rivadavia 1234"])


class NuevoServicio(BaseModel):
    """`POST /servicios`; `empresa` as GET /empresas names it, or its identificador."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    propiedad_id: Id = Field(description="De qué propiedad es.", examples=[35])
    empresa: Annotated[Texto, Field(max_length=100)] = Field(
        description="El nombre de la empresa o su identificador, de `GET /empresas`.", examples=["Metrogas"]
    )
    credenciales: Credenciales = Field(description=SUS_CREDENCIALES, examples=[{"numero_cliente": "40000000001"}])
    activo: bool = Field(True, strict=True, description=SI_SE_CONSULTA, examples=[True])


class CambioDeServicio(BaseModel):
    """`PATCH /servicios/{id}`: what is absent stays, each of the credenciales too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    credenciales: Credenciales = Field(
        default_factory=dict, description=SUS_CREDENCIALES, examples=[{"numero_cliente": "40000000001"}]
    )
    activo: bool | None = Field(None, strict=True, description=SI_SE_CONSULTA, examples=[False])


class FiltroPropiedades(BaseModel):
    """The query of `GET /propiedades`; `q` is part of a nombre or a direccion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[Texto, Field(max_length=200)] | None = Field(
        None, description="Una parte del nombre o de la dirección.", examples=["Rivadavia"]
    )
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description=LIMITE, examples=[50])
    cursor: Annotated[int, Field(ge=1, le=ID_MAX)] | None = UnCursor


class Propiedad(Respuesta):
    """A propiedad."""

    propiedad_id: PropiedadId
    nombre: str = Field(description=SU_NOMBRE, examples=["Rivadavia 1234, 5.º B"])
    direccion: str | None = Field(description=SU_DIRECCION, examples=["Av. Rivadavia 1234"])
    created_at: Momento = Field(description="Cuándo se creó.")


class PropiedadListada(Propiedad):
    """A propiedad of the list."""

    servicios: int = Field(description="Cuántos servicios tiene.", examples=[4])
    servicios_activos: int = Field(description="Cuántos se consultan.", examples=[4])


class PaginaDePropiedades(Respuesta):
    """`GET /propiedades`."""

    propiedades: list[PropiedadListada] = Field(description="Las más nuevas primero.")
    next_cursor: Cursor = Field(examples=[None])
