"""One consulta with its proof, and how the empresas are doing."""

import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import models
import models.propiedad
from actors.empresas import listar_empresas, salud_de_empresas
from models.schemas import instante
from panel.plantillas import pagina
from problemas import Problema
from recursos.pedido import uuid_de

PARTES = {
    "url": "Dirección final",
    "html": "HTML de la página",
    "consola": "Consola del navegador",
    "red": "Pedidos de red",
}


def una(request: Request) -> Response:
    """One consulta."""
    consulta_id = uuid_de(request, "consulta_id")
    vista = models.leer_consulta(consulta_id)
    if vista is None:
        raise consulta_inexistente(consulta_id)
    return pagina(
        request,
        "consulta.html",
        consulta=vista,
        situacion=_estado(vista),
        propiedad=models.propiedad.leer_propiedad(vista["propiedad_id"]),
        partes=[(tipo, nombre) for tipo, nombre in PARTES.items() if tipo in vista["evidencia"]],
        captura="captura" in vista["evidencia"],
    )


def _estado(vista: dict[str, Any]) -> str:
    if vista["exito"] is None:
        return str(vista["estado"])
    return str(vista["estado_deuda"] or "CON_DEUDA").upper() if vista["exito"] else "falla"


def empresas(request: Request) -> Response:
    """Every empresa: how its portal answers, and what it asks for."""
    datos = {e["empresa"]: e for e in listar_empresas()}
    este_momento = instante(datetime.now(UTC)) or ""
    filas = [
        {
            **salud,
            "datos": datos.get(salud["empresa"]),
            "circuito_abierto": (salud["circuito_abierto_hasta"] or "") > este_momento,
        }
        for salud in salud_de_empresas()
    ]
    return pagina(request, "empresas.html", filas=sorted(filas, key=lambda fila: str(fila["empresa"]).casefold()))


def consulta_inexistente(consulta_id: uuid.UUID) -> Problema:
    """404 for a consulta."""
    return Problema(404, "CONSULTA_INEXISTENTE", f"La consulta {consulta_id} no existe.")
