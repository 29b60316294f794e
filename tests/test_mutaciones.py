"""No page makes a scraper state a wrong amount: thousands of changed result pages, each read right or not at all.

Prints its seed; `SEMILLA=123` repeats a run and `MUTACIONES=100000` makes a longer one. The pages come from the
sandbox through real Chromium, of every empresa there is; the changed ones are read by the same parsers without a
browser, and a sample of them in Chromium, as a page and with parts that come late or never.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from mutaciones import MUTADORES
from sandbox_portales import Portales, portales

from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from sandbox.servidor import CUENTAS
from scrapers import SCRAPERS
from scrapers.fallas import Falla
from scrapers.lectura import Lectura
from scrapers.pagina import Pagina
from scrapers.verdad import Deuda, EstadoDeuda

__all__ = ["portales"]

CASOS = int(os.environ.get("MUTACIONES", "8000"))
EN_CHROMIUM = 60
A_LA_VEZ = 6

CONTRADICTORIAS = frozenset({D.CERO_Y_MONTO, D.TOTAL_NO_COINCIDE, D.FILA_DUPLICADA})
"""Pages that contradict themselves: what takes away one side leaves a page that nobody could tell from a true one."""
NO_QUITAN = (
    "señuelo",
    "texto de error",
    "moneda",
    "otro estilo decimal",
    "nodo partido",
    "espacios raros",
    "otra cuenta",
)
DE_LECTURA = frozenset(d for d in D if int(d.codigo) <= 12 or 31 <= int(d.codigo) <= 37 or d is D.TITULAR_DISTINTO)


@dataclass(frozen=True, slots=True)
class PaginaLeida:
    """The visible DOM of the result page of a magic account, and what was asked for."""

    cuenta: Cuenta
    pedido: dict[str, str]
    html: str

    def concluir(self, html: str) -> Deuda | None:
        """What the scraper says of the page changed to `html`; None for a falla. Any other exception is a bug."""
        try:
            return SCRAPERS[self.cuenta.empresa].concluir(Lectura(html), self.pedido)
        except Falla:
            return None

    def es_cierta(self, deuda: Deuda) -> bool:
        """Whether a deuda is what the account truly owes."""
        a_favor = self.cuenta.desenlace is D.SALDO_A_FAVOR
        bien_llamada = (deuda.estado is EstadoDeuda.SALDO_A_FAVOR) == a_favor or deuda.estado is EstadoDeuda.SIN_DEUDA
        return deuda.importe == self.cuenta.deuda and bien_llamada and self.cuenta.desenlace is not D.TITULAR_DISTINTO


async def _leer(portales: Portales, cuenta: Cuenta) -> PaginaLeida | None:
    scraper = SCRAPERS[cuenta.empresa]
    pedido = scraper.validar(cuenta.credenciales)
    async with portales.navegador.pestana(portales.url) as pestana:
        with contextlib.suppress(Falla):
            lectura = await scraper.navegar(Pagina(pestana, f"{portales.url}/{cuenta.empresa}"), pedido)
            return PaginaLeida(cuenta, pedido, lectura.html)
    return None


@pytest.fixture(scope="module")
def paginas(portales: Portales) -> list[PaginaLeida]:
    """Every result page of the sandbox."""

    async def todas() -> list[PaginaLeida]:
        turno = asyncio.Semaphore(A_LA_VEZ)

        async def una(cuenta: Cuenta) -> PaginaLeida | None:
            async with turno:
                return await _leer(portales, cuenta)

        cuentas = [c for e in SCRAPERS for c in CUENTAS[e].values() if c.desenlace in DE_LECTURA]
        return [leida for leida in await asyncio.gather(*map(una, cuentas)) if leida is not None]

    leidas = portales.correr(todas(), 300)
    assert {leida.cuenta.empresa for leida in leidas} == set(SCRAPERS)
    return leidas


@pytest.fixture(scope="module")
def azar(pytestconfig: pytest.Config) -> Iterator[random.Random]:
    """Chance, with its seed printed."""
    semilla = int(os.environ.get("SEMILLA") or random.randrange(10**9))
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nmutaciones: SEMILLA={semilla}")
    yield random.Random(semilla)


def _mutar(leida: PaginaLeida, azar: random.Random, veces: int) -> tuple[list[str], str]:
    posibles = NO_QUITAN if leida.cuenta.desenlace in CONTRADICTORIAS else tuple(MUTADORES)
    nombres = [azar.choice(posibles) for _ in range(veces)]
    html = leida.html
    for nombre in nombres:
        html = MUTADORES[nombre](html, azar)
    return nombres, html


def test_sin_cambios_cada_pagina_se_lee_como_debe(paginas: list[PaginaLeida]) -> None:
    for leida in paginas:
        deuda = leida.concluir(leida.html)
        esperado = leida.cuenta.desenlace.esperado
        assert (deuda.estado if deuda else None) == (esperado if esperado in list(EstadoDeuda) else None), leida.cuenta


@pytest.mark.parametrize("veces", [1, 2])
def test_ninguna_pagina_cambiada_da_un_importe_falso(
    paginas: list[PaginaLeida], azar: random.Random, veces: int, pytestconfig: pytest.Config
) -> None:
    cuenta: Counter[tuple[str, str]] = Counter()
    falsas = []
    for _ in range(CASOS // veces):
        leida = azar.choice(paginas)
        nombres, html = _mutar(leida, azar, veces)
        deuda = leida.concluir(html)
        ciertas = deuda is None or leida.es_cierta(deuda)
        if not ciertas:
            assert deuda is not None
            falsas.append(
                (leida.cuenta.empresa, leida.cuenta.desenlace.name, nombres, deuda.estado, deuda.importe, html)
            )
        cuenta[nombres[0], "falla" if deuda is None else "bien"] += 1
    if veces == 1:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            for nombre in MUTADORES:
                print(f"  {nombre:<28} {cuenta[nombre, 'bien']:5} bien  {cuenta[nombre, 'falla']:5} fallas")
    assert not falsas, falsas[:3]


async def _en_chromium(portales: Portales, leida: PaginaLeida, html: str, tarde_ms: int | None) -> Deuda | None:
    """Show a changed page in Chromium and read it as it is then seen; with `tarde_ms`, its rows come that late."""
    async with portales.navegador.pestana(portales.url) as pestana:
        pagina = Pagina(pestana, portales.url)
        await pagina.ir("/_lab/visitas")
        await pestana.evaluar(pestana.marco_principal, MOSTRAR, html, tarde_ms)
        try:
            return SCRAPERS[leida.cuenta.empresa].concluir(await pagina.foto(), leida.pedido)
        except Falla:
            return None


MOSTRAR = """(html, tarde) => {
    document.documentElement.innerHTML = html.startsWith('<body') ? html : `<body>${html}</body>`;
    if (tarde === null) return;
    for (const fila of document.querySelectorAll('tbody tr, .factura, .dx-data-row, .total, #total, dl > div')) {
        if (Math.random() < 0.5) continue;
        const sitio = document.createComment('');
        fila.replaceWith(sitio);
        if (tarde > 0) setTimeout(() => sitio.replaceWith(fila), tarde);
    }
}"""


def test_en_chromium_se_lee_lo_mismo(portales: Portales, paginas: list[PaginaLeida], azar: random.Random) -> None:
    async def todas() -> list[object]:
        falsas: list[object] = []
        for numero in range(EN_CHROMIUM):
            leida = azar.choice([p for p in paginas if p.cuenta.desenlace not in CONTRADICTORIAS])
            nombres, html = _mutar(leida, azar, 1) if numero % 2 else (["partes tarde"], leida.html)
            tarde = None if numero % 2 else azar.choice((0, 1, 30))
            deuda = await _en_chromium(portales, leida, html, tarde)
            if deuda is not None and not leida.es_cierta(deuda):
                falsas.append((leida.cuenta.empresa, leida.cuenta.desenlace.name, nombres, deuda.importe))
        return falsas

    assert portales.correr(todas(), 200) == []
