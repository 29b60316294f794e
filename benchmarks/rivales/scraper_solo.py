"""Our own scraper in its shared browser, without the service around it: what of our time is the browser's."""

from rivales.lotes import Cuenta, Lotes
from sandbox.cuentas import pesos
from scrapers import SCRAPERS
from scrapers.consulta import consultar
from scrapers.navegador import Navegador

EVIDENCIA_MAX_BYTES = 524_288


class Rival(Lotes):
    async def abrir(self) -> None:
        self._navegador = Navegador()

    async def consultar(self, cuenta: Cuenta) -> tuple[str, str]:
        scraper = SCRAPERS["telecentro"]
        pedido = scraper.validar({"numero_cliente": cuenta.numero, "email": cuenta.email, "clave": cuenta.clave})
        deuda = await consultar(
            self._navegador, scraper, pedido, url=f"{self.base}/telecentro", plazo_s=30,
            evidencia_max_bytes=EVIDENCIA_MAX_BYTES,
        )  # fmt: skip
        return f"Cliente N° {cuenta.numero}", pesos(deuda.importe)  # the scraper refuses another customer's page

    async def cerrar(self) -> None:
        await self._navegador.cerrar()
