"""Due dates as an iCalendar (RFC 5545): one event for each unpaid factura of a servicio."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

from icalendar import Event

from models.exportacion import Debida
from models.moneda import importe

CABEZA = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Consultas//Vencimientos//ES\r\nCALSCALE:GREGORIAN\r\n"
    "METHOD:PUBLISH\r\nX-WR-CALNAME:Vencimientos\r\n"
)
PIE = "END:VCALENDAR\r\n"
ESPACIO = uuid.UUID("6f6dd6f0-4d5e-4b6e-9d5b-0f0b8a5f3a11")


def vencimientos_ics(lotes: Iterable[list[Debida]]) -> Iterator[bytes]:
    """The calendar, a piece per batch. The same factura keeps its UID as long as the portal shows it."""
    antes = CABEZA.encode()
    for lote in lotes:
        yield antes + b"".join(evento.to_ical() for debida in lote for evento in _eventos(debida))
        antes = b""
    yield PIE.encode()


def _eventos(debida: Debida) -> Iterator[Event]:
    repetidas: Counter[str] = Counter()
    for factura in _impagas(debida):
        dia = date.fromisoformat(factura["vencimiento"])
        # A portal may move the date of a factura that has a number: the event moves too.
        propia = factura.get("numero") or f"{factura.get('periodo')}|{dia}"
        repetidas[propia] += 1
        evento = Event()
        evento.add("uid", f"{uuid.uuid5(ESPACIO, f'{debida.servicio_id}|{propia}|{repetidas[propia]}')}@consultas")
        assert debida.consultada_en is not None
        evento.add("dtstamp", debida.consultada_en.astimezone(UTC).replace(microsecond=0))
        evento.add("dtstart", dia)
        evento.add("dtend", dia + timedelta(days=1))
        cuanto = importe(Decimal(str(factura["importe"])), debida.moneda)
        evento.add("summary", f"Vence {debida.empresa}: {cuanto} ({debida.propiedad})")
        evento.add("description", _detalle(debida, factura))
        if debida.direccion:
            evento.add("location", debida.direccion)
        evento.add("transp", "TRANSPARENT")
        yield evento


def _impagas(debida: Debida) -> list[dict[str, Any]]:
    """The unpaid facturas with a due date; where the portal gives no detail, the deuda itself."""
    if debida.estado_deuda != "CON_DEUDA" or not debida.deuda:
        return []
    if debida.facturas:
        return [factura for factura in debida.facturas if factura.get("vencimiento")]
    if debida.vencimiento is None:
        return []
    return [{"vencimiento": debida.vencimiento.isoformat(), "importe": debida.deuda}]


def _detalle(debida: Debida, factura: dict[str, Any]) -> str:
    partes = [f"{debida.tipo_servicio}, servicio {debida.servicio_id}."]
    if factura.get("numero"):
        partes.append(f"Factura {factura['numero']}.")
    if factura.get("periodo"):
        partes.append(f"Período {factura['periodo']}.")
    partes.append(f"Deuda total: {importe(debida.deuda, debida.moneda)}.")
    return "\n".join(partes)
