"""San Isidro against its simulated portal: what is its own."""

from datetime import date

from sandbox_portales import Portales, como_deuda, de, portales

from sandbox.desenlaces import Desenlace as D

__all__ = ["portales"]

EMPRESA = "sanisidro"


def test_ni_el_pago_anual_ni_las_cuotas_futuras_se_suman(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de(EMPRESA, D.VARIAS_FACTURAS)))
    assert [f.periodo for f in deuda.facturas] == ["03/2026", "04/2026", "05/2026"]
    assert deuda.vencimiento == date(2026, 4, 9)
    assert deuda.prueba.regla == "total_igual_al_detalle"
    assert deuda.avisos == ("1 cuotas todavía no vencen: no están incluidas en la deuda.",)
