"""OpenAPI 3.1 of the routes that are documented, from the same models that validate."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.routing import BaseRoute, Route

from documento import avisos
from documento.cabeceras import DE_LA_RESPUESTA, DEL_ESTADO, DEL_PEDIDO
from documento.errores import CON_CLAVE, CON_CUERPO, CON_URL, ERRORES, SIEMPRE, Problema
from documento.esquemas import Esquema, ejemplo, esquemas_de, referencia, sin_nulo
from documento.operacion import Operacion, operacion_de
from documento.textos import DESCRIPCION, ETIQUETAS, PARAMETROS, SEGURIDAD
from problemas import TITULOS

Objeto = dict[str, Any]


def describir(rutas: Sequence[BaseRoute], version: str) -> Objeto:
    """The document of these routes in this version; those without documentation are left out."""
    documentadas = [(r, o) for r in rutas if isinstance(r, Route) and (o := operacion_de(r.endpoint)) is not None]
    entran = [m for _, o in documentadas for m in (o.cuerpo, o.consulta) if m is not None]
    salen = [m for _, o in documentadas for m in o.respuestas.values() if isinstance(m, type)]
    esquemas = esquemas_de(entran, [*salen, Problema, *(modelo for modelo, _ in avisos.AVISOS.values())])
    caminos: defaultdict[str, Objeto] = defaultdict(dict)
    for ruta, operacion in documentadas:
        for metodo in sorted((ruta.methods or set()) - {"HEAD"}):
            caminos[ruta.path][metodo.lower()] = _operacion(ruta, operacion, esquemas)
    consultas = {o.consulta.__name__ for _, o in documentadas if o.consulta is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Consultas",
            "version": version,
            "description": DESCRIPCION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "Este servicio."}],
        "tags": [{"name": nombre, "description": texto} for nombre, texto in ETIQUETAS.items()],
        "paths": dict(caminos),
        "webhooks": avisos.webhooks(esquemas),
        "components": {
            "schemas": {nombre: e for nombre, e in esquemas.items() if nombre not in consultas},
            "headers": DE_LA_RESPUESTA,
            "examples": {codigo: _ejemplo_de_error(codigo) for codigo in ERRORES},
            "callbacks": avisos.callbacks(esquemas),
            "securitySchemes": SEGURIDAD,
        },
    }


def codigos_de(ruta: Route, operacion: Operacion) -> set[str]:
    """Every codigo that a route may answer."""
    codigos = {*SIEMPRE, *operacion.errores}
    if getattr(ruta, "alcance", None) is not None:
        codigos |= {*CON_CLAVE}
    if operacion.cuerpo is not None:
        codigos |= {*CON_CUERPO}
        if {"callback_url", "url"} & operacion.cuerpo.model_fields.keys():
            codigos |= {*CON_URL}
    if operacion.consulta is not None or operacion.cabeceras or ruta.param_convertors:
        codigos.add("DATOS_INVALIDOS")
    if operacion.consulta is not None and "cursor" in operacion.consulta.model_fields:
        codigos.add("CURSOR_INVALIDO")
    return codigos


def _operacion(ruta: Route, operacion: Operacion, esquemas: dict[str, Esquema]) -> Objeto:
    alcance = getattr(ruta, "alcance", None)
    pide = f"Alcance de la clave: `{alcance}`." if alcance is not None else "No pide clave."
    escrita: Objeto = {
        "operationId": ruta.endpoint.__name__,
        "tags": [operacion.etiqueta],
        "summary": operacion.titulo,
        "description": f"{operacion.detalle}\n\n{pide}".strip(),
        "security": [{nombre: [alcance]} for nombre in SEGURIDAD] if alcance is not None else [],
        "parameters": [
            *({"name": n, "in": "path", "required": True, **PARAMETROS[n]} for n in ruta.param_convertors),
            *_de_la_consulta(operacion.consulta, esquemas),
            *({"name": nombre, "in": "header", **DEL_PEDIDO[nombre]} for nombre in operacion.cabeceras),
        ],
    }
    if operacion.cuerpo is not None:
        contenido = {"schema": referencia(operacion.cuerpo), "examples": _ejemplos(operacion.cuerpo, esquemas)}
        obligatorio = not operacion.cuerpo_opcional
        escrita["requestBody"] = {"required": obligatorio, "content": {"application/json": contenido}}
    respuestas, errores = _respuestas(operacion, esquemas), _errores(codigos_de(ruta, operacion))
    for estado in respuestas.keys() & errores.keys():
        errores[estado]["content"] |= respuestas[estado]["content"]
    escrita["responses"] = {**respuestas, **errores}
    if operacion.avisa:
        escrita["callbacks"] = avisos.de_la_operacion(ruta.path)
    return escrita


def _de_la_consulta(modelo: type[BaseModel] | None, esquemas: dict[str, Esquema]) -> Iterable[Objeto]:
    if modelo is None:
        return
    esquema = esquemas[modelo.__name__]
    for nombre, propiedad in esquema["properties"].items():
        dicho = sin_nulo(propiedad)
        parametro = {"name": nombre, "in": "query", "required": nombre in esquema.get("required", ())}
        yield {**parametro, "description": dicho.pop("description"), "schema": dicho}


def _ejemplos(modelo: type[BaseModel], esquemas: dict[str, Esquema]) -> Objeto:
    """Of a body: with what is obligatory, and with everything."""
    minimo, completo = (ejemplo(referencia(modelo), esquemas, minimo=minimo) for minimo in (True, False))
    return {
        "minimo": {"summary": "Lo obligatorio", "value": minimo},
        **({"completo": {"summary": "Todo", "value": completo}} if completo != minimo else {}),
    }


def _respuestas(operacion: Operacion, esquemas: dict[str, Esquema]) -> Objeto:
    enlaces = {
        e.operacion: {
            "operationId": e.operacion,
            **({"parameters": dict(e.parametros)} if e.parametros else {}),
            **({"requestBody": dict(e.cuerpo)} if e.cuerpo is not None else {}),
        }
        for e in operacion.enlaces
    }
    escritas = {}
    for estado, contenido in operacion.respuestas.items():
        escrita: Objeto = {
            "description": "En orden." if estado == 200 else EN_ORDEN.get(estado, TITULOS.get(estado, ""))
        }
        if operacion.responde_con:
            escrita["headers"] = _cabeceras(operacion.responde_con)
        if isinstance(contenido, tuple):
            escrita["content"] = {medio: {} for medio in contenido}
        elif contenido is not None:
            esquema = referencia(contenido)
            escrita["content"] = {"application/json": {"schema": esquema, "example": ejemplo(esquema, esquemas)}}
        if enlaces and contenido is not None:
            escrita["links"] = enlaces
        escritas[str(estado)] = escrita
    return escritas


EN_ORDEN = {201: "Creado.", 202: "Aceptado: se hace después.", 204: "Nada más que decir."}


def _cabeceras(nombres: Iterable[str]) -> Objeto:
    return {nombre: {"$ref": f"#/components/headers/{nombre}"} for nombre in nombres}


def _errores(codigos: Iterable[str]) -> Objeto:
    por_estado: defaultdict[int, list[str]] = defaultdict(list)
    for codigo in sorted(codigos):
        por_estado[ERRORES[codigo][0]].append(codigo)
    return {
        str(estado): {
            "description": f"{TITULOS[estado]}: {', '.join(f'`{codigo}`' for codigo in suyos)}.",
            **({"headers": _cabeceras(DEL_ESTADO[estado])} if estado in DEL_ESTADO else {}),
            "content": {
                "application/problem+json": {
                    "schema": referencia(Problema),
                    "examples": {codigo: {"$ref": f"#/components/examples/{codigo}"} for codigo in suyos},
                }
            },
        }
        for estado, suyos in sorted(por_estado.items())
    }


def _ejemplo_de_error(codigo: str) -> Objeto:
    estado, detalle = ERRORES[codigo]
    campo, _, mensaje = detalle.removesuffix(".").partition(" ")
    errores = [{"campo": campo, "mensaje": mensaje}] if codigo in ("DATOS_INVALIDOS", *CON_URL) else []
    valor = {"type": "about:blank", "title": TITULOS[estado], "status": estado, "detail": detalle, "codigo": codigo}
    return {"summary": detalle, "value": {**valor, "errores": errores}}
