"""What the API answers about callbacks, and the bodies of the callbacks themselves, as in `/openapi.json`."""

import uuid
from typing import Annotated, Literal

from pydantic import Field

from models.schemas_callback import Estado, Evento
from models.schemas_job import (
    UN_JOB,
    Cursor,
    JobId,
    MetadataDevuelta,
    Momento,
    PropiedadId,
    Respuesta,
    Resultado,
    VoucherId,
)

CodigoDeEnvio = Literal[
    "DESTINO_PROHIBIDO",
    "URL_INVALIDA",
    "HTTPS_OBLIGATORIO",
    "DNS",
    "TIEMPO_AGOTADO",
    "TLS",
    "CONEXION_RECHAZADA",
    "CONEXION_CORTADA",
    "DESTINO_INALCANZABLE",
    "RESPUESTA_INVALIDA",
    "HTTP_REDIRECCION",
    "HTTP_4XX",
    "HTTP_5XX",
]
UN_WEBHOOK = "msg_5f0c1a2b3d4e4f60a7b8c9d0e1f2a3b4"

WebhookId = Annotated[
    str,
    Field(
        description="El mismo en todos los intentos y reenvíos: sirve para no atender dos veces.", examples=[UN_WEBHOOK]
    ),
]
StatusCode = Annotated[
    int | None, Field(description="Lo que contestó el receptor; null si no contestó.", examples=[200])
]
ErrorCodigo = Annotated[
    CodigoDeEnvio | None, Field(description="Por qué no llegó, para un programa; null si llegó.", examples=[None])
]
ErrorDeEnvio = Annotated[str | None, Field(description="Por qué no llegó, para una persona.", examples=[None])]
RespuestaDelReceptor = Annotated[
    str | None, Field(description="El principio de lo que contestó el receptor.", examples=['{"recibido":true}'])
]
Location = Annotated[str | None, Field(description="A dónde quiso redirigir: no se sigue.", examples=[None])]
Duracion = Annotated[int | None, Field(description="Cuánto llevó, en milisegundos.", examples=[84])]


class Callback(Respuesta):
    """What is owed to a receiver."""

    callback_id: uuid.UUID = Field(description="El callback.", examples=["0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"])
    job_id: JobId
    consulta_id: uuid.UUID | None = Field(
        description="La consulta de un `servicio.consultado`; null para el final del job.", examples=[None]
    )
    evento: Evento = Field(description="De qué avisa.", examples=["job.completed"])
    estado: Estado = Field(description="Por dónde va.", examples=["enviado"])
    url: str = Field(description="A dónde.", examples=["https://app.ejemplo.com/api/callback"])
    webhook_id: WebhookId
    intentos_hechos: int = Field(description="Cuántas veces se intentó.", examples=[1])
    error: str | None = Field(description="El último error.", examples=[None])
    created_at: Momento = Field(description="Cuándo ocurrió lo que avisa.")
    proximo_intento_en: Momento | None = Field(description="Cuándo se intenta otra vez.", examples=[None])
    terminado_en: Momento | None = Field(description="Cuándo llegó, o se dejó de intentar.")


class Intento(Respuesta):
    """One attempt at a callback."""

    numero: int = Field(description="1 es el primero.", examples=[1])
    iniciado_en: Momento = Field(description="Cuándo empezó.")
    terminado_en: Momento | None = Field(description="Cuándo terminó.")
    headers: dict[str, str] | None = Field(
        description="Las cabeceras que llevó; las secretas, tapadas.", examples=[{"webhook-id": UN_WEBHOOK}]
    )
    status_code: StatusCode
    error_codigo: ErrorCodigo
    error: ErrorDeEnvio
    respuesta: RespuestaDelReceptor
    location: Location
    duracion_ms: Duracion


class CallbackConIntentos(Callback):
    """A callback and every attempt at it."""

    intentos: list[Intento] = Field(description="El primero primero.")


