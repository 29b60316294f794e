"""The only way out of a consulta's pages: a SOCKS5 server of ours that resolves, judges and dials.

A portal's page may be hostile. Chromium resolves no name and opens no connection but to this server, which gives it
public addresses and the one private portal that was configured. SOCKS, as it carries plain HTTP and TLS alike.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from direcciones import nunca, prohibida

logger = logging.getLogger(__name__)

ABRIR_S = 20.0
"""For a whole opening: request, name and dial."""
DIRECCION_S = 4.0
"""For one of several addresses of a name."""
CONEXIONES_MAX = 256
HILOS_DNS = 4
TROZO = 64 * 1024

IPV4, NOMBRE, IPV6 = 1, 3, 4
ABIERTA, NEGADA, INALCANZABLE = 0, 2, 4

Destino = tuple[str, int]
_avisados: set[Destino] = set()


class Negada(Exception):
    """A destination that no page may reach; the text says why, in Spanish."""


def destino_de(url: str) -> Destino:
    """Host, in lower case, and port of an http or https URL."""
    partes = urlsplit(url)
    return (partes.hostname or "").rstrip("."), partes.port or (443 if partes.scheme == "https" else 80)


def juzgar(destino: Destino, direcciones: list[str], permitido: Destino | None) -> None:
    """Raise Negada unless every address of the destination may be dialled."""
    prohibidas = [ip for ip in direcciones if (nunca if destino == permitido else prohibida)(ip)]
    if prohibidas:
        raise Negada(f"dirección prohibida {prohibidas[0]}")
    if destino == permitido and destino not in _avisados and any(map(prohibida, direcciones)):
        _avisados.add(destino)
        logger.info("Portal en una dirección privada, permitida por estar configurada: %s:%d", *destino)


async def resolver(host: str, hilos: ThreadPoolExecutor) -> list[str]:
    """The addresses of a name or a literal. Raises OSError."""
    buscar = asyncio.get_running_loop().run_in_executor
    hallados = await buscar(hilos, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(direccion[0]) for *_, direccion in hallados))


async def conectar(direcciones: list[str], puerto: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that answers. Raises OSError."""
    for ip in direcciones[:-1]:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(DIRECCION_S):
                return await asyncio.open_connection(ip, puerto)
    return await asyncio.open_connection(direcciones[-1], puerto)


async def _pedido(lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> Destino:
    """The SOCKS5 greeting and request. Raises ValueError for what is neither."""
    version, metodos = await lector.readexactly(2)
    await lector.readexactly(metodos)
    escritor.write(b"\5\0")
    inicio = await lector.readexactly(4)
    if version != 5 or inicio[:3] != b"\5\1\0":
        raise ValueError("no es un CONNECT de SOCKS5")
    if inicio[3] == NOMBRE:
        largo = (await lector.readexactly(1))[0]
        host = (await lector.readexactly(largo)).decode("ascii").lower().rstrip(".")
    elif inicio[3] in (IPV4, IPV6):
        host = str(ip_address(await lector.readexactly(4 if inicio[3] == IPV4 else 16)))
    else:
        raise ValueError("destino desconocido")
    return host, int.from_bytes(await lector.readexactly(2), "big")


def _responder(escritor: asyncio.StreamWriter, como: int) -> None:
    escritor.write(bytes((5, como, 0, IPV4)) + bytes(6))


async def _pasar(de: asyncio.StreamReader, a: asyncio.StreamWriter) -> None:
    while trozo := await de.read(TROZO):
        a.write(trozo)
        await a.drain()
    a.write_eof()


class Salida:
    """A SOCKS5 server on a loopback port of its own, for one consulta; gone with it, like its connections.

    `permitida`: the configured base URL of a portal, whose exact host and port may be a private address.
    """

    def __init__(self, permitida: str | None = None) -> None:
        self._permitido = destino_de(permitida) if permitida else None
        self._conexiones: set[asyncio.Task[None]] = set()
        self._nombres: dict[str, list[str]] = {}
        self._hilos = ThreadPoolExecutor(HILOS_DNS, thread_name_prefix="nombres")
        self.anotar: Callable[[str], object] = logger.debug
        """Told of each destination that was not reached, and why."""

    async def __aenter__(self) -> Self:
        self._servidor = await asyncio.start_server(self._llegar, "127.0.0.1", 0)
        self.puerto: int = self._servidor.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._servidor.close()
        for conexion in self._conexiones:
            conexion.cancel()
        self._hilos.shutdown(wait=False, cancel_futures=True)

    def _llegar(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        if len(self._conexiones) >= CONEXIONES_MAX:
            escritor.close()
            return
        conexion = asyncio.get_running_loop().create_task(self._atender(lector, escritor))
        self._conexiones.add(conexion)
        conexion.add_done_callback(self._conexiones.discard)

    async def _atender(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        with contextlib.ExitStack() as al_final:
            al_final.callback(escritor.close)
            with contextlib.suppress(OSError, EOFError, ValueError, TimeoutError):
                async with asyncio.timeout(ABRIR_S):
                    destino = await _pedido(lector, escritor)
                    remoto = await self._abrir(destino, escritor)
                if remoto is not None:
                    al_final.callback(remoto[1].close)
                    await asyncio.gather(_pasar(lector, remoto[1]), _pasar(remoto[0], escritor))

    async def _abrir(
        self, destino: Destino, escritor: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Dial the destination and answer for it; None where it is refused or does not answer."""
        host, puerto = destino
        try:
            if host not in self._nombres:  # once a consulta: a name cannot change under its pages
                self._nombres[host] = await resolver(host, self._hilos)
            juzgar(destino, self._nombres[host], self._permitido)
            remoto = await conectar(self._nombres[host], puerto)
        except (Negada, OSError, ValueError) as error:  # ValueError: a name that is none
            self.anotar(f"CONNECT {host}:{puerto} {error}")
            _responder(escritor, NEGADA if isinstance(error, Negada) else INALCANZABLE)
            return None
        _responder(escritor, ABIERTA)
        return remoto
