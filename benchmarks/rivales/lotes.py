"""A batch of look-ups at the simulated Telecentro, as every way of doing them gives it: so many at once, checked."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

ENTRADA = "/telecentro/sucursal-virtual/login"
EMAIL = "input[name='email']"
CLAVE = "input[name='password']"
INGRESAR = "button[type=submit]"
FACTURACION = "main.facturacion"
CLIENTE = f"{FACTURACION} .cliente"
TOTAL = f"{FACTURACION} .resumen p"
"""The portal's page: the only .resumen of an account with one unpaid bill is its total."""

SHELL = "/usr/bin/chromium-headless-shell"
HILOS = 16


@dataclass(frozen=True)
class Cuenta:
    """An account of the portal, and the total that its page must show (`$ 21.538,86`)."""

    numero: str
    total: str

    @property
    def email(self) -> str:
        return f"{self.numero}@sandbox.test"

    @property
    def clave(self) -> str:
        return f"Clave-{self.numero}!"


class Lotes:
    """A way to look up: `consultar` gives the page's customer line and total."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.mensajes: Counter[str] = Counter()
        """How many DevTools messages of each kind, where they are counted."""

    async def abrir(self) -> None:
        """Whatever is shared by the look-ups."""

    async def consultar(self, cuenta: Cuenta) -> tuple[str, str]:
        """One look-up."""
        raise NotImplementedError

    async def asentar(self) -> None:
        """What the look-ups left for later; within the batch's time."""

    async def cerrar(self) -> None:
        """Undo `abrir`."""

    async def lote(self, cuentas: Sequence[Cuenta], a_la_vez: int) -> None:
        """Look them all up. Raises AssertionError for a wrong amount."""
        pendientes = iter(cuentas)

        async def obrero() -> None:
            for cuenta in pendientes:
                comprobar(cuenta, await self.consultar(cuenta))

        async with asyncio.TaskGroup() as obreros:
            for _ in range(a_la_vez):
                obreros.create_task(obrero())
        await self.asentar()


class EnHilos(Lotes):
    """A way that blocks, in threads."""

    async def abrir(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HILOS))

    async def consultar(self, cuenta: Cuenta) -> tuple[str, str]:
        return await asyncio.to_thread(self.bloqueado, cuenta)

    def bloqueado(self, cuenta: Cuenta) -> tuple[str, str]:
        """One look-up."""
        raise NotImplementedError


def comprobar(cuenta: Cuenta, leido: tuple[str, str]) -> None:
    """That the right amount of the right customer was read."""
    assert leido == (f"Cliente N° {cuenta.numero}", cuenta.total), (cuenta, leido)
