"""The empresas of Servipag: the job that is polled, whole pesos, the check digit, and what proves nothing."""

from datetime import date
from decimal import Decimal

import pytest
from sandbox_portales import Portales, como_deuda, como_falla, comprobar, de, portales

from sandbox import servipag
from sandbox.desenlaces import Desenlace as D
from sandbox.servidor import CUENTAS
from scrapers import SCRAPERS, de_empresa
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.servipag import SIN_DEUDA, Servipag
from scrapers.verdad import EstadoDeuda, Factura

__all__ = ["portales"]

EMPRESAS = ("metrogascl", "enelcl", "aguasandinas", "cge")


def test_son_todas_las_de_la_familia_y_cada_una_lleva_su_nombre() -> None:
    assert {e for e, s in SCRAPERS.items() if isinstance(s, Servipag)} == set(EMPRESAS)
    assert {e: SCRAPERS[e].moneda for e in EMPRESAS} == dict.fromkeys(EMPRESAS, "CLP")
    assert de_empresa("Metrogas Chile") is SCRAPERS["metrogascl"]
    assert de_empresa("Metrogas") is SCRAPERS["metrogas"]


@pytest.mark.parametrize("empresa", EMPRESAS)
def test_los_pesos_son_enteros_y_el_detalle_trae_cada_documento(portales: Portales, empresa: str) -> None:
    deuda = como_deuda(portales.consultar(de(empresa, D.VARIAS_FACTURAS)))
    assert [f.vencimiento for f in deuda.facturas] == [date(2026, 4, 9), date(2026, 5, 11), date(2026, 6, 10)]
    assert [f.importe for f in deuda.facturas] == [f.importe for f in de(empresa, D.VARIAS_FACTURAS).facturas]
    assert deuda.importe == int(deuda.importe)
    assert deuda.prueba.regla == "total_igual_al_detalle"


def test_siete_cifras_se_leen_enteras(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de("cge", D.MILLONES)))
    assert deuda.prueba.texto == "Total a pagar $ 1.234.567"
    assert deuda.facturas == (Factura(Decimal(1234567), date(2026, 6, 10), "0005-0003"),)


def test_el_convenio_se_dice_y_no_se_suma(portales: Portales) -> None:
    deuda = como_deuda(portales.consultar(de("enelcl", D.PLAN_DE_PAGOS)))
    assert len(deuda.facturas) == 1
    assert deuda.avisos == ("Cuota de convenio Plan-03/12: $ 4.321, no incluida en la deuda.",)


def test_la_prueba_del_cero_es_la_frase_del_portal(portales: Portales) -> None:
    for desenlace in (D.SIN_DEUDA, D.ULTIMA_PAGADA):
        prueba = como_deuda(portales.consultar(de("enelcl", desenlace))).prueba
        assert (prueba.regla, prueba.texto) == ("frase_sin_deuda", SIN_DEUDA)


def test_un_trabajo_que_no_termina_es_un_portal_lento(portales: Portales, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servipag, "PLAZO_MS", 1500)
    lento = como_falla(portales.consultar(de("enelcl", D.SIN_FIN)), Codigo.PORTAL_LENTO)
    assert lento.mensaje_portal == "Búsqueda NO finalizada. Intente nuevamente en unos minutos."


def test_mientras_el_portal_busca_la_espera_es_de_un_portal_lento(portales: Portales) -> None:
    final = como_falla(portales.consultar(de("cge", D.SIN_FIN)), Codigo.PORTAL_LENTO)
    assert final.mensaje_portal is None


def test_la_verificacion_de_persona_se_informa(portales: Portales) -> None:
    falla = como_falla(portales.consultar(de("metrogascl", D.CAPTCHA)), Codigo.CAPTCHA_REQUERIDO)
    assert falla.mensaje_portal == "Verifique que es un ser humano"


def test_lo_que_dijo_el_portal(portales: Portales) -> None:
    assert como_falla(portales.consultar(de("cge", D.LIMITE)), Codigo.LIMITE_DE_CONSULTAS).esperar_s == 7
    ilegible = como_falla(portales.consultar(de("cge", D.MONTO_ILEGIBLE)), Codigo.MONTO_ILEGIBLE)
    assert ilegible.texto is not None
    assert ilegible.texto.endswith("••")


