"""Servicios: adding and changing one, with the fields that its empresa asks for. Credenciales are never shown."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import models.propiedad
from actors.empresas import listar_empresas
from actors.servicios import CredencialesInvalidas, cambiar_servicio, crear_servicio
from models.schemas_propiedades import CambioDeServicio, NuevoServicio
from panel.plantillas import pagina
from panel.propiedades import leer as leer_propiedad
from panel.rutas import Datos, validar, volver
from problemas import Problema
from recursos.pedido import identificador
from recursos.propiedades import servicio_inexistente

PREFIJO = "credenciales."


def nuevo(request: Request) -> Response:
    """The form of a new servicio; its fields follow the empresa."""
    return _nuevo(request, request.query_params.get("empresa", ""), {}, {})


def campos(request: Request) -> Response:
    """Only the fields that an empresa asks for."""
    empresa = _empresa(request.query_params.get("empresa", ""))
    return pagina(request, "_campos_nuevo.html", empresa=empresa, valores={}, errores={}, cargadas=None)


def crear(request: Request, datos: Datos) -> Response:
    """Add a servicio."""
    propiedad = leer_propiedad(request)
    identificador_de_empresa = datos.get("empresa", "")
    try:
        pedido = {
            "propiedad_id": propiedad["propiedad_id"],
            "empresa": identificador_de_empresa,
            "credenciales": _credenciales(datos),
        }
        crear_servicio(validar(NuevoServicio, pedido))
    except (Problema, CredencialesInvalidas) as error:
        return _nuevo(request, identificador_de_empresa, datos, _errores(error))
    return volver(f"/propiedades/{propiedad['propiedad_id']}", "servicio")


def editar(request: Request) -> Response:
    """The form of a servicio."""
    return _editar(request, _leer(request), {}, {})


def guardar(request: Request, datos: Datos) -> Response:
    """Change what was filled in; an empty field stays as it was."""
    servicio = _leer(request)
    try:
        cambio = validar(CambioDeServicio, {"credenciales": _credenciales(datos)})
        cambiar_servicio(servicio["servicio_id"], cambio)
    except (Problema, CredencialesInvalidas) as error:
        return _editar(request, servicio, datos, _errores(error))
    return volver(f"/propiedades/{servicio['propiedad_id']}", "guardado")


def activar(request: Request, datos: Datos) -> Response:
    """Activate a servicio, or deactivate it: it is not consulted any more."""
    servicio, activo = _leer(request), datos.get("activo") == "1"
    cambiar_servicio(servicio["servicio_id"], CambioDeServicio(activo=activo))
    return volver(f"/propiedades/{servicio['propiedad_id']}", "activado" if activo else "desactivado")


def _leer(request: Request) -> dict[str, Any]:
    servicio_id = identificador(request, "el servicio")
    servicio = models.propiedad.leer_servicio(servicio_id)
    if servicio is None:
        raise servicio_inexistente(servicio_id)
    return servicio


def _credenciales(datos: Datos) -> dict[str, str]:
    return {c.removeprefix(PREFIJO): v.strip() for c, v in datos.items() if c.startswith(PREFIJO) and v.strip()}


def _errores(error: Problema | CredencialesInvalidas) -> dict[str, str]:
    return {e["campo"]: e["mensaje"] for e in error.errores}


def _empresa(nombre: str) -> dict[str, Any] | None:
    """An empresa as GET /empresas shows it, by name or identificador."""
    return next((e for e in listar_empresas() if nombre in (e["empresa"], e["identificador"])), None)


def _nuevo(request: Request, empresa: str, valores: Datos, errores: Mapping[str, str]) -> Response:
    return pagina(
        request,
        "servicio_nuevo.html",
        422 if errores else 200,
        propiedad=leer_propiedad(request),
        empresas=listar_empresas(),
        empresa=_empresa(empresa),
        valores=_visibles(_empresa(empresa), valores),
        errores=errores,
        cargadas=None,
    )


def _editar(request: Request, servicio: dict[str, Any], valores: Datos, errores: Mapping[str, str]) -> Response:
    empresa = _empresa(servicio["empresa"])
    return pagina(
        request,
        "servicio_editar.html",
        422 if errores else 200,
        servicio=servicio,
        propiedad=models.propiedad.leer_propiedad(servicio["propiedad_id"]),
        empresa=empresa,
        valores=_visibles(empresa, valores),
        errores=errores,
        cargadas=servicio["cargadas"],
    )


def _visibles(empresa: dict[str, Any] | None, valores: Datos) -> dict[str, str]:
    """What was just typed may come back with its error, except what is secret."""
    campos_visibles = [c["campo"] for c in empresa["credenciales"] if not c["secreto"]] if empresa else []
    return {campo: valores[PREFIJO + campo] for campo in campos_visibles if PREFIJO + campo in valores}
