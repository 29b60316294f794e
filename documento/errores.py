"""Every error that the API answers by itself: its codigo, its status, when it happens."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from models.schemas_job import Respuesta

ERRORES: Mapping[str, tuple[int, str]] = {
    "JSON_INVALIDO": (400, "El cuerpo no es un JSON válido."),
    "PEDIDO_AMBIGUO": (400, "Content-Length y Transfer-Encoding no van juntas."),
    "HOST_NO_PERMITIDO": (400, "Este servicio no atiende a ese nombre de host."),
    "FALTA_CLAVE": (401, "Falta la clave de la API (Authorization: Bearer …, o X-API-Key)."),
    "CLAVE_INVALIDA": (401, "La clave de la API no existe o fue revocada."),
    "ALCANCE_INSUFICIENTE": (403, "La clave «web» no tiene el alcance «consultar»."),
    "RUTA_INEXISTENTE": (404, "No existe /consultar/nada."),
    "JOB_INEXISTENTE": (404, "El job d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b no existe."),
    "PROPIEDAD_INEXISTENTE": (404, "La propiedad 35 no existe."),
    "SERVICIO_INEXISTENTE": (404, "El servicio 5 no existe."),
    "PROGRAMACION_INEXISTENTE": (404, "La programación 1 no existe."),
    "CONSULTA_INEXISTENTE": (404, "La consulta a1b2c3d4-e5f6-4a8b-9c0d-1e2f3a4b5c6d no existe."),
    "EVIDENCIA_INEXISTENTE": (
        404,
        "La consulta a1b2c3d4-e5f6-4a8b-9c0d-1e2f3a4b5c6d no tiene evidencia de tipo captura.",
    ),
    "CALLBACK_INEXISTENTE": (
        404,
        "El job d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b no tiene el callback 0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9.",
    ),
    "METODO_NO_PERMITIDO": (405, "/jobs no admite DELETE."),
    "CUERPO_DEMASIADO_LENTO": (408, "El cuerpo no terminó de llegar en 10 segundos."),
    "CLAVE_EN_CONFLICTO": (409, "Esa Idempotency-Key se usó para otro pedido."),
    "JOB_TERMINADO": (
        409,
        "El job d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b ya había terminado: no hay nada que cancelar.",
    ),
    "JOB_ABIERTO": (409, "El job d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b todavía no terminó."),
    "NADA_QUE_REINTENTAR": (
        409,
        "Ninguna consulta del job d4f5a6b7-1c2d-4e3f-8a9b-0c1d2e3f4a5b se puede reintentar.",
    ),
    "SIN_CALLBACK": (
        409,
        "El job no debe un callback de su final: no terminó, no tiene callback_url o no pidió ese evento.",
    ),
    "CALLBACK_EN_CURSO": (409, "El callback todavía se está intentando: no hay nada que reenviar."),
    "CUERPO_DEMASIADO_GRANDE": (413, "El cuerpo supera el máximo de 65536 bytes."),
    "NO_ES_JSON": (415, "El cuerpo tiene que ser JSON (Content-Type: application/json)."),
    "DATOS_INVALIDOS": (422, "propiedad_id es obligatorio."),
    "URL_INVALIDA": (422, "callback_url tiene que empezar con http:// o https://."),
    "HTTPS_OBLIGATORIO": (422, "callback_url tiene que empezar con https://."),
    "DESTINO_PROHIBIDO": (422, "callback_url apunta a una dirección que no está permitida."),
    "CURSOR_INVALIDO": (422, "El cursor no es válido: use el next_cursor recibido."),
    "SIN_SERVICIOS_ACTIVOS": (422, "La propiedad 35 no tiene servicios activos para consultar."),
    "LIMITE_DE_PEDIDOS": (
        429,
        "La clave «web» llegó a su límite de pedidos por minuto. Pruebe de nuevo en 12 segundos.",
    ),
    "DEMASIADAS_CLAVES_INVALIDAS": (429, "Hubo demasiadas claves inválidas. Pruebe de nuevo en 12 segundos."),
    "COLA_LLENA": (429, "Hay 20000 consultas o más en espera. Vuelva a pedirlo en 60 segundos."),
    "CABECERAS_DEMASIADO_GRANDES": (431, "La dirección y las cabeceras suman más de 16384 bytes."),
    "ERROR_INTERNO": (500, "Ocurrió un error inesperado. Ya quedó registrado."),
    "TRANSMISIONES_AGOTADAS": (
        503,
        "Hay demasiadas transmisiones abiertas: consulte GET /job/{job_id} o pruebe más tarde.",
    ),
    "BASE_DE_DATOS_CAIDA": (
        503,
        "La base de datos no responde. No se perdió nada: pruebe de nuevo en unos segundos.",
    ),
}
"""By codigo: the HTTP status and an example of its `detail`."""

SIEMPRE = ("HOST_NO_PERMITIDO", "PEDIDO_AMBIGUO", "CABECERAS_DEMASIADO_GRANDES", "ERROR_INTERNO")
CON_CLAVE = (
    "FALTA_CLAVE",
    "CLAVE_INVALIDA",
    "ALCANCE_INSUFICIENTE",
    "LIMITE_DE_PEDIDOS",
    "DEMASIADAS_CLAVES_INVALIDAS",
    "BASE_DE_DATOS_CAIDA",
)
CON_CUERPO = ("JSON_INVALIDO", "CUERPO_DEMASIADO_LENTO", "CUERPO_DEMASIADO_GRANDE", "NO_ES_JSON", "DATOS_INVALIDOS")
CON_URL = ("URL_INVALIDA", "HTTPS_OBLIGATORIO", "DESTINO_PROHIBIDO")


class ErrorDeCampo(Respuesta):
    """A field at fault."""

    campo: str = Field(description="Qué campo; dentro de otro, separado por puntos.", examples=["propiedad_id"])
    mensaje: str = Field(description="Qué le pasa.", examples=["es obligatorio"])


class Problema(Respuesta):
    """RFC 9457."""

    type: Literal["about:blank"] = Field(description="Siempre `about:blank`: el `codigo` dice qué pasó.")
    title: str = Field(description="Qué clase de error es.", examples=["Datos inválidos"])
    status: int = Field(description="El status HTTP.", examples=[422])
    detail: str = Field(description="Qué pasó, para una persona.", examples=["propiedad_id es obligatorio."])
    codigo: str = Field(
        description="Qué pasó, para un programa. Puede haber más en el futuro.",
        examples=["DATOS_INVALIDOS"],
        json_schema_extra={"enum": [*sorted(ERRORES)]},
    )
    errores: list[ErrorDeCampo] = Field(description="Los campos que están mal, si los hay.", examples=[[]])
