"""Rendering: one environment, everything escaped, a missing name is an error."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from panel import formatos

CARPETA = Path(__file__).resolve().parent
HECHOS = {
    "guardado": "Los cambios quedaron guardados.",
    "creada": "La propiedad quedó creada: ahora agréguele sus servicios.",
    "servicio": "El servicio quedó agregado.",
    "desactivado": "Listo: ya no se consulta.",
    "activado": "Listo: vuelve a consultarse.",
    "cancelado": "El job fue cancelado; lo que había terminado se conserva.",
    "reintentado": "Las consultas que fallaron vuelven a intentarse.",
    "reenviado": "El callback vuelve a enviarse.",
    "programada": "La programación quedó creada.",
    "pausada": "La programación quedó en pausa: no se consulta hasta que la reanude.",
    "reanudada": "La programación vuelve a correr desde ahora.",
    "borrada": "La programación quedó borrada; sus jobs se conservan.",
    "revocada": "La clave quedó revocada: deja de servir en este momento.",
    "salida": "La sesión quedó cerrada.",
}
"""What was done, by the word that the redirect carries."""

SECCIONES = (
    ("jobs", "/jobs", "Jobs"),
    ("propiedades", "/propiedades", "Propiedades"),
    ("programaciones", "/programaciones", "Programaciones"),
    ("empresas", "/empresas", "Empresas"),
    ("callbacks", "/callbacks", "Callbacks"),
    ("claves", "/claves", "Claves"),
)
ALCANCES = {"claves": "administrar"}
"""What a section asks for, other than `leer`."""


@cache
def estatico(nombre: str) -> str:
    """The address of a file that we serve: it changes with its content."""
    return f"/panel/static/{nombre}?v={sha256((CARPETA / 'static' / nombre).read_bytes()).hexdigest()[:10]}"


entorno = Environment(
    loader=FileSystemLoader(CARPETA / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
entorno.filters.update({filtro.__name__: filtro for filtro in formatos.FILTROS})
entorno.globals.update(
    ESTADOS=formatos.ESTADOS,
    CALLBACKS=formatos.CALLBACKS,
    DESENLACES=formatos.DESENLACES,
    TIPOS=formatos.TIPOS,
    REGLAS=formatos.REGLAS,
    SECCIONES=SECCIONES,
    ALCANCES=ALCANCES,
    lapso=formatos.lapso,
    estatico=estatico,
)


def pagina(request: Request, plantilla: str, estado: int = 200, **contexto: Any) -> HTMLResponse:
    """A page, or a part of one; never kept by a cache."""
    contexto.setdefault("hecho", HECHOS.get(request.query_params.get("hecho", "")))
    cuerpo = entorno.get_template(plantilla).render(sesion=request.state.sesion, **contexto)
    return HTMLResponse(cuerpo, estado, headers={"Cache-Control": "no-store"})
