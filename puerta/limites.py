"""How much is let in: the requests of a key in a minute, and the wrong keys of an address."""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from models.api_key import ApiKey, apartar
from problemas import Problema
from settings import ajustes

BLOQUES = 20
"""A process takes a twentieth of a key's requests at a time."""

FALLIDAS_MAX = 20
"""Wrong keys of an address in `VENTANA_S` seconds, after which the next one is not looked up."""
VENTANA_S = 60
DIRECCIONES_MAX = 10_000


def demasiados(codigo: str, detalle: str, espera_s: float) -> Problema:
    """429, with when to come back."""
    segundos = max(1, math.ceil(espera_s))
    cabeceras = {"Retry-After": str(segundos)}
    return Problema(429, codigo, f"{detalle} Pruebe de nuevo en {segundos} segundos.", cabeceras=cabeceras)


@dataclass
class Cuenta:
    """What is left of the block of requests that this process set aside for a key."""

    pedidos: int = 0
    agotada: bool = False
    hasta: float = 0
    """The end of the minute that they belong to, on the monotonic clock."""
    candado: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def gastar(self, clave: ApiKey) -> bool:
        """Spend one request. False if the key is no longer in use. Raises Problema (429) when none is left."""
        async with self.candado:  # or each of many requests at once would set a block aside
            ahora = time.monotonic()
            if (not self.pedidos and not self.agotada) or self.hasta <= ahora:
                limite = ajustes().limite_por_minuto
                bloque = max(1, limite // BLOQUES)
                cupo = await run_in_threadpool(apartar, clave.id, limite=limite, bloque=bloque)
                if cupo is None:
                    return False
                # Counted from before the call: the minute never lasts longer here than in the database.
                self.pedidos, self.agotada, self.hasta = cupo.pedidos, cupo.pedidos == 0, ahora + cupo.resto_s
            if self.agotada:
                detalle = f"La clave «{clave.nombre}» llegó a su límite de pedidos por minuto."
                raise demasiados("LIMITE_DE_PEDIDOS", detalle, self.hasta - ahora)
            self.pedidos -= 1
            return True


class Fallidas:
    """How many wrong keys each address has sent lately; at most `DIRECCIONES_MAX` addresses are remembered."""

    def __init__(self) -> None:
        self._vistas: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def anotar(self, direccion: str) -> None:
        """Count a wrong key."""
        red = _red(direccion)
        cuantas, desde = self._vigentes(red)
        self._vistas[red] = (cuantas + 1, desde)
        self._vistas.move_to_end(red)
        if len(self._vistas) > DIRECCIONES_MAX:
            self._vistas.popitem(last=False)

    def revisar(self, direccion: str) -> None:
        """Raises Problema (429) when the address has sent too many."""
        cuantas, desde = self._vigentes(_red(direccion))
        if cuantas >= FALLIDAS_MAX:
            espera_s = desde + VENTANA_S - time.monotonic()
            raise demasiados("DEMASIADAS_CLAVES_INVALIDAS", "Hubo demasiadas claves inválidas.", espera_s)

    def _vigentes(self, red: str) -> tuple[int, float]:
        ahora = time.monotonic()
        cuantas, desde = self._vistas.get(red, (0, ahora))
        return (cuantas, desde) if ahora < desde + VENTANA_S else (0, ahora)


def _red(direccion: str) -> str:
    """An address; of IPv6 its /64, which is what one subscriber has."""
    try:
        ip = ipaddress.ip_address(direccion)
    except ValueError:
        return direccion
    return direccion if ip.version == 4 else str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
