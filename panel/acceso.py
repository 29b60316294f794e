"""Coming in with an API key, going out, and the keys themselves."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from models import Alcance
from models.api_key import NOMBRE_MAX, NombreEnUso, crear_clave, listar_claves, verificar
from models.api_key import revocar as revocar_clave
from panel.plantillas import pagina
from panel.rutas import Datos, volver
from panel.sesion import Sesion
from problemas import Problema
from puerta.limites import Fallidas

ALCANCES = (
    (Alcance.LEER, "Leer", "ver jobs, propiedades, consultas y callbacks."),
    (Alcance.CONSULTAR, "Consultar", "pedir consultas, cancelarlas y reintentarlas."),
    (Alcance.ADMINISTRAR, "Administrar", "todo, también propiedades, servicios y claves."),
)

fallidas = Fallidas()


def _destino(ruta: str) -> str:
    """Where to go after coming in: a page of the panel, whatever the address says."""
    return ruta if ruta.startswith("/panel/") and "\\" not in ruta and "//" not in ruta else "/panel/jobs"


def formulario(request: Request) -> Response:
    """The form that asks for a key."""
    destino = _destino(request.query_params.get("a", ""))
    if request.state.sesion.abierta:
        return RedirectResponse(destino, 303)
    return pagina(request, "entrar.html", destino=destino, error=None)


def entrar(request: Request, datos: Datos) -> Response:
    """Begin the session of a key. Raises Problema 429 for an address that sent too many wrong ones."""
    destino, direccion = _destino(datos.get("a", "")), request.client.host if request.client else ""
    fallidas.revisar(direccion)
    clave = verificar(datos.get("clave", "").strip())
    if clave is None:
        fallidas.anotar(direccion)
        return pagina(request, "entrar.html", 401, destino=destino, error="no existe o fue revocada")
    respuesta = RedirectResponse(destino, 303)
    Sesion(clave_id=clave.id).poner(request, respuesta)
    return respuesta


def salir(request: Request, datos: Datos) -> Response:
    """End the session in this browser."""
    respuesta = volver("/entrar", "salida")
    Sesion().poner(request, respuesta)
    return respuesta


def claves(request: Request) -> Response:
    """Every key, revoked ones too."""
    return _claves(request)


def crear(request: Request, datos: Datos) -> Response:
    """Make a key and show it, once."""
    nombre = datos.get("nombre", "").strip()
    alcances = [alcance for alcance, *_ in ALCANCES if datos.get(f"alcance-{alcance}")]
    if not nombre or len(nombre) > NOMBRE_MAX or not nombre.isprintable():
        return _claves(request, nombre, {"nombre": f"lleva de 1 a {NOMBRE_MAX} caracteres, en una línea"})
    if not alcances:
        return _claves(request, nombre, {"alcances": "Elija al menos uno."})
    try:
        clave, texto = crear_clave(nombre, alcances)
    except NombreEnUso:
        return _claves(request, nombre, {"nombre": "ya es el de otra clave en uso"})
    return pagina(request, "clave_nueva.html", clave=clave, texto=texto)


def revocar(request: Request, datos: Datos) -> Response:
    """Take a key out of use."""
    if revocar_clave(request.path_params["clave_id"]) is None:
        raise Problema(404, "CLAVE_INEXISTENTE", "Esa clave no existe o ya estaba revocada.")
    return volver("/claves", "revocada")


def _claves(request: Request, nombre: str = "", errores: dict[str, str] | None = None) -> Response:
    return pagina(
        request,
        "claves.html",
        422 if errores else 200,
        claves=listar_claves(),
        alcances=ALCANCES,
        nombre=nombre,
        errores=errores or {},
    )
