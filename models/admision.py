"""Whether there is room for another job: the length of the queue, and how long its oldest consulta has waited."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import SQL, Cast, Select, fn

from models.base import bd
from models.compilada import compilada
from models.consulta import Consulta

ESPERA_MIN_S, ESPERA_MAX_S = 5, 300
SIN_RITMO_S = 60


@dataclass(frozen=True, slots=True)
class Admision:
    """The limits: consultas that wait, and seconds that the oldest of those that could run has waited."""

    cola_max: int
    antiguedad_max_s: float


class ColaLlena(Exception):
    """There is no room now; ask again in `esperar_s` seconds."""

    def __init__(self, mensaje: str, esperar_s: int) -> None:
        super().__init__(mensaje)
        self.mensaje = mensaje
        self.esperar_s = esperar_s


def admitir(limites: Admision) -> None:
    """Raise ColaLlena when the queue is over one of its limits. Call it inside the job's transaction."""
    antiguedad = timedelta(seconds=limites.antiguedad_max_s)
    *esperan, viejas = _cuentas(tope=limites.cola_max, antiguedad=antiguedad).fetchone()
    cuantas = sum(esperan)
    if cuantas >= limites.cola_max:
        raise ColaLlena(f"Hay {limites.cola_max} consultas o más en espera.", _espera(cuantas - limites.cola_max + 1))
    if viejas:
        minutos = round(limites.antiguedad_max_s / 60)
        raise ColaLlena(f"Hay consultas que esperan desde hace más de {minutos} minutos.", _espera(viejas))


@compilada
def _cuentas(tope: Any, antiguedad: Any) -> Any:
    """How many could run, wait for their turn, follow another; and of the first, how many are old. Counting stops at
    `tope`."""
    lista = ~Consulta.en_turno & Consulta.origen.is_null()
    # Neither one that waits to be tried again, nor one whose empresa is busy: more workers would not help those.
    viejas = lista & (Consulta.created_at < fn.now() - Cast(antiguedad, "interval")) & Consulta.disponible_en.is_null()
    # Those that follow another cost no visit, and yet are rows that any key could pile up.
    cuales = (lista, Consulta.en_turno, Consulta.origen.is_null(False), viejas)
    return Select(columns=[_contadas(tope, condicion) for condicion in cuales]).bind(bd)


def _contadas(tope: Any, condicion: Any) -> Any:
    algunas = Consulta.select(SQL("1")).where(Consulta.estado == "pendiente", condicion).limit(tope).alias("algunas")
    return Select([algunas], [fn.COUNT(SQL("*"))])


def _espera(sobran: int) -> int:
    """Seconds until so many consultas will have ended, at the pace of the last minute."""
    hechas = Consulta.select().where(
        Consulta.estado == "terminada", Consulta.completed_at > fn.now() - timedelta(minutes=1)
    )
    ritmo = int(hechas.count()) / 60
    return min(max(math.ceil(sobran / ritmo), ESPERA_MIN_S), ESPERA_MAX_S) if ritmo else SIN_RITMO_S
