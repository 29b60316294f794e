"""What the API answers about jobs and their consultas, as it is published in `/openapi.json`.

Nothing on the way out is built from these: the answers are dicts, and the tests hold them against these models.
"""

import uuid
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from models.schemas_callback import Evento

UN_JOB = "d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b"
UNA_CONSULTA = "a1b2c3d4-e5f6-4a8b-9c0d-1e2f3a4b5c6d"

Status = Literal["pending", "processing", "completed", "failed"]
TipoDeEvidencia = Literal["captura", "html", "url", "consola", "red"]
EstadoDeuda = Literal["CON_DEUDA", "SIN_DEUDA", "SALDO_A_FAVOR"]
CodigoDeFalla = Literal[
    "EMPRESA_NO_SOPORTADA",
    "DATOS_INCOMPLETOS",
    "FORMATO_INVALIDO",
    "CLIENTE_NO_ENCONTRADO",
    "CREDENCIALES_INVALIDAS",
    "CUENTA_BLOQUEADA",
    "SEGUNDO_FACTOR_REQUERIDO",
    "ACCION_EN_PORTAL",
    "TITULAR_DISTINTO",
    "PORTAL_CAIDO",
    "PORTAL_EN_MANTENIMIENTO",
    "PORTAL_LENTO",
    "PORTAL_ERROR_PROPIO",
    "LIMITE_DE_CONSULTAS",
    "ACCESO_BLOQUEADO",
    "CAPTCHA_REQUERIDO",
    "SESION_EXPIRADA",
    "PORTAL_CAMBIO",
    "MONTO_ILEGIBLE",
    "RESULTADO_AMBIGUO",
    "TOTAL_NO_COINCIDE",
    "NAVEGADOR_CAIDO",
    "TIEMPO_AGOTADO",
    "INTERRUMPIDA",
    "CANCELADA",
    "ERROR_INTERNO",
]
Momento = Annotated[AwareDatetime, Field(examples=["2026-11-24T13:05:09.120Z"])]
Cursor = Annotated[
    str | None, Field(description="Lo que se pasa en `cursor` para la página siguiente; null en la última.")
]
JobId = Annotated[uuid.UUID, Field(description="El job.", examples=[UN_JOB])]
ConsultaId = Annotated[uuid.UUID, Field(description="La consulta.", examples=[UNA_CONSULTA])]
PropiedadId = Annotated[int, Field(description="La propiedad.", examples=[35])]
ServicioId = Annotated[int, Field(description="El servicio.", examples=[5])]
Empresa = Annotated[str, Field(description="El nombre de la empresa.", examples=["Metrogas"])]
TipoDeServicio = Annotated[str, Field(description="De qué es el servicio.", examples=["Gas"])]
VoucherId = Annotated[
    str | None,
    Field(description="El identificador propio que se dio al pedir el job.", examples=["uuid-123"]),
]
EventosPedidos = Annotated[
    list[Evento] | None,
    Field(description="Los eventos que se avisan; null sin `callback_url`.", examples=[["job.completed"]]),
]
MetadataDevuelta = Annotated[
    dict[str, Any] | None, Field(description="`callback_metadata`, como vino.", examples=[{"cliente": "A-17"}])
]


