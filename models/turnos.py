"""Which callback is dialled now: claims, and turns, so that a receiver that never answers does not hold up the others.

At most a quarter of the threads that serve callbacks, over all processes and never less than one, are busy with one
destino, the `host:port` of the URL. One over them waits in its row (`en_turno`) until an attempt at that destino ends:
it costs no attempt and no thread.
"""

import re
import uuid
from datetime import timedelta
from typing import Any

from peewee import Cast, Select, fn

from models.base import bd, conexion, transaccion
from models.callback import DESTINO, PATRON, Callback, Intento
from models.compilada import compilada
from models.reuso import Par
from models.trabajador import cantidad_de_hilos

COLA = "callbacks"
PARTE = 4
"""One destino may keep one thread in so many busy."""


def reclamar_callback(callback_id: uuid.UUID, *, arriendo_s: float) -> tuple[Callback, int] | None:
    """Claim a callback that is due and write its attempt, before anything is dialled.

    Returns it and the number of the attempt; None when it is not due, another one has it, or its destino is busy: it
    then waits for its turn. An attempt whose lease ran out (killed while it dialled) counts as made.
    """
    with transaccion():
        hallado = _destino_a_solas(callback_id=callback_id).fetchone()
        if hallado is None:
            return None
        if not _lugares_libres(hallado[0]):
            Callback.update(estado="pendiente", en_turno=True, arrendado_hasta=None, encolado_en=None).where(
                _debido(callback_id)
            ).execute()
            return None
        filas = _reclamo.filas(Callback, callback_id=callback_id, arriendo=timedelta(seconds=arriendo_s))
        if not filas:
            return None
        callback = filas[0]
        _empezar_intento(callback_id=callback.id, numero=callback.intentos)
        return callback, callback.intentos


def _debido(callback_id: Any) -> Any:
    """The condition that a callback may be tried now."""
    return (Callback.id == callback_id) & (
        ((Callback.estado == "pendiente") & (Callback.proximo_intento_en <= fn.now()))
        | ((Callback.estado == "enviando") & (Callback.arrendado_hasta < fn.now()))
    )


@compilada
def _reclamo(callback_id: Any, arriendo: Any) -> Any:
    return (
        Callback.update(
            estado="enviando",
            token=Callback.token + 1,
            intentos=Callback.intentos + 1,
            arrendado_hasta=fn.now() + arriendo,
            encolado_en=None,
            en_turno=False,
        )
        .where(_debido(callback_id))
        .returning(Callback)
    )


@compilada
def _empezar_intento(callback_id: Any, numero: Any) -> Any:
    return Intento.insert(callback=callback_id, numero=numero)


@compilada
def _destino_a_solas(callback_id: Any) -> Any:
    """The destino of a callback that is due: nobody else decides for it until the transaction ends."""
    return Callback.select(DESTINO, _candado(DESTINO)).where(_debido(callback_id))


@compilada
def _esperar_al_destino(destino: Any) -> Any:
    return Select(columns=[_candado(Cast(destino, "text"))]).bind(bd)


def _candado(destino: Any) -> Any:
    return fn.pg_advisory_xact_lock(fn.hashtext(fn.CONCAT("callbacks:", destino)))


def _lugares_libres(destino: str) -> int:
    """How many more attempts may begin at a destino, once it is locked."""
    hilos, ocupados = _hilos_y_ocupados(destino=destino).fetchone()
    return max(max(int(hilos) // PARTE, 1) - int(ocupados), 0)


@compilada
def _hilos_y_ocupados(destino: Any) -> Any:
    enviando = Callback.select(fn.COUNT(Callback.id)).where(
        Callback.estado == "enviando", destino == DESTINO, Callback.arrendado_hasta >= fn.now()
    )
    return Select(columns=[cantidad_de_hilos(COLA), enviando]).bind(bd)


def dar_turnos(destino: str) -> list[Par]:
    """The callbacks that may take the free places at a destino, those due for longest first: the caller announces
    them, and reloj does where it could not."""
    with transaccion():
        _esperar_al_destino(destino=destino)
        if _uno_en_turno(destino=destino).fetchone() is None:
            return []
        esperan = (
            Callback.select(Callback.id)
            .where(_en_turno(destino))
            .order_by(Callback.proximo_intento_en)
            .limit(_lugares_libres(destino))
            .for_update(skip_locked=True)
        )
        elegidos = Callback.update(en_turno=False, encolado_en=None).where(Callback.id.in_(esperan))
        return [(c.id, c.job_id) for c in elegidos.returning(Callback.id, Callback.job).execute()]


def _en_turno(destino: Any) -> Any:
    return (Callback.estado == "pendiente") & Callback.en_turno & (destino == DESTINO)


@compilada
def _uno_en_turno(destino: Any) -> Any:
    return Callback.select(Callback.id).where(_en_turno(destino)).limit(1)


def destinos_en_turno() -> list[str]:
    """The destinos for which some callback waits."""
    with conexion():
        esperan = Callback.select(DESTINO).where(Callback.estado == "pendiente", Callback.en_turno).distinct()
        return [str(fila[0]) for fila in esperan.tuples().execute()]


def destino_de(url: str) -> str:
    """What DESTINO gives for a URL."""
    hallado = re.search(PATRON, url)
    return hallado[1].lower() if hallado else ""
