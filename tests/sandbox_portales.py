"""The simulated portals, one browser, and consultas run from plain tests.

Import the fixture by name: `from sandbox_portales import portales`. One event loop, one server and one Chromium
serve the whole run, whichever files import it.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Collection, Coroutine, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import uvicorn

from sandbox.cuentas import A_FAVOR, Cuenta
from sandbox.desenlaces import Desenlace
from sandbox.laboratorio import LABORATORIO, Latencias
from sandbox.servidor import CUENTAS, app
from scrapers import SCRAPERS
from scrapers.base import Scraper
from scrapers.consulta import FallaConEvidencia, consultar
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla
from scrapers.navegador import Navegador
from scrapers.verdad import Deuda, EstadoDeuda

T = TypeVar("T")
Final = Deuda | Falla

A_LA_VEZ = 6
IMPACIENTE_S = 4.0
"""How long to wait for a screen that is known not to come."""
NO_LLEGAN = frozenset({Desenlace.REDISENO, Desenlace.SIN_FIN, Desenlace.PAGINA_COLGADA})


class Portales:
    """A running sandbox and a browser, driven from the test's thread."""

    def __init__(self) -> None:
        LABORATORIO.latencias = Latencias(hidratacion=40, consulta=60, asentar=300)
        self._bucle = asyncio.new_event_loop()
        self._hilo = threading.Thread(target=self._bucle.run_forever, name="portales")
        self._hilo.start()
        self._enchufe = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._enchufe.getsockname()[1]}"
        self._servidor = uvicorn.Server(uvicorn.Config(app, ws="none", log_level="critical", lifespan="off"))
        self._sirviendo = asyncio.run_coroutine_threadsafe(self._servidor.serve([self._enchufe]), self._bucle)
        self.navegador = Navegador()
        self.evidencias: dict[str, Evidencia] = {}
        """Of the last consulta of each account that failed on a page."""

    def correr(self, tarea: Coroutine[Any, Any, T], plazo_s: float = 120) -> T:
        """Run a coroutine on the loop of the browser and wait for its result."""
        return asyncio.run_coroutine_threadsafe(tarea, self._bucle).result(plazo_s)

    def consultar(self, cuenta: Cuenta, **opciones: Any) -> Final:
        """One consulta of a magic account: its deuda, or its falla. Options as those of `final`."""
        return self.correr(self.final(cuenta, **opciones))

    def todas(self, cuentas: Collection[Cuenta]) -> dict[Desenlace, Final]:
        """The end of each, by outcome; a few at a time, the slow ones first."""
        cuentas = sorted(cuentas, key=lambda c: c.desenlace not in NO_LLEGAN)

        async def varias() -> dict[Desenlace, Final]:
            turno = asyncio.Semaphore(A_LA_VEZ)

            async def una(cuenta: Cuenta) -> Final:
                async with turno:
                    return await self.final(cuenta)

            finales = await asyncio.gather(*map(una, cuentas))
            return {cuenta.desenlace: final for cuenta, final in zip(cuentas, finales, strict=True)}

        return self.correr(varias())

    async def final(self, cuenta: Cuenta, *, plazo_s: float = 60, **distintas: str) -> Final:
        """How the consulta of a magic account ends; `distintas` replaces credenciales."""
        scraper = _scraper(cuenta)
        try:
            return await consultar(
                self.navegador,
                scraper,
                scraper.validar({**cuenta.credenciales, **distintas}),
                url=f"{self.url}/{cuenta.empresa}",
                plazo_s=plazo_s,
                evidencia_max_bytes=500_000,
            )
        except FallaConEvidencia as falla:
            self.evidencias[cuenta.numero] = falla.evidencia
            return falla.falla
        except Falla as falla:
            return falla

    def cerrar(self) -> None:
        """End the browser, the server and the loop."""
        self.correr(self.navegador.cerrar())
        self._servidor.should_exit = self._servidor.force_exit = True
        self._sirviendo.result(10)
        self._bucle.call_soon_threadsafe(self._bucle.stop)
        self._hilo.join(10)
        self._bucle.close()
        self._enchufe.close()


def _scraper(cuenta: Cuenta) -> Scraper:
    """The scraper of the account's empresa, with less patience where nothing will come."""
    scraper = SCRAPERS[cuenta.empresa]
    if cuenta.desenlace not in NO_LLEGAN:
        return scraper
    impaciente: Scraper = type("Impaciente", (type(scraper),), {"espera_s": IMPACIENTE_S})()
    return impaciente


_unicos: list[Portales] = []


@pytest.fixture(scope="session")
def portales() -> Iterator[Portales]:
    """The one Portales of this run: each importing module has a fixture of its own, all give the same."""
    if not _unicos:
        _unicos.append(Portales())
    yield _unicos[0]
    with contextlib.suppress(IndexError):
        _unicos.pop().cerrar()


def de(empresa: str, desenlace: Desenlace) -> Cuenta:
    """The documented account of an empresa that ends so."""
    return next(c for c in CUENTAS[empresa].values() if c.desenlace is desenlace)


def comunes(empresa: str) -> list[Cuenta]:
    """Every documented account but those that need a test of their own."""
    aparte = (Desenlace.PAGINA_COLGADA, Desenlace.COME_MEMORIA, Desenlace.CAE_UNA_VEZ, Desenlace.LENTO_10S)
    return [c for c in CUENTAS[empresa].values() if c.desenlace not in aparte]


def comprobar(cuenta: Cuenta, final: Final) -> None:
    """A consulta ended as its outcome says, with the amount that the account owes and with proof."""
    if isinstance(final, Falla):
        assert final.codigo == cuenta.desenlace.esperado, str(final)
        return
    assert final.estado == cuenta.desenlace.esperado, final
    assert final.importe == cuenta.deuda
    assert final.moneda == SCRAPERS[cuenta.empresa].moneda
    assert final.prueba.texto
    assert final.prueba.captura is not None
    assert final.prueba.captura.startswith(b"\x89PNG")
    assert final.saldo_a_favor == (A_FAVOR if final.estado is EstadoDeuda.SALDO_A_FAVOR else None)
    assert (final.importe > Decimal(0)) == (final.estado is EstadoDeuda.CON_DEUDA)


def como_deuda(final: Final) -> Deuda:
    """A consulta that must have succeeded."""
    assert isinstance(final, Deuda), str(final)
    return final


def como_falla(final: Final, codigo: Codigo) -> Falla:
    """A consulta that must have failed so."""
    assert isinstance(final, Falla), final
    assert final.codigo is codigo, str(final)
    return final


def parametros(empresa: str) -> Mapping[str, Any]:
    """For `pytest.mark.parametrize(**parametros("metrogas"))`: one case per documented account."""
    cuentas = comunes(empresa)
    return {"argnames": "cuenta", "argvalues": cuentas, "ids": [c.desenlace.name for c in cuentas]}
