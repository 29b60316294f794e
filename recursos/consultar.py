"""Asking for consultas: the three POSTs that make a job."""

import re
from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import models
from actors.alta import dar_de_alta
from documento.operacion import Enlace, Operacion, documentar
from models.schemas import Pedido, PedidoPropiedad, PedidoServicios, PedidoTodas
from models.schemas_job import JobAceptado, JobDeServiciosAceptado
from problemas import Problema
from recursos.pedido import cuerpo, responder
from settings import ajustes

CLAVE: Final = re.compile(r"[!-~]{1,255}")
NO_EXISTE: Final = ("PROPIEDAD_INEXISTENTE",)
CONFLICTOS: Final = ("JOB_ABIERTO", "NADA_QUE_REINTENTAR")

DEL_ALTA: Final = ("SIN_SERVICIOS_ACTIVOS", "COLA_LLENA", "CLAVE_EN_CONFLICTO")
SEGUIR: Final = tuple(
    Enlace(operacion, {"job_id": "$response.body#/job_id"})
    for operacion in ("leer_job", "intentos", "cancelar_job", "reintentar_job")
)
ALTA: Final[dict[str, Any]] = {
    "cabeceras": ("Idempotency-Key",),
    "responde_con": ("Location", "Idempotent-Replayed"),
    "enlaces": SEGUIR,
    "avisa": True,
}


@documentar(
    Operacion(
        "Consultar una propiedad",
        "consultar",
        {202: JobAceptado},
        "Consulta todos los servicios activos de la propiedad. Contesta enseguida: el resultado llega al callback, o se"
        " lee en `GET /job/{job_id}`.",
        cuerpo=PedidoPropiedad,
        errores=("PROPIEDAD_INEXISTENTE", *DEL_ALTA),
        **ALTA,
    )
)
async def consultar_propiedad(request: Request) -> Response:
    """POST /consultar/propiedad."""
    return await _encolar(request, await cuerpo(request, PedidoPropiedad))


@documentar(
    Operacion(
        "Consultar algunos servicios",
        "consultar",
        {202: JobDeServiciosAceptado},
        "Consulta los servicios nombrados que existen y están activos; los demás vuelven en `servicios_omitidos`.",
        cuerpo=PedidoServicios,
        errores=DEL_ALTA,
        **ALTA,
    )
)
async def consultar_servicios(request: Request) -> Response:
    """POST /consultar/servicios."""
    pedido = await cuerpo(request, PedidoServicios)
    if len(pedido.servicio_ids) > ajustes().servicios_max:
        raise Problema(
            422, "DATOS_INVALIDOS", f"servicio_ids admite hasta {ajustes().servicios_max} servicios por pedido."
        )
    return await _encolar(request, pedido)


@documentar(
    Operacion(
        "Consultar todo",
        "consultar",
        {202: JobAceptado},
        "Consulta todos los servicios activos de todas las propiedades.",
        cuerpo=PedidoTodas,
        errores=DEL_ALTA,
        **ALTA,
    )
)
async def consultar_todas(request: Request) -> Response:
    """POST /consultar/todas."""
    return await _encolar(request, await cuerpo(request, PedidoTodas))


async def _encolar(request: Request, pedido: Pedido) -> Response:
    clave = _clave(request, pedido)
    creado = await alta(lambda: dar_de_alta(pedido, clave))
    assert creado is not None
    respuesta = aceptado(creado)
    if isinstance(pedido, PedidoServicios):
        respuesta["servicios_omitidos"] = list(creado.omitidos)
    return responder(respuesta, 202, cabeceras_de(creado))


def _clave(request: Request, pedido: Pedido) -> models.Clave | None:
    """The `Idempotency-Key` of the request, if it has one."""
    texto = request.headers.get("idempotency-key")
    if texto is None:
        return None
    if CLAVE.fullmatch(texto) is None:
        raise Problema(
            422, "DATOS_INVALIDOS", "Idempotency-Key tiene que tener de 1 a 255 caracteres ASCII sin espacios."
        )
    dicho = pedido.model_dump(mode="json", exclude_defaults=True)  # else a new field would make old requests others
    quien = getattr(request.state, "clave", None)
    return models.Clave.de(texto, {"ruta": request.url.path, **dicho}, de_quien=quien.id if quien else "")


async def alta(hacer: Callable[[], models.Creado | None]) -> models.Creado | None:
    """Make a job in the thread pool; what stands in its way is a Problema."""
    return await run_in_threadpool(intentar, hacer)


def intentar(hacer: Callable[[], models.Creado | None]) -> models.Creado | None:
    """Make a job; what stands in its way is a Problema."""
    try:
        return hacer()
    except models.SinServicios as error:
        estado = 404 if error.codigo in NO_EXISTE else 409 if error.codigo in CONFLICTOS else 422
        raise Problema(estado, error.codigo, error.mensaje) from None
    except models.ColaLlena as error:
        mensaje = f"{error.mensaje} Vuelva a pedirlo en {error.esperar_s} segundos."
        raise Problema(429, "COLA_LLENA", mensaje, cabeceras={"Retry-After": str(error.esperar_s)}) from None
    except models.ClaveEnConflicto:
        raise Problema(409, "CLAVE_EN_CONFLICTO", "Esa Idempotency-Key se usó para otro pedido.") from None


def aceptado(creado: models.Creado) -> dict[str, Any]:
    """The published answer to a new job."""
    aviso = " Se notificará al callback cuando termine." if creado.avisa else ""
    return {
        "job_id": str(creado.job_id),
        "status": "pending",
        "propiedad_id": creado.propiedad_id,
        "total_servicios": creado.total,
        "mensaje": f"Consulta encolada correctamente{aviso}",
        "nota": None if creado.avisa else f"Consulte el estado en GET /job/{creado.job_id}",
    }


def cabeceras_de(creado: models.Creado) -> dict[str, str]:
    """Where the job is, and whether it is an earlier one's answer."""
    return {"Location": f"/job/{creado.job_id}", **({"Idempotent-Replayed": "true"} if creado.repetido else {})}
