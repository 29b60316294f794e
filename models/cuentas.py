"""How many jobs there are, by status and callback_sent, without counting them.

Every job that appears, changes or goes writes what it adds and takes away in the same transaction (triggers of
migration 0011, so that whoever writes a job is counted): rows that nobody waits for. Their sum is exact; reloj keeps
them few.
"""

from typing import Any

from peewee import BigAutoField, BigIntegerField, BooleanField, TextField, fn

from models.base import Tabla, conexion
from models.job import Job
from models.schemas import FiltroJobs


class CuentaDeJobs(Tabla):
    """So many jobs more, or less where negative."""

    id = BigAutoField()
    status = TextField()
    callback_sent = BooleanField(null=True)
    cuantos = BigIntegerField()

    class Meta:
        table_name = "cuentas_de_jobs"


JUNTAR = """WITH sueltas AS (
    DELETE FROM cuentas_de_jobs WHERE id IN (SELECT id FROM cuentas_de_jobs FOR UPDATE SKIP LOCKED)
    RETURNING status, callback_sent, cuantos
)
INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos)
SELECT status, callback_sent, sum(cuantos) FROM sueltas GROUP BY status, callback_sent HAVING sum(cuantos) <> 0
"""


def juntar() -> None:
    """Add the rows up."""
    with conexion() as bd:
        bd.execute_sql(JUNTAR)


def condiciones_de(filtro: FiltroJobs) -> list[Any]:
    """What the jobs of a page have in common."""
    return _iguales(Job, filtro, ("status", "callback_sent", "propiedad_id", "voucher_id"))


def _iguales(tabla: type[Tabla], filtro: FiltroJobs, campos: tuple[str, ...]) -> list[Any]:
    pedidos = [(getattr(tabla, campo), getattr(filtro, campo)) for campo in campos]
    return [columna == valor for columna, valor in pedidos if valor is not None]


def contar_jobs(filtro: FiltroJobs) -> int:
    """How many jobs match; those of one propiedad or voucher are few, and counted."""
    with conexion():
        if filtro.propiedad_id is not None or filtro.voucher_id is not None:
            return int(Job.select().where(*condiciones_de(filtro)).count())
        suma = CuentaDeJobs.select(fn.COALESCE(fn.SUM(CuentaDeJobs.cuantos), 0))
        condiciones = _iguales(CuentaDeJobs, filtro, ("status", "callback_sent"))
        return int((suma.where(*condiciones) if condiciones else suma).scalar())


def jobs_por_status() -> dict[str, int]:
    """How many jobs are in each status; one that no job is in may be missing."""
    cuentas = CuentaDeJobs.select(CuentaDeJobs.status, fn.SUM(CuentaDeJobs.cuantos)).group_by(CuentaDeJobs.status)
    with conexion():
        return {status: int(cuantos) for status, cuantos in cuentas.tuples().execute()}
