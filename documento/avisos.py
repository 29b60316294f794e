"""The callbacks, as `webhooks` (whoever receives them) and as `callbacks` (what a request leads to)."""

from typing import Any

from pydantic import BaseModel

from documento.cabeceras import DEL_AVISO
from documento.esquemas import Esquema, ejemplo, referencia
from models.schemas_aviso import AvisoDeJobCompleto, AvisoDeJobFallido, AvisoDePrueba, AvisoDeServicio

Objeto = dict[str, Any]

AVISOS: dict[str, tuple[type[BaseModel], str]] = {
    "job.completed": (AvisoDeJobCompleto, "Un job terminó: todas sus consultas, con éxito o no, tienen resultado."),
    "job.failed": (AvisoDeJobFallido, "Un job no se pudo llevar a cabo: venció su plazo, se canceló o hubo una falla."),
    "servicio.consultado": (AvisoDeServicio, "Terminó la consulta de un servicio. Se pide con `callback_eventos`."),
    "callback.prueba": (
        AvisoDePrueba,
        "Alguien probó el receptor con POST /callbacks/prueba: conteste 2xx.",
    ),
}
DETALLE = (
    "{que}\n\nVerifique la firma sobre el cuerpo crudo, descarte lo que ya atendió (`webhook-id`) y conteste 2xx"
    " en menos de 30 segundos. Ante cualquier otra cosa se intenta tres veces, con esperas de 1 y 2 segundos"
    " (`CALLBACK_ESQUEMA`)."
)
RESPUESTAS: Objeto = {
    "2XX": {"description": "Recibido: no se vuelve a enviar."},
    "410": {"description": "No lo quiere nunca más: no se intenta de nuevo."},
    "413": {"description": "Demasiado grande: el intento siguiente va sin `resultados` y con `resultado_url`."},
    "429": {"description": "Más tarde: se respeta `Retry-After`, hasta 60 segundos. También con 503."},
    "default": {"description": "Se intenta de nuevo, una redirección también: no se sigue."},
}


def webhooks(esquemas: dict[str, Esquema]) -> Objeto:
    """Each callback by its evento."""
    return {
        evento: {"post": {"operationId": f"aviso_{evento.replace('.', '_')}", **_aviso(evento, esquemas)}}
        for evento in AVISOS
    }


def callbacks(esquemas: dict[str, Esquema]) -> Objeto:
    """The same for `components`: `#/components/callbacks/job.completed`."""
    return {evento: {f"{{$request.body#/{_donde(evento)}}}": {"post": _aviso(evento, esquemas)}} for evento in AVISOS}


def de_la_operacion(ruta: str) -> Objeto:
    """Which callbacks a POST leads to."""
    eventos = [evento for evento in AVISOS if (evento == "callback.prueba") == (ruta == "/callbacks/prueba")]
    return {evento: {"$ref": f"#/components/callbacks/{evento}"} for evento in eventos}


def _donde(evento: str) -> str:
    return "url" if evento == "callback.prueba" else "callback_url"


def _aviso(evento: str, esquemas: dict[str, Esquema]) -> Objeto:
    modelo, que = AVISOS[evento]
    cuerpo = {"schema": referencia(modelo), "example": ejemplo(referencia(modelo), esquemas)}
    cuerpo["example"].pop("resultado_url", None)
    return {
        "summary": evento,
        "description": DETALLE.format(que=que),
        "tags": ["avisos"],
        "security": [],
        "parameters": [{"name": nombre, "in": "header", **dicho} for nombre, dicho in DEL_AVISO.items()],
        "requestBody": {"required": True, "content": {"application/json": cuerpo}},
        "responses": RESPUESTAS,
    }
