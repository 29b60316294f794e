"""EPEC against its simulated portal: what is its own."""

import pytest
from sandbox_portales import Portales, como_deuda, como_falla, de, portales

from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura

__all__ = ["portales"]

EMPRESA = "epec"
PEDIDO = {"contrato": "30000003", "cliente": "1234567"}
SIN_DEUDA = "<p>No existen documentos pendientes de pago para el contrato.</p>"


def _pagina(cliente: str, resto: str) -> Lectura:
    datos = f"<div class='dato'><b>Contrato</b> 30000003</div><div class='dato'><b>Cliente</b> {cliente}</div>"
    return Lectura(f"<body><section id='documentos'>{datos}{resto}</section></body>")


def test_contrato_y_cliente_van_juntos(portales: Portales) -> None:
    final = portales.consultar(de(EMPRESA, D.UNA_FACTURA), cliente="7654321")
    assert como_falla(final, Codigo.CLIENTE_NO_ENCONTRADO).mensaje_portal is not None


def test_la_prueba_del_cero_es_la_frase_del_portal(portales: Portales) -> None:
    prueba = como_deuda(portales.consultar(de(EMPRESA, D.SIN_DEUDA))).prueba
    assert (prueba.regla, f"<p>{prueba.texto}</p>") == ("frase_sin_deuda", SIN_DEUDA)


@pytest.mark.parametrize(
    ("cliente", "resto", "codigo"),
    [
        ("7654321", SIN_DEUDA, Codigo.TITULAR_DISTINTO),
        ("1234567", "", Codigo.RESULTADO_AMBIGUO),
        ("1234567", f"{SIN_DEUDA}<div class='dato'><b>Saldo</b> $ 1,00</div>", Codigo.PORTAL_CAMBIO),
    ],
    ids=["otro cliente", "sin documentos ni frase", "un rótulo más"],
)
def test_lo_que_no_prueba_nada_es_una_falla(cliente: str, resto: str, codigo: Codigo) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].concluir(_pagina(cliente, resto), PEDIDO)
    assert falla.value.codigo is codigo


@pytest.mark.parametrize(
    ("contrato", "cliente", "codigo"),
    [
        ("30000001", "", Codigo.DATOS_INCOMPLETOS),
        ("30001", "1234567", Codigo.FORMATO_INVALIDO),
        ("30000001", "1234567x", Codigo.FORMATO_INVALIDO),
    ],
)
def test_pide_los_dos_numeros(contrato: str, cliente: str, codigo: Codigo) -> None:
    with pytest.raises(Falla) as falla:
        SCRAPERS[EMPRESA].validar({"contrato": contrato, "cliente": cliente})
    assert falla.value.codigo is codigo
