"""Every empresa against its simulated portal: every documented account ends as it must.

A new empresa is covered by existing; what is its own goes into tests/test_scrapers_<empresa>.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from sandbox_portales import Final, Portales, como_deuda, comprobar, comunes, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS

__all__ = ["portales"]

CON_ARCHIVO = ("metrogas", "edenor", "edesur", "aysa")
"""Their own files walk their accounts."""
EMPRESAS = sorted(set(SCRAPERS) - set(CON_ARCHIVO))
CASOS = [pytest.param(c, id=f"{e}-{c.desenlace.name}") for e in EMPRESAS for c in comunes(e)]


@pytest.fixture(scope="module")
def final_de(portales: Portales) -> Iterator[object]:
    """How every common account of an empresa ended, by outcome; each empresa once."""
    yield cache(lambda empresa: portales.todas(comunes(empresa)))


@pytest.mark.parametrize("cuenta", CASOS)
def test_cada_cuenta_termina_como_debe(final_de: object, cuenta: Cuenta) -> None:
    finales: dict[D, Final] = final_de(cuenta.empresa)  # type: ignore[operator]
    comprobar(cuenta, finales[cuenta.desenlace])


@pytest.mark.parametrize("empresa", EMPRESAS)
def test_el_detalle_prueba_el_total(final_de: object, empresa: str) -> None:
    finales: dict[D, Final] = final_de(empresa)  # type: ignore[operator]
    deuda = como_deuda(finales[D.VARIAS_FACTURAS])
    assert sum(f.importe for f in deuda.facturas) == deuda.importe
    assert deuda.vencimiento == min(f.vencimiento for f in deuda.facturas if f.vencimiento)


@pytest.mark.parametrize("empresa", sorted(SCRAPERS))
def test_nadie_dice_haberlo_verificado_en_un_dia_que_no_llego(empresa: str) -> None:
    visto = SCRAPERS[empresa].verificado_en_vivo
    assert visto is None or visto <= datetime.now(UTC).date()


def test_cada_empresa_tiene_su_archivo_y_su_carpeta() -> None:
    raiz = Path(__file__).resolve().parent.parent
    assert all((raiz / "sandbox" / empresa / "__init__.py").exists() for empresa in SCRAPERS)
