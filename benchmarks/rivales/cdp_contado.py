"""The floor, its DevTools messages counted."""

from rivales import cdp_piso
from rivales.mensajes import Relevo


class Rival(cdp_piso.Rival):
    async def direccion(self) -> str:
        relevo = Relevo()
        self.mensajes = relevo.cuenta
        return await relevo.abrir(await super().direccion())
