"""A consulta: one look-up of one servicio. Its state machine, as conditional updates.

pendiente -> en_curso (claimed, with a lease and a fencing token: reclamo.py) -> terminada (cierre.py), or back to
pendiente. Locks are always taken in the order empresa, consulta, job.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    Cast,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    TextField,
    UUIDField,
    fn,
)

from models.base import Dinero, Json, Momento, Tabla, ahora, conexion
from models.compilada import arreglo, escrita
from models.job import Job
from models.propiedad import Servicio


class Consulta(Tabla):
    """A row for every look-up, those that failed too. `deuda` is null unless it was proved."""

    job_id: uuid.UUID
    servicio_id: int
    espera_s: float = 0
    """Seconds that a consulta just claimed has to wait before it visits its portal; not stored."""
    origen_id: uuid.UUID | None

    id = UUIDField(primary_key=True, default=uuid.uuid4)
    job = ForeignKeyField(Job, backref="consultas", on_delete="CASCADE", index=False)
    servicio = ForeignKeyField(Servicio, backref="consultas", on_delete="RESTRICT", index=False)
    propiedad_id = BigIntegerField()
    empresa = TextField()
    tipo_servicio = TextField()

    estado = TextField(
        default="pendiente",
        constraints=[Check("estado IN ('pendiente', 'en_curso', 'terminada')", "consultas_estado")],
    )
    token = BigIntegerField(default=0)
    """Fencing token: grows with every claim; a write with an older one changes nothing."""
    arrendada_hasta = Momento(null=True)
    inicios = IntegerField(default=0)
    intentos = IntegerField(default=0)
    """Starts that came to an end; `inicios - intentos` were interrupted."""
    disponible_en = Momento(null=True)
    encolada_en = Momento(null=True)
    huella = TextField(null=True)
    """Fingerprint of the account, while it runs at a portal with a login: one consulta at a time for each."""
    version = TextField(null=True)
    """The servicio's when this was claimed: with which credenciales the portal is read."""
    en_turno = BooleanField(default=False)
    """Waiting for another consulta of its empresa to end."""
    origen = ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)
    """The consulta whose result this one shares: until then it is not published (reuso.py)."""

    exito = BooleanField(null=True)
    deuda = Dinero(null=True)
    moneda = TextField(null=True)
    estado_deuda = TextField(null=True)
    saldo_a_favor = Dinero(null=True)
    vencimiento = DateField(null=True)
    facturas = Json(null=True)
    avisos = Json(null=True)
    prueba = Json(null=True)
    error = TextField(null=True)
    error_codigo = TextField(null=True)
    reintentable = BooleanField(null=True)
    mensaje_portal = TextField(null=True)
    duracion_ms = IntegerField(null=True)
    consultada_en = Momento(null=True)
    """When the portal was read, where the result is another consulta's."""

    created_at = Momento(default=ahora)
    started_at = Momento(null=True)
    completed_at = Momento(null=True)

    class Meta:
        table_name = "consultas_deuda"
        constraints = [
            Check("(exito IS TRUE) = (deuda IS NOT NULL) AND deuda >= 0", "consultas_deuda_probada"),
            Check("(estado = 'terminada') = (exito IS NOT NULL)", "consultas_terminada"),
            Check("inicios >= intentos", "consultas_inicios"),
        ]

    @property
    def leida_en(self) -> datetime | None:
        """When the portal was read: a shared result is older than its row."""
        momento: datetime | None = self.consultada_en or self.completed_at
        return momento


Consulta.add_index(Consulta.index(Consulta.job, Consulta.servicio, name="consultas_por_job"))
Consulta.add_index(Consulta.index(Consulta.servicio, Consulta.completed_at, name="consultas_por_servicio"))
Consulta.add_index(
    Consulta.index(
        Consulta.propiedad_id,
        Consulta.completed_at,
        Consulta.id,
        name="consultas_historial",
        where=SQL("estado = 'terminada'"),
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.completed_at, Consulta.empresa, name="consultas_recientes", where=SQL("estado = 'terminada'")
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.empresa, Consulta.arrendada_hasta, name="consultas_en_curso", where=SQL("estado = 'en_curso'")
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.encolada_en,
        Consulta.disponible_en,
        name="consultas_pendientes",
        where=SQL("estado = 'pendiente' AND NOT en_turno AND origen_id IS NULL"),
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.created_at,
        name="consultas_espera",
        where=SQL("estado = 'pendiente' AND NOT en_turno AND origen_id IS NULL"),
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.servicio, name="consultas_en_vuelo", where=SQL("estado <> 'terminada' AND origen_id IS NULL")
    )
)
Consulta.add_index(Consulta.index(Consulta.origen, name="consultas_origen", where=SQL("origen_id IS NOT NULL")))
Consulta.add_index(
    Consulta.index(
        Consulta.origen, name="consultas_seguidoras", where=SQL("estado = 'pendiente' AND origen_id IS NOT NULL")
    )
)
Consulta.add_index(
    Consulta.index(
        Consulta.empresa, Consulta.created_at, name="consultas_en_turno", where=SQL("estado = 'pendiente' AND en_turno")
    )
)


def _dentro_de(segundos: float) -> Any:
    """The database's own clock plus some seconds: workers' clocks never meet in a comparison."""
    return fn.now() + timedelta(seconds=segundos)


def propia(consulta_id: Any, token: Any) -> Any:
    """The condition that a consulta is still held by the claim that gave this token."""
    return (Consulta.id == consulta_id) & (Consulta.token == token) & (Consulta.estado == "en_curso")


def renovar(consulta_id: uuid.UUID, token: int, *, arriendo_s: float) -> bool:
    """Lengthen the lease; False when the consulta is no longer ours: stop."""
    with conexion():
        cambios = Consulta.update(arrendada_hasta=_dentro_de(arriendo_s)).where(propia(consulta_id, token)).execute()
        return bool(cambios)


def reintentar(consulta_id: uuid.UUID, token: int, *, espera_s: float, error_codigo: str) -> bool:
    """Put a consulta back to be tried again after `espera_s` seconds; False when it is no longer ours."""
    with conexion():
        cambios = (
            Consulta.update(
                estado="pendiente",
                intentos=Consulta.intentos + 1,
                arrendada_hasta=None,
                disponible_en=_dentro_de(espera_s),
                encolada_en=None,
                error_codigo=error_codigo,
            )
            .where(propia(consulta_id, token))
            .execute()
        )
        return bool(cambios)


def devolver(consulta_id: uuid.UUID, token: int) -> bool:
    """Hand a consulta back untouched (the worker is stopping): the start is not counted."""
    with conexion():
        cambios = (
            Consulta.update(
                estado="pendiente",
                inicios=Consulta.inicios - 1,
                arrendada_hasta=None,
                disponible_en=None,
                encolada_en=None,
            )
            .where(propia(consulta_id, token))
            .execute()
        )
        return bool(cambios)


def marcar_encoladas(consulta_ids: Sequence[uuid.UUID]) -> None:
    """Note that these consultas were published: reloj need not do it. What is being changed meanwhile is left out:
    waiting for several rows, in whatever order, would be a deadlock with whoever ends their job."""
    with conexion():
        _encoladas(ids=arreglo(consulta_ids))


@escrita
def _encoladas(ids: Any) -> Any:
    quietas = (
        Consulta.select(Consulta.id)
        .where(Consulta.id == fn.ANY(Cast(ids, "uuid[]")), Consulta.estado == "pendiente")
        .for_update(skip_locked=True)
    )
    return Consulta.update(encolada_en=fn.now()).where(Consulta.id.in_(quietas))
