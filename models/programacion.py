"""Scheduled consultas: what is due, and its job, in one transaction.

`proxima_en` says when the next job is made; moving it on, the job and the record of the occurrence are committed
together, so that any number of relojes make one job of each.
"""

import uuid
from datetime import datetime, time, timedelta
from typing import Any

from peewee import SQL, BigAutoField, BigIntegerField, BooleanField, Check, ForeignKeyField, IntegerField, TextField, fn

from models.alta import Reglas, SinServicios, crear_job
from models.base import Json, JsonTextual, Momento, Tabla, ahora, bd, conexion, transaccion
from models.cifrado import Cifrado
from models.job import ABIERTOS, Creado, Job
from models.recurrencia import Recurrencia
from models.schemas import Pedido, PedidoPropiedad, PedidoServicios, PedidoTodas

PERDIDAS_MAX = 400
"""Missed occurrences that are written down one by one, the newest ones: more than a year of every day."""
LLEVA = (
    *("callback_url", "callback_eventos", "callback_metadata", "callback_headers"),
    *("voucher_id", "max_antiguedad_min"),
)
"""What each of its jobs gets from a programacion."""


class Programacion(Tabla):
    """Consultas of one propiedad, of some servicios or of all, on days of the month at a local time."""

    id = BigAutoField()
    nombre = TextField()
    propiedad_id = BigIntegerField(null=True)
    servicio_ids = Json(null=True)
    """Neither of the two: every active servicio."""
    dias = Json()
    hora = TextField()
    """`HH:MM`, in `zona`."""
    zona = TextField()
    activa = BooleanField(default=True)
    gracia_min = IntegerField()
    callback_url = TextField(null=True)
    callback_eventos = Json(null=True)
    callback_metadata = JsonTextual(null=True)
    callback_headers = Cifrado(null=True)
    voucher_id = TextField(null=True)
    max_antiguedad_min = IntegerField(null=True)
    proxima_en = Momento(null=True)
    """Null while it is paused."""
    created_at = Momento(default=ahora)
    updated_at = Momento(null=True)

    class Meta:
        table_name = "programaciones"
        constraints = [
            Check("propiedad_id IS NULL OR servicio_ids IS NULL", "programaciones_que"),
            Check("activa = (proxima_en IS NOT NULL)", "programaciones_activa"),
            Check("hora ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", "programaciones_hora"),
        ]

    @property
    def recurrencia(self) -> Recurrencia:
        """When it is due."""
        return Recurrencia(self.dias, time.fromisoformat(self.hora), self.zona)

    def pedido(self) -> Pedido:
        """What its next job is asked for. It was validated when it was written; what is encrypted stays closed."""
        lleva = {campo: self.__data__[campo] for campo in LLEVA}
        if self.propiedad_id is not None:
            return PedidoPropiedad.model_construct(propiedad_id=self.propiedad_id, **lleva)
        if self.servicio_ids is not None:
            return PedidoServicios.model_construct(servicio_ids=self.servicio_ids, **lleva)
        return PedidoTodas.model_construct(**lleva)


Programacion.add_index(
    Programacion.index(Programacion.proxima_en, name="programaciones_por_vencer", where=SQL("proxima_en IS NOT NULL"))
)


class Ocurrencia(Tabla):
    """What became of one moment of a programacion.

    `creada` (its job), `omitida` (the job before it had not ended), `perdida` (nobody could run it in time) or
    `rechazada` (there was nothing to consult).
    """

    programacion_id: int
    job_id: uuid.UUID | None

    id = BigAutoField()
    programacion = ForeignKeyField(Programacion, backref="ocurrencias", on_delete="CASCADE", index=False)
    prevista_en = Momento()
    desenlace = TextField(
        constraints=[Check("desenlace IN ('creada', 'omitida', 'perdida', 'rechazada')", "ocurrencias_desenlace")]
    )
    job = ForeignKeyField(Job, null=True, on_delete="SET NULL", index=False)
    detalle = TextField(null=True)
    created_at = Momento(default=ahora)

    class Meta:
        table_name = "ocurrencias"


