"""AySA against its simulated portal: every documented account ends as it must."""

import pytest
from sandbox_portales import Final, Portales, como_deuda, comprobar, comunes, parametros, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D

__all__ = ["portales"]

EMPRESA = "aysa"


@pytest.fixture(scope="module")
def finales(portales: Portales) -> dict[D, Final]:
    """How every common account ended, by outcome."""
    return portales.todas(comunes(EMPRESA))


@pytest.mark.parametrize(**parametros(EMPRESA))
def test_cada_cuenta_termina_como_debe(finales: dict[D, Final], cuenta: Cuenta) -> None:
    comprobar(cuenta, finales[cuenta.desenlace])


def test_la_factura_pagada_no_se_debe(finales: dict[D, Final]) -> None:
    con_senuelos = como_deuda(finales[D.SENUELOS])
    assert [f.periodo for f in con_senuelos.facturas] == ["03/2026", "04/2026", "05/2026"]
    assert como_deuda(finales[D.ULTIMA_PAGADA]).facturas == ()


def test_la_prueba_del_cero_es_la_frase_del_portal(finales: dict[D, Final]) -> None:
    assert como_deuda(finales[D.SIN_DEUDA]).prueba.texto == "La cuenta no registra deuda."
