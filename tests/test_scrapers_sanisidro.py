"""San Isidro against its simulated portal: what is its own."""

from datetime import date

import pytest
from sandbox_portales import Portales, como_deuda, de, portales

from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.sanisidro import COLUMNAS

__all__ = ["portales"]

EMPRESA = "sanisidro"
PEDIDO = {"partida": "30000001"}


def test_ni_el_pago_anual_ni_las_cuotas_futuras_se_suman(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de(EMPRESA, D.VARIAS_FACTURAS)))
    assert [f.periodo for f in deuda.facturas] == ["03/2026", "04/2026", "05/2026"]
    assert deuda.vencimiento == date(2026, 4, 9)
    assert deuda.prueba.regla == "total_igual_al_detalle"
    assert deuda.avisos == ("Cuota 11/2026: vence el 10/11/2026, no incluida en la deuda.",)


def test_un_total_cero_deja_fuera_lo_que_no_vence(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de(EMPRESA, D.TOTAL_CERO)))
    assert deuda.importe == 0
    assert (deuda.prueba.regla, len(deuda.avisos)) == ("total_cero", 1)


def _pagina(pie: str, *, vence: str = "10/06/2026", cuota: str = "05", total: str = "$ 10,00") -> Lectura:
    titulos = "".join(f"<td role='columnheader'>{t}</td>" for t in COLUMNAS)
    celdas = ("", "2026", cuota, vence, "Tasa", total, "$ 0,00", total)
    fila = "".join(f"<td role='gridcell'>{c}</td>" for c in celdas)
    filas = f"<tr class='dx-header-row'>{titulos}</tr><tr class='dx-data-row'>{fila}</tr>"
    grilla = f"<table class='dx-datagrid'>{filas}</table>"
    return Lectura(
        f"<body><h2 class='encabezado'>Partida N° 30000001</h2>{grilla}<div class='pie-de-boleta'>{pie}</div></body>"
    )


def _pie(dia: str, monto: str = "$ 10,00") -> str:
    rotulo = f"<span class='rotulo'>Total exigible al {dia}</span>"
    return f"<p class='total'>{rotulo} <b class='monto'>{monto}</b></p>"


def test_lo_que_vence_el_dia_de_la_boleta_ya_se_debe() -> None:
    assert SCRAPERS[EMPRESA].concluir(_pagina(_pie("10/06/2026")), PEDIDO).importe == 10


@pytest.mark.parametrize(
    ("pagina", "codigo"),
    [
        (_pagina(_pie("09/06/2026")), Codigo.TOTAL_NO_COINCIDE),
        (_pagina(""), Codigo.RESULTADO_AMBIGUO),
        (_pagina(_pie("2026")), Codigo.PORTAL_CAMBIO),
        (_pagina(_pie("30/06/2026"), cuota="ANUAL"), Codigo.TOTAL_NO_COINCIDE),
        (_pagina(_pie("30/06/2026"), cuota="SEMESTRAL"), Codigo.PORTAL_CAMBIO),
        (_pagina(_pie("30/06/2026"), total="$ 10"), Codigo.MONTO_ILEGIBLE),
        (_pagina(_pie("30/06/2026") + _pie("30/12/2026", "$ 99,00")), Codigo.RESULTADO_AMBIGUO),
    ],
    ids=["futura", "sin total", "sin día", "sólo anual", "otra cuota", "sin centavos", "dos totales"],
)
def test_lo_que_no_prueba_el_total_es_una_falla(pagina: Lectura, codigo: Codigo) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].concluir(pagina, PEDIDO)
    assert falla.value.codigo is codigo
