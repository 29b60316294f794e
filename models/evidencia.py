"""What proves or explains the end of a consulta: pictures, HTML, console and network lines."""

import uuid
from collections.abc import Sequence
from typing import Any

from peewee import BigAutoField, BlobField, Check, ForeignKeyField, TextField

from models.base import Momento, Tabla, ahora
from models.compilada import compilada
from models.consulta import Consulta
from models.resultado import TIPOS, Parte


class Evidencia(Tabla):
    """One part of the evidencia of a consulta."""

    id = BigAutoField()
    consulta = ForeignKeyField(Consulta, backref="evidencias", on_delete="CASCADE", index=False)
    tipo = TextField(constraints=[Check(f"tipo IN {TIPOS}", "evidencias_tipo")])
    contenido = BlobField()
    created_at = Momento(default=ahora, index=True)

    class Meta:
        table_name = "evidencias"


Evidencia.add_index(Evidencia.index(Evidencia.consulta, Evidencia.tipo, unique=True, name="evidencias_por_consulta"))


def guardar_partes(consulta_id: uuid.UUID, partes: Sequence[Parte]) -> None:
    """Keep the parts that are not empty; a part kept earlier is replaced."""
    for parte in partes:
        if parte.contenido:
            _guardar(consulta_id=consulta_id, tipo=parte.tipo, contenido=parte.contenido)


@compilada
def _guardar(consulta_id: Any, tipo: Any, contenido: Any) -> Any:
    return Evidencia.insert(consulta=consulta_id, tipo=tipo, contenido=contenido).on_conflict(
        conflict_target=[Evidencia.consulta, Evidencia.tipo], preserve=[Evidencia.contenido, Evidencia.created_at]
    )