class Respuesta(BaseModel):
    """An answer, whole: a field that it does not name is a fault of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Factura(Respuesta):
    """An unpaid bill."""

    numero: str | None = Field(description="El número, si el portal lo muestra.", examples=["0001-00012345"])
    periodo: str | None = Field(description="El período, como lo escribe el portal.", examples=["10/2026"])
    vencimiento: date | None = Field(description="El día en que vence.", examples=["2026-12-10"])
    importe: float = Field(description="Lo que se debe por ella.", examples=[25670])


class Resultado(Respuesta):
    """The published result of one servicio."""

    servicio_id: ServicioId
    propiedad_id: PropiedadId
    empresa: Empresa
    tipo_servicio: TipoDeServicio
    deuda: float | None = Field(
        description="El total que se debe hoy, vencido o no, con dos decimales como mucho. Es 0 sólo si el portal dijo"
        " que no hay deuda; sin éxito es null, nunca 0.",
        examples=[25670],
        ge=0,
    )
    exito: bool = Field(description="Si se pudo leer la deuda.", examples=[True])
    error: str | None = Field(description="Por qué no se pudo, para una persona.", examples=[None])
    consulta_id: ConsultaId
    moneda: str | None = Field(description="ISO 4217.", examples=["ARS"])
    error_codigo: CodigoDeFalla | None = Field(description="Por qué no se pudo, para un programa.", examples=[None])
    reintentable: bool | None = Field(description="Si tiene sentido pedirlo de nuevo.", examples=[None])
    mensaje_portal: str | None = Field(description="El error que mostró el portal, con sus palabras.", examples=[None])
    estado_deuda: EstadoDeuda | None = Field(description="Qué se leyó; null sin éxito.", examples=["CON_DEUDA"])
    saldo_a_favor: float | None = Field(description="Lo que la empresa debe al cliente.", examples=[None])
    vencimiento: date | None = Field(description="El primer vencimiento de lo que se debe.", examples=["2026-12-10"])
    facturas: list[Factura] = Field(description="Las facturas impagas que el portal detalla.")
    avisos: list[str] = Field(description="Lo que conviene saber y no es deuda: un plan de pagos.", examples=[[]])
    duracion_ms: int | None = Field(description="Cuánto llevó leer el portal, en milisegundos.", examples=[1840])
    intentos: int = Field(description="Cuántas veces se intentó.", examples=[1])
    reutilizada_de: uuid.UUID | None = Field(description="La consulta que leyó el portal por ésta.", examples=[None])
    consultada_en: Momento | None = Field(description="Cuándo se leyó el portal.")


class Progreso(Respuesta):
    """How far a job is."""

    total: int = Field(description="Consultas del job.", examples=[4])
    terminadas: int = Field(description="Las que ya terminaron, bien o mal.", examples=[2])


class Job(Respuesta):
    """A job with the results that are there."""

    job_id: JobId
    tipo: Literal["propiedad", "servicios", "todas"] = Field(description="Cómo se pidió.", examples=["propiedad"])
    status: Status = Field(
        description="`completed` cuando todas las consultas terminaron, aunque alguna sin éxito; `failed` cuando el"
        " job no se pudo llevar a cabo: venció su plazo o se canceló.",
        examples=["completed"],
    )
    propiedad_id: Annotated[int | None, Field(description="La propiedad, si es una sola.", examples=[35])]
    created_at: Momento = Field(description="Cuándo se pidió.")
    started_at: Momento | None = Field(description="Cuándo empezó su primera consulta.")
    completed_at: Momento | None = Field(description="Cuándo terminó.")
    progreso: Progreso = Field(description="Cuánto falta.")
    resultado: list[Resultado] = Field(description="Los resultados que ya están, por servicio.")
    error: str | None = Field(description="Por qué falló el job entero.", examples=[None])
    callback_url: str | None = Field(description="A dónde se avisa.", examples=["https://app.ejemplo.com/api/callback"])
    callback_eventos: EventosPedidos
    callback_headers: dict[str, str] | None = Field(
        description="Los nombres de las cabeceras propias; sus valores no se muestran.", examples=[None]
    )
    metadata: MetadataDevuelta
    voucher_id: VoucherId
    callback_sent: bool | None = Field(
        description="true: un receptor contestó 2xx. false: se agotaron los intentos. null: no hay nada que decir, o"
        " todavía no.",
        examples=[True],
    )
    callback_error: str | None = Field(description="El último error del callback.", examples=[None])
    reintento_de: uuid.UUID | None = Field(description="El job que éste reintenta.", examples=[None])


class PaginaDeJobs(Respuesta):
    """`GET /jobs`."""

    jobs: list[Job] = Field(description="Los más nuevos primero.")
    total: int = Field(description="Cuántos cumplen el filtro, en todas las páginas.", examples=[1])
    next_cursor: Cursor = Field(examples=[None])


class JobAceptado(Respuesta):
    """The answer to a request for a job."""

    job_id: JobId
    status: Literal["pending"] = Field(description="Siempre `pending`.")
    propiedad_id: Annotated[int | None, Field(description="La propiedad, si es una sola.", examples=[35])]
    total_servicios: int = Field(description="Cuántas consultas se encolaron.", examples=[4])
    mensaje: str = Field(description="Para una persona.", examples=["Consulta encolada correctamente"])
    nota: str | None = Field(
        description="Dónde mirar el estado; null si se avisará al callback.",
        examples=[f"Consulte el estado en GET /job/{UN_JOB}"],
    )


class ServicioOmitido(Respuesta):
    """A servicio that was named and is not consulted."""

    servicio_id: ServicioId
    motivo: Literal["inexistente", "inactivo"] = Field(description="Por qué.", examples=["inactivo"])


class JobDeServiciosAceptado(JobAceptado):
    """The answer to `POST /consultar/servicios`."""

    servicios_omitidos: list[ServicioOmitido] = Field(description="Los que se nombraron y no se consultan.")


class ReintentoAceptado(JobDeServiciosAceptado):
    """The answer to `POST /job/{job_id}/reintentar`."""

    reintento_de: uuid.UUID = Field(description="El job que se reintenta.", examples=[UN_JOB])


class ConsultaPasada(Resultado):
    """A consulta of the historial."""

    job_id: JobId


class Historial(Respuesta):
    """`GET /historial/propiedad/{id}`."""

    propiedad_id: PropiedadId
    consultas: list[ConsultaPasada] = Field(description="Las terminadas, las más nuevas primero.")
    next_cursor: Cursor = Field(examples=[None])


class Prueba(Respuesta):
    """Why an amount is believed."""

    regla: str = Field(description="La regla que se cumplió.", examples=["total_y_detalle"])
    texto: str = Field(description="Lo que el portal dice.", examples=["Total a pagar $ 25.670,00"])


class Consulta(Resultado):
    """`GET /consulta/{consulta_id}`: a result, ended or not, with what proves it."""

    exito: bool | None = Field(description="null mientras no termina.", examples=[True])  # type: ignore[assignment]
    job_id: JobId
    estado: Literal["pendiente", "en_curso", "terminada"] = Field(description="Por dónde va.", examples=["terminada"])
    created_at: Momento = Field(description="Cuándo se pidió.")
    started_at: Momento | None = Field(description="Cuándo empezó.")
    completed_at: Momento | None = Field(description="Cuándo terminó.")
    prueba: Prueba | None = Field(description="En qué se apoya el importe.")
    evidencia: dict[TipoDeEvidencia, str] = Field(
        description="Dónde leer cada parte de la evidencia que hay.",
        examples=[{"captura": f"/consulta/{UNA_CONSULTA}/evidencia/captura"}],
    )


class EstadoDeLaCola(Respuesta):
    """`GET /queue/stats`."""

    total_jobs: int = Field(description="Jobs guardados.", examples=[128])
    pending: int = Field(description="Jobs que no empezaron.", examples=[1])
    processing: int = Field(description="Jobs en curso.", examples=[2])
    completed: int = Field(description="Jobs completos.", examples=[120])
    failed: int = Field(description="Jobs que fallaron.", examples=[5])
    queue_size: int = Field(description="Consultas que esperan.", examples=[7])
    max_workers: int = Field(description="Consultas que pueden correr a la vez.", examples=[8])
    workers_active: int = Field(description="Consultas que corren.", examples=[8])