class CallbacksDelJob(Respuesta):
    """`GET /job/{job_id}/callback/intentos`."""

    job_id: JobId
    callbacks: list[CallbackConIntentos] = Field(description="Los más viejos primero.")
    next_cursor: Cursor = Field(examples=[None])


class PaginaDeCallbacks(Respuesta):
    """`GET /callbacks`."""

    callbacks: list[Callback] = Field(description="Los más nuevos primero.")
    next_cursor: Cursor = Field(examples=[None])


class ReenvioMasivoHecho(Respuesta):
    """`POST /callbacks/reenviar`."""

    simulado: bool = Field(description="Si no se envió nada.", examples=[True])
    hallados: int = Field(description="Cuántos cumplen lo pedido.", examples=[12])
    programados: int = Field(description="Cuántos se van a enviar.", examples=[0])
    por_minuto: int = Field(description="A qué ritmo.", examples=[60])
    ultimo_en: Momento | None = Field(description="Cuándo sale el último.", examples=[None])
    primeros: list[Callback] = Field(description="Los diez primeros.")


class PruebaHecha(Respuesta):
    """`POST /callbacks/prueba`."""

    enviado: bool = Field(description="Si el receptor contestó 2xx.", examples=[True])
    webhook_id: WebhookId
    status_code: StatusCode
    error_codigo: ErrorCodigo
    error: ErrorDeEnvio
    respuesta: RespuestaDelReceptor
    location: Location
    duracion_ms: Duracion


class Resumen(Respuesta):
    """How the consultas of a job ended."""

    total: int = Field(description="Consultas del job.", examples=[4])
    exitosas: int = Field(description="Con éxito.", examples=[3])
    fallidas: int = Field(description="Sin éxito.", examples=[1])


class Aviso(Respuesta):
    """What every callback says."""

    timestamp: Momento = Field(description="Cuándo ocurrió.")
    voucher_id: VoucherId
    metadata: MetadataDevuelta
    resultado_url: str = Field(
        default_factory=str,
        description="Sólo si `resultados` es null, porque el cuerpo pasaba de 1 MB o el receptor contestó 413: dónde"
        " leerlos.",
        examples=[f"/job/{UN_JOB}"],
    )


class AvisoDeJob(Aviso):
    """What the end of a job says."""

    job_id: JobId
    propiedad_id: Annotated[int | None, Field(description="La propiedad, si es una sola.", examples=[35])]
    resultados: list[Resultado] | None = Field(description="Los mismos que `resultado` en GET /job/{job_id}.")
    error: str | None = Field(description="Por qué falló el job entero.", examples=[None])
    resumen: Resumen = Field(description="Cuántas consultas terminaron bien y cuántas mal.")


class AvisoDeJobCompleto(AvisoDeJob):
    """`job.completed`."""

    evento: Literal["job.completed"] = Field(description="De qué avisa.")
    status: Literal["completed"] = Field(description="Cómo terminó el job.")


class AvisoDeJobFallido(AvisoDeJob):
    """`job.failed`."""

    evento: Literal["job.failed"] = Field(description="De qué avisa.")
    status: Literal["failed"] = Field(description="Cómo terminó el job.")
    error: str = Field(description="Por qué falló el job entero.", examples=["El job superó su plazo."])


class AvisoDeServicio(Aviso):
    """`servicio.consultado`."""

    evento: Literal["servicio.consultado"] = Field(description="De qué avisa.")
    job_id: JobId
    propiedad_id: PropiedadId
    status: Literal["pending", "processing", "completed", "failed"] = Field(
        description="Cómo estaba el job en ese momento.", examples=["processing"]
    )
    resultados: list[Resultado] | None = Field(description="El resultado del servicio, uno solo.")


class AvisoDePrueba(Aviso):
    """`callback.prueba`."""

    evento: Literal["callback.prueba"] = Field(description="De qué avisa.")
    job_id: None = Field(description="Siempre null.")
    propiedad_id: None = Field(description="Siempre null.")
    status: None = Field(description="Siempre null.")
    resultados: list[Resultado] = Field(description="Siempre vacía.", examples=[[]])
