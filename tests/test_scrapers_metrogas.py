"""Metrogas against its simulated portal: every documented account ends as it must."""

from datetime import date
from decimal import Decimal

import pytest
from sandbox_portales import Final, Portales, como_deuda, como_falla, comprobar, comunes, de, parametros, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from sandbox.laboratorio import LABORATORIO
from scrapers import SCRAPERS
from scrapers.fallas import Codigo, Falla
from scrapers.verdad import Factura

__all__ = ["portales"]

EMPRESA = "metrogas"


@pytest.fixture(scope="module")
def finales(portales: Portales) -> dict[D, Final]:
    """How every common account ended, by outcome."""
    return portales.todas(comunes(EMPRESA))


@pytest.mark.parametrize(**parametros(EMPRESA))
def test_cada_cuenta_termina_como_debe(finales: dict[D, Final], cuenta: Cuenta) -> None:
    comprobar(cuenta, finales[cuenta.desenlace])


def test_el_detalle_trae_cada_factura(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.VARIAS_FACTURAS])
    assert [f.periodo for f in deuda.facturas] == ["03/2026", "04/2026", "05/2026"]
    assert [f.importe for f in deuda.facturas] == [f.importe for f in de(EMPRESA, D.VARIAS_FACTURAS).facturas]
    assert deuda.vencimiento == date(2026, 4, 9)
    assert deuda.prueba.regla == "total_igual_al_detalle"


def test_un_importe_de_siete_cifras(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.MILLONES])
    assert deuda.importe == Decimal("1234567.89")
    assert deuda.facturas == (Factura(Decimal("1234567.89"), date(2026, 6, 10), "0005-0003", "05/2026"),)


def test_el_plan_de_pagos_se_dice_y_no_se_suma(finales: dict[D, Final]) -> None:
    deuda = como_deuda(finales[D.PLAN_DE_PAGOS])
    assert len(deuda.facturas) == 1
    assert deuda.avisos == ("Cuota de plan de pagos Plan-03/12: $ 4.321,00, no incluida en la deuda.",)


def test_la_prueba_del_cero_es_la_frase_del_portal(finales: dict[D, Final]) -> None:
    prueba = como_deuda(finales[D.SIN_DEUDA]).prueba
    assert (prueba.regla, prueba.texto) == ("frase_sin_deuda", "No registra deuda")


def test_lo_que_dijo_el_portal(finales: dict[D, Final]) -> None:
    propio = como_falla(finales[D.ERROR_PROPIO], Codigo.PORTAL_ERROR_PROPIO)
    assert propio.mensaje_portal == "En este momento no podemos procesar tu pedido (código S-17)."
    assert como_falla(finales[D.LIMITE], Codigo.LIMITE_DE_CONSULTAS).esperar_s == 7
    ilegible = como_falla(finales[D.MONTO_ILEGIBLE], Codigo.MONTO_ILEGIBLE)
    assert ilegible.texto is not None
    assert ilegible.texto.endswith("••")


def test_se_repone_de_una_caida(portales: Portales) -> None:
    LABORATORIO.reiniciar()
    cuenta = de(EMPRESA, D.CAE_UNA_VEZ)
    como_falla(portales.consultar(cuenta), Codigo.PORTAL_CAIDO)
    comprobar(cuenta, portales.consultar(cuenta))


def test_una_pagina_en_bucle_es_un_portal_lento(portales: Portales) -> None:
    como_falla(portales.consultar(de(EMPRESA, D.PAGINA_COLGADA)), Codigo.PORTAL_LENTO)
    comprobar(de(EMPRESA, D.SIN_DEUDA), portales.consultar(de(EMPRESA, D.SIN_DEUDA)))


def test_una_pagina_que_come_memoria_muere_sola(portales: Portales) -> None:
    como_falla(portales.consultar(de(EMPRESA, D.COME_MEMORIA)), Codigo.NAVEGADOR_CAIDO)
    comprobar(de(EMPRESA, D.SIN_DEUDA), portales.consultar(de(EMPRESA, D.SIN_DEUDA)))


def test_agotado_su_tiempo_termina(portales: Portales) -> None:
    como_falla(portales.consultar(de(EMPRESA, D.LENTO_10S), plazo_s=2), Codigo.TIEMPO_AGOTADO)


@pytest.mark.parametrize(
    ("escrito", "leido"),
    [("300-0000.000 / 1", "30000000001"), ("3000000001", None), ("300000000012", None), ("3000000000a", None)],
)
def test_el_numero_tiene_once_digitos(escrito: str, leido: str | None) -> None:
    if leido is not None:
        assert SCRAPERS[EMPRESA].validar({"numero_cliente": escrito}) == {"numero_cliente": leido}
        return
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].validar({"numero_cliente": escrito})
    assert falla.value.codigo is Codigo.FORMATO_INVALIDO
