"""Propiedades: the list with what each owes, one with its history, adding, changing, asking."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

import models
import models.propiedad
from actors.alta import dar_de_alta
from models.agenda import programaciones_de
from models.consulta import Consulta
from models.resumen import Deudas, Ultima, historia_de, ultimas_de
from models.schemas import PedidoPropiedad
from models.schemas_propiedades import FiltroPropiedades, NuevaPropiedad
from panel.grafico import Grafico, Medida, dibujar, entre
from panel.plantillas import pagina
from panel.rutas import Datos, validar, volver
from problemas import Problema
from recursos.consultar import intentar
from recursos.pedido import identificador
from recursos.propiedades import propiedad_inexistente

POR_PAGINA = 30
HISTORIA = 400
"""Consultas of a propiedad that its charts show at most."""
PROGRAMACIONES_MAX = 20


def lista(request: Request) -> Response:
    """The propiedades, the newest first, with what they owe."""
    pedido = {c: v.strip() for c, v in request.query_params.items() if c in ("q", "cursor") and v.strip()}
    hallado = models.propiedad.listar_propiedades(validar(FiltroPropiedades, {**pedido, "limit": POR_PAGINA}))
    ultimas: dict[int, list[Ultima]] = defaultdict(list)
    for ultima in ultimas_de([p["propiedad_id"] for p in hallado["propiedades"]]):
        ultimas[ultima.propiedad_id].append(ultima)
    q, siguiente = pedido.get("q", ""), hallado["next_cursor"]
    return pagina(
        request,
        "propiedades.html",
        filas=[{**p, **_situacion(ultimas[p["propiedad_id"]])} for p in hallado["propiedades"]],
        q=q,
        avanzada="cursor" in pedido,
        siguiente=f"/panel/propiedades?{urlencode({'q': q, 'cursor': siguiente})}" if siguiente else None,
    )


def _situacion(ultimas: list[Ultima]) -> dict[str, Any]:
    """What the last consultas of the active servicios add up to."""
    deudas: Deudas = {}
    for ultima in ultimas:
        if ultima.exito and ultima.deuda is not None and ultima.moneda:
            deudas[ultima.moneda] = deudas.get(ultima.moneda, Decimal(0)) + ultima.deuda
    return {
        "deudas": deudas,
        "sin_dato": sum(1 for u in ultimas if u.exito is False),
        "consultada_en": max((u.leida_en for u in ultimas if u.leida_en), default=None),
        "vence": min((u.vencimiento for u in ultimas if u.exito and u.deuda and u.vencimiento), default=None),
    }


def una(request: Request) -> Response:
    """One propiedad: its servicios, and the debt of each over time."""
    propiedad = leer(request)
    propiedad_id = propiedad["propiedad_id"]
    servicios = models.servicios_de(propiedad_id, inactivos=True) or []
    ultimas = ultimas_de([propiedad_id])
    return pagina(
        request,
        "propiedad.html",
        propiedad=propiedad,
        servicios=servicios,
        ultimas={u.servicio_id: u for u in ultimas},
        situacion=_situacion(ultimas),
        historias=_historias(servicios, historia_de(propiedad_id, HISTORIA)),
        programaciones=programaciones_de(propiedad_id, PROGRAMACIONES_MAX),
    )


def _historias(servicios: list[dict[str, Any]], consultas: list[Consulta]) -> list[dict[str, Any]]:
    """For each servicio that was ever read: its chart, its consultas and how many of them failed."""
    por_servicio: dict[int, list[Consulta]] = defaultdict(list)
    for consulta in reversed(consultas):
        por_servicio[consulta.servicio_id].append(consulta)
    medidas = {s: _medidas(suyas) for s, suyas in por_servicio.items()}
    desde, hasta = entre([m for suyas in medidas.values() for m in suyas], datetime.now(UTC))
    historias = []
    for servicio in servicios:
        suyas = por_servicio.get(servicio["servicio_id"], [])
        moneda = next((str(c.moneda) for c in reversed(suyas) if c.exito), None)
        grafico: Grafico | None = dibujar(medidas.get(servicio["servicio_id"], []), moneda, desde, hasta)
        if suyas:
            historias.append(
                {
                    **servicio,
                    "grafico": grafico,
                    "consultas": suyas[::-1],
                    "fallidas": sum(1 for c in suyas if not c.exito),
                }
            )
    return historias


def _medidas(consultas: list[Consulta]) -> list[Medida]:
    valores: list[Any] = [(c.leida_en, c.deuda, c.vencimiento) for c in consultas if c.exito]
    return [Medida(*valor) for valor in valores]


def leer(request: Request) -> dict[str, Any]:
    """The propiedad of the path. Raises Problema 404."""
    propiedad_id = identificador(request)
    propiedad = models.propiedad.leer_propiedad(propiedad_id)
    if propiedad is None:
        raise propiedad_inexistente(propiedad_id)
    return propiedad


def nueva(request: Request) -> Response:
    """The form of a new propiedad."""
    return _formulario(request, None, {})


def editar(request: Request) -> Response:
    """The form of a propiedad."""
    propiedad = leer(request)
    return _formulario(request, propiedad, propiedad)


def crear(request: Request, datos: Datos) -> Response:
    """Add a propiedad."""
    try:
        validos = validar(NuevaPropiedad, datos)
    except Problema as problema:
        return _formulario(request, None, datos, problema)
    propiedad = models.propiedad.crear_propiedad(validos.nombre, validos.direccion)
    return volver(f"/propiedades/{propiedad['propiedad_id']}", "creada")


def guardar(request: Request, datos: Datos) -> Response:
    """Change a propiedad."""
    propiedad = leer(request)
    try:
        validos = validar(NuevaPropiedad, datos)
    except Problema as problema:
        return _formulario(request, propiedad, datos, problema)
    cambios = {"nombre": validos.nombre, "direccion": validos.direccion}
    models.propiedad.cambiar_propiedad(propiedad["propiedad_id"], cambios)
    return volver(f"/propiedades/{propiedad['propiedad_id']}", "guardado")


def _formulario(
    request: Request, propiedad: Mapping[str, Any] | None, valores: Mapping[str, Any], problema: Problema | None = None
) -> Response:
    errores = {e["campo"]: e["mensaje"] for e in problema.errores} if problema else {}
    return pagina(
        request,
        "propiedad_formulario.html",
        422 if problema else 200,
        propiedad=propiedad,
        valores={campo: valores.get(campo) or "" for campo in ("nombre", "direccion")},
        errores=errores,
    )


def consultar(request: Request, datos: Datos) -> Response:
    """Ask for its active servicios now."""
    pedido = PedidoPropiedad(propiedad_id=identificador(request))
    creado = intentar(lambda: dar_de_alta(pedido))
    assert creado is not None
    return volver(f"/jobs/{creado.job_id}")


def desactivar(request: Request, datos: Datos) -> Response:
    """Deactivate all its servicios: it is not consulted any more."""
    propiedad = leer(request)
    models.propiedad.desactivar_servicios(propiedad["propiedad_id"])
    return volver(f"/propiedades/{propiedad['propiedad_id']}", "desactivado")
