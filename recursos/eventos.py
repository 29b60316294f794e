"""GET /job/{job_id}/eventos: what happens to a job, as it happens (Server-Sent Events).

One watcher per process asks the database once a second for every job that anybody watches, whatever their number.
Nothing is listened to on the database: a transaction-mode pooler may stand in front of it.
"""

import asyncio
import contextlib
import logging
import signal
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from documento.operacion import Operacion, documentar
from models.base import BASE_CAIDA
from models.callback import bytes_json
from models.eventos import Marca, Vista, cambios
from problemas import Problema
from recursos.pedido import uuid_de

logger = logging.getLogger("api")

TRANSMISIONES_MAX = 500
"""Open streams of one process."""
PERIODO_S = 1.0
LATIDO_S = 15.0
REINTENTAR_MS = 2000
CABECERAS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True)
class Observado:
    """A job that somebody watches: as it was seen last, and how many watch it."""

    vista: Vista
    oyentes: int = 0
    cambio: asyncio.Event = field(default_factory=asyncio.Event)


class Vigia:
    """Reads what changed, once for all streams of the process, while there is any."""

    def __init__(self) -> None:
        self.transmisiones = 0
        self.cerrado = False
        self._observados: dict[uuid.UUID, Observado] = {}
        self._ronda: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def observar(self, job_id: uuid.UUID, vista: Vista) -> Iterator[Observado]:
        """Watch a job from how it was seen on; whoever watches it already knows at least as much."""
        observado = self._observados.setdefault(job_id, Observado(vista))
        observado.oyentes += 1
        self.transmisiones += 1
        if self._ronda is None:
            self._ronda = asyncio.create_task(self._rondar())
        try:
            yield observado
        finally:
            self.transmisiones -= 1
            observado.oyentes -= 1
            if not observado.oyentes:
                del self._observados[job_id]
            if not self._observados and self._ronda is not None:
                self._ronda.cancel()
                self._ronda = None

    async def _rondar(self) -> None:
        while True:
            await asyncio.sleep(PERIODO_S)
            vistas: dict[uuid.UUID, Vista | None] = {j: o.vista for j, o in self._observados.items()}
            try:
                nuevas = await run_in_threadpool(cambios, vistas)
            except BASE_CAIDA as error:
                logger.warning("No se pudo leer qué cambió en los jobs: %s", error)
                continue
            for job_id, vista in nuevas.items():
                if observado := self._observados.get(job_id):
                    observado.vista = vista
                    self._avisar(observado)

    def _avisar(self, observado: Observado) -> None:
        observado.cambio.set()
        observado.cambio = asyncio.Event()

    def cerrar(self) -> None:
        """End every stream: the process is about to stop."""
        self.cerrado = True
        for observado in self._observados.values():
            self._avisar(observado)


vigia = Vigia()


