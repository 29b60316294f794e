"""Procfile, image and compose file say the same, and the image has every file that its processes import."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from servidores import buscar_programa

RAIZ = Path(__file__).resolve().parent.parent
PROCESOS = dict(re.findall(r"^(\w+): *(.+)$", (RAIZ / "Procfile").read_text(), re.MULTILINE))
COMPOSE: dict[str, Any] = yaml.safe_load((RAIZ / "docker-compose.yml").read_text())
UNIDADES = sorted((RAIZ / "docs/systemd").iterdir())


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
    assert set(PROCESOS) | {"postgres", "rabbitmq"} == {n for n, s in servicios.items() if "profiles" not in s}
    for nombre in PROCESOS:
        assert servicios[nombre]["command"] == [nombre]


@pytest.mark.parametrize("nombre", COMPOSE["services"])
def test_cada_contenedor_se_reinicia_y_tiene_limites(nombre: str) -> None:
    servicio = COMPOSE["services"][nombre]
    assert servicio["init"] is True
    assert servicio["restart"] == ("no" if nombre == "release" else "unless-stopped")
    assert servicio["stop_grace_period"] == "30s"
    assert "no-new-privileges:true" in servicio["security_opt"]
    assert servicio["mem_limit"]
    if nombre in PROCESOS:
        assert servicio["read_only"] is True and servicio["cap_drop"] == ["ALL"] and servicio["pids_limit"]
    if nombre in ("postgres", "rabbitmq", "web"):
        assert servicio["healthcheck"]["test"]


def test_las_metricas_son_aparte_y_ven_lo_de_siempre() -> None:
    aparte = {nombre: s for nombre, s in COMPOSE["services"].items() if "profiles" in s}
    assert {nombre: s["profiles"] for nombre, s in aparte.items()} == {
        "prometheus": ["metricas"], "grafana": ["metricas"],
    }  # fmt: skip
    assert all(puerto.startswith("127.0.0.1:") for s in aparte.values() for puerto in s["ports"])
    para_compose, ejemplo = ((RAIZ / f"docs/prometheus/{n}.yml").read_text() for n in ("compose", "prometheus"))
    assert yaml.safe_load(para_compose)["rule_files"] == yaml.safe_load(ejemplo)["rule_files"]
    montados = [v.partition(":")[0] for s in aparte.values() for v in s["volumes"] if v.startswith("./")]
    assert all((RAIZ / ruta).exists() for ruta in montados)


def test_ninguna_clave_tiene_un_valor_por_defecto() -> None:
    texto = (RAIZ / "docker-compose.yml").read_text()
    usadas = re.findall(r"\$\{([A-Z_]+)(:?[-?])?", texto)
    claves = {(nombre, modo) for nombre, modo in usadas if re.search("PASSWORD|CLAVE|SECRETO", nombre)}
    assert {nombre for nombre, _ in claves} >= {
        "POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "CIFRADO_CLAVES", "CALLBACK_SECRETOS",
    }  # fmt: skip
    assert all(modo in (":?", "?") for _, modo in claves)


def test_el_perfil_del_sandbox_deja_lo_que_chromium_necesita_y_el_resto_no() -> None:
    perfil = json.loads((RAIZ / "docs/seccomp/chromium.json").read_text())
    negadas = {nombre for regla in perfil["syscalls"] for nombre in regla["names"]}
    assert not negadas & {"clone", "clone3", "unshare", "chroot"}
    assert negadas >= {"mount", "ptrace", "bpf", "keyctl", "setns", "io_uring_setup", "userfaultfd", "kexec_load"}
    assert f"seccomp={'docs/seccomp/chromium.json'}" in COMPOSE["services"]["worker"]["security_opt"]


class TestProceso:
    """`./proceso worker`, which the image and systemd run."""

    def test_es_la_linea_del_procfile(self, tmp_path: Path) -> None:
        copia = tmp_path / "proceso"
        copia.write_text((RAIZ / "proceso").read_text())
        copia.chmod(0o755)
        (tmp_path / "Procfile").write_text("web: exec echo web en ${PORT:-8000}, desde $PWD\nweb2: exec false\n")
        hecho = subprocess.run([copia, "web"], cwd="/", env={"PATH": os.defpath, "PORT": "7"}, capture_output=True)
        assert hecho.stdout.decode() == f"web en 7, desde {tmp_path}\n"

    def test_uno_que_no_existe_se_dice(self) -> None:
        hecho = subprocess.run([RAIZ / "proceso", "nada"], capture_output=True, text=True)
        assert (hecho.returncode, hecho.stderr) == (64, "El Procfile no tiene un proceso llamado nada.\n")

    def test_es_lo_que_corre_la_imagen(self) -> None:
        assert 'ENTRYPOINT ["./proceso"]' in (RAIZ / "Dockerfile").read_text()


class TestSystemd:
    """The units of docs/systemd."""

    def test_systemd_las_entiende(self, tmp_path: Path) -> None:
        # Given the units as they are installed, from this folder
        for unidad in UNIDADES:
            texto = unidad.read_text()
            assert "/opt/consultas" in texto or unidad.suffix == ".target"
            (tmp_path / unidad.name).write_text(texto.replace("/opt/consultas", str(RAIZ)))
        # When systemd reads them, then it finds nothing to say
        orden = [buscar_programa("/usr/bin/systemd-analyze"), "verify", *map(str, tmp_path.iterdir())]
        hecho = subprocess.run(orden, capture_output=True, text=True, timeout=60)
        assert (hecho.returncode, hecho.stderr) == (0, "")

    @pytest.mark.parametrize("nombre", PROCESOS)
    def test_cada_proceso_tiene_la_suya(self, nombre: str) -> None:
        lineas = (RAIZ / f"docs/systemd/consultas-{nombre}.service").read_text().splitlines()
        assert f"ExecStart=/opt/consultas/proceso {nombre}" in lineas
        assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "User=consultas", "CapabilityBoundingSet="} <= set(
            lineas
        )
        assert any(linea.startswith("MemoryMax=") for linea in lineas)
        if nombre != "release":
            assert {"Restart=always", "TimeoutStopSec=30", "KillMode=mixed"} <= set(lineas)
        objetivo = (RAIZ / "docs/systemd/consultas.target").read_text()
        assert f"consultas-{nombre}.service" in objetivo


def test_la_imagen_lleva_todo_lo_que_importan_sus_procesos() -> None:
    admitidos = {
        linea.removeprefix("!").removesuffix(".py")
        for linea in (RAIZ / ".dockerignore").read_text().splitlines()
        if linea.startswith("!")
    }
    nuestros = {r.stem for r in RAIZ.glob("*.py")} | {r.parent.name for r in RAIZ.glob("*/__init__.py")}
    faltan, vistos = {"api", "actors", "models", "cli"}, set()
    while faltan:
        nombre = faltan.pop()
        vistos.add(nombre)
        faltan |= {n for n in _importa(nombre) if n in nuestros} - vistos
    assert vistos <= admitidos
