"""Edenor against its simulated portal: every documented account ends as it must."""

from datetime import date

import pytest
from sandbox_portales import Final, Portales, como_deuda, comprobar, comunes, de, parametros, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from scrapers.verdad import Factura

__all__ = ["portales"]

EMPRESA = "edenor"


@pytest.fixture(scope="module")
def finales(portales: Portales) -> dict[D, Final]:
    """How every common account ended, by outcome."""
    return portales.todas(comunes(EMPRESA))


@pytest.mark.parametrize(**parametros(EMPRESA))
def test_cada_cuenta_termina_como_debe(finales: dict[D, Final], cuenta: Cuenta) -> None:
    comprobar(cuenta, finales[cuenta.desenlace])


def test_una_sola_factura_trae_su_vencimiento(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.UNA_FACTURA])
    assert deuda.facturas == (Factura(de(EMPRESA, D.UNA_FACTURA).deuda, date(2026, 6, 10)),)
    assert deuda.vencimiento == date(2026, 6, 10)


def test_la_deuda_es_el_saldo_total_y_lo_vencido_un_aviso(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.VARIAS_FACTURAS])
    assert deuda.facturas == ()
    assert deuda.prueba.texto.startswith("Saldo Total $ ")
    assert len(deuda.avisos) == 1
    assert deuda.avisos[0].startswith("Saldo vencido: $ ")


def test_sin_deuda_es_un_total_de_cero(finales: dict[D, Final]) -> None:
    prueba = como_deuda(finales[D.SIN_DEUDA]).prueba
    assert (prueba.regla, prueba.texto) == ("total_cero", "Saldo Total $ 0,00")
