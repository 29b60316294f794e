"""What reloj looks for: rows that were committed and never published, lost leases, passed retention.

Every query skips rows that another reloj holds, so that any number of them may run.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from peewee import Select, fn

from models.base import conexion, transaccion
from models.callback import Callback, por_anunciar
from models.cierre import terminar
from models.consulta import Consulta
from models.empresa import lugares
from models.evidencia import Evidencia
from models.resultado import Resultado
from models.reuso import Par


def por_publicar(cuantas: int, *, gracia_s: float, perdida_s: float) -> list[Par]:
    """Consultas that may run and are not on the broker, now marked as published: the caller publishes them.

    Those that nobody published for `gracia_s` seconds, and those published `perdida_s` seconds ago and not begun.
    """
    with transaccion():
        hace_poco = fn.now() - timedelta(seconds=gracia_s)
        calladas = (
            Consulta.select(Consulta.id)
            .where(
                Consulta.estado == "pendiente",
                ~Consulta.en_turno,
                Consulta.origen.is_null(),
                (Consulta.encolada_en.is_null() & (Consulta.created_at < hace_poco))
                | (Consulta.encolada_en < fn.now() - timedelta(seconds=perdida_s)),
                Consulta.disponible_en.is_null() | (Consulta.disponible_en < hace_poco),
            )
            .limit(cuantas)
            .for_update(skip_locked=True)
        )
        filas = (
            Consulta.update(encolada_en=fn.now())
            .where(Consulta.id.in_(calladas))
            .returning(Consulta.id, Consulta.job)
            .execute()
        )
        return [(c.id, c.job_id) for c in filas]


def desmarcar(consulta_ids: Sequence[uuid.UUID]) -> None:
    """These could not be published after all."""
    with conexion():
        Consulta.update(encolada_en=None).where(
            Consulta.id.in_(list(consulta_ids)), Consulta.estado == "pendiente"
        ).execute()


def rescatar(cuantas: int, *, inicios_max: int, resultado: Resultado) -> tuple[int, int]:
    """Take back consultas whose lease ran out; one that was interrupted `inicios_max` times ends with `resultado`.

    Returns how many were taken back and how many ended.
    """
    vencida = (Consulta.estado == "en_curso") & (Consulta.arrendada_hasta < fn.now())
    agotada = Consulta.inicios - Consulta.intentos >= inicios_max
    with transaccion():
        perdidas = Consulta.select(Consulta.id).where(vencida, ~agotada).limit(cuantas).for_update(skip_locked=True)
        devueltas = (
            Consulta.update(estado="pendiente", arrendada_hasta=None, disponible_en=None, encolada_en=None)
            .where(Consulta.id.in_(perdidas))
            .execute()
        )
    with conexion():
        agotadas = [c.id for c in Consulta.select(Consulta.id).where(vencida, agotada).limit(cuantas)]
    terminadas = 0
    for consulta_id in agotadas:
        with transaccion():
            terminadas += terminar((Consulta.id == consulta_id) & vencida, resultado, contar=False)
    return int(devueltas), terminadas


def empresas_en_turno() -> list[str]:
    """Empresas at which some consulta waits for its turn."""
    with conexion():
        esperan = Consulta.select(Consulta.empresa).where(Consulta.estado == "pendiente", Consulta.en_turno).distinct()
        return [c.empresa for c in esperan]


def lugares_libres(empresa: str, simultaneas: int) -> int:
    """How many more consultas of an empresa may begin now."""
    en_curso = Consulta.select(fn.COUNT(Consulta.id)).where(Consulta.empresa == empresa, Consulta.estado == "en_curso")
    with conexion() as bd:
        [[libres]] = bd.execute(Select(columns=[lugares(empresa, simultaneas) - en_curso]))
    return max(int(libres), 0)


def callbacks_por_despertar(cuantos: int, *, gracia_s: float, perdida_s: float) -> list[Par]:
    """Callbacks that are due and that no message announces, now marked as announced: the caller announces them."""
    with transaccion():
        hace_poco = fn.now() - timedelta(seconds=gracia_s)
        debidos = (
            Callback.select(Callback.id)
            .where(
                ((Callback.estado == "pendiente") & (Callback.proximo_intento_en < hace_poco))
                | ((Callback.estado == "enviando") & (Callback.arrendado_hasta < fn.now())),
                ~Callback.en_turno,
                Callback.encolado_en.is_null() | (Callback.encolado_en < fn.now() - timedelta(seconds=perdida_s)),
            )
            .order_by(Callback.proximo_intento_en)
            .limit(cuantos)
            .for_update(skip_locked=True)
        )
        cambio = Callback.update(encolado_en=fn.now()).where(Callback.id.in_(debidos))
        return [(c.id, c.job_id) for c in cambio.returning(Callback.id, Callback.job).execute()]


def callbacks_por_anunciar(job_id: uuid.UUID, cuantos: int) -> list[Par]:
    """Callbacks of the job that are due and that no message announces; `marcar_anunciados` once one does."""
    with conexion():
        debidos = (
            Callback.select(Callback.id, Callback.job)
            .where(por_anunciar(job_id))
            .order_by(Callback.created_at)
            .limit(cuantos)
        )
        return [(c.id, c.job_id) for c in debidos]


def marcar_anunciados(callback_ids: Sequence[uuid.UUID]) -> None:
    """A message announces these; one that was tried and failed meanwhile waits for its own."""
    with conexion():
        Callback.update(encolado_en=fn.now()).where(
            Callback.id.in_(list(callback_ids)),
            Callback.estado == "pendiente",
            Callback.proximo_intento_en <= fn.now(),
            ~Callback.en_turno,
        ).execute()


def desanunciar(callback_ids: Sequence[uuid.UUID]) -> None:
    """These could not be announced after all."""
    with conexion():
        Callback.update(encolado_en=None).where(Callback.id.in_(list(callback_ids))).execute()


def borrar_evidencia(dias: int, cuantas: int = 500) -> int:
    """Delete evidencia kept longer than `dias` days, a batch at a time. Returns how many parts."""
    with transaccion():
        viejas = (
            Evidencia.select(Evidencia.id)
            .where(Evidencia.created_at < fn.now() - timedelta(days=dias))
            .order_by(Evidencia.created_at)
            .limit(cuantas)
            .for_update(skip_locked=True)
        )
        return int(Evidencia.delete().where(Evidencia.id.in_(viejas)).execute())
