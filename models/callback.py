"""A callback that is owed, its frozen body, and every attempt at delivering it. Semantics: CALLBACKS_GUIDE.md."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import (
    CTE,
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Case,
    Cast,
    Check,
    ForeignKeyField,
    IntegerField,
    Select,
    TextField,
    UUIDField,
    chunked,
    fn,
)

from models.base import Json, Momento, Tabla, ahora, bd, conexion
from models.cifrado import Indescifrable
from models.compilada import Compilada, compilada
from models.consulta import Consulta
from models.cuerpo import adelgazar, cuerpo_consultado, cuerpo_de
from models.job import Job
from models.schemas_callback import OCULTA, POR_DEFECTO, SERVICIO_CONSULTADO

LOTE = 500
PATRON = "//([^/?#]*)"
DESTINO = SQL(f"lower(coalesce(substring(url, '{PATRON}'), ''))")
"""The `host:port` of a callback, as its URL writes it."""


class Callback(Tabla):
    """What is owed to one receiver for one event of one job, or of one of its consultas."""

    job_id: uuid.UUID
    consulta_id: uuid.UUID | None

    id = UUIDField(primary_key=True, default=uuid.uuid4)
    job = ForeignKeyField(Job, backref="callbacks", on_delete="CASCADE", index=False)
    evento = TextField()
    consulta = ForeignKeyField(Consulta, backref="callbacks", null=True, on_delete="CASCADE", index=False)
    """Null: the callback of the job's end, which `callback_sent` and `callback_error` of the job tell of."""
    webhook_id = TextField(unique=True)
    url = TextField()
    cuerpo = BlobField()
    estado = TextField(
        default="pendiente",
        constraints=[Check("estado IN ('pendiente', 'enviando', 'enviado', 'fallido')", "callbacks_estado")],
    )
    token = BigIntegerField(default=0)
    arrendado_hasta = Momento(null=True)
    intentos = IntegerField(default=0)
    intentos_previos = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """Those of earlier rounds: it was sent again after them."""
    proximo_intento_en = Momento(null=True, default=ahora)
    encolado_en = Momento(null=True)
    en_turno = BooleanField(default=False, constraints=[SQL("DEFAULT false")])
    """Waiting for an attempt at its destino to end."""
    error = TextField(null=True)
    created_at = Momento(default=ahora)
    terminado_en = Momento(null=True)

    class Meta:
        table_name = "callbacks"


Callback.add_index(
    Callback.index(
        Callback.job,
        Callback.evento,
        fn.COALESCE(Callback.consulta, SQL("'00000000-0000-0000-0000-000000000000'::uuid")),
        unique=True,
        name="callbacks_por_job",
    )
)
Callback.add_index(
    Callback.index(Callback.consulta, name="callbacks_por_consulta", where=SQL("consulta_id IS NOT NULL"))
)
Callback.add_index(Callback.index(Callback.created_at, Callback.id, name="callbacks_recientes"))
Callback.add_index(Callback.index(Callback.estado, Callback.created_at, Callback.id, name="callbacks_por_estado"))
Callback.add_index(
    Callback.index(
        Callback.proximo_intento_en,
        name="callbacks_pendientes",
        where=SQL("estado IN ('pendiente', 'enviando') AND NOT en_turno"),
    )
)
Callback.add_index(
    Callback.index(
        DESTINO, Callback.proximo_intento_en, name="callbacks_en_turno", where=SQL("estado = 'pendiente' AND en_turno")
    )
)
Callback.add_index(
    Callback.index(DESTINO, Callback.arrendado_hasta, name="callbacks_enviando", where=SQL("estado = 'enviando'"))
)
Callback.add_index(
    Callback.index(Callback.terminado_en, name="callbacks_terminados", where=SQL("terminado_en IS NOT NULL"))
)


SIN_CUERPO = [campo for campo in Callback._meta.sorted_fields if campo is not Callback.cuerpo]
"""What a list of callbacks reads: a body is up to 1 MB."""


class Intento(Tabla):
    """One attempt at a callback, written before it is dialled."""

    callback_id: uuid.UUID

    id = BigAutoField()
    callback = ForeignKeyField(Callback, backref="filas_intentos", on_delete="CASCADE", index=False)
    numero = IntegerField()
    iniciado_en = Momento(default=ahora)
    terminado_en = Momento(null=True)
    status_code = IntegerField(null=True)
    cabeceras = Json(null=True)
    """Of the request, the secret ones masked."""
    error_codigo = TextField(null=True)
    error = TextField(null=True)
    respuesta = TextField(null=True)
    location = TextField(null=True)
    duracion_ms = IntegerField(null=True)

    class Meta:
        table_name = "callback_intentos"


Intento.add_index(Intento.index(Intento.callback, Intento.numero, unique=True, name="callback_intentos_numero"))
Intento.add_index(
    Intento.index(Intento.terminado_en, name="callback_intentos_terminados", where=SQL("terminado_en IS NOT NULL"))
)


VISTO = ("status_code", "cabeceras", "error_codigo", "respuesta", "location", "duracion_ms")
"""The columns of an attempt that say what was seen of it."""


@dataclass(frozen=True, slots=True)
class Fallo:
    """An attempt that failed: the next one in `espera_s` seconds, or none (None)."""

    error: str
    espera_s: float | None


