"""Programaciones as the API shows and changes them."""

from collections.abc import Collection, Mapping
from datetime import UTC
from typing import Any

from models.base import bd, conexion, transaccion
from models.callback import cabeceras_ocultas
from models.programacion import Programacion, reloj_de_la_base
from models.propiedad import Propiedad, Servicio
from models.schemas import instante
from models.schemas_programaciones import QUE, CambioDeProgramacion, FiltroProgramaciones, NuevaProgramacion

PROXIMAS = 5
ULTIMAS = 5
CUANDO = {"dias", "hora", "zona", "activa"}
DE_CALLBACK = ("callback_eventos", "callback_metadata", "callback_headers")

ULTIMAS_SQL = """SELECT o.programacion_id, o.prevista_en, o.desenlace, o.detalle, o.job_id, j.status
FROM unnest(%s::bigint[]) AS p (id)
CROSS JOIN LATERAL (SELECT * FROM ocurrencias WHERE programacion_id = p.id ORDER BY prevista_en DESC LIMIT %s) o
LEFT JOIN jobs j ON j.id = o.job_id
ORDER BY o.programacion_id, o.prevista_en DESC
"""


class NoSirve(Exception):
    """A programacion that cannot be as asked: the `campo` at fault and what is wrong with it, in Spanish."""

    def __init__(self, campo: str, mensaje: str) -> None:
        super().__init__(mensaje)
        self.campo = campo
        self.mensaje = mensaje


def crear_programacion(datos: NuevaProgramacion) -> dict[str, Any]:
    """Write a programacion. Raises NoSirve."""
    with transaccion():
        _revisar(datos.propiedad_id, datos.servicio_ids)
        programacion = Programacion(**datos.model_dump(exclude={"todas"}), created_at=reloj_de_la_base())
        _prever(programacion)
        programacion.save()
        return _vistas([programacion])[0]


def cambiar_programacion(programacion_id: int, cambio: CambioDeProgramacion) -> dict[str, Any] | None:
    """Change what the request names; None when unknown. Raises NoSirve.

    A change of when it is due, and a pause, count from now on: what was due and not yet run is not run.
    """
    cambios = cambio.model_dump(exclude_unset=True)
    with transaccion():
        programacion = Programacion.select().where(Programacion.id == programacion_id).for_update().get_or_none()
        if programacion is None:
            return None
        if any(que in cambios for que in QUE):
            _revisar(cambio.propiedad_id, cambio.servicio_ids)
            cambios |= {"propiedad_id": cambio.propiedad_id, "servicio_ids": cambio.servicio_ids}
        cambios.pop("todas", None)
        if cambios.get("callback_url", "") is None:
            cambios = dict.fromkeys(DE_CALLBACK) | cambios
        otra_vez = any(cambios[campo] != getattr(programacion, campo) for campo in CUANDO & cambios.keys())
        _poner(programacion, {**cambios, "updated_at": reloj_de_la_base()})
        sobra = next((campo for campo in DE_CALLBACK if programacion.__data__[campo] is not None), None)
        if programacion.callback_url is None and sobra is not None:
            raise NoSirve(sobra, "necesita callback_url")
        if otra_vez:
            _prever(programacion)
        programacion.save()
        return _vistas([programacion])[0]


def borrar_programacion(programacion_id: int) -> bool:
    """Delete a programacion and the record of its occurrences; its jobs stay. False when unknown."""
    with conexion():
        return bool(Programacion.delete().where(Programacion.id == programacion_id).execute())


def leer_programacion(programacion_id: int) -> dict[str, Any] | None:
    """A programacion with its next moments and its last ones; None when unknown."""
    with transaccion():
        programacion = Programacion.get_or_none(Programacion.id == programacion_id)
        return None if programacion is None else _vistas([programacion])[0]


