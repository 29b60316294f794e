"""What the caller manages: propiedades and their servicios."""

from typing import Any

from peewee import SQL, BigAutoField, BooleanField, Check, ForeignKeyField, TextField

from models.base import Momento, Tabla, ahora, conexion
from models.cifrado import Cifrado


class Propiedad(Tabla):
    """A dwelling."""

    id = BigAutoField()
    nombre = TextField()
    direccion = TextField(null=True)
    created_at = Momento(default=ahora)

    class Meta:
        table_name = "propiedades"


class Servicio(Tabla):
    """A propiedad's contract with one empresa, and the credenciales that its portal asks for."""

    propiedad_id: int

    id = BigAutoField()
    propiedad = ForeignKeyField(Propiedad, backref="servicios", on_delete="RESTRICT")
    empresa = TextField()
    tipo_servicio = TextField()
    credenciales = Cifrado(default=dict)
    """Written as a plain object by the caller's own SQL, it is encrypted by reloj."""
    activo = BooleanField(default=True)
    created_at = Momento(default=ahora)
    updated_at = Momento(null=True)
    """When what is asked of the portal last changed: what was read before then is of another account."""

    class Meta:
        table_name = "servicios"
        constraints = [Check("jsonb_typeof(credenciales) IN ('object', 'string')", "servicios_credenciales")]


Servicio.add_index(
    Servicio.index(Servicio.id, name="servicios_sin_cifrar", where=SQL("jsonb_typeof(credenciales) = 'object'"))
)


def servicios_de(propiedad_id: int) -> list[dict[str, Any]] | None:
    """The active servicios of a propiedad, without credenciales; None for an unknown propiedad."""
    with conexion():
        if not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
            return None
        consulta = (
            Servicio.select(Servicio.id, Servicio.empresa, Servicio.tipo_servicio, Servicio.activo)
            .where(Servicio.propiedad == propiedad_id, Servicio.activo)
            .order_by(Servicio.id)
        )
        return [
            {
                "servicio_id": s.id,
                "propiedad_id": propiedad_id,
                "empresa": s.empresa,
                "tipo_servicio": s.tipo_servicio,
                "activo": s.activo,
            }
            for s in consulta
        ]
