"""Every published code exists, says what is published, and can be forced: by a sandbox account, or as stated here."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.desenlaces import Desenlace
from scrapers.fallas import REGLAS, Codigo, Falla, espera_siguiente

RAIZ = Path(__file__).resolve().parent.parent

SIN_CUENTA: Mapping[Codigo, str] = {
    Codigo.EMPRESA_NO_SOPORTADA: "un servicio de una empresa sin scraper",
    Codigo.DATOS_INCOMPLETOS: "un servicio sin número de cliente",
    Codigo.FORMATO_INVALIDO: "un número de cliente con letras",
    Codigo.TIEMPO_AGOTADO: "una cuenta 60 con EMPRESA__METROGAS__PLAZO_S=5",
    Codigo.INTERRUMPIDA: "matar tres veces al worker durante la consulta",
    Codigo.CANCELADA: "POST /job/{job_id}/cancelar mientras espera o corre",
    Codigo.ERROR_INTERNO: "un error de programación en un scraper",
}
"""Codes that no portal can cause, and what does."""

REINTENTOS: Mapping[Codigo, int] = {
    Codigo.PORTAL_CAIDO: 3,
    Codigo.PORTAL_EN_MANTENIMIENTO: 2,
    Codigo.PORTAL_LENTO: 2,
    Codigo.PORTAL_ERROR_PROPIO: 2,
    Codigo.LIMITE_DE_CONSULTAS: 3,
    Codigo.SESION_EXPIRADA: 2,
    Codigo.PORTAL_CAMBIO: 2,
    Codigo.RESULTADO_AMBIGUO: 2,
    Codigo.TOTAL_NO_COINCIDE: 2,
    Codigo.NAVEGADOR_CAIDO: 3,
    Codigo.ERROR_INTERNO: 2,
}
"""Tries in all; every other code is tried once."""


def test_cada_codigo_tiene_su_regla_y_su_frase() -> None:
    assert set(REGLAS) == set(Codigo)
    for codigo in Codigo:
        frase = Falla(codigo, mensaje_portal="texto", texto="$ ?").frase(empresa="Metrogas", consulta_id="a1b2")
        assert frase.endswith(".")
        assert "{" not in frase


def test_cada_codigo_se_puede_forzar_y_el_readme_dice_como() -> None:
    con_cuenta = {d.esperado for d in Desenlace}
    assert {c for c in Codigo if c not in con_cuenta} == set(SIN_CUENTA)
    readme = (RAIZ / "README.md").read_text(encoding="utf-8")
    for desenlace in Desenlace:
        assert f"| {desenlace.codigo} | `{desenlace.esperado}` | {desenlace.descripcion} |" in readme
    for codigo, como in SIN_CUENTA.items():
        assert f"| — | `{codigo}` | {como[0].upper()}{como[1:]}. |" in readme


@pytest.mark.parametrize("codigo", list(Codigo))
def test_las_veces_que_se_prueba_cada_codigo(codigo: Codigo) -> None:
    intentos = 1
    while espera_siguiente(codigo, intentos) is not None:
        intentos += 1
    assert intentos == REINTENTOS.get(codigo, 1)
    assert codigo.regla.reintentable >= (intentos > 1)


def test_retry_after_alarga_la_espera_y_nunca_la_acorta() -> None:
    nominal = espera_siguiente(Codigo.LIMITE_DE_CONSULTAS, 1)
    assert nominal is not None
    assert espera_siguiente(Codigo.LIMITE_DE_CONSULTAS, 1, nominal + 100) == nominal + 100
    assert espera_siguiente(Codigo.LIMITE_DE_CONSULTAS, 1, 1) == nominal
