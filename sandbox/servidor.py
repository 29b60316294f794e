"""The simulated portals as one app: `uvicorn sandbox.servidor:app`. It finds its empresas: one folder each."""

import importlib
import pkgutil
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import sandbox
from sandbox import laboratorio
from sandbox.atencion import pantallas
from sandbox.cuentas import Cuenta

ESTATICO = Path(__file__).parent / "estatico"


def _hallar() -> dict[str, Any]:
    """Every sibling folder, by the identifier of its empresa: each has NOMBRE, CUENTAS and rutas."""
    paquetes = [m for m in pkgutil.iter_modules(sandbox.__path__, prefix="sandbox.") if m.ispkg]
    return {m.name.removeprefix("sandbox."): importlib.import_module(m.name) for m in paquetes}


PORTALES: Final[Mapping[str, Any]] = _hallar()

CUENTAS: Final[Mapping[str, Mapping[str, Cuenta]]] = {e: portal.CUENTAS for e, portal in PORTALES.items()}
"""The magic accounts by empresa and number."""


def _tabla(empresa: str) -> str:
    filas = []
    for numero, cuenta in CUENTAS[empresa].items():
        credenciales = ", ".join(f"{campo}: {valor}" for campo, valor in cuenta.credenciales.items())
        celdas = (numero, cuenta.desenlace.descripcion, cuenta.desenlace.esperado, credenciales)
        filas.append("<tr>" + "".join(f"<td>{escape(celda)}</td>" for celda in celdas) + "</tr>")
    nombre, entrada = escape(PORTALES[empresa].NOMBRE), f"/{empresa}{PORTALES[empresa].ENTRADA}"
    titulos = "<tr><th>Cuenta</th><th>Qué fuerza</th><th>Debe terminar en</th><th>Credenciales</th></tr>"
    return f'<h2><a href="{entrada}">{nombre}</a></h2><table>{titulos}{"".join(filas)}</table>'


async def inicio(request: Request) -> Response:
    """Every empresa, its magic accounts and what each forces."""
    plantilla = (ESTATICO / "inicio.html").read_text(encoding="utf-8")
    return HTMLResponse(plantilla.replace("<!-- portales -->", "\n".join(map(_tabla, CUENTAS))))


def _portal(empresa: str) -> Mount:
    carpeta = Path(__file__).parent / empresa / "web"
    archivos = Mount("/web", StaticFiles(directory=carpeta))
    return Mount(f"/{empresa}", routes=[*PORTALES[empresa].rutas, *pantallas, archivos])


app = Starlette(
    routes=[
        Route("/", inicio),
        *laboratorio.rutas,
        Mount("/_sandbox", StaticFiles(directory=ESTATICO)),
        *map(_portal, PORTALES),
    ]
)
