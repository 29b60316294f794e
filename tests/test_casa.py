"""The rules of the house that a reader cannot see from one file alone, as code."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pila import CIFRADO_CLAVES

from sandbox.servidor import PORTALES
from scrapers import SCRAPERS
from settings import AjustesEmpresa, Settings

RAIZ = Path(__file__).resolve().parent.parent
LINEAS_DE_MODULO = 300
LINEAS_DE_FUNCION = 60

PUEDE_IMPORTAR = {
    "direcciones": set(),
    "settings": set(),
    "models": {"settings", "direcciones"},
    "scrapers": {"settings", "direcciones"},
    "actors": {"settings", "models", "scrapers", "direcciones"},
    "problemas": {"models"},
    "puerta": {"settings", "models", "problemas"},
    "documento": {"models", "problemas"},
    "recursos": {"settings", "models", "actors", "problemas", "documento"},
    "api": {"settings", "models", "actors", "problemas", "puerta", "recursos", "panel"},
    "panel": {"settings", "models", "actors", "problemas", "puerta", "recursos"},
    "sandbox": set(),
    "demo": {"receptor"},
    "receptor": set(),
    "semilla": {"models", "sandbox", "scrapers"},
    "guardian": set(),
    "local": {"models", "demo", "guardian", "receptor", "semilla"},
    "consola": {"settings", "models", "scrapers", "sandbox"},
    "cli": {"consola", "settings"},
}
"""What each top-level name of ours may import, besides itself: settings <- models <- actors <- api, panel."""

PROHIBIDAS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "service", "services"}

Funcion = ast.FunctionDef | ast.AsyncFunctionDef


def _propio(ruta: Path) -> str:
    """The top-level name of ours that a file belongs to."""
    return ruta.relative_to(RAIZ).parts[0].removesuffix(".py")


def _modulos(*carpetas: str) -> list[Path]:
    sueltos = [r for r in RAIZ.glob("*.py") if not carpetas or r.stem in carpetas]
    return sorted(sueltos + [r for c in carpetas or _paquetes() for r in (RAIZ / c).rglob("*.py")])


def _paquetes() -> list[str]:
    return sorted(r.parent.name for r in RAIZ.glob("*/__init__.py"))


NUESTROS = _modulos()
PRUEBAS = sorted([*(RAIZ / "tests").rglob("*.py"), *(RAIZ / "benchmarks").rglob("*.py")])


def _arbol(ruta: Path) -> ast.Module:
    return ast.parse(ruta.read_text(encoding="utf-8"), str(ruta))


def _importados(nodo: ast.AST) -> Iterator[str]:
    """The modules named by every import below a node."""
    for hijo in ast.walk(nodo):
        if isinstance(hijo, ast.Import):
            yield from (alias.name for alias in hijo.names)
        elif isinstance(hijo, ast.ImportFrom):
            assert hijo.level == 0, "los imports son absolutos"
            yield hijo.module or ""


def _funciones(arbol: ast.Module) -> Iterator[Funcion]:
    return (nodo for nodo in ast.walk(arbol) if isinstance(nodo, Funcion))


def _identificadores(arbol: ast.Module) -> Iterator[str]:
    """Every name that a module gives: classes, functions, arguments, variables."""
    for nodo in ast.walk(arbol):
        if isinstance(nodo, Funcion | ast.ClassDef):
            yield nodo.name
        elif isinstance(nodo, ast.arg):
            yield nodo.arg
        elif isinstance(nodo, ast.Name) and isinstance(nodo.ctx, ast.Store):
            yield nodo.id
        elif isinstance(nodo, ast.Attribute) and isinstance(nodo.ctx, ast.Store):
            yield nodo.attr


def _palabras(identificador: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {p.lower() for p in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z_\d]+", identificador)}


def _donde(ruta: Path, nodo: ast.stmt) -> str:
    return f"{ruta.relative_to(RAIZ)}:{nodo.lineno}"


def test_cada_nombre_de_arriba_tiene_su_lugar_en_la_direccion_de_los_imports() -> None:
    assert {_propio(ruta) for ruta in NUESTROS} <= set(PUEDE_IMPORTAR) | {"tests"}


@pytest.mark.parametrize("propio", PUEDE_IMPORTAR)
def test_direccion_de_los_imports(propio: str) -> None:
    permitidos = PUEDE_IMPORTAR[propio] | {propio}
    ajenos = {"tests", *PUEDE_IMPORTAR} - permitidos
    malos = [
        f"{ruta.relative_to(RAIZ)} importa {nombre}"
        for ruta in _modulos(propio)
        for nombre in _importados(_arbol(ruta))
        if nombre.partition(".")[0] in ajenos
    ]
    assert malos == []


def test_ningun_import_dentro_de_una_funcion() -> None:
    malos = [
        _donde(ruta, funcion)
        for ruta in [*NUESTROS, *PRUEBAS]
        for funcion in _funciones(_arbol(ruta))
        if any(_importados(funcion))
    ]
    assert malos == []


def test_solo_la_conexion_conoce_pyppeteer() -> None:
    conocedores = {
        str(ruta.relative_to(RAIZ))
        for ruta in [*NUESTROS, *PRUEBAS]
        if any(nombre.partition(".")[0] == "pyppeteer" for nombre in _importados(_arbol(ruta)))
    }
    assert conocedores == {"scrapers/conexion.py"}


def test_solo_settings_lee_el_entorno() -> None:
    lectores = {
        str(ruta.relative_to(RAIZ))
        for ruta in NUESTROS
        for nodo in ast.walk(_arbol(ruta))
        if isinstance(nodo, ast.Attribute) and nodo.attr in ("environ", "getenv")
    }
    assert lectores <= {"sandbox/laboratorio.py", "local.py"}


def test_ningun_modulo_de_mas_de_300_lineas() -> None:
    largos = {r: n for r in NUESTROS if (n := len(r.read_text(encoding="utf-8").splitlines())) > LINEAS_DE_MODULO}
    assert largos == {}


def test_ninguna_funcion_de_mas_de_60_lineas() -> None:
    largas = [
        _donde(ruta, funcion)
        for ruta in [*NUESTROS, *PRUEBAS]
        for funcion in _funciones(_arbol(ruta))
        if (funcion.end_lineno or funcion.lineno) - funcion.lineno + 1 > LINEAS_DE_FUNCION
    ]
    assert largas == []


def test_ningun_nombre_vacio_de_sentido() -> None:
    malos = [
        f"{ruta.relative_to(RAIZ)}: {nombre}"
        for ruta in [*NUESTROS, *PRUEBAS]
        for nombre in [ruta.stem, ruta.parent.name, *_identificadores(_arbol(ruta))]
        if _palabras(nombre) & PROHIBIDAS
    ]
    assert malos == []


def test_los_identificadores_son_ascii() -> None:
    malos = {n for ruta in [*NUESTROS, *PRUEBAS] for n in _identificadores(_arbol(ruta)) if not n.isascii()}
    assert malos == set()


def test_ningun_momento_sin_zona_horaria() -> None:
    malos = [
        f"{ruta.relative_to(RAIZ)}:{nodo.lineno}"
        for ruta in [*NUESTROS, *PRUEBAS]
        for nodo in ast.walk(_arbol(ruta))
        if isinstance(nodo, ast.Call)
        and isinstance(nodo.func, ast.Attribute)
        and (nodo.func.attr in ("utcnow", "utcfromtimestamp") or (nodo.func.attr == "now" and _sin_zona(nodo)))
    ]
    assert malos == []


def _sin_zona(llamada: ast.Call) -> bool:
    """Whether it is `datetime.now()`; `fn.now()` is the database's clock."""
    assert isinstance(llamada.func, ast.Attribute)
    quien = llamada.func.value
    return isinstance(quien, ast.Name) and quien.id in ("datetime", "dt") and not (llamada.args or llamada.keywords)


