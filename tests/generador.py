"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): the facts that no schema states, and that it calls nobody but us."""

import itertools
import os
from typing import Any

import schemathesis
from hypothesis import strategies as st

RECEPTOR = os.environ["RECEPTOR"]
RESTO = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_/?=&", max_size=40)
CREDENCIALES = {"numero_cliente": "40000000001"}
CREADAS = range(101, 100_000)

schemathesis.openapi.format("iri", RESTO.map(lambda resto: f"{RECEPTOR}/{resto}"))
schemathesis.openapi.format("cursor", st.just(os.environ["CURSOR"]))

_direcciones = (f"10.{n // 65025 % 255}.{n // 255 % 255}.{n % 255}" for n in itertools.count(1))


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Each request from another address, or its wrong keys would be too many of one; good ones of what there is."""
    case.headers["X-Forwarded-For"] = next(_direcciones)
    cuerpo = case.body
    if isinstance(cuerpo, dict):
        if isinstance(url := cuerpo.get("url"), str) and "ejemplo.com" in url:
            cuerpo["url"] = RECEPTOR
        if case.meta is not None and case.meta.generation.mode.is_positive:
            case.body = _enteros(_posible(case.operation.label, cuerpo))


def _enteros(dato: Any) -> Any:
    """JSON Schema takes 2.0 for an integer; the API does not, and nobody writes it so."""
    if isinstance(dato, dict):
        return {clave: _enteros(valor) for clave, valor in dato.items()}
    if isinstance(dato, list):
        return [_enteros(valor) for valor in dato]
    return int(dato) if isinstance(dato, float) and dato.is_integer() else dato


def _posible(operacion: str, cuerpo: dict[str, Any]) -> dict[str, Any]:
    """A valid body that can also be carried out: of what exists, of what an empresa asks for, of 4 kB at most."""
    if cuerpo.get("callback_metadata") is not None:
        cuerpo = {**cuerpo, "callback_metadata": {"cliente": "ñandú", "n": [1, 0.5, None]}}
    match operacion:
        case "POST /consultar/propiedad" if cuerpo["propiedad_id"] in CREADAS:
            return {**cuerpo, "propiedad_id": 35}
        case "POST /consultar/servicios":
            return {**cuerpo, "servicio_ids": [*map(int, cuerpo["servicio_ids"]), 5]}
        case "POST /servicios":
            return {**cuerpo, "empresa": "Metrogas", "credenciales": CREDENCIALES}
        case "POST /programaciones" | "PATCH /programaciones/{id}":
            suyo = {c: v for c, v in cuerpo.items() if not c.startswith("callback_")}
            suyo = {c: v for c, v in suyo.items() if c not in ("servicio_ids", "todas", "zona")}
            return {**suyo, "nombre": "Todos los meses", "propiedad_id": 35}
        case "PATCH /servicios/{id}":
            return {"credenciales": CREDENCIALES}
    return cuerpo