@contextlib.contextmanager
def cerrar_a_tiempo() -> Iterator[None]:
    """Close the streams when the process is told to end: uvicorn waits for them before it tells anybody."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    bucle = asyncio.get_running_loop()

    def antes(previo: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], Any]:
        def recibir(senal: int, marco: FrameType | None) -> Any:
            bucle.call_soon_threadsafe(vigia.cerrar)
            return previo(senal, marco)

        return recibir

    previos = {senal: signal.getsignal(senal) for senal in (signal.SIGINT, signal.SIGTERM)}
    for senal, previo in previos.items():
        if callable(previo):
            signal.signal(senal, antes(previo))
    try:
        yield
    finally:
        for senal, previo in previos.items():
            signal.signal(senal, previo)


@documentar(
    Operacion(
        "Seguir un job en vivo",
        "jobs",
        {200: ("text/event-stream",), 204: None},
        "Server-Sent Events: `estado` (`status`, `progreso`), `consulta` (un resultado y `progreso`) y `fin` (`status`,"
        " `progreso`, `error`). Con 204 ya no hay nada que seguir: el lector vio el final. Una página lo lee con"
        " `EventSource`, a través de su servidor: la clave no va en el navegador.",
        cabeceras=("Last-Event-ID",),
        errores=("JOB_INEXISTENTE", "TRANSMISIONES_AGOTADAS"),
    )
)
async def eventos(request: Request) -> Response:
    """GET /job/{job_id}/eventos: `estado`, `consulta` and `fin`; 204 to who has seen the end already."""
    job_id = uuid_de(request, "job_id")
    if vigia.transmisiones >= TRANSMISIONES_MAX or vigia.cerrado:
        detalle = "Hay demasiadas transmisiones abiertas: consulte GET /job/{job_id} o pruebe más tarde."
        raise Problema(503, "TRANSMISIONES_AGOTADAS", detalle, cabeceras={"Retry-After": "10"})
    vista = (await run_in_threadpool(cambios, {job_id: None})).get(job_id)
    if vista is None:
        raise Problema(404, "JOB_INEXISTENTE", f"El job {job_id} no existe.")
    visto = Visto.de(request.headers.get("last-event-id", ""))
    if visto.fin and not vista.abierto:
        return Response(status_code=204)
    return StreamingResponse(_transmitir(job_id, vista, visto), headers=CABECERAS, media_type="text/event-stream")


@dataclass(slots=True)
class Visto:
    """What a reader has seen: how many consultas, up to which; `fin`, the job's end. It is the `id:` of an event."""

    cuantas: int = 0
    ultima: Marca | None = None
    fin: bool = False

    @classmethod
    def de(cls, texto: str) -> "Visto":
        """Read an `id:`; one that is not ours has seen nothing."""
        try:
            cuantas, micros, consulta, *fin = texto.split(".")
            momento = datetime.fromtimestamp(int(micros) // 10**6, UTC).replace(microsecond=int(micros) % 10**6)
            ultima = (momento, uuid.UUID(hex=consulta)) if int(cuantas) else None
            return cls(int(cuantas), ultima, fin == ["fin"])
        except (ValueError, OverflowError, OSError):
            return cls()

    def __str__(self) -> str:
        momento, consulta = self.ultima or (datetime.fromtimestamp(0, UTC), uuid.UUID(int=0))
        micros = int(momento.timestamp()) * 10**6 + momento.microsecond
        return f"{self.cuantas}.{micros}.{consulta.hex}{'.fin' if self.fin else ''}"

    def ya_enviadas(self, vista: Vista) -> set[Marca]:
        """Those of the ended consultas that this reader has; none if one ended late among them: all are repeated."""
        if self.ultima is None:
            return set()
        enviadas = {marca for marca, _ in vista.consultas if marca <= self.ultima}
        return enviadas if len(enviadas) == self.cuantas else set()

    def sumar(self, marca: Marca) -> None:
        """One more was sent."""
        self.cuantas += 1
        self.ultima = max(self.ultima or marca, marca)


async def _transmitir(job_id: uuid.UUID, vista: Vista, visto: Visto) -> AsyncIterator[bytes]:
    enviadas = visto.ya_enviadas(vista)
    visto = Visto(len(enviadas), max(enviadas, default=None))
    status = None
    with vigia.observar(job_id, vista) as observado:
        yield f"retry: {REINTENTAR_MS}\n\n".encode()
        while not vigia.cerrado:
            cambio, vista = observado.cambio, observado.vista
            if vista.status != status and vista.abierto:
                yield _evento("estado", {"status": vista.status, "progreso": vista.progreso})
            status = vista.status
            for marca, datos in vista.consultas:
                if marca not in enviadas:
                    enviadas.add(marca)
                    visto.sumar(marca)
                    yield _evento("consulta", {**datos, "progreso": vista.progreso}, visto)
            if not vista.abierto:
                visto.fin = True
                yield _evento("fin", {"status": status, "progreso": vista.progreso, "error": vista.error}, visto)
                return
            try:
                await asyncio.wait_for(cambio.wait(), LATIDO_S)
            except TimeoutError:
                yield b": latido\n\n"


def _evento(nombre: str, datos: dict[str, Any], visto: Visto | None = None) -> bytes:
    numero = f"id: {visto}\n" if visto is not None else ""
    return f"event: {nombre}\n{numero}data: {bytes_json(datos).decode()}\n\n".encode()