Ocurrencia.add_index(
    Ocurrencia.index(Ocurrencia.programacion, Ocurrencia.prevista_en, unique=True, name="ocurrencias_una")
)
Ocurrencia.add_index(Ocurrencia.index(Ocurrencia.job, name="ocurrencias_por_job", where=SQL("job_id IS NOT NULL")))


def reloj_de_la_base() -> datetime:
    """This transaction's moment, by the database's clock: the same for every process."""
    (momento,) = bd.execute_sql("SELECT now()").fetchone()
    valor = Momento().python_value(momento)
    assert valor is not None
    return valor


def programaciones_vencidas(cuantas: int) -> list[int]:
    """Ids of programaciones that are due, the oldest first."""
    with conexion():
        debidas = Programacion.select(Programacion.id).where(Programacion.proxima_en <= fn.now())
        return [p.id for p in debidas.order_by(Programacion.proxima_en).limit(cuantas)]


def correr(programacion_id: int, reglas: Reglas) -> tuple[Ocurrencia, Creado | None] | None:
    """Make the job of a programacion that is due, or write down why there is none, and move it on to its next moment.

    None where it is not due, or another process is at it. Raises ColaLlena: it stays due.
    """
    with transaccion():
        debida = (Programacion.id == programacion_id) & (Programacion.proxima_en <= fn.now())
        programacion = Programacion.select().where(debida).for_update(skip_locked=True).get_or_none()
        if programacion is None:
            return None
        momento = reloj_de_la_base()
        *perdidas, ultima = [
            programacion.proxima_en,
            *programacion.recurrencia.entre(programacion.proxima_en, momento),
        ]
        for perdida in perdidas[-PERDIDAS_MAX:]:
            _anotar(programacion, perdida, "perdida", "Nadie la corrió a tiempo; se corrió una posterior.")
        hecha = _correr(programacion, ultima, momento, reglas)
        siguiente = programacion.recurrencia.siguiente(momento)
        Programacion.update(proxima_en=siguiente).where(Programacion.id == programacion.id).execute()
        return hecha


def _correr(
    programacion: Programacion, prevista: datetime, momento: datetime, reglas: Reglas
) -> tuple[Ocurrencia, Creado | None]:
    if momento - prevista > timedelta(minutes=programacion.gracia_min):
        detalle = f"Nadie la corrió en los {programacion.gracia_min} minutos de gracia."
        return _anotar(programacion, prevista, "perdida", detalle), None
    abierto = _job_abierto(programacion)
    if abierto is not None:
        return _anotar(programacion, prevista, "omitida", f"El job anterior, {abierto}, no había terminado."), None
    try:
        creado = crear_job(programacion.pedido(), reglas)
    except SinServicios as error:
        return _anotar(programacion, prevista, "rechazada", error.mensaje), None
    return _anotar(programacion, prevista, "creada", None, creado.job_id), creado


def _job_abierto(programacion: Programacion) -> uuid.UUID | None:
    """The job of an earlier occurrence that has not ended."""
    ultima: Any = (
        Ocurrencia.select(Ocurrencia.job)
        .where(Ocurrencia.programacion == programacion.id, Ocurrencia.job.is_null(False))
        .order_by(Ocurrencia.prevista_en.desc())
        .limit(1)
    )
    job = Job.select(Job.id).where(Job.id.in_(ultima), Job.status.in_(ABIERTOS)).get_or_none()
    return None if job is None else job.id


def _anotar(
    programacion: Programacion, prevista: datetime, desenlace: str, detalle: str | None, job_id: uuid.UUID | None = None
) -> Ocurrencia:
    return Ocurrencia.create(
        programacion=programacion.id, prevista_en=prevista, desenlace=desenlace, detalle=detalle, job=job_id
    )
