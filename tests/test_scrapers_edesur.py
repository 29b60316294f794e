"""Edesur against its simulated portal: every documented account ends as it must."""

import pytest
from sandbox_portales import Final, Portales, como_deuda, como_falla, comprobar, comunes, de, parametros, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from sandbox.laboratorio import LABORATORIO
from scrapers import edesur
from scrapers.fallas import Codigo

__all__ = ["portales"]

EMPRESA = "edesur"


@pytest.fixture(scope="module")
def finales(portales: Portales) -> dict[D, Final]:
    """How every common account ended, by outcome."""
    return portales.todas(comunes(EMPRESA))


@pytest.mark.parametrize(**parametros(EMPRESA))
def test_cada_cuenta_termina_como_debe(finales: dict[D, Final], cuenta: Cuenta) -> None:
    comprobar(cuenta, finales[cuenta.desenlace])


def test_la_prueba_del_cero_es_la_frase_del_portal(finales: dict[D, Final]) -> None:
    prueba = como_deuda(finales[D.SIN_DEUDA]).prueba
    assert prueba.texto == "Al día de la fecha, su cuenta no posee deuda."


def test_el_segundo_vencimiento_es_un_aviso(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.DOBLE_VENCIMIENTO])
    assert len(deuda.avisos) == 1
    assert deuda.avisos[0].startswith("2do vencimiento: 20/06/2026 $ ")


def test_la_clave_rechazada_se_dice_con_las_palabras_del_portal(finales: dict[D, Final]) -> None:
    falla = como_falla(finales[D.CREDENCIALES_INVALIDAS], Codigo.CREDENCIALES_INVALIDAS)
    assert falla.mensaje_portal == "El usuario o la contraseña son incorrectos."


def test_la_evidencia_no_muestra_la_clave(finales: dict[D, Final], portales: Portales) -> None:
    como_falla(finales[D.CREDENCIALES_INVALIDAS], Codigo.CREDENCIALES_INVALIDAS)
    cuenta = de(EMPRESA, D.CREDENCIALES_INVALIDAS)
    evidencia = portales.evidencias[cuenta.numero]
    assert evidencia.captura is not None
    assert evidencia.html is not None
    assert "El usuario o la contraseña son incorrectos." in evidencia.html
    assert cuenta.credenciales["clave"] not in f"{evidencia}"


def test_un_suministro_de_otro_usuario_no_se_encuentra(portales: Portales) -> None:
    otra = de(EMPRESA, D.VARIAS_FACTURAS).credenciales["email"]
    final = portales.consultar(de(EMPRESA, D.UNA_FACTURA), email=otra)
    como_falla(final, Codigo.CLIENTE_NO_ENCONTRADO)


def test_una_sesion_que_no_se_asienta_vencio(portales: Portales, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edesur, "ASENTAR_S", 1.5)
    monkeypatch.setattr(LABORATORIO.latencias, "asentar", 60_000)
    como_falla(portales.consultar(de(EMPRESA, D.UNA_FACTURA)), Codigo.SESION_EXPIRADA)
