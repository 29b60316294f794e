"""What the caller manages: propiedades and their servicios."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from peewee import SQL, BigAutoField, BooleanField, Case, Check, ForeignKeyField, NodeList, TextField, fn

from models.base import Momento, Tabla, ahora, conexion, transaccion
from models.cifrado import Cifrado, Indescifrable, Sellado
from models.schemas import instante
from models.schemas_propiedades import FiltroPropiedades


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
    """When its credenciales were last changed here; `version` knows of every change."""

    class Meta:
        table_name = "servicios"
        constraints = [Check("jsonb_typeof(credenciales) IN ('object', 'string')", "servicios_credenciales")]

    @property
    def guardadas(self) -> Any:
        """The credenciales as they are stored, closed."""
        sellado = self.__data__["credenciales"]
        assert isinstance(sellado, Sellado)
        return sellado.guardado

    @property
    def version(self) -> str | None:
        """Which credenciales it has, whoever wrote them: a hash of what is stored. None until that is encrypted."""
        guardadas = self.guardadas
        return hashlib.sha256(guardadas.encode()).hexdigest() if isinstance(guardadas, str) else None


VERSION: Any = Case(
    None,
    [
        (
            fn.jsonb_typeof(Servicio.credenciales) == "string",
            fn.encode(fn.sha256(fn.convert_to(NodeList((Servicio.credenciales, SQL("#>> '{}'"))), "UTF8")), "hex"),
        )
    ],
)
"""`Servicio.version`, as the database works it out."""

Servicio.add_index(
    Servicio.index(Servicio.id, name="servicios_sin_cifrar", where=SQL("jsonb_typeof(credenciales) = 'object'"))
)


def _propiedad(propiedad: Propiedad) -> dict[str, Any]:
    return {
        "propiedad_id": propiedad.id,
        "nombre": propiedad.nombre,
        "direccion": propiedad.direccion,
        "created_at": instante(propiedad.created_at),
    }


def _servicio(servicio: Servicio) -> dict[str, Any]:
    """A servicio as it is shown: never its credenciales."""
    return {
        "servicio_id": servicio.id,
        "propiedad_id": servicio.propiedad_id,
        "empresa": servicio.empresa,
        "tipo_servicio": servicio.tipo_servicio,
        "activo": servicio.activo,
    }


_VISIBLES = (Servicio.id, Servicio.propiedad, Servicio.empresa, Servicio.tipo_servicio, Servicio.activo)


def servicios_de(propiedad_id: int, *, inactivos: bool = False) -> list[dict[str, Any]] | None:
    """The active servicios of a propiedad (or all), without credenciales; None for an unknown propiedad."""
    with conexion():
        if not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
            return None
        consulta = Servicio.select(*_VISIBLES).where(Servicio.propiedad == propiedad_id).order_by(Servicio.id)
        return [_servicio(s) for s in (consulta if inactivos else consulta.where(Servicio.activo))]


def leer_propiedad(propiedad_id: int) -> dict[str, Any] | None:
    """One propiedad; None when unknown."""
    with conexion():
        propiedad = Propiedad.get_or_none(Propiedad.id == propiedad_id)
        return None if propiedad is None else _propiedad(propiedad)


def nombres_de(propiedad_ids: Collection[int]) -> dict[int | None, str]:
    """The names of propiedades, by their ids; without the unknown ones."""
    if not propiedad_ids:
        return {}
    with conexion():
        consulta = Propiedad.select(Propiedad.id, Propiedad.nombre).where(Propiedad.id.in_(list(propiedad_ids)))
        return {p.id: p.nombre for p in consulta}


def listar_propiedades(filtro: FiltroPropiedades) -> dict[str, Any]:
    """A page of propiedades, the newest first, each with how many servicios it has and how many are active."""
    consulta = Propiedad.select().order_by(Propiedad.id.desc()).limit(filtro.limit + 1)
    if filtro.q:
        consulta = consulta.where(Propiedad.nombre.contains(filtro.q) | Propiedad.direccion.contains(filtro.q))
    if filtro.cursor is not None:
        consulta = consulta.where(Propiedad.id < filtro.cursor)
    with conexion():
        filas = list(consulta)
        pagina = filas[: filtro.limit]
        servicios = _cuantos_servicios([p.id for p in pagina])
    return {
        "propiedades": [
            {**_propiedad(p), "servicios": todos, "servicios_activos": activos}
            for p in pagina
            for todos, activos in [servicios.get(p.id, (0, 0))]
        ],
        "next_cursor": str(pagina[-1].id) if len(filas) > filtro.limit else None,
    }


def _cuantos_servicios(propiedad_ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many servicios each of these propiedades has, and how many of them are active."""
    cuentas: Iterable[Any] = (
        Servicio.select(Servicio.propiedad, fn.COUNT(Servicio.id), fn.COUNT(Case(None, [(Servicio.activo, 1)])))
        .where(Servicio.propiedad.in_(propiedad_ids))
        .group_by(Servicio.propiedad)
        .tuples()
        .execute()
    )
    return {propiedad_id: (todos, activos) for propiedad_id, todos, activos in cuentas}


