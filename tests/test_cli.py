"""The `consultas` command as an operator runs it: what it prints, its exit codes, what it keeps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pila import RAIZ
from sandbox_portales import Portales, de, portales

import cli
from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.fallas import Falla
from scrapers.lectura import Lectura
from scrapers.verificacion import anonimo

__all__ = ["portales"]

EDESUR = SCRAPERS["edesur"]


def correr(*argumentos: str, clave: str | None = "Clave-secreta-9") -> subprocess.CompletedProcess[str]:
    """Run the command, without a terminal."""
    entorno = {**os.environ, "COLUMNS": "300", **({"CONSULTAS_CLAVE": clave} if clave else {})}
    orden = [sys.executable, str(RAIZ / "cli.py"), *argumentos]
    return subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=60, check=False, cwd=RAIZ)


def _edesur(portales: Portales, desenlace: D, *mas: str) -> list[str]:
    cuenta = de("edesur", desenlace).credenciales
    url = f"{portales.url}/edesur"
    datos = ["--numero", cuenta["suministro"], "--dato", f"email={cuenta['email']}", "--url", url]
    return ["verificar", "edesur", *datos, *mas]


def test_una_consulta_a_la_vista(portales: Portales, tmp_path: Path) -> None:
    hecho = correr(*_edesur(portales, D.VARIAS_FACTURAS, "--carpeta", str(tmp_path)))
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    for dicho in ("abrí ", "pulsé button >> Ingresar", "TOTAL A PAGAR", "total_igual_al_detalle", "segundos"):
        assert dicho in hecho.stdout
    assert "secreta-9" not in hecho.stdout + hecho.stderr
    capturas = sorted(tmp_path.glob("*.png"))
    assert len(capturas) > 10
    assert all(c.read_bytes().startswith(b"\x89PNG") for c in capturas)


def test_una_falla_termina_en_1_y_en_json(portales: Portales, tmp_path: Path) -> None:
    hecho = correr(*_edesur(portales, D.TITULAR_DISTINTO, "--json", "--carpeta", str(tmp_path)))
    assert hecho.returncode == 1
    assert json.loads(hecho.stdout)["error_codigo"] == "TITULAR_DISTINTO"
    assert "secreta-9" not in "".join(r.read_text() for r in tmp_path.glob("falla.*"))


@pytest.mark.parametrize(
    ("argumentos", "dicho"),
    [
        (["verificar", "nadie", "--numero", "1"], "no hay un scraper"),
        (["verificar", "metrogas", "--numero", "12"], "no tiene el formato que usa Metrogas"),
        (["verificar", "metrogas", "--numero", "30000000001", "--dato", "x"], "campo=valor"),
    ],
)
def test_un_uso_equivocado_termina_en_2_con_una_frase(argumentos: list[str], dicho: str) -> None:
    hecho = correr(*argumentos)
    assert hecho.returncode == 2
    assert dicho in hecho.stderr
    assert "Traceback" not in hecho.stderr


def test_lo_grabado_es_anonimo_y_se_lee_igual(portales: Portales, tmp_path: Path) -> None:
    pedido = EDESUR.validar(dict(de("edesur", D.VARIAS_FACTURAS).credenciales))
    html = (
        f"<body><p>Titular</p><p>Ana Pérez</p><p>{pedido['email']}</p><p>CUIT 27-12345678-9</p>"
        f"<p>Suministro {pedido['suministro']}</p></body>"
    )
    limpio, falsas = anonimo(html, EDESUR, pedido)
    for personal in (pedido["suministro"], pedido["email"], "Ana Pérez", "12345678", pedido["clave"]):
        assert personal not in limpio
        assert personal not in falsas.values()
    assert EDESUR.validar(falsas) == falsas


GRABACIONES = sorted((RAIZ / "sandbox").glob("*/grabaciones/*/esperado.json"))


def test_cada_grabacion_se_lee_como_se_grabo() -> None:
    for ruta in GRABACIONES:
        esperado, pedido = json.loads(ruta.read_text()), json.loads((ruta.parent / "pedido.json").read_text())
        scraper, html = SCRAPERS[ruta.parts[-4]], (ruta.parent / "pagina.html").read_text()
        try:
            deuda = scraper.concluir(Lectura(html), pedido)
        except Falla as falla:
            assert str(falla.codigo) == esperado["codigo"], ruta
        else:
            assert (str(deuda.estado), str(deuda.importe)) == (esperado["estado"], esperado["importe"]), ruta


def test_el_readme_tiene_la_tabla_de_empresas_al_dia() -> None:
    readme = (RAIZ / "README.md").read_text(encoding="utf-8")
    assert cli.tabla() in readme, "copie al README lo que dice ./consultas empresas"
