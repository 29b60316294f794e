"""The README's table of empresas is the registry's."""

from datetime import date
from pathlib import Path

import pytest

import cli
from scrapers import SCRAPERS
from scrapers.informe import TITULOS, con_tabla, filas

README = Path(__file__).resolve().parent.parent / "README.md"
ORDEN = "./consultas empresas --escribir README.md"


def test_la_tabla_de_empresas_del_readme_es_la_del_registro() -> None:
    texto = README.read_text(encoding="utf-8")
    assert texto == con_tabla(texto, SCRAPERS.values()), f"la tabla de empresas no es la del registro: corra {ORDEN}"


def test_cada_empresa_con_lo_que_pide_y_si_alguien_la_verifico() -> None:
    verificada = type("Verificada", (type(SCRAPERS["edesur"]),), {"verificado_en_vivo": date(2026, 11, 24)})()
    assert filas([SCRAPERS["enelcl"], verificada]) == [
        ("Edesur", "Electricidad", "Argentina, ARS", "Número de suministro, E-mail, Clave", "2026-11-24"),
        ("Enel Chile", "Electricidad", "Chile, CLP", "Número de cliente", "nunca"),
    ]


def test_la_orden_reescribe_solo_la_tabla(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copia = tmp_path / "README.md"
    copia.write_text("antes\n<!-- empresas -->\n| vieja |\n<!-- /empresas -->\ndespués\n", encoding="utf-8")
    with pytest.raises(SystemExit) as fin:
        cli.main(["empresas", "--escribir", str(copia)])
    assert fin.value.code == 0
    lineas = copia.read_text(encoding="utf-8").splitlines()
    assert (lineas[0], lineas[2], lineas[-1]) == ("antes", f"| {' | '.join(TITULOS)} |", "después")
    assert len(lineas) == 6 + len(SCRAPERS)
    with pytest.raises(SystemExit):
        cli.main(["empresas", "--markdown"])
    assert capsys.readouterr().out.strip() in copia.read_text(encoding="utf-8")
