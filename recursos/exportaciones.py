"""Exports: CSV of consultas and of debts, a calendar of due dates; sent as they are read."""

from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from documento.operacion import Operacion, documentar
from models import calendario, exportacion, planilla
from models.schemas_exportacion import FiltroConsultas, FiltroFormato
from recursos.pedido import consulta

CSV = "text/csv; charset=utf-8; header=present"


@documentar(
    Operacion(
        "Consultas, como planilla", "consultas", {200: ("text/csv",)}, "Las terminadas.", consulta=FiltroConsultas
    )
)
async def consultas_csv(request: Request) -> Response:
    """GET /consultas.csv: those that ended, the oldest first."""
    filtro = consulta(request, FiltroConsultas)
    return await _enviar(
        planilla.consultas_csv(exportacion.consultas_hechas(filtro), filtro.formato), "consultas.csv", CSV
    )


@documentar(
    Operacion(
        "Deudas, como planilla",
        "consultas",
        {200: ("text/csv",)},
        "Lo que debe cada servicio activo, según la última lectura.",
        consulta=FiltroFormato,
    )
)
async def deudas_csv(request: Request) -> Response:
    """GET /deudas.csv: what each active servicio owes, as it was last read."""
    filtro = consulta(request, FiltroFormato)
    return await _enviar(planilla.deudas_csv(exportacion.deudas_de_hoy(), filtro.formato), "deudas.csv", CSV)


@documentar(
    Operacion(
        "Vencimientos, como calendario",
        "consultas",
        {200: ("text/calendar",)},
        "Los de lo que figura impago en la última lectura.",
    )
)
async def vencimientos_ics(request: Request) -> Response:
    """GET /vencimientos.ics: the due dates of what was last read as unpaid."""
    partes = calendario.vencimientos_ics(exportacion.deudas_de_hoy())
    return await _enviar(partes, "vencimientos.ics", "text/calendar; charset=utf-8")


async def _enviar(partes: Iterator[bytes], archivo: str, medio: str) -> Response:
    """The first part is read before the answer begins: with the database away it is a 503."""
    primera = await run_in_threadpool(next, partes)

    def todas() -> Iterator[bytes]:
        yield primera
        yield from partes

    cabeceras = {"Content-Disposition": f'attachment; filename="{archivo}"', "Cache-Control": "no-store"}
    return StreamingResponse(todas(), headers=cabeceras, media_type=medio)
