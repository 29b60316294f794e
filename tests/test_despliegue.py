"""Procfile, image and compose file say the same, and the image has every file that its processes import."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

RAIZ = Path(__file__).resolve().parent.parent
PROCESOS = dict(re.findall(r"^(\w+): *(.+)$", (RAIZ / "Procfile").read_text(), re.MULTILINE))
COMPOSE: dict[str, Any] = yaml.safe_load((RAIZ / "docker-compose.yml").read_text())


def _importa(raiz: str) -> Iterator[str]:
    """The top-level names that a module or package of ours imports."""
    rutas = [RAIZ / f"{raiz}.py"] if (RAIZ / f"{raiz}.py").exists() else (RAIZ / raiz).rglob("*.py")
    for ruta in rutas:
        for nodo in ast.walk(ast.parse(ruta.read_text(encoding="utf-8"))):
            if isinstance(nodo, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in nodo.names)
            elif isinstance(nodo, ast.ImportFrom) and nodo.module:
                yield nodo.module.partition(".")[0]


def test_los_procesos_son_los_de_la_casa() -> None:
    assert list(PROCESOS) == ["release", "web", "worker", "callbacks", "reloj"]
    servicios = COMPOSE["services"]
    assert set(PROCESOS) | {"postgres", "rabbitmq"} == set(servicios)
    for nombre in PROCESOS:
        assert servicios[nombre]["command"] == [nombre]


def test_lo_que_no_termina_se_reinicia_y_se_vigila() -> None:
    for nombre, servicio in COMPOSE["services"].items():
        assert servicio["init"] is True
        assert servicio["restart"] == ("no" if nombre == "release" else "unless-stopped")
    for nombre in ("postgres", "rabbitmq", "web"):
        assert COMPOSE["services"][nombre]["healthcheck"]["test"]


def test_la_imagen_lleva_todo_lo_que_importan_sus_procesos() -> None:
    admitidos = {
        linea.removeprefix("!").removesuffix(".py")
        for linea in (RAIZ / ".dockerignore").read_text().splitlines()
        if linea.startswith("!")
    }
    nuestros = {r.stem for r in RAIZ.glob("*.py")} | {r.parent.name for r in RAIZ.glob("*/__init__.py")}
    faltan, vistos = {"api", "actors", "models"}, set()
    while faltan:
        nombre = faltan.pop()
        vistos.add(nombre)
        faltan |= {n for n in _importa(nombre) if n in nuestros} - vistos
    assert vistos <= admitidos
