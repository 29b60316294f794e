"""The published description: valid for others, whole, and true of what is really answered."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from starlette.routing import Route

import api
from actors.entrega import DEFINITIVAS, FALLAS, POR_CENTENA
from documento.avisos import AVISOS
from documento.errores import ERRORES, Problema
from documento.esquemas import ejemplo, referencia
from documento.openapi import describir
from documento.operacion import operacion_de
from documento.pagina import prosa
from models.resultado import TIPOS
from models.schemas_aviso import CodigoDeEnvio
from models.schemas_job import CodigoDeFalla, EstadoDeuda, TipoDeEvidencia
from problemas import TITULOS
from puerta.cabeceras import CSP_DE_PAGINA
from scrapers.fallas import Codigo
from scrapers.verdad import EstadoDeuda as DeScrapers
from settings import VERSION

RAIZ = Path(__file__).resolve().parent.parent
FALTA = (
    "{} no está en /openapi.json: ponga @documentar(Operacion(título, etiqueta, {{200: Modelo}}, detalle)) sobre"
    " {}.{}, como en recursos/jobs.py; el modelo de la respuesta va en models/schemas_*.py. Si no es de la API"
    " (una página), declare la ruta con include_in_schema=False."
)
DOCUMENTO = describir(api.rutas, VERSION)
ESQUEMAS = DOCUMENTO["components"]["schemas"]
RUTAS = [ruta for ruta in api.rutas if isinstance(ruta, Route)]


def _operaciones() -> Iterator[tuple[str, dict[str, Any]]]:
    for camino, metodos in DOCUMENTO["paths"].items():
        for metodo, operacion in metodos.items():
            yield f"{metodo.upper()} {camino}", operacion


OPERACIONES = dict(_operaciones())


def test_es_valido_para_otros() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENTO).iter_errors()] == []


@pytest.mark.parametrize("ruta", RUTAS, ids=lambda r: f"{min(r.methods)} {r.path}")
def test_cada_ruta_esta(ruta: Route) -> None:
    if ruta.include_in_schema:
        assert operacion_de(ruta.endpoint) is not None, FALTA.format(
            ruta.path, ruta.endpoint.__module__, ruta.endpoint.__name__
        )
        assert all(f"{metodo} {ruta.path}" in OPERACIONES for metodo in (ruta.methods or set()) - {"HEAD"})


def _problemas() -> Iterator[tuple[int, str]]:
    """Every `Problema(status, "CODIGO", ...)` of the code."""
    for carpeta in ("recursos", "puerta", "problemas.py"):
        ruta = RAIZ / carpeta
        for archivo in [ruta] if ruta.is_file() else ruta.rglob("*.py"):
            for nodo in ast.walk(ast.parse(archivo.read_text(encoding="utf-8"))):
                if isinstance(nodo, ast.Call) and isinstance(nodo.func, ast.Name) and nodo.func.id == "Problema":
                    estado, codigo = nodo.args[:2]
                    if isinstance(estado, ast.Constant) and isinstance(codigo, ast.Constant):
                        yield estado.value, codigo.value


def test_cada_error_esta() -> None:
    dichos = {(estado, codigo) for codigo, (estado, _) in ERRORES.items()}
    assert set(_problemas()) <= dichos, "agregue el codigo a documento/errores.py y a `errores` de su Operacion"


def test_cada_error_es_de_alguna_operacion() -> None:
    texto = " ".join(respuesta["description"] for o in OPERACIONES.values() for respuesta in o["responses"].values())
    de_ninguna = {"RUTA_INEXISTENTE", "METODO_NO_PERMITIDO"}
    assert set(re.findall(r"`([A-Z_]+)`", texto)) == set(ERRORES) - de_ninguna
    assert {estado for estado, _ in ERRORES.values()} <= set(TITULOS)


@pytest.mark.parametrize("codigo", ERRORES)
def test_el_ejemplo_de_cada_error(codigo: str) -> None:
    valor = DOCUMENTO["components"]["examples"][codigo]["value"]
    assert Problema.model_validate(valor, strict=True).codigo == codigo


def test_los_codigos_son_los_del_programa() -> None:
    assert set(get_args(CodigoDeFalla)) == set(Codigo)
    assert set(get_args(EstadoDeuda)) == set(DeScrapers)
    assert set(get_args(TipoDeEvidencia)) == set(TIPOS)
    de_envio = {*DEFINITIVAS, *(codigo for _, codigo, _ in FALLAS), *POR_CENTENA.values(), "HTTPS_OBLIGATORIO"}
    assert set(get_args(CodigoDeEnvio)) == de_envio - {None}


def test_cada_campo_y_cada_parametro_dice_que_es() -> None:
    campos = [
        f"{nombre}.{campo}"
        for nombre, esquema in ESQUEMAS.items()
        for campo, dicho in esquema.get("properties", {}).items()
        if not dicho.get("description")
    ]
    parametros = [
        f"{cual}: {parametro['name']}"
        for cual, operacion in OPERACIONES.items()
        for parametro in operacion["parameters"]
        if not parametro.get("description")
    ]
    assert campos + parametros == [], "ponga Field(description=..., examples=[...]), en castellano"


def _modelos(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for modelo in base.__subclasses__():
        if modelo.__module__.startswith(("models.", "documento.")):
            yield modelo
        yield from _modelos(modelo)


MODELOS = {modelo.__name__: modelo for modelo in _modelos()}


@pytest.mark.parametrize("nombre", [n for n in ESQUEMAS if n in MODELOS])
def test_los_ejemplos_son_validos(nombre: str) -> None:
    modelo = MODELOS[nombre]
    for minimo in (False, True):
        modelo.model_validate(ejemplo(referencia(modelo), ESQUEMAS, minimo=minimo))


def test_los_enlaces_llevan_a_operaciones_que_existen() -> None:
    nombres = [operacion["operationId"] for operacion in OPERACIONES.values()]
    assert len(nombres) == len(set(nombres)), "dos manejadores se llaman igual"
    enlaces = [
        (cual, enlace["operationId"])
        for cual, operacion in OPERACIONES.items()
        for respuesta in operacion["responses"].values()
        for enlace in respuesta.get("links", {}).values()
    ]
    assert [e for e in enlaces if e[1] not in nombres] == []
    assert len(enlaces) > 10


def test_los_avisos() -> None:
    assert set(DOCUMENTO["webhooks"]) == set(AVISOS)
    for ruta in ("/consultar/propiedad", "/consultar/servicios", "/consultar/todas"):
        assert set(DOCUMENTO["paths"][ruta]["post"]["callbacks"]) == set(AVISOS) - {"callback.prueba"}
    for aviso in DOCUMENTO["webhooks"].values():
        nombres = [parametro["name"] for parametro in aviso["post"]["parameters"]]
        assert nombres[:3] == ["webhook-id", "webhook-timestamp", "webhook-signature"]


def _pedir(camino: str) -> httpx.Response:
    async def pedir() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url="http://consultas") as cliente:
            return await cliente.get(camino)

    return asyncio.run(pedir())


class TestDocs:
    def test_se_lee_sin_guiones_y_sin_red(self) -> None:
        pagina = _pedir("/docs")
        assert pagina.headers["Content-Security-Policy"] == CSP_DE_PAGINA
        arbol = HTMLParser(pagina.text)
        assert arbol.css("script, style, [style], iframe, img") == []
        assert [n.attributes["href"] for n in arbol.css("link")] == ["/docs/docs.css"]
        assert "url(" not in _pedir("/docs/docs.css").text and "@import" not in _pedir("/docs/docs.css").text
        destinos = {n.attributes["href"] or "" for n in arbol.css("a")}
        anclas = {f"#{n.attributes['id']}" for n in arbol.css("[id]")}
        assert {d for d in destinos if not d.startswith("#")} == {"/openapi.json"}
        assert {d for d in destinos if d.startswith("#")} <= anclas

    def test_tiene_todo(self) -> None:
        texto = HTMLParser(_pedir("/docs").text)
        anclas = {n.attributes["id"] for n in texto.css("article")}
        assert anclas >= {operacion["operationId"] for operacion in OPERACIONES.values()}
        assert anclas >= {f"aviso-{evento}" for evento in AVISOS}
        assert anclas >= {f"esquema-{n}" for n, esquema in ESQUEMAS.items() if "properties" in esquema}
        assert all(codigo in texto.text() for codigo in ERRORES)

    def test_lo_que_dicen_los_modelos_no_es_html(self) -> None:
        assert "<script>" not in prosa("a `<script>` **<b>**") and "<code>&lt;script&gt;</code>" in prosa("`<script>`")
