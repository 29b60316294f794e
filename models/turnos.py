"""Which callback is dialled now: claims, and turns, so that a receiver that never answers does not hold up the others.

At most a quarter of the threads that serve callbacks, over all processes and never less than one, are busy with one
destino, the `host:port` of the URL. One over them waits in its row (`en_turno`) until an attempt at that destino ends:
it costs no attempt and no thread.
"""

import re
import uuid
from datetime import timedelta
from typing import Any

from peewee import CTE, Cast, Select, fn

from models.base import ahora, bd, conexion
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
    arriendo = timedelta(seconds=arriendo_s)
    with conexion():
        filas = _reclamo.filas(Callback, tras=_destino_a_solas, callback_id=callback_id, arriendo=arriendo)
    return (filas[0], filas[0].intentos) if filas else None


def _debido(callback_id: Any) -> Any:
    """The condition that a callback may be tried now."""
    return (Callback.id == callback_id) & (
        ((Callback.estado == "pendiente") & (Callback.proximo_intento_en <= fn.now()))
        | ((Callback.estado == "enviando") & (Callback.arrendado_hasta < fn.now()))
    )


@compilada
def _reclamo(callback_id: Any, arriendo: Any) -> Any:
    """Claim it and write its attempt, or let it wait for its turn: `tras` _destino_a_solas."""
    suyo = CTE("suyo", Callback.select(DESTINO.alias("destino")).where(Callback.id == callback_id))
    libres = _libres(Select([suyo], [suyo.c.destino]))
    tomado = CTE("tomado", _tomado(callback_id, arriendo, libres > 0))
    primero = Select([tomado], [tomado.c.id, tomado.c.intentos, ahora()])
    intento = CTE("intento", Intento.insert_from(primero, [Intento.callback, Intento.numero, Intento.iniciado_en]))
    espera = CTE("espera", _a_esperar(callback_id, tomado))
    columnas = [tomado.c[campo.column_name] for campo in Callback._meta.sorted_fields]
    return Select([tomado], columnas).with_cte(suyo, tomado, intento, espera).bind(bd)


def _tomado(callback_id: Any, arriendo: Any, hay_lugar: Any) -> Any:
    return (
        Callback.update(
            estado="enviando",
            token=Callback.token + 1,
            intentos=Callback.intentos + 1,
            arrendado_hasta=fn.now() + arriendo,
            encolado_en=None,
            en_turno=False,
        )
        .where(_debido(callback_id), hay_lugar)
        .returning(Callback)
    )


def _a_esperar(callback_id: Any, tomado: Any) -> Any:
    nadie = ~fn.EXISTS(Select([tomado], [tomado.c.id]))
    return Callback.update(estado="pendiente", en_turno=True, arrendado_hasta=None, encolado_en=None).where(
        _debido(callback_id), nadie
    )


@compilada
def _destino_a_solas(callback_id: Any) -> Any:
    """Nobody else decides for the destino of this callback until the transaction ends."""
    return Callback.select(_candado(DESTINO)).where(Callback.id == callback_id)


@compilada
def _esperar_al_destino(destino: Any) -> Any:
    return Select(columns=[_candado(Cast(destino, "text"))]).bind(bd)


def _candado(destino: Any) -> Any:
    return fn.pg_advisory_xact_lock(fn.hashtext(fn.CONCAT("callbacks:", destino)))


def _libres(destino: Any) -> Any:
    """How many more attempts may begin at a destino, once it is locked: an expression."""
    ocupados = Callback.select(fn.COUNT(Callback.id)).where(
        Callback.estado == "enviando", destino == DESTINO, Callback.arrendado_hasta >= fn.now()
    )
    return fn.GREATEST(fn.GREATEST(cantidad_de_hilos(COLA, entre=PARTE), 1) - ocupados, 0)


def dar_turnos(destino: str) -> list[Par]:
    """The callbacks that may take the free places at a destino, those due for longest first: the caller announces
    them, and reloj does where it could not."""
    with conexion():
        elegidos = _turno.filas(Callback, tras=_esperar_al_destino, destino=destino)
    return [(c.id, c.job_id) for c in elegidos]


@compilada
def _turno(destino: Any) -> Any:
    """`tras` _esperar_al_destino."""
    esperan = (
        Callback.select(Callback.id)
        .where(_en_turno(destino))
        .order_by(Callback.proximo_intento_en)
        .limit(Select(columns=[_libres(destino)]))
        .for_update(skip_locked=True)
    )
    elegidos = Callback.update(en_turno=False, encolado_en=None).where(Callback.id.in_(esperan))
    return elegidos.returning(Callback.id, Callback.job)


def _en_turno(destino: Any) -> Any:
    return (Callback.estado == "pendiente") & Callback.en_turno & (destino == DESTINO)


def destinos_en_turno() -> list[str]:
    """The destinos for which some callback waits."""
    with conexion():
        esperan = Callback.select(DESTINO).where(Callback.estado == "pendiente", Callback.en_turno).distinct()
        return [str(fila[0]) for fila in esperan.tuples().execute()]


def destino_de(url: str) -> str:
    """What DESTINO gives for a URL."""
    hallado = re.search(PATRON, url)
    return hallado[1].lower() if hallado else ""
