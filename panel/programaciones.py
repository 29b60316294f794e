"""Programaciones: the list, one with its occurrences, adding, changing, pausing and deleting."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models import agenda
from models.propiedad import listar_propiedades, nombres_de
from models.schemas_programaciones import ZONA, CambioDeProgramacion, FiltroProgramaciones, NuevaProgramacion
from models.schemas_propiedades import FiltroPropiedades
from panel.plantillas import pagina
from panel.rutas import Datos, validar, volver
from problemas import Problema
from recursos.pedido import identificador
from recursos.programaciones import escrita, programacion_inexistente

POR_PAGINA = 30
NOMBRE_MAX = 200
PROPIEDADES_MAX = 200
"""With more, the propiedad of a programacion is given by its number."""

CAMPOS = ("nombre", "hora", "zona", "callback_url", "voucher_id")
INICIALES = {"que": "propiedad", "hora": "09:00", "zona": ZONA}
MENSAJES = {
    "nombre": f"lleva de 1 a {NOMBRE_MAX} caracteres",
    "propiedad_id": "Elija una propiedad que exista.",
    "dias": "lleva números del 1 al 31, separados por comas",
    "hora": "va de 00:00 a 23:59",
}
"""Where the form says it better than the API."""


def lista(request: Request) -> Response:
    """The programaciones, the newest first."""
    cursor = request.query_params.get("cursor")
    pedido = {"limit": POR_PAGINA} | ({"cursor": cursor} if cursor else {})
    hallado = agenda.listar_programaciones(validar(FiltroProgramaciones, pedido))
    filas, siguiente = hallado["programaciones"], hallado["next_cursor"]
    return pagina(
        request,
        "programaciones.html",
        filas=filas,
        nombres=_nombres(filas),
        avanzada=cursor is not None,
        siguiente=f"/panel/programaciones?cursor={siguiente}" if siguiente else None,
    )


def una(request: Request) -> Response:
    """One programacion: what it does, its next moments and what became of the last ones."""
    programacion = _leer(request)
    return pagina(request, "programacion.html", p=programacion, nombres=_nombres([programacion]))


def _nombres(programaciones: list[dict[str, Any]]) -> dict[int | None, str]:
    """The names of their propiedades."""
    return nombres_de({p["propiedad_id"] for p in programaciones if p["propiedad_id"] is not None})


def _leer(request: Request) -> dict[str, Any]:
    programacion_id = _id(request)
    programacion = agenda.leer_programacion(programacion_id)
    if programacion is None:
        raise programacion_inexistente(programacion_id)
    return programacion


def _id(request: Request) -> int:
    return identificador(request, "la programación")


def nueva(request: Request) -> Response:
    """The form of a new programacion; `propiedad_id` in the query chooses it."""
    return _formulario(request, None, {**INICIALES, "propiedad_id": request.query_params.get("propiedad_id", "")})


def editar(request: Request) -> Response:
    """The form of a programacion."""
    programacion = _leer(request)
    que = "todas" if programacion["todas"] else "servicios" if programacion["servicio_ids"] else "propiedad"
    valores = {**programacion, "que": que, "dias": ", ".join(map(str, programacion["dias"]))}
    return _formulario(request, programacion, valores)


def crear(request: Request, datos: Datos) -> Response:
    """Add a programacion."""

    def escribir() -> dict[str, Any] | None:
        return escrita(agenda.crear_programacion, validar(NuevaProgramacion, _pedido(datos)))

    return _escribir(request, None, datos, escribir, "programada")


def guardar(request: Request, datos: Datos) -> Response:
    """Change a programacion; what an empty field said is taken away."""
    programacion = _leer(request)

    def escribir() -> dict[str, Any] | None:
        cambio = validar(CambioDeProgramacion, _pedido(datos))
        return escrita(agenda.cambiar_programacion, programacion["programacion_id"], cambio)

    return _escribir(request, programacion, datos, escribir, "guardado")


def _escribir(
    request: Request,
    programacion: Mapping[str, Any] | None,
    datos: Datos,
    escribir: Callable[[], dict[str, Any] | None],
    hecho: str,
) -> Response:
    try:
        guardada = escribir()
    except Problema as problema:
        return _formulario(request, programacion, datos, problema)
    if guardada is None:
        raise programacion_inexistente(_id(request))
    return volver(f"/programaciones/{guardada['programacion_id']}", hecho)


def _pedido(datos: Datos) -> dict[str, Any]:
    """What the API would be sent. Servicios that were chosen with the API stay chosen."""
    pedido: dict[str, Any] = {
        "nombre": datos.get("nombre", ""),
        "dias": [_numero(dia) for dia in re.split(r"[\s,;y]+", datos.get("dias", "")) if dia],
        "hora": datos.get("hora", ""),
        "zona": datos.get("zona", ""),
        "callback_url": datos.get("callback_url", "").strip() or None,
        "voucher_id": datos.get("voucher_id", "").strip() or None,
    }
    match datos.get("que"):
        case "todas":
            pedido["todas"] = True
        case "servicios":
            pass
        case _:
            pedido["propiedad_id"] = _numero(datos.get("propiedad_id", ""))
    return pedido


def _numero(texto: str) -> int | str:
    """What was typed, as a number where it is one."""
    texto = texto.strip()
    return int(texto) if texto.isascii() and texto.isdigit() and len(texto) < 20 else texto


def _formulario(
    request: Request,
    programacion: Mapping[str, Any] | None,
    valores: Mapping[str, Any],
    problema: Problema | None = None,
) -> Response:
    propiedades = listar_propiedades(FiltroPropiedades(limit=PROPIEDADES_MAX))
    return pagina(
        request,
        "programacion_formulario.html",
        422 if problema else 200,
        programacion=programacion,
        valores={campo: valores.get(campo) or "" for campo in (*CAMPOS, "que", "dias")},
        elegida=str(valores.get("propiedad_id") or ""),
        propiedades=None if propiedades["next_cursor"] else propiedades["propiedades"],
        errores=_errores(problema) if problema else {},
    )


def _errores(problema: Problema) -> dict[str, str]:
    """By the field of the form; what is of none of them, under `otros`."""
    errores = {}
    for error in problema.errores or [{"campo": "", "mensaje": problema.detalle}]:
        campo = error["campo"].partition(".")[0]
        conocido = campo in CAMPOS or campo in MENSAJES
        errores[campo if conocido else "otros"] = MENSAJES.get(campo, error["mensaje"])
    return errores


def activar(request: Request, datos: Datos) -> Response:
    """Pause a programacion, or let it go on from now."""
    programacion_id, activa = _id(request), datos.get("activa") == "1"
    if agenda.cambiar_programacion(programacion_id, CambioDeProgramacion(activa=activa)) is None:
        raise programacion_inexistente(programacion_id)
    return volver(f"/programaciones/{programacion_id}", "reanudada" if activa else "pausada")


def preguntar(request: Request) -> Response:
    """Whether it should really be deleted."""
    return pagina(request, "programacion_borrar.html", p=_leer(request))


def borrar(request: Request, datos: Datos) -> Response:
    """Delete a programacion; its jobs stay."""
    programacion_id = _id(request)
    if not agenda.borrar_programacion(programacion_id):
        raise programacion_inexistente(programacion_id)
    return volver("/programaciones", "borrada")