def test_los_plazos_no_se_comparan_con_el_reloj_de_un_proceso() -> None:
    """Due times are the database's: a machine whose clock is wrong must neither hurry nor delay anything."""
    lectores = {
        str(ruta.relative_to(RAIZ))
        for ruta in _modulos("models", "actors")
        if re.search(r"\b(time\.time\(|datetime\.now\()", ruta.read_text(encoding="utf-8"))
    }
    # Retry-After dates, the webhook-timestamp, and the timestamp in the body of a test
    assert lectores <= {"actors/entrega.py", "actors/firma.py", "actors/avisos.py"}


def test_ninguna_columna_es_de_punto_flotante() -> None:
    flotantes = [
        ruta.name
        for ruta in _modulos("models")
        if re.search(r"\b(FloatField|DoubleField|REAL|DOUBLE PRECISION)\b", ruta.read_text(encoding="utf-8"))
    ]
    assert flotantes == []


def test_cada_scraper_tiene_su_portal_simulado_y_al_reves() -> None:
    assert set(SCRAPERS) == set(PORTALES)
    assert {e: s.nombre for e, s in SCRAPERS.items()} == {e: portal.NOMBRE for e, portal in PORTALES.items()}


def test_un_archivo_por_empresa() -> None:
    assert all(type(scraper).__module__ == f"scrapers.{empresa}" for empresa, scraper in SCRAPERS.items())


def _de_settings() -> set[str]:
    return {campo.upper() for campo in Settings.model_fields}


def _de_procfile() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", (RAIZ / "Procfile").read_text(encoding="utf-8")))


def _de_readme() -> set[str]:
    filas = re.findall(r"^\|([^|]+)\|", (RAIZ / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {nombre for fila in filas for nombre in re.findall(r"`([A-Z][A-Z0-9_]*)`", fila)}


def _de_ejemplo() -> dict[str, str]:
    texto = (RAIZ / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", texto, re.MULTILINE))


def test_cada_ajuste_esta_en_readme_y_al_reves() -> None:
    assert _de_readme() == _de_settings() | _de_procfile()


def test_cada_ajuste_esta_en_env_example_y_al_reves() -> None:
    assert set(_de_ejemplo()) == _de_settings() | _de_procfile()


def test_cada_linea_de_env_example_dice_para_que_es() -> None:
    lineas = (RAIZ / ".env.example").read_text(encoding="utf-8").splitlines()
    mudas = [b for a, b in itertools.pairwise(lineas) if re.match(r"#?[A-Z]", b) and not a.startswith("# ")]
    assert mudas == []


def test_env_example_da_los_valores_por_defecto() -> None:
    # Given every line of the example, uncommented
    ejemplo = {nombre.lower(): valor for nombre, valor in _de_ejemplo().items() if valor and nombre != "EMPRESA"}
    # When the settings are read from it
    ejemplo["cifrado_claves"] = CIFRADO_CLAVES  # there is no key that everybody could use
    leidos = Settings.model_validate(ejemplo)
    # Then only what is obligatory differs from the defaults
    minimos = {nombre: ejemplo[nombre] for nombre in ("database_url", "broker_url", "cifrado_claves")}
    assert leidos == Settings.model_validate(minimos)


def test_lo_que_se_ajusta_por_empresa_esta_explicado() -> None:
    for archivo in ("README.md", ".env.example"):
        texto = (RAIZ / archivo).read_text(encoding="utf-8")
        assert "EMPRESA__METROGAS__URL" in texto
        assert all(f"__{campo.upper()}" in texto for campo in AjustesEmpresa.model_fields)
