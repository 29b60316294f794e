"""What is known of each empresa's portal while it is consulted: its circuit, its pace, the claves it rejected."""

from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Case, IntegerField, Select, TextField, fn

from models.base import Momento, Tabla, ahora, conexion, transaccion
from models.compilada import compilada


class EstadoEmpresa(Tabla):
    """The circuit of an empresa: open until `abierto_hasta`, then one probe at a time until a consulta goes well."""

    empresa = TextField(primary_key=True)
    fallas_seguidas = IntegerField(default=0)
    abierto_hasta = Momento(null=True)
    proximo_inicio_en = Momento(null=True)
    """Before it no further consulta begins: the pause between two."""

    class Meta:
        table_name = "empresas"


class Rechazo(Tabla):
    """Credenciales that a portal rejected, by fingerprint: not tried again until they change."""

    huella = TextField(primary_key=True)
    cuenta = TextField(null=True)
    """Of whose account, by fingerprint. Null: an earlier release did not say."""
    created_at = Momento(default=ahora)

    class Meta:
        table_name = "rechazos"


Rechazo.add_index(Rechazo.index(Rechazo.cuenta, name="rechazos_por_cuenta"))


def lugares(empresa: Any, simultaneas: Any) -> Any:
    """How many consultas of an empresa may run at once now, as an expression: none while its circuit is open, then one
    probe."""
    con_circuito = EstadoEmpresa.select(Case(None, [(EstadoEmpresa.abierto_hasta > fn.now(), 0)], 1)).where(
        EstadoEmpresa.empresa == empresa, EstadoEmpresa.abierto_hasta.is_null(False)
    )
    return fn.COALESCE(con_circuito, simultaneas)


def apartado(reclamada: Any, pausa: Any) -> Any:
    """The query that sets aside the next moment to begin at the empresa of a claimed consulta (a CTE).

    It gives the one after it, `pausa` later; nothing where there is no pause.
    """
    inicio = fn.GREATEST(fn.now(), EstadoEmpresa.proximo_inicio_en)
    campos = [EstadoEmpresa.empresa, EstadoEmpresa.fallas_seguidas, EstadoEmpresa.proximo_inicio_en]
    nuevo = Select([reclamada], [reclamada.c.empresa, SQL("0"), fn.now() + pausa]).where(pausa > timedelta(0))
    return (
        EstadoEmpresa.insert_from(nuevo, campos)
        .on_conflict(conflict_target=[EstadoEmpresa.empresa], update={EstadoEmpresa.proximo_inicio_en: inicio + pausa})
        .returning(EstadoEmpresa.proximo_inicio_en)
    )


def anotar_respuesta(empresa: str, *, sana: bool, umbral: int, espera_s: float, espera_max_s: float) -> datetime | None:
    """Count how the portal answered; opens its circuit after `umbral` bad answers in a row.

    The circuit stays open for `espera_s` seconds, twice as long each time, at most `espera_max_s`. Returns until
    when it is open now, None when it is not.
    """
    if sana:
        with conexion():
            _anotar_sana(empresa=empresa)
        return None
    with transaccion():
        filas = (
            EstadoEmpresa.insert(empresa=empresa, fallas_seguidas=1)
            .on_conflict(
                conflict_target=[EstadoEmpresa.empresa],
                update={EstadoEmpresa.fallas_seguidas: EstadoEmpresa.fallas_seguidas + 1},
            )
            .returning(EstadoEmpresa.fallas_seguidas)
            .execute()
        )
        seguidas: int = next(iter(filas)).fallas_seguidas
        if seguidas < umbral:
            return None
        espera = min(espera_s * 2 ** min(seguidas - umbral, 20), espera_max_s)
        abiertas = (
            EstadoEmpresa.update(abierto_hasta=fn.now() + timedelta(seconds=espera))
            .where(EstadoEmpresa.empresa == empresa)
            .returning(EstadoEmpresa.abierto_hasta)
            .execute()
        )
        hasta: datetime = next(iter(abiertas)).abierto_hasta
        return hasta


@compilada
def _anotar_sana(empresa: Any) -> Any:
    return EstadoEmpresa.update(fallas_seguidas=0, abierto_hasta=None).where(
        EstadoEmpresa.empresa == empresa, EstadoEmpresa.fallas_seguidas > 0
    )


def rechazar(huella: str, cuenta: str) -> None:
    """Remember that a portal rejected these credenciales of an account."""
    with conexion():
        Rechazo.insert(huella=huella, cuenta=cuenta).on_conflict_ignore().execute()


def rechazos_de(cuenta: str) -> list[str]:
    """The fingerprints of the credenciales that a portal rejected: of this account, or of nobody knows which."""
    with conexion():
        return [r.huella for r in _rechazos.filas(Rechazo, cuenta=cuenta, empresa=cuenta.partition(":")[0])]


@compilada
def _rechazos(cuenta: Any, empresa: Any) -> Any:
    de_antes = Rechazo.cuenta.is_null() & (fn.split_part(Rechazo.huella, ":", 1) == empresa)
    return Rechazo.select(Rechazo.huella).where((Rechazo.cuenta == cuenta) | de_antes)


def circuitos() -> dict[str, datetime]:
    """Until when the circuit of each empresa is open, or was: one that has none is well."""
    with conexion():
        abiertos = EstadoEmpresa.select().where(EstadoEmpresa.abierto_hasta.is_null(False))
        return {e.empresa: e.abierto_hasta for e in abiertos}