@pytest.mark.parametrize(
    ("escrito", "leido"),
    [
        ("3000001-K", "3000001-K"),
        (" 3.000.001-k", "3000001-K"),
        ("30000019", "3000001-9"),
        ("300000-19", "3000001-9"),
        ("3000001", None),
        ("30000011-9", None),
        ("3000001-X", None),
        ("K000001-9", None),
        ("٣000001-9", None),
    ],
)
def test_el_numero_de_enel_tiene_siete_digitos_y_un_verificador(escrito: str, leido: str | None) -> None:
    if leido is not None:
        assert SCRAPERS["enelcl"].validar({"numero_cliente": escrito}) == {"numero_cliente": leido}
        return
    with pytest.raises(Falla) as falla:
        SCRAPERS["enelcl"].validar({"numero_cliente": escrito})
    assert falla.value.codigo is Codigo.FORMATO_INVALIDO


def test_hay_una_cuenta_de_enel_que_termina_en_k(portales: Portales) -> None:
    cuenta = next(c for c in CUENTAS["enelcl"].values() if c.numero.endswith("K"))
    comprobar(cuenta, portales.consultar(cuenta))
    assert all(c.desenlace.codigo == c.numero[-4:-2] for c in CUENTAS["enelcl"].values())


FILA = "<tr><td>{}</td><td>10/06/2026</td><td>{}</td><td>{}</td></tr>"
UNA = FILA.format("1-3", "Por vencer", "$ 25.670")


def _pagina(
    filas: str = UNA, *, empresa: str = "CGE", cuenta: str = "3000000001", total: str = "$ 25.670", resto: str = ""
) -> Lectura:
    datos = {"Empresa": empresa, "Identificador": cuenta, "Dirección": "Calle 1", "Total a pagar": total}
    lista = "".join(f"<div><dt>{rotulo}</dt><dd>{dato}</dd></div>" for rotulo, dato in datos.items() if dato)
    titulos = "".join(f"<th>{titulo}</th>" for titulo in ("Documento", "Vencimiento", "Estado", "Monto"))
    tabla = f"<table><thead><tr>{titulos}</tr></thead><tbody>{filas}</tbody></table>"
    return Lectura(f"<body><app-resultado><dl>{lista}</dl>{tabla}{resto}</app-resultado></body>")


def _concluir(pagina: Lectura) -> tuple[EstadoDeuda, Decimal] | Codigo:
    try:
        deuda = SCRAPERS["cge"].concluir(pagina, {"numero_cliente": "3000000001"})
    except Falla as falla:
        return falla.codigo
    return deuda.estado, deuda.importe


def test_la_pagina_de_muestra_tiene_deuda() -> None:
    assert _concluir(_pagina()) == (EstadoDeuda.CON_DEUDA, Decimal(25670))


@pytest.mark.parametrize(
    ("pagina", "codigo"),
    [
        (_pagina(empresa="Enel"), Codigo.TITULAR_DISTINTO),
        (_pagina(cuenta="3000000002"), Codigo.TITULAR_DISTINTO),
        (_pagina(empresa=""), Codigo.PORTAL_CAMBIO),
        (_pagina(UNA + UNA), Codigo.TOTAL_NO_COINCIDE),
        (_pagina(FILA.format("1-3", "Pagado", "$ 25.670")), Codigo.TOTAL_NO_COINCIDE),
        (_pagina(FILA.format("1-3", "En revisión", "$ 25.670")), Codigo.PORTAL_CAMBIO),
        (_pagina(FILA.format("1-3", "Por vencer", "US$ 25.670")), Codigo.MONTO_ILEGIBLE),
        (_pagina(FILA.format("1-3", "Por vencer", "$ 25.670,00")), Codigo.MONTO_ILEGIBLE),
        (_pagina(FILA.format("1-3", "Por vencer", "-$ 25.670"), total="-$ 25.670"), Codigo.MONTO_ILEGIBLE),
        (_pagina(total="$ 25670"), Codigo.MONTO_ILEGIBLE),
        (_pagina(total=""), Codigo.RESULTADO_AMBIGUO),
        (_pagina("", total=""), Codigo.RESULTADO_AMBIGUO),
        (_pagina(resto="<p>Tiene deudas anteriores.</p>"), Codigo.PORTAL_CAMBIO),
        (_pagina(resto="<em>Deuda anterior: $ 80.000</em>"), Codigo.RESULTADO_AMBIGUO),
        (_pagina(resto=f"<p>{SIN_DEUDA}</p>"), Codigo.RESULTADO_AMBIGUO),
        (_pagina(resto="<table></table>"), Codigo.RESULTADO_AMBIGUO),
        (_pagina(resto="<dl><div><dt>Total</dt><dd>0</dd></div></dl>"), Codigo.PORTAL_CAMBIO),
        (_pagina(resto="<dl><div><dt>Total a pagar</dt><dd>$ 1</dd></div></dl>"), Codigo.RESULTADO_AMBIGUO),
    ],
)
def test_lo_que_no_se_puede_probar_es_una_falla(pagina: Lectura, codigo: Codigo) -> None:
    assert _concluir(pagina) is codigo
