"""One version, whoever tells it."""

import shutil
from pathlib import Path

import pytest
from version import RAIZ, discrepancias

import api
from documento.openapi import describir
from settings import VERSION

CERRADO = "# Changelog\n\n## [Unreleased]\n\n## [2.3.4] - 2026-11-24\n"


@pytest.fixture
def copia(tmp_path: Path) -> Path:
    """A release 2.3.4, about to be tagged."""
    for nombre in ("pyproject.toml", "uv.lock"):
        escrito = (RAIZ / nombre).read_text(encoding="utf-8")
        nuevo = escrito.replace(f'name = "consultas"\nversion = "{VERSION}"', 'name = "consultas"\nversion = "2.3.4"')
        assert nuevo != escrito
        (tmp_path / nombre).write_text(nuevo, encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CERRADO, encoding="utf-8")
    return tmp_path


def test_esta_copia_dice_una_sola() -> None:
    assert discrepancias(RAIZ, []) == []
    assert describir(api.rutas, VERSION)["info"]["version"] == VERSION


def test_una_etiqueta_y_su_version(copia: Path) -> None:
    assert discrepancias(copia, ["v2.3.4"]) == []
    assert discrepancias(copia, ["v2.3.5"]) == ["La etiqueta es v2.3.5 y pyproject.toml dice 2.3.4."]


@pytest.mark.parametrize(
    "cambios", [CERRADO.replace("2.3.4", "2.3.3"), CERRADO.replace(" - 2026-11-24", ""), "# C\n\n## [Unreleased]\n"]
)
def test_una_etiqueta_sin_su_seccion_en_el_changelog(copia: Path, cambios: str) -> None:
    (copia / "CHANGELOG.md").write_text(cambios, encoding="utf-8")
    assert discrepancias(copia, []) == []
    [mala] = discrepancias(copia, ["v2.3.4"])
    assert "«## [2.3.4] - AAAA-MM-DD»" in mala


def test_un_uv_lock_viejo_y_un_changelog_cerrado(copia: Path) -> None:
    shutil.copy(RAIZ / "uv.lock", copia)
    (copia / "CHANGELOG.md").write_text("# Changelog\n\n## [2.3.4] - 2026-11-24\n", encoding="utf-8")
    assert discrepancias(copia, []) == [
        f"uv.lock dice {VERSION} y pyproject.toml 2.3.4: falta uv lock.", "CHANGELOG.md no empieza con [Unreleased].",
    ]  # fmt: skip
