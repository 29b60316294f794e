"""The sandbox itself: its start page, its lab controls, and that it and the scrapers name the same empresas."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest
from sandbox_portales import Portales, comprobar, de, portales

from sandbox.desenlaces import CON_LOGIN, Desenlace, de_numero
from sandbox.laboratorio import LABORATORIO, Latencias
from sandbox.servidor import CUENTAS, PORTALES
from scrapers import SCRAPERS
from scrapers.fallas import Codigo
from scrapers.verdad import EstadoDeuda

__all__ = ["portales"]


@pytest.fixture(scope="module")
def cliente(portales: Portales) -> Iterator[httpx.Client]:
    """An HTTP client of the sandbox."""
    with httpx.Client(base_url=portales.url, timeout=5) as abierto:
        yield abierto


def test_cada_portal_tiene_scraper_y_cada_scraper_portal() -> None:
    assert set(PORTALES) == set(SCRAPERS)
    assert {e: p.NOMBRE for e, p in PORTALES.items()} == {e: s.nombre for e, s in SCRAPERS.items()}


def test_el_inicio_lista_cada_cuenta_con_lo_que_fuerza(cliente: httpx.Client) -> None:
    texto = cliente.get("/").text
    for cuentas in CUENTAS.values():
        for numero, cuenta in cuentas.items():
            assert f"<td>{numero}</td><td>{cuenta.desenlace.descripcion}" in texto.replace("&#x27;", "'")


@pytest.mark.parametrize("empresa", CUENTAS)
def test_la_entrada_de_cada_portal_abre(cliente: httpx.Client, empresa: str) -> None:
    respuesta = cliente.get(f"/{empresa}{PORTALES[empresa].ENTRADA}")
    assert respuesta.status_code == 200
    assert respuesta.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("empresa", CUENTAS)
def test_las_credenciales_documentadas_valen(empresa: str) -> None:
    for numero, cuenta in CUENTAS[empresa].items():
        assert SCRAPERS[empresa].cuenta(SCRAPERS[empresa].validar(cuenta.credenciales)) == numero


def test_cada_desenlace_es_un_estado_o_un_codigo_publicado() -> None:
    conocidos = {*EstadoDeuda, *Codigo}
    assert {d.esperado for d in Desenlace} <= conocidos
    assert len({d.codigo for d in Desenlace}) == len(Desenlace)


@pytest.mark.parametrize("empresa", CUENTAS)
def test_cada_empresa_fuerza_los_desenlaces_comunes(empresa: str) -> None:
    propios = CON_LOGIN | {
        Desenlace.FILA_DUPLICADA,  # a portal without a detail
        Desenlace.SALDO_A_FAVOR,
        Desenlace.PLAN_DE_PAGOS,
        Desenlace.DOBLE_VENCIMIENTO,
        Desenlace.CENTAVOS,  # a currency without cents
        Desenlace.UN_CENTAVO,
    }
    assert {c.desenlace for c in CUENTAS[empresa].values()} >= set(Desenlace) - propios


def test_los_demas_digitos_son_libres() -> None:
    assert de_numero("12345678902") is Desenlace.VARIAS_FACTURAS
    assert de_numero("99999999999") is Desenlace.UNA_FACTURA


def test_el_laboratorio_cuenta_visitas_y_simultaneas(portales: Portales, cliente: httpx.Client) -> None:
    assert cliente.post("/_lab/reiniciar").status_code == 204
    cuentas = [de("aysa", d) for d in (Desenlace.UNA_FACTURA, Desenlace.SIN_DEUDA, Desenlace.SIN_DEUDA)]

    async def a_la_vez() -> None:
        for cuenta, final in zip(cuentas, await asyncio.gather(*map(portales.final, cuentas)), strict=True):
            comprobar(cuenta, final)

    portales.correr(a_la_vez())
    visto = cliente.get("/_lab/visitas").json()
    assert visto["visitas"]["aysa"] == {cuentas[0].numero: 1, cuentas[1].numero: 2}
    assert 1 <= visto["maximo_simultaneas"]["aysa"] <= 3
    assert visto["simultaneas"]["aysa"] == 0


def test_cuatro_portales_lentos_se_consultan_en_lo_que_tarda_uno(portales: Portales) -> None:
    cuentas = [de(empresa, Desenlace.LENTO_10S) for empresa in CUENTAS]

    async def a_la_vez() -> float:
        empezo = time.monotonic()
        for cuenta, final in zip(cuentas, await asyncio.gather(*map(portales.final, cuentas)), strict=True):
            comprobar(cuenta, final)
        return time.monotonic() - empezo

    assert 10 < portales.correr(a_la_vez()) < 30  # in turn they would take 40


def test_las_demoras_se_leen_del_entorno(monkeypatch: pytest.MonkeyPatch, cliente: httpx.Client) -> None:
    monkeypatch.setenv("SANDBOX_HIDRATACION_MS", "4000")
    monkeypatch.setenv("SANDBOX_CONSULTA_MS", "")
    assert Latencias.del_entorno() == Latencias(hidratacion=4000, consulta=250, asentar=700)
    assert cliente.get("/_sandbox/latencias.js").text == (
        f"export const HIDRATACION_MS = {LABORATORIO.latencias.hidratacion};\n"
    )