def crear_propiedad(nombre: str, direccion: str | None) -> dict[str, Any]:
    """Write a propiedad."""
    with conexion():
        filas = Propiedad.insert(nombre=nombre, direccion=direccion or None).returning(Propiedad).execute()
        return _propiedad(next(iter(filas)))


def cambiar_propiedad(propiedad_id: int, cambios: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write these columns of a propiedad; None when unknown."""
    with transaccion():
        if cambios:
            Propiedad.update(**cambios).where(Propiedad.id == propiedad_id).execute()
        return leer_propiedad(propiedad_id)


def leer_servicio(servicio_id: int) -> dict[str, Any] | None:
    """One servicio, with the names of the credenciales it has, never their values; None when unknown."""
    with conexion():
        servicio = Servicio.get_or_none(Servicio.id == servicio_id)
        if servicio is None:
            return None
        return {**_servicio(servicio), "cargadas": sorted(c for c, valor in credenciales_de(servicio).items() if valor)}


def credenciales_de(servicio: Servicio) -> dict[str, str]:
    """Its credenciales; none where their key is missing from CIFRADO_CLAVES: they have to be given again."""
    try:
        return dict(servicio.credenciales)
    except Indescifrable:
        return {}


def crear_servicio(
    propiedad_id: int, *, empresa: str, tipo_servicio: str, credenciales: Mapping[str, str], activo: bool
) -> dict[str, Any] | None:
    """Write a servicio; None for an unknown propiedad."""
    with transaccion():
        if not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
            return None
        servicio = Servicio.create(
            propiedad=propiedad_id,
            empresa=empresa,
            tipo_servicio=tipo_servicio,
            credenciales=dict(credenciales),
            activo=activo,
        )
        return _servicio(servicio)


def cambiar_servicio(
    servicio_id: int, *, activo: bool | None, fundir: Callable[[str, Mapping[str, str]], dict[str, str]] | None
) -> dict[str, Any] | None:
    """Change a servicio's credenciales, whether it is active, or both; None when unknown.

    `fundir(empresa, credenciales)` gets those that it has and returns those that it shall have, or raises to refuse.
    """
    with transaccion():
        servicio = Servicio.select().where(Servicio.id == servicio_id).for_update().get_or_none()
        if servicio is None:
            return None
        cambios: dict[Any, Any] = {}
        if fundir is not None:
            cambios[Servicio.credenciales] = fundir(servicio.empresa, credenciales_de(servicio))
            cambios[Servicio.updated_at] = fn.now()
        if activo is not None:
            cambios[Servicio.activo] = servicio.activo = activo
        if cambios:
            Servicio.update(cambios).where(Servicio.id == servicio_id).execute()
        return _servicio(servicio)


def desactivar_servicios(propiedad_id: int) -> int:
    """Deactivate every servicio of a propiedad. Returns how many were active."""
    with conexion():
        activos = (Servicio.propiedad == propiedad_id) & Servicio.activo
        cuantos: int = Servicio.update(activo=False).where(activos).execute()
        return cuantos
