"""A new job: its row and its consultas, in one transaction."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, Cast, Select, chunked, fn

from models.admision import Admision, admitir
from models.base import ahora, transaccion
from models.callback import deber_consultados
from models.cierre import cerrar
from models.compilada import arreglo, compilada, escrita
from models.consulta import Consulta
from models.idempotencia import Clave, anotar_omitidos, reservar
from models.job import ABIERTOS, Creado, Job, Plazo, empezar, limite
from models.propiedad import Propiedad, Servicio
from models.reuso import copia_de, en_vuelo, recientes
from models.schemas import Pedido, PedidoPropiedad, PedidoServicios

LOTE = 1000
COPIADOS = (
    *("tipo", "propiedad_id", "voucher_id"),
    *("callback_url", "callback_eventos", "callback_metadata", "callback_headers"),
)
"""What a job that tries again has of the one before."""
SIN_CLAVE: Any = "FOR NO KEY UPDATE"  # the stub knows `bool` only


class SinServicios(Exception):
    """No job can be made of the request; `codigo` says why."""

    def __init__(self, codigo: str, mensaje: str) -> None:
        super().__init__(mensaje)
        self.codigo = codigo
        self.mensaje = mensaje


class NoReintentable(SinServicios):
    """The job has not ended, or nothing of it may be tried again."""


@dataclass(frozen=True, slots=True)
class Reglas:
    """What a job is made under: how long it may take, and when there is room for it."""

    plazo: Plazo
    admision: Admision


def crear_job(pedido: Pedido, reglas: Reglas, clave: Clave | None = None) -> Creado:
    """Write a job and a consulta for each active servicio of the request; with a `clave` used before, find that job.

    Raises SinServicios, ColaLlena, ClaveEnConflicto: nothing is written.
    """
    job_id = uuid.uuid4()
    with transaccion():
        previa = reservar(clave, job_id) if clave is not None else None
        if previa is not None:
            return _creado_antes(Job.get_by_id(previa.job_id), previa.omitidos)
        admitir(reglas.admision)
        propiedad_id = pedido.propiedad_id if isinstance(pedido, PedidoPropiedad) else None
        servicio_ids = pedido.servicio_ids if isinstance(pedido, PedidoServicios) else None
        servicios, omitidos = _servicios_para(propiedad_id, servicio_ids)
        if clave is not None and omitidos:
            anotar_omitidos(clave, omitidos)
        tipo = "propiedad" if propiedad_id is not None else "servicios" if servicio_ids is not None else "todas"
        propiedades = {s.propiedad_id for s in servicios}
        if tipo == "servicios" and len(propiedades) == 1:
            propiedad_id = propiedades.pop()
        job = {
            "id": job_id,
            "tipo": tipo,
            "propiedad_id": propiedad_id,
            "voucher_id": pedido.voucher_id,
            "callback_url": pedido.callback_url,
            "callback_eventos": pedido.callback_eventos,
            "callback_metadata": pedido.callback_metadata,
            "callback_headers": pedido.callback_headers,
        }
        return _escribir(job, servicios, omitidos, reglas.plazo, pedido.max_antiguedad_min)


def crear_reintento(job_id: uuid.UUID, reglas: Reglas) -> Creado | None:
    """Write a job for the consultas of an ended one that failed and may be tried again; None for an unknown job.

    There is one such job for each: asked again, it is found. Raises NoReintentable, SinServicios, ColaLlena.
    """
    with transaccion():
        viejo = Job.select().where(Job.id == job_id).for_update().get_or_none()
        if viejo is None:
            return None
        previo = Job.get_or_none(Job.reintento_de == job_id)
        if previo is not None:
            return _creado_antes(previo)
        if viejo.status in ABIERTOS:
            raise NoReintentable("JOB_ABIERTO", f"El job {job_id} todavía no terminó.")
        fallidas = Consulta.select(Consulta.servicio).where(Consulta.job == job_id, Consulta.reintentable)
        ids = [c.servicio_id for c in fallidas]
        if not ids:
            raise NoReintentable("NADA_QUE_REINTENTAR", f"Ninguna consulta del job {job_id} se puede reintentar.")
        admitir(reglas.admision)
        servicios, omitidos = _servicios_para(None, ids)
        copiados = {campo: viejo.__data__[campo] for campo in COPIADOS}  # what is encrypted stays closed
        job = {**copiados, "id": uuid.uuid4(), "reintento_de": job_id}
        return _escribir(job, servicios, omitidos, reglas.plazo, None)


def _creado_antes(job: Job, omitidos: Sequence[Mapping[str, Any]] = ()) -> Creado:
    avisa = job.callback_url is not None
    return Creado(job.id, job.propiedad_id, job.total, (), tuple(omitidos), avisa, repetido=True)


def _servicios_para(
    propiedad_id: int | None, servicio_ids: Sequence[int] | None
) -> tuple[list[Servicio], list[dict[str, Any]]]:
    """The active servicios of a request, and those named that were left out. Raises SinServicios.

    Call it inside a transaction: it locks them, so that of two jobs of one servicio the later sees the earlier.
    """
    if servicio_ids is None:
        filtro = Servicio.activo if propiedad_id is None else (Servicio.propiedad == propiedad_id) & Servicio.activo
        activos = list(Servicio.select().where(filtro).order_by(Servicio.id).for_update(SIN_CLAVE))
        if propiedad_id is not None and not Propiedad.select().where(Propiedad.id == propiedad_id).exists():
            raise SinServicios("PROPIEDAD_INEXISTENTE", f"La propiedad {propiedad_id} no existe.")
        if not activos:
            de_quien = "No hay" if propiedad_id is None else f"La propiedad {propiedad_id} no tiene"
            raise SinServicios("SIN_SERVICIOS_ACTIVOS", f"{de_quien} servicios activos para consultar.")
        return activos, []
    pedidos = list(dict.fromkeys(servicio_ids))
    hallados = {s.id: s for s in _nombrados.filas(Servicio, ids=arreglo(pedidos))}
    activos = [hallados[i] for i in pedidos if i in hallados and hallados[i].activo]
    if not activos:
        raise SinServicios("SIN_SERVICIOS_ACTIVOS", "Ninguno de los servicios pedidos existe y está activo.")
    omitidos = [
        {"servicio_id": i, "motivo": "inactivo" if i in hallados else "inexistente"}
        for i in pedidos
        if i not in hallados or not hallados[i].activo
    ]
    return activos, omitidos


@escrita
def _nombrados(ids: Any) -> Any:
    cuales = Servicio.id == fn.ANY(Cast(ids, "bigint[]"))
    return Servicio.select().where(cuales).order_by(Servicio.id).for_update(SIN_CLAVE)


def _escribir(
    job: Mapping[str, Any],
    servicios: Sequence[Servicio],
    omitidos: Sequence[Mapping[str, Any]],
    plazo: Plazo,
    max_antiguedad_min: int | None,
) -> Creado:
    """Insert the job and its consultas: new ones, those that share one in flight, those served by a recent one."""
    listas = recientes(servicios, max_antiguedad_min) if max_antiguedad_min is not None else {}
    seguidas = en_vuelo(servicios)
    momento = ahora()
    por_publicar: list[uuid.UUID] = []
    filas: list[dict[str, Any]] = []
    copias: list[dict[str, Any]] = []
    for servicio in servicios:
        fila = _fila(servicio)
        if servicio.id in listas:
            copia = copia_de(listas[servicio.id])
            fin = {"estado": "terminada", "started_at": momento, "completed_at": momento}
            copias.append({**fila, "job": job["id"], **copia, **fin})
        elif servicio.id in seguidas:
            filas.append({**fila, "origen": seguidas[servicio.id].id})
        else:
            filas.append({**fila, "origen": None})
            por_publicar.append(fila["id"])
    terminadas = len(copias)
    Job.insert(**job, total=len(servicios), terminadas=terminadas, limite_en=limite(plazo, len(servicios))).execute()
    for lote in chunked(filas, LOTE):
        _insertar(job_id=job["id"], filas=json.dumps(lote, default=str))
    for lote in chunked(copias, LOTE):
        Consulta.insert_many(lote).execute()
    if copias or any(c.estado == "en_curso" for c in seguidas.values()):
        empezar([job["id"]])
    if copias:
        escrito = Job.get_by_id(job["id"])
        deber_consultados(escrito, [c["id"] for c in copias])
        if terminadas == len(servicios):
            cerrar(escrito)
    return Creado(
        job["id"],
        job["propiedad_id"],
        len(servicios),
        tuple(por_publicar),
        tuple(omitidos),
        job["callback_url"] is not None,
        con_resultados=bool(copias),
    )


NUEVAS = {
    "id": "uuid",
    "servicio": "bigint",
    "propiedad_id": "bigint",
    "empresa": "text",
    "tipo_servicio": "text",
    "origen": "uuid",
}
"""The columns in which new consultas of a job differ, and their types."""


@compilada
def _insertar(job_id: Any, filas: Any) -> Any:
    """Consultas that wait: `filas` is JSON, an array of objects with the columns of NUEVAS."""
    propios = {nombre: Cast(SQL(f"value ->> '{nombre}'"), tipo) for nombre, tipo in NUEVAS.items()}
    comunes = {c.name: c.default for c in Consulta._meta.sorted_fields if c.default is not None}
    columnas = {**comunes, **propios, "job": Cast(job_id, "uuid"), "created_at": ahora()}
    nuevas = Select([fn.jsonb_array_elements(Cast(filas, "jsonb"))], list(columnas.values()))
    return Consulta.insert_from(nuevas, [getattr(Consulta, nombre) for nombre in columnas])


def _fila(servicio: Servicio) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "servicio": servicio.id,
        "propiedad_id": servicio.propiedad_id,
        "empresa": servicio.empresa,
        "tipo_servicio": servicio.tipo_servicio,
    }
