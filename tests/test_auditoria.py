"""What `make auditar` makes of a report: silence is said, a known hole fails unless it was accepted with a reason."""

import tomllib
from typing import Any

from auditoria import RAIZ, juzgar

HUECO = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1", "GHSA-x"], "fix_versions": ["2"], "description": ""}


def informe(*huecos: dict[str, Any]) -> dict[str, Any]:
    """A report of pip-audit: a clean dependency, one with these holes."""
    sana = {"name": "sana", "version": "1", "vulns": []}
    return {"dependencies": [sana, {"name": "rota", "version": "1", "vulns": list(huecos)}], "fixes": []}


def test_un_pypi_que_no_dice_nada_no_es_una_auditoria() -> None:
    callado = {"dependencies": [{"name": "sana", "skip_reason": "Dependency not found on PyPI"}]}
    codigo, dicho = juzgar(callado, {})
    assert codigo == 0 and dicho.startswith("No se auditó ninguna dependencia")


def test_sin_huecos() -> None:
    assert juzgar(informe(), {}) == (0, "2 de 2 dependencias auditadas.")


def test_un_hueco_falla() -> None:
    assert juzgar(informe(HUECO), {"CVE-2020-9": "otro"})[0] == 1
    assert "rota: PYSEC-2026-1" in juzgar(informe(HUECO), {})[1]


def test_el_aceptado_por_cualquiera_de_sus_nombres_no() -> None:
    for nombre in (HUECO["id"], *HUECO["aliases"]):
        assert juzgar(informe(HUECO), {nombre: "no nos toca"})[0] == 0
    otro = {**HUECO, "id": "PYSEC-2026-2", "aliases": []}
    assert juzgar(informe(HUECO, otro), {"CVE-2026-1": "no nos toca"})[0] == 1


def test_lo_que_ya_no_hace_falta_aceptar_se_dice() -> None:
    assert "Ya no hace falta aceptar: CVE-2026-1" in juzgar(informe(), {"CVE-2026-1": "no nos toca"})[1]


def test_cada_aceptada_tiene_su_motivo() -> None:
    aceptadas = tomllib.loads((RAIZ / "auditoria.toml").read_text(encoding="utf-8"))["aceptadas"]
    assert all(len(motivo) > 10 for motivo in aceptadas.values())
