"""Counts the DevTools messages of a connection, by method: a relay between a client and its Chromium. Not timed."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

BYTES = "bytes"
OFERTA = re.compile(rb"Sec-WebSocket-Extensions:[^\r]*\r\n", re.IGNORECASE)


class Relevo:
    """Listens on loopback and passes on what comes.

    `cuenta` has a key for each `→ method`, `← event` and `← respuesta`, and for the bytes each way.
    """

    def __init__(self) -> None:
        self.cuenta: Counter[str] = Counter()
        self.bucle = asyncio.get_running_loop()
        self._cruces: set[asyncio.Task[None]] = set()

    async def abrir(self, ws: str) -> str:
        """The address to use instead of `ws`."""
        partes = urlsplit(ws)

        def llegar(lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
            self._cruces.add(asyncio.ensure_future(self._unir(lector, escritor, partes.port or 0)))

        self._servidor = await asyncio.start_server(llegar, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{self._servidor.sockets[0].getsockname()[1]}{partes.path}"

    async def _unir(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter, puerto: int) -> None:
        de_alla, hacia_alla = await asyncio.open_connection("127.0.0.1", puerto)
        try:
            await asyncio.gather(_cruzar(lector, hacia_alla, self._mandado), _cruzar(de_alla, escritor, self._recibido))
        except (EOFError, OSError):
            escritor.close()
            hacia_alla.close()

    def _mandado(self, carga: bytes) -> None:
        mensaje = json.loads(carga)
        if mensaje["method"] == "Target.sendMessageToTarget":  # a session that is not flat
            mensaje = json.loads(mensaje["params"]["message"])
        self._anotar("→", mensaje["method"], len(carga))

    def _recibido(self, carga: bytes) -> None:
        mensaje = json.loads(carga)
        if mensaje.get("method") == "Target.receivedMessageFromTarget":
            mensaje = json.loads(mensaje["params"]["message"])
        self._anotar("←", mensaje.get("method", "respuesta"), len(carga))

    def _anotar(self, hacia: str, metodo: str, largo: int) -> None:
        self.cuenta[f"{hacia} {metodo}"] += 1
        self.cuenta[f"{hacia} {BYTES}"] += largo


async def _cruzar(de: asyncio.StreamReader, a: asyncio.StreamWriter, anotar: Callable[[bytes], None]) -> None:
    """Pass on the upgrade, less the offer to compress, and then WebSocket frames, each text told to `anotar`."""
    a.write(OFERTA.sub(b"", await de.readuntil(b"\r\n\r\n")))
    while True:
        cabeza = await de.readexactly(2)
        largo = cabeza[1] & 127
        extendido = await de.readexactly({126: 2, 127: 8}.get(largo, 0))
        mascara = await de.readexactly(4 if cabeza[1] & 128 else 0)
        carga = await de.readexactly(int.from_bytes(extendido, "big") if extendido else largo)
        a.write(cabeza + extendido + mascara + carga)
        if cabeza[0] == 0x81:  # a whole text
            anotar(_sin(mascara, carga) if mascara else carga)


def _sin(mascara: bytes, carga: bytes) -> bytes:
    repetida = (mascara * (len(carga) // 4 + 1))[: len(carga)]
    return (int.from_bytes(carga, "big") ^ int.from_bytes(repetida, "big")).to_bytes(len(carga), "big")