def bytes_json(dato: Any) -> bytes:
    """Compact JSON in UTF-8, no NaN."""
    return json.dumps(dato, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def eventos_de(job: Job) -> list[str] | None:
    """The events that call back; None without a callback_url."""
    return None if job.callback_url is None else list(job.callback_eventos or POR_DEFECTO)


def cabeceras_propias(callback: Callback) -> dict[str, str]:
    """The headers that the caller wants on this callback, secret: never log them. Raises Indescifrable."""
    with conexion():
        [job] = _cabeceras.filas(Job, job_id=callback.job_id)
    return dict(job.callback_headers or {})


@compilada
def _cabeceras(job_id: Any) -> Any:
    return Job.select(Job.callback_headers).where(Job.id == job_id)


def cabeceras_ocultas(job: Any) -> dict[str, str] | None:
    """The headers of a job's or programacion's callbacks, hidden; empty when their key is not in CIFRADO_CLAVES."""
    try:
        propias = job.callback_headers
    except Indescifrable:
        return {}
    return None if propias is None else dict.fromkeys(propias, OCULTA)


def por_anunciar(job_id: Any) -> Any:
    """The condition that a callback of the job is due and that no message announces it."""
    return (
        (Callback.job == job_id)
        & (Callback.estado == "pendiente")
        & (Callback.proximo_intento_en <= fn.now())
        & Callback.encolado_en.is_null()
        & ~Callback.en_turno
    )


def deber(job: Job, evento: str, resultados: list[dict[str, Any]]) -> None:
    """Owe the callback of the job's end, if its caller asked for that event. Call it in the closing transaction."""
    if evento in (eventos_de(job) or ()):
        cuerpo = cuerpo_de(job, evento, resultados)
        _deber(callback_id=uuid.uuid4(), job_id=job.id, evento=evento, consulta_id=None, **_envio(job, cuerpo))


def deber_consultados(job: Job, terminadas: Sequence[uuid.UUID]) -> None:
    """Owe a callback for each of these consultas, if the caller asked for it. Call it in the ending transaction."""
    if SERVICIO_CONSULTADO not in (eventos_de(job) or ()):
        return
    for lote in chunked(terminadas, LOTE):
        for c in Consulta.select().where(Consulta.id.in_(lote)):
            envio = _envio(job, cuerpo_consultado(job, c))
            _deber(callback_id=uuid.uuid4(), job_id=job.id, evento=SERVICIO_CONSULTADO, consulta_id=c.id, **envio)


def _envio(job: Job, cuerpo: bytes) -> dict[str, Any]:
    return {"webhook_id": f"msg_{uuid.uuid4().hex}", "url": job.callback_url, "cuerpo": cuerpo}


@compilada
def _deber(callback_id: Any, job_id: Any, evento: Any, consulta_id: Any, webhook_id: Any, url: Any, cuerpo: Any) -> Any:
    return Callback.insert(
        id=callback_id,
        job=job_id,
        evento=evento,
        consulta=consulta_id,
        webhook_id=webhook_id,
        url=url,
        cuerpo=cuerpo,
        proximo_intento_en=fn.now(),
    )


def anotar_intento(callback: Callback, fallo: Fallo | None, **visto: Any) -> bool:
    """Record how the claimed attempt ended (`fallo` None: a receiver answered 2xx), with what was seen.

    The job's callback_sent and callback_error change only at the end of its final event's callback.
    False when the claim was lost.
    """
    columnas = {nombre: getattr(Intento, nombre).db_value(visto.get(nombre)) for nombre in VISTO}
    otro_en = timedelta(seconds=fallo.espera_s) if fallo is not None and fallo.espera_s is not None else None
    with conexion():
        terminado = _fin(
            callback_id=callback.id,
            numero=callback.intentos,
            token=callback.token,
            estado="enviado" if fallo is None else "fallido" if otro_en is None else "pendiente",
            error=fallo.error if fallo else None,
            otro_en=otro_en,
            enviado=fallo is None,
            **columnas,
        )
    return bool(terminado.rowcount)


def _fin_de_intento(
    callback_id: Any, numero: Any, token: Any, estado: Any, error: Any, otro_en: Any, enviado: Any, **visto: Any
) -> Any:
    """Write how an attempt ended; end its callback unless there is another one in `otro_en`, and tell its job."""
    de_este = (Intento.callback == callback_id) & (Intento.numero == numero)
    intento = CTE("intento", Intento.update(terminado_en=fn.now(), error=error, **visto).where(de_este))
    otro_en = Cast(otro_en, "interval")
    cambio = Callback.update(
        estado=estado,
        proximo_intento_en=fn.now() + otro_en,
        arrendado_hasta=None,
        encolado_en=None,
        error=error,
        terminado_en=Case(None, [(otro_en.is_null(), fn.now())]),
    )
    suyo = (Callback.id == callback_id) & (Callback.token == token) & (Callback.estado == "enviando")
    vuelto = (Callback.id, Callback.job, Callback.consulta, Callback.terminado_en)
    terminado = CTE("terminado", cambio.where(suyo).returning(*vuelto))
    en_el_job = (
        Job.update(callback_sent=enviado, callback_error=error)
        .from_(terminado)
        .where(Job.id == terminado.c.job_id, terminado.c.consulta_id.is_null(), terminado.c.terminado_en.is_null(False))
    )
    job = CTE("job", en_el_job)
    return Select([terminado], [terminado.c.id]).with_cte(intento, terminado, job).bind(bd)


_fin = Compilada(
    _fin_de_intento, nombres=("callback_id", "numero", "token", "estado", "error", "otro_en", "enviado", *VISTO)
)


def poner_cuerpo_delgado(callback: Callback) -> None:
    """From the next attempt on send the thin body: the receiver answered 413."""
    with conexion():
        Callback.update(cuerpo=adelgazar(bytes(callback.cuerpo))).where(Callback.id == callback.id).execute()
