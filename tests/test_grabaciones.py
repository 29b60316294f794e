"""The pages kept of real portals: each is still read as it was; and how one is kept, without the person in it."""

import json
import re
from pathlib import Path

import pytest
from sandbox_portales import Portales, de, portales

import cli
from consola import verificar
from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.anonimo import anonimizar, fingir
from scrapers.base import Scraper
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.dinero import normal
from scrapers.fallas import Codigo, Falla
from scrapers.grabacion import ESPERADO, PAGINA, PEDIDO, NoGrabable, esperado_de, grabar, repetir
from scrapers.lectura import Lectura
from scrapers.verdad import Deuda
from scrapers.verificacion import Bitacora, Paso

__all__ = ["portales"]

GRABACIONES = sorted(ruta.parent for ruta in verificar.SANDBOX.glob(f"*/grabaciones/*/{PAGINA}"))
EDESUR = SCRAPERS["edesur"]
PEDIDO_EDESUR = {"suministro": "300000001", "email": "ana.perez@correo.com.ar", "clave": "Secreta-9"}


def test_cada_grabacion_se_lee_como_cuando_se_grabo() -> None:
    for carpeta in GRABACIONES:
        leido, esperado = repetir(SCRAPERS[carpeta.parts[-3]], carpeta)
        assert leido == esperado, carpeta


class _Callado:
    def empieza(self, paso: Paso) -> None: ...

    def termina(self, paso: Paso) -> None: ...


def _visitar(
    portales: Portales, empresa: str, desenlace: D, carpeta: Path
) -> tuple[Scraper, Lectura | None, dict[str, str], Deuda | Falla]:
    """A consulta of a magic account: its scraper, its result page, its credenciales and how it ended."""
    scraper, cuenta = SCRAPERS[empresa], de(empresa, desenlace)
    bitacora, pedido = Bitacora(carpeta, (), _Callado()), scraper.validar(cuenta.credenciales)
    url = f"{portales.url}/{empresa}"
    tarea = consultar(
        portales.navegador, bitacora.observado(scraper), pedido, url=url, plazo_s=30, evidencia_max_bytes=1
    )
    final: Deuda | Falla
    try:
        final = portales.correr(tarea)
    except FallaConEvidencia as fallida:
        final = fallida.falla
    return scraper, bitacora.lectura, pedido, final


@pytest.mark.parametrize("empresa", sorted(SCRAPERS))
@pytest.mark.parametrize("desenlace", [D.VARIAS_FACTURAS, D.SIN_DEUDA], ids=lambda d: d.name)
def test_la_pagina_de_cada_empresa_se_graba_y_se_lee_igual(
    portales: Portales, tmp_path: Path, empresa: str, desenlace: D
) -> None:
    # Given the result page of an account
    cuenta = de(empresa, desenlace)
    scraper, lectura, pedido, final = _visitar(portales, empresa, desenlace, tmp_path)
    assert str(final.codigo if isinstance(final, Falla) else final.estado) == cuenta.desenlace.esperado
    # When it is kept
    assert lectura is not None
    carpeta = tmp_path / "grabacion"
    grabar(scraper, lectura, pedido, final, carpeta)
    # Then it is read as it was, with other credenciales, and says nothing of the account's
    leido, esperado = repetir(scraper, carpeta)
    assert leido == esperado == esperado_de(final)
    assert sorted(ruta.name for ruta in carpeta.iterdir()) == sorted([PAGINA, PEDIDO, ESPERADO])
    fingido = json.loads((carpeta / PEDIDO).read_text())
    assert scraper.validar(fingido) == fingido
    escrito = "".join(ruta.read_text() for ruta in carpeta.iterdir())
    for propio in (*pedido.values(), cuenta.numero, "de Prueba", "Calle Simulada"):
        assert propio not in escrito


@pytest.mark.parametrize("desenlace", [D.CUENTA_INEXISTENTE, D.CAPTCHA], ids=lambda d: d.name)
def test_sin_pagina_de_resultado_no_hay_que_grabar(portales: Portales, tmp_path: Path, desenlace: D) -> None:
    _scraper, lectura, _pedido, final = _visitar(portales, "metrogas", desenlace, tmp_path)
    assert isinstance(final, Falla)
    assert lectura is None


PERSONAS = """<body>
<header>Hola, Ana María</header><p>Le escribimos a ANA.PEREZ@correo.com.ar (ana.perez), CUIT 27-12345678-4.</p>
<dl><dt>Titular</dt><dd>Pérez, Ana María</dd><dt>Domicilio del suministro:</dt><dd>Calle Falsa 742, 1&deg; B</dd></dl>
<p>Nombre: Ana M. Pérez</p><p>DNI 12.345.678 o 12345678, teléfono 011 4567-8901234</p>
<label>Razón social</label><input value="Pérez &amp; Hija SRL">
<div class="cuenta-domicilio"><b>Quinta Los Tilos</b></div>
<table><thead><tr><th>Titular</th><th>Período</th><th>Importe</th></tr></thead>
<tbody><tr><td>Bruno Díaz</td><td>05/2026</td><td>$ 25.670,00</td></tr></tbody></table>
<p>Suministro 300-000.001, <a href="/pdf/300000001?sesion=abc123">factura de Pérez,
Ana María</a></p><p>TOTAL A PAGAR $ 1.234.567,89 vence 10/06/2026</p><p>RUT 12.345.678-K</p><p>CLP $ 1.234.567</p>
</body>"""
DE_ALGUIEN = (
    *("María", "Pérez", "perez", "12345678", "12.345.678", "8901234", "Falsa", "Hija", "Tilos", "Bruno", "Díaz"),
    *("300000001", "300-000.001", "sesion", "correo.com"),
)
QUEDA = (
    "05/2026",
    "$ 25.670,00",
    "TOTAL A PAGAR $ 1.234.567,89 vence 10/06/2026",
    "$ 1.234.567<",
    "Período",
    "Titular",
)


