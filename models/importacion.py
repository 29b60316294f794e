"""Many propiedades and servicios at once: those that are there already are found, not doubled."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peewee import chunked

from models.base import bd, transaccion
from models.propiedad import Propiedad, Servicio, credenciales_de

LOTE = 500

CuentaDe = Callable[[str, Mapping[str, str]], str | None]
"""The account number in the credenciales of an empresa."""


@dataclass(frozen=True, slots=True)
class Alta:
    """A servicio to be written, of a propiedad that is found by its nombre; `linea` of the file it comes from."""

    linea: int
    propiedad: str
    direccion: str | None
    empresa: str
    tipo_servicio: str
    credenciales: Mapping[str, str]


@dataclass(slots=True)
class Importado:
    """What was written, or would be. `repetidas` and `ambiguas`: lines that were there, and of two propiedades."""

    propiedades: int = 0
    servicios: int = 0
    repetidas: list[int] = field(default_factory=list)
    ambiguas: list[int] = field(default_factory=list)


class _Deshacer(Exception):
    """Roll the transaction back."""


def importar(
    altas: Sequence[Alta], cuenta_de: CuentaDe, *, escribir: Callable[[Importado], bool], avance: Callable[[], None]
) -> Importado:
    """Write them all in one transaction, one import at a time; kept if `escribir` says so of what came of it."""
    hecho = Importado()
    try:
        with transaccion():
            bd.execute_sql("SELECT pg_advisory_xact_lock(hashtext('consultas:importar'))")
            propiedades = _propiedades({alta.propiedad for alta in altas})
            cuentas = _cuentas([i for ids in propiedades.values() for i in ids], cuenta_de)
            for alta in altas:
                _escribir(alta, propiedades, cuentas, cuenta_de, hecho)
                avance()
            if not escribir(hecho):
                raise _Deshacer
    except _Deshacer:
        pass
    return hecho


def _escribir(
    alta: Alta,
    propiedades: dict[str, list[int]],
    cuentas: set[tuple[int, str, str | None]],
    cuenta_de: CuentaDe,
    hecho: Importado,
) -> None:
    ids = propiedades[alta.propiedad]
    if len(ids) > 1:
        hecho.ambiguas.append(alta.linea)
        return
    if not ids:
        ids.append(Propiedad.create(nombre=alta.propiedad, direccion=alta.direccion).id)
        hecho.propiedades += 1
    cuenta = (ids[0], alta.empresa, cuenta_de(alta.empresa, alta.credenciales))
    if cuenta in cuentas:
        hecho.repetidas.append(alta.linea)
        return
    cuentas.add(cuenta)
    Servicio.create(
        propiedad=ids[0],
        empresa=alta.empresa,
        tipo_servicio=alta.tipo_servicio,
        credenciales=dict(alta.credenciales),
    )
    hecho.servicios += 1


def _propiedades(nombres: Iterable[str]) -> dict[str, list[int]]:
    """The ids of the propiedades with each of these names."""
    halladas: dict[str, list[int]] = defaultdict(list)
    for lote in chunked(sorted(nombres), LOTE):
        for propiedad in Propiedad.select(Propiedad.id, Propiedad.nombre).where(Propiedad.nombre.in_(lote)):
            halladas[propiedad.nombre].append(propiedad.id)
    return halladas


def _cuentas(propiedad_ids: Sequence[int], cuenta_de: CuentaDe) -> set[tuple[int, str, str | None]]:
    """The accounts that these propiedades have already."""
    return {
        (servicio.propiedad_id, servicio.empresa, cuenta_de(servicio.empresa, credenciales_de(servicio)))
        for lote in chunked(propiedad_ids, LOTE)
        for servicio in Servicio.select().where(Servicio.propiedad.in_(lote))
    }
