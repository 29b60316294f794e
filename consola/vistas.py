"""How a job, and pages of jobs and callbacks, look in a terminal."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.moneda import importe
from models.schemas_programaciones import ZONA

STATUS = {"pending": "en espera", "processing": "en curso", "completed": "terminado", "failed": "fallido"}
DATOS = (
    ("error", "Error"),
    ("voucher_id", "Voucher"),
    ("callback_url", "Callback"),
    ("callback_error", "Falla del aviso"),
)
ANCHO = 500
"""Without a terminal nothing is folded."""
AVISO = {True: "entregado", False: "falló", None: "—"}


def momento(texto: str | None) -> str:
    """ISO 8601 as `24/11/2026 08:46`, Argentina's."""
    return f"{datetime.fromisoformat(texto).astimezone(ZoneInfo(ZONA)):%d/%m/%Y %H:%M}" if texto else "—"


def dia(texto: str | None) -> str:
    """`24/11/2026`."""
    return f"{date.fromisoformat(texto):%d/%m/%Y}" if texto else "—"


def mostrar_job(job: dict[str, Any]) -> None:
    """A job, and its results as a table."""
    progreso = job["progreso"]
    typer.echo(f"Job {job['job_id']}: {STATUS[job['status']]}, {progreso['terminadas']} de {progreso['total']}.")
    for campo, titulo in (
        ("error", "Error"),
        ("voucher_id", "Voucher"),
        ("callback_url", "Callback"),
        ("callback_error", "Falla del aviso"),
    ):
        if job[campo]:
            typer.echo(f"{titulo}: {job[campo]}")
    if job["callback_sent"] is not None:
        typer.echo(f"Aviso: {AVISO[job['callback_sent']]}")
    if job["resultado"]:
        filas = [
            (
                str(r["servicio_id"]),
                r["empresa"],
                r["tipo_servicio"],
                importe(r["deuda"], r["moneda"]),
                dia(r["vencimiento"]),
                "" if r["exito"] else f"{r['error_codigo']}: {r['error']}",
            )
            for r in job["resultado"]
        ]
        en_tabla(("Servicio", "Empresa", "Tipo", "Deuda", "Vence", "Falla"), filas, derecha=("Servicio", "Deuda"))
        deudas: dict[str, float] = {}
        for r in job["resultado"]:
            if r["deuda"] is not None:
                deudas[r["moneda"]] = deudas.get(r["moneda"], 0) + r["deuda"]
        if deudas:
            typer.echo("Total: " + ", ".join(importe(round(suma, 2), moneda) for moneda, suma in deudas.items()))


def mostrar_jobs(pagina: dict[str, Any]) -> None:
    """A page of jobs."""
    filas = [
        (
            job["job_id"],
            momento(job["created_at"]),
            STATUS[job["status"]],
            f"{job['progreso']['terminadas']}/{job['progreso']['total']}",
            str(job["propiedad_id"] or "—"),
            job["voucher_id"] or "—",
            AVISO[job["callback_sent"]],
        )
        for job in pagina["jobs"]
    ]
    en_tabla(("Job", "Creado", "Estado", "Hechas", "Propiedad", "Voucher", "Aviso"), filas, derecha=("Hechas",))
    _siguiente(pagina)


def mostrar_callbacks(pagina: dict[str, Any]) -> None:
    """A page of callbacks."""
    filas = [
        (c["job_id"], c["evento"], c["estado"], momento(c["created_at"]), str(c["intentos_hechos"]), c["error"] or "—")
        for c in pagina["callbacks"]
    ]
    en_tabla(("Job", "Evento", "Estado", "Creado", "Intentos", "Error"), filas, derecha=("Intentos",))
    _siguiente(pagina)


def en_tabla(titulos: tuple[str, ...], filas: Sequence[tuple[str, ...]], derecha: tuple[str, ...] = ()) -> None:
    """A table on stdout; without a terminal, as wide as it needs."""
    tabla = Table()
    for titulo in titulos:
        tabla.add_column(titulo, justify="right" if titulo in derecha else "left", no_wrap=titulo == "Job")
    for fila in filas:
        tabla.add_row(*map(Text, fila))
    pantalla = Console()
    (pantalla if pantalla.is_terminal else Console(width=ANCHO)).print(tabla)


def _siguiente(pagina: dict[str, Any]) -> None:
    if pagina["next_cursor"]:
        typer.echo(f"Hay más: --cursor {pagina['next_cursor']}", err=True)
