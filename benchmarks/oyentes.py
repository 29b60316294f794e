"""Receivers of callbacks in a process of their own, so that they are not what is measured."""

import asyncio
import json
import multiprocessing
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

RESPUESTA = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Recibido:
    """A callback that got its 200: of which job, when it had arrived, when it was answered (unix s)."""

    job_id: str
    llego: float
    respondido: float


class _Servidor:
    def __init__(self) -> None:
        self.demora_s = 0.0
        self.recibidos: list[Recibido] = []

    async def atender(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        """Answer every request of a connection with 200 after the latency."""
        try:
            while cabeza := await lector.readuntil(b"\r\n\r\n"):
                llego = time.time()
                largo = next(li for li in cabeza.lower().split(b"\r\n") if li.startswith(b"content-length:"))
                cuerpo = await lector.readexactly(int(largo.partition(b":")[2]))
                await asyncio.sleep(self.demora_s)
                escritor.write(RESPUESTA)
                await escritor.drain()
                self.recibidos.append(Recibido(json.loads(cuerpo)["job_id"], llego, time.time()))
        except (asyncio.IncompleteReadError, ConnectionError):
            escritor.close()

    async def callar(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        """Read and never answer."""
        while await lector.read(65536):
            pass
        escritor.close()

    def obedecer(self, ordenes: Connection) -> None:
        """A number sets the latency (s); None asks for what was received since the last time."""
        while True:
            orden = ordenes.recv()
            if orden is None:
                recibidos, self.recibidos = self.recibidos, []
                ordenes.send(recibidos)
            else:
                self.demora_s = orden
                ordenes.send(None)

    async def correr(self, vivos: Sequence[int], mudos: Sequence[int], ordenes: Connection) -> None:
        for puerto in vivos:
            await asyncio.start_server(self.atender, "127.0.0.1", puerto, backlog=512)
        for puerto in mudos:
            await asyncio.start_server(self.callar, "127.0.0.1", puerto, backlog=512)
        threading.Thread(target=self.obedecer, args=(ordenes,), daemon=True).start()
        await asyncio.Event().wait()


def _principal(vivos: Sequence[int], mudos: Sequence[int], ordenes: Connection) -> None:
    asyncio.run(_Servidor().correr(vivos, mudos, ordenes))


class Oyentes:
    """Those at `vivos` answer 200 after a latency, those at `mudos` accept and never answer. Ports of 127.0.0.1."""

    def __init__(self, vivos: Sequence[int], mudos: Sequence[int]) -> None:
        self._nuestra, suya = multiprocessing.Pipe()
        contexto = multiprocessing.get_context("spawn")
        self._proceso = contexto.Process(target=_principal, args=(vivos, mudos, suya), daemon=True)

    def __enter__(self) -> Self:
        self._proceso.start()
        self.demorar(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._proceso.kill()
        self._proceso.join()

    def demorar(self, segundos: float) -> None:
        """From now on answer after so many seconds."""
        self._preguntar(segundos)

    def recibidos(self) -> list[Recibido]:
        """What got its 200 since this was asked last."""
        nuevos: list[Recibido] = self._preguntar(None)
        return nuevos

    def _preguntar(self, orden: float | None) -> "list[Recibido]":
        self._nuestra.send(orden)
        respuesta: list[Recibido] = self._nuestra.recv()
        return respuesta
