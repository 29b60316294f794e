"""What the API answers about the empresas, the servicios of a propiedad and itself, as published in `/openapi.json`."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from models.schemas_job import Empresa, Momento, PropiedadId, Respuesta, ServicioId, TipoDeServicio


class Credencial(Respuesta):
    """One of the things that an empresa's portal asks for."""

    campo: str = Field(description="Su nombre dentro de `credenciales`.", examples=["numero_cliente"])
    etiqueta: str = Field(description="Cómo la llama la empresa.", examples=["Número de cliente"])
    secreto: bool = Field(description="Si es una clave.", examples=[False])


class EmpresaSoportada(Respuesta):
    """An empresa that can be consulted."""

    empresa: Empresa
    identificador: str = Field(description="Su nombre en la configuración.", examples=["metrogas"])
    tipo_servicio: TipoDeServicio
    moneda: str = Field(description="ISO 4217.", examples=["ARS"])
    credenciales: list[Credencial] = Field(description="Lo que su portal pide.")
    simultaneas: int = Field(description="Consultas a la vez, como mucho.", examples=[2])
    verificado_en_vivo: date | None = Field(
        description="El día en que alguien la probó contra el portal real; null: nadie todavía.", examples=[None]
    )


class EmpresasSoportadas(Respuesta):
    """`GET /empresas`."""

    empresas: list[EmpresaSoportada] = Field(description="Por nombre.")


class Medida(Respuesta):
    """How a portal answered during some hours."""

    consultas: int = Field(description="Las que terminaron.", examples=[40])
    exitosas: int = Field(description="Las que tuvieron éxito.", examples=[38])
    fallas_del_portal: int = Field(description="Las que fallaron por el portal.", examples=[2])
    fallas_nuestras: int = Field(description="Las que fallaron por este servicio.", examples=[0])
    tasa_de_exito: float | None = Field(
        description="De 0 a 1, sin contar fallas nuestras ni de las cuentas; null con muy pocas.", examples=[0.95]
    )
    ultimo_exito: Momento | None = Field(description="Cuándo fue la última con éxito.")
    p50_ms: int | None = Field(description="La mitad de las exitosas tardó menos.", examples=[1800])
    p95_ms: int | None = Field(description="19 de cada 20 de las exitosas tardaron menos.", examples=[5200])


class SaludDeEmpresa(Respuesta):
    """How the portal of an empresa has answered lately."""

    model_config = ConfigDict(serialize_by_alias=True)

    empresa: Empresa
    en_6h: Medida | None = Field(alias="6h", description="Las últimas 6 horas; null sin consultas.")
    en_24h: Medida | None = Field(alias="24h", description="Las últimas 24 horas; null sin consultas.")
    circuito_abierto_hasta: Momento | None = Field(
        description="Hasta cuándo no se consulta, porque el portal viene fallando."
    )


class SaludDeEmpresas(Respuesta):
    """`GET /empresas/salud`."""

    empresas: list[SaludDeEmpresa] = Field(description="Por nombre.")


class Servicio(Respuesta):
    """A servicio as it is shown: never its credenciales."""

    servicio_id: ServicioId
    propiedad_id: PropiedadId
    empresa: Empresa
    tipo_servicio: TipoDeServicio
    activo: bool = Field(description="Si se consulta.", examples=[True])


class ServiciosDePropiedad(Respuesta):
    """`GET /servicios/propiedad/{id}`."""

    propiedad_id: PropiedadId
    servicios: list[Servicio] = Field(description="Los activos.")


class Salud(Respuesta):
    """`GET /health`."""

    status: Literal["ok"] = Field(description="Siempre `ok`.")
    mensaje: str = Field(description="Para una persona.", examples=["Servicio operativo"])
