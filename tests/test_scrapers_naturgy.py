"""Naturgy against its simulated portal: what is its own."""

import pytest
from sandbox_portales import Portales, como_deuda, como_falla, comprobar, de, portales

from sandbox.desenlaces import Desenlace as D
from sandbox.laboratorio import LABORATORIO
from scrapers import SCRAPERS
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura

__all__ = ["portales"]

EMPRESA = "naturgy"
PEDIDO = {"suministro": "30000001"}


def _pagina(*partes: str) -> Lectura:
    cuerpo = "".join(partes)
    return Lectura(f"<body><div data-testid='resultado'><h2>Suministro N° 30000001</h2>{cuerpo}</div></body>")


def _nota(texto: str) -> str:
    return f"<div class='MuiAlert-message'>{texto}</div>"


def test_una_hidratacion_tardia_se_espera(portales: Portales, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LABORATORIO.latencias, "hidratacion", 3000)
    comprobar(de(EMPRESA, D.UNA_FACTURA), portales.consultar(de(EMPRESA, D.UNA_FACTURA)))


def test_ups_es_su_mantenimiento(portales: Portales) -> None:
    falla = como_falla(portales.consultar(de(EMPRESA, D.MANTENIMIENTO)), Codigo.PORTAL_EN_MANTENIMIENTO)
    assert falla.mensaje_portal == "Ups"


@pytest.mark.parametrize("frase", ["El suministro no posee facturas pendientes", "No se registran deudas"])
def test_la_prueba_del_cero_es_una_de_sus_frases(frase: str) -> None:
    deuda = SCRAPERS[EMPRESA].concluir(_pagina(_nota(frase)), PEDIDO)
    assert deuda.importe == 0
    assert (deuda.prueba.regla, deuda.prueba.texto) == ("frase_sin_deuda", frase)


@pytest.mark.parametrize(
    "notas",
    [
        ["El suministro no posee facturas pendientes vencidas"],
        ["El suministro no posee facturas pendientes", "Tenés $ 100,00 a favor"],
        ["Tenés $ 100,00 a favor", "Tenés $ 200,00 a favor"],
        ["No se registran deudas", "Cuota de tu plan: $ 100,00"],
        [],
    ],
)
def test_otras_notas_no_prueban_nada(notas: list[str]) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].concluir(_pagina(*map(_nota, notas)), PEDIDO)
    assert falla.value.codigo is Codigo.RESULTADO_AMBIGUO


def test_el_saldo_a_favor_se_dice(portales: Portales) -> None:
    assert como_deuda(portales.consultar(de(EMPRESA, D.SALDO_A_FAVOR))).prueba.texto == "Tenés $ 1.234,50 a favor"


@pytest.mark.parametrize("escrito", ["3000001", "300000011", "3000000a"])
def test_el_suministro_tiene_ocho_digitos(escrito: str) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].validar({"suministro": escrito})
    assert falla.value.codigo is Codigo.FORMATO_INVALIDO
