"""Camuzzi against its simulated portal: what is its own."""

import pytest
from sandbox_portales import Portales, como_deuda, de, portales

from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS

__all__ = ["portales"]

EMPRESA = "camuzzi"


def test_lo_no_exigible_se_dice_y_no_se_suma(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de(EMPRESA, D.PLAN_DE_PAGOS)))
    assert len(deuda.facturas) == 1
    assert deuda.avisos == ("Factura Plan-03/12: $ 4321.00, no exigible, no incluida en la deuda.",)


@pytest.mark.parametrize("escrito", ["3000/0-0000-0000000/1", "3000/0-00-00-0000000/1", "30000000000000001"])
def test_la_cuenta_se_escribe_con_o_sin_separadores(escrito: str) -> None:
    assert SCRAPERS[EMPRESA].validar({"cuenta_unificada": escrito}) == {"cuenta_unificada": "30000000000000001"}