def test_de_la_persona_no_queda_nada_y_de_los_importes_todo() -> None:
    fingido = fingir(EDESUR, PEDIDO_EDESUR)
    limpia = anonimizar(PERSONAS, PEDIDO_EDESUR, fingido)
    assert [propio for propio in DE_ALGUIEN if propio.casefold() in limpia.casefold()] == []
    assert [texto for texto in QUEDA if texto not in limpia] == []
    # The same account everywhere, as the page separates it
    falsa = fingido["suministro"]
    assert f"Suministro {falsa[:3]}-{falsa[3:6]}.{falsa[6:]}" in limpia
    assert f'href="/pdf/{falsa}"' in limpia
    # The same structure
    assert re.findall(r"<[a-z/]+", limpia) == re.findall(r"<[a-z/]+", PERSONAS)


def test_lo_que_se_pide_ocultar_se_oculta() -> None:
    html = "<body><p>Cuenta de la tía  Chola</p></body>"
    pedido = PEDIDO_EDESUR
    assert "Chola" in anonimizar(html, pedido, fingir(EDESUR, pedido))
    assert normal(Lectura(anonimizar(html, pedido, fingir(EDESUR, pedido), ["tía Chola"])).texto) == (
        "Cuenta de la xxx Xxxxx"
    )


@pytest.mark.parametrize("empresa", sorted(SCRAPERS))
def test_las_credenciales_fingidas_son_otras_y_valen(empresa: str) -> None:
    scraper = SCRAPERS[empresa]
    pedido = scraper.validar(de(empresa, D.UNA_FACTURA).credenciales)
    fingido = fingir(scraper, pedido)
    assert scraper.validar(fingido) == fingido
    assert all(fingido[nombre] != valor for nombre, valor in pedido.items())
    assert all(len(fingido[c.nombre]) == len(pedido[c.nombre]) for c in scraper.campos[:1])


@pytest.fixture
def pagina(portales: Portales, tmp_path: Path) -> tuple[Scraper, Lectura, dict[str, str], Deuda | Falla]:
    """A result page with its end."""
    scraper, lectura, pedido, final = _visitar(portales, "metrogas", D.UNA_FACTURA, tmp_path)
    assert lectura is not None
    return scraper, lectura, pedido, final


def test_no_se_graba_lo_que_no_llevo_a_ese_final(
    pagina: tuple[Scraper, Lectura, dict[str, str], Deuda | Falla], tmp_path: Path
) -> None:
    scraper, lectura, pedido, _final = pagina
    with pytest.raises(NoGrabable, match="no terminó por lo que dice esta página"):
        grabar(scraper, lectura, pedido, Falla(Codigo.TIEMPO_AGOTADO), tmp_path / "g")
    assert not (tmp_path / "g").exists()


def test_no_se_graba_lo_que_anonimizado_se_lee_distinto(
    pagina: tuple[Scraper, Lectura, dict[str, str], Deuda | Falla], tmp_path: Path
) -> None:
    scraper, lectura, pedido, final = pagina
    with pytest.raises(NoGrabable, match=r"se lee distinto \(PORTAL_CAMBIO\)"):
        grabar(scraper, lectura, pedido, final, tmp_path / "g", ocultar=["Deuda Total"])
    assert not (tmp_path / "g").exists()


def test_no_se_pisa_una_grabacion(
    pagina: tuple[Scraper, Lectura, dict[str, str], Deuda | Falla], tmp_path: Path
) -> None:
    scraper, lectura, pedido, final = pagina
    grabar(scraper, lectura, pedido, final, tmp_path / "g")
    with pytest.raises(NoGrabable, match="Ya existe"):
        grabar(scraper, lectura, pedido, final, tmp_path / "g")


def test_la_orden_graba_y_pide_revisar(
    portales: Portales, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a sandbox whose folders may be written
    monkeypatch.setattr(verificar, "SANDBOX", tmp_path / "sandbox")
    monkeypatch.setenv("PORTALES_URL", portales.url)
    orden = ["verificar", "metrogas", "--numero", "30000000034", "--grabar", "no-coincide", "--carpeta"]
    # When a page is kept whose total is wrong
    with pytest.raises(SystemExit) as fin:
        cli.main([*orden, str(tmp_path / "uno")])
    # Then the end is that of the consulta, and the page a scenario
    assert fin.value.code == 1
    assert "Antes de hacer commit, léala entera" in capsys.readouterr().out
    leido, esperado = repetir(SCRAPERS["metrogas"], tmp_path / "sandbox/metrogas/grabaciones/no-coincide")
    assert leido == esperado == {"estado": None, "importe": None, "codigo": "TOTAL_NO_COINCIDE"}
    # And its name is taken
    with pytest.raises(SystemExit) as fin:
        cli.main([*orden, str(tmp_path / "dos")])
    assert fin.value.code == 2
    assert "Ya existe la grabación" in capsys.readouterr().err