def listar_programaciones(filtro: FiltroProgramaciones) -> dict[str, Any]:
    """A page of programaciones, the newest first: `{"programaciones", "next_cursor"}`."""
    consulta = Programacion.select().order_by(Programacion.id.desc()).limit(filtro.limit + 1)
    if filtro.cursor is not None:
        consulta = consulta.where(Programacion.id < filtro.cursor)
    with transaccion():
        filas = list(consulta)
        pagina = filas[: filtro.limit]
        vistas = _vistas(pagina)
    return {
        "programaciones": vistas,
        "next_cursor": str(pagina[-1].id) if len(filas) > filtro.limit else None,
    }


def programaciones_de(propiedad_id: int, cuantas: int) -> list[dict[str, Any]]:
    """The programaciones of only this propiedad, the newest first."""
    consulta = Programacion.select().where(Programacion.propiedad_id == propiedad_id)
    with transaccion():
        return _vistas(list(consulta.order_by(Programacion.id.desc()).limit(cuantas)))


def _revisar(propiedad_id: int | None, servicio_ids: list[int] | None) -> None:
    if propiedad_id is not None and not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
        raise NoSirve("propiedad_id", f"la propiedad {propiedad_id} no existe")
    if servicio_ids is not None:
        hallados = {s.id for s in Servicio.select(Servicio.id).where(Servicio.id.in_(servicio_ids))}
        faltan = [str(i) for i in servicio_ids if i not in hallados]
        if faltan:
            raise NoSirve("servicio_ids", f"no existen: {', '.join(faltan[:20])}")


def _prever(programacion: Programacion) -> None:
    """Set when it is due next, from now on."""
    siguiente = programacion.recurrencia.siguiente(reloj_de_la_base())
    _poner(programacion, {"proxima_en": siguiente if programacion.activa else None})


def _poner(programacion: Programacion, valores: Mapping[str, Any]) -> None:
    for campo, valor in valores.items():
        setattr(programacion, campo, valor)


def _vistas(programaciones: Collection[Programacion]) -> list[dict[str, Any]]:
    """Call it inside a transaction."""
    ultimas: dict[int, list[Mapping[str, Any]]] = {p.id: [] for p in programaciones}
    if ultimas:
        for programacion_id, prevista, desenlace, detalle, job_id, status in bd.execute_sql(
            ULTIMAS_SQL, (list(ultimas), ULTIMAS)
        ).fetchall():
            ultimas[programacion_id].append(
                {
                    "prevista_en": instante(prevista.astimezone(UTC)),
                    "desenlace": desenlace,
                    "detalle": detalle,
                    "job_id": str(job_id) if job_id else None,
                    "status": status,
                }
            )
    return [{**_vista(p), "ultimas": ultimas[p.id]} for p in programaciones]


def _vista(programacion: Programacion) -> dict[str, Any]:
    recurrencia = programacion.recurrencia
    proxima: Any = programacion.proxima_en
    siguientes = [proxima, *recurrencia.proximas(proxima, PROXIMAS - 1)] if proxima else []
    return {
        "programacion_id": programacion.id,
        "nombre": programacion.nombre,
        "propiedad_id": programacion.propiedad_id,
        "servicio_ids": programacion.servicio_ids,
        "todas": programacion.propiedad_id is None and programacion.servicio_ids is None,
        "dias": programacion.dias,
        "hora": programacion.hora,
        "zona": programacion.zona,
        "activa": programacion.activa,
        "gracia_min": programacion.gracia_min,
        "callback_url": programacion.callback_url,
        "callback_eventos": programacion.callback_eventos,
        "callback_headers": cabeceras_ocultas(programacion),
        "callback_metadata": programacion.callback_metadata,
        "voucher_id": programacion.voucher_id,
        "max_antiguedad_min": programacion.max_antiguedad_min,
        "proxima_en": instante(proxima),
        "proximas": [instante(momento) for momento in siguientes],
        "ultimas": [],
        "created_at": instante(programacion.created_at),
        "updated_at": instante(programacion.updated_at),
    }
