"""Camuzzi against its simulated portal: what is its own."""

import pytest
from sandbox_portales import Portales, como_deuda, como_falla, de, portales

from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura

__all__ = ["portales"]

EMPRESA = "camuzzi"


def test_lo_no_exigible_se_dice_y_no_se_suma(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de(EMPRESA, D.PLAN_DE_PAGOS)))
    assert len(deuda.facturas) == 1
    assert deuda.avisos == ("Factura Plan-03/12: $ 4321.00, no exigible, no incluida en la deuda.",)


@pytest.mark.parametrize("escrito", ["3000/0-0000-0000000/1", "3000/0-00-00-0000000/1", "30000000000000001"])
def test_la_cuenta_se_escribe_con_o_sin_separadores(escrito: str) -> None:
    assert SCRAPERS[EMPRESA].validar({"cuenta_unificada": escrito}) == {"cuenta_unificada": "30000000000000001"}


@pytest.mark.parametrize("escrito", ["3000000000000001", "300000000000000012", "3000000000000000a"])
def test_la_cuenta_tiene_diecisiete_digitos(escrito: str) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].validar({"cuenta_unificada": escrito})
    assert falla.value.codigo is Codigo.FORMATO_INVALIDO


def test_una_lista_vacia_de_facturas_no_prueba_nada(portales: Portales) -> None:
    como_falla(portales.consultar(de(EMPRESA, D.EN_BLANCO)), Codigo.RESULTADO_AMBIGUO)


def test_un_suministro_que_no_existe_responde_200(portales: Portales) -> None:
    falla = como_falla(portales.consultar(de(EMPRESA, D.CUENTA_INEXISTENTE)), Codigo.CLIENTE_NO_ENCONTRADO)
    assert falla.mensaje_portal == "No encontramos un suministro con ese número de cuenta."


@pytest.mark.parametrize(
    ("estado", "rotulo", "codigo"),
    [
        ("Vencida", "Saldo a favor", Codigo.PORTAL_CAMBIO),
        ("Pagada", "Estado", Codigo.PORTAL_CAMBIO),
        ("No exigible", "Estado", Codigo.TOTAL_NO_COINCIDE),
    ],
)
def test_un_rotulo_o_un_estado_de_mas_es_una_falla(estado: str, rotulo: str, codigo: Codigo) -> None:
    datos = {"Cuenta unificada": "30000000000000001", rotulo: "Activo", "Total a pagar": "$ 10.00"}
    lista = "".join(f"<div><dt>{r}</dt><dd>{v}</dd></div>" for r, v in datos.items())
    titulos = "".join(f"<th>{t}</th>" for t in ("Factura", "Período", "Vencimiento", "Estado", "Importe"))
    fila = "".join(f"<td>{c}</td>" for c in ("1", "05/2026", "2026-06-10", estado, "$ 10.00"))
    tabla = f"<table><thead><tr>{titulos}</tr></thead><tbody><tr>{fila}</tr></tbody></table>"
    pagina = Lectura(f"<body><app-resultado><dl>{lista}</dl>{tabla}</app-resultado></body>")
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].concluir(pagina, {"cuenta_unificada": "30000000000000001"})
    assert falla.value.codigo is codigo
