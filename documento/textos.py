"""What the document says for people, besides its operations: Spanish, Markdown."""

from typing import Any, get_args

from models.schemas import ID_MAX
from models.schemas_job import UN_JOB, UNA_CONSULTA, TipoDeEvidencia

DESCRIPCION = """
Consulta cuánto debe una propiedad a sus empresas de servicios, leyendo el portal de cada una, y lo prueba.

1. Se pide una consulta con `POST /consultar/propiedad`, `/consultar/servicios` o `/consultar/todas`: contesta 202 con
   un `job_id` enseguida.
2. Cuando termina se avisa, firmado, a `callback_url` (vea los webhooks de este documento); o se pregunta con
   `GET /job/{job_id}`.

**Claves.** Todas las rutas piden una clave de la API, salvo las que dicen que no. Se presenta con
`Authorization: Bearer …` o con `X-API-Key`, y tiene alcances: `consultar`, `leer` o `administrar`, que incluye a los
otros. La crea quien administra el servicio, con `./consultas clave crear`.

**Errores.** Son documentos de la RFC 9457 (`application/problem+json`), con `detail` para una persona y `codigo` para
un programa. Una ruta que no existe es 404 `RUTA_INEXISTENTE`; un método que no admite, 405 `METODO_NO_PERMITIDO` con
`Allow`. Con 429 y 503 viene `Retry-After`.

**Importes.** `deuda` es 0 sólo si el portal dijo que no se debe nada. Si algo falló es null, nunca 0.

**Compatibilidad.** Lo publicado no cambia; puede haber campos, rutas y códigos nuevos: ignore los que no conozca.

La guía completa, con ejemplos para Next.js, es `CALLBACKS_GUIDE.md`.
""".strip()

ETIQUETAS = {
    "consultar": "Pedir consultas.",
    "jobs": "Seguir, cancelar y reintentar lo que se pidió.",
    "consultas": "Los resultados, con su prueba y su evidencia.",
    "callbacks": "Los avisos enviados: intentos, reenvíos y pruebas.",
    "propiedades": "Las propiedades y sus servicios.",
    "programaciones": "Consultas que se piden solas, en días del mes.",
    "empresas": "A qué empresas se puede consultar, y cómo andan sus portales.",
    "estado": "Cómo anda el servicio, y este documento.",
    "avisos": "Lo que recibe `callback_url`.",
}

_CLAVE = "Una clave de la API: `cns_…`. Cada operación dice qué alcance pide: consultar, leer o administrar."
SEGURIDAD: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _CLAVE},
    "clave": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _CLAVE},
}

PARAMETROS: dict[str, dict[str, Any]] = {
    "job_id": {
        "description": "El job.",
        "schema": {"type": "string", "format": "uuid", "examples": [UN_JOB]},
    },
    "consulta_id": {
        "description": "La consulta.",
        "schema": {"type": "string", "format": "uuid", "examples": [UNA_CONSULTA]},
    },
    "tipo": {
        "description": "Qué parte de la evidencia: `captura` es un PNG; las otras, texto.",
        "schema": {"type": "string", "enum": list(get_args(TipoDeEvidencia))},
    },
    "id": {
        "description": "El número de la propiedad, del servicio o de la programación.",
        "schema": {"type": "integer", "minimum": 1, "maximum": ID_MAX, "examples": [35]},
    },
}
