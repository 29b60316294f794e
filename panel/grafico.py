"""The chart of a servicio's debt over time: the geometry of a small SVG, drawn as steps between what was proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from models.moneda import importe
from panel.formatos import HORA, fecha, momento

ANCHO, ALTO = 480, 132
IZQUIERDA, DERECHA, ARRIBA, ABAJO = 8, 8, 22, 22


@dataclass(frozen=True, slots=True)
class Medida:
    """What a consulta proved: when, how much, and the first due date it saw."""

    en: datetime
    deuda: Decimal
    vencimiento: date | None = None


@dataclass(frozen=True, slots=True)
class Punto:
    """A place in the drawing and what it means."""

    x: float
    y: float
    texto: str


@dataclass(frozen=True, slots=True)
class Grafico:
    """What the template draws, in the units of its viewBox."""

    linea: str
    area: str
    puntos: tuple[Punto, ...]
    vencimientos: tuple[Punto, ...]
    tope: str
    desde: str
    hasta: str
    resumen: str
    ancho: int = ANCHO
    alto: int = ALTO
    base: int = ALTO - ABAJO


def dibujar(medidas: Sequence[Medida], moneda: str | None, desde: datetime, hasta: datetime) -> Grafico | None:
    """The chart of these measures, oldest first, between two moments; None without measures."""
    if not medidas:
        return None
    maximo = max(m.deuda for m in medidas)
    lapso = max((hasta - desde).total_seconds(), 1)

    def x(en: datetime) -> float:
        parte = min(max((en - desde).total_seconds() / lapso, 0), 1)
        return round(IZQUIERDA + parte * (ANCHO - IZQUIERDA - DERECHA), 1)

    def y(deuda: Decimal) -> float:
        parte = float(deuda / maximo) if maximo else 0.0
        return round(ALTO - ABAJO - parte * (ALTO - ARRIBA - ABAJO), 1)

    puntos = tuple(Punto(x(m.en), y(m.deuda), f"{momento(m.en)}: {importe(m.deuda, moneda)}") for m in medidas)
    linea = f"M{puntos[0].x} {puntos[0].y}" + "".join(f"H{p.x}V{p.y}" for p in puntos[1:])
    vencen = sorted({m.vencimiento for m in medidas if m.vencimiento})
    return Grafico(
        linea=linea,
        area=f"{linea}V{ALTO - ABAJO}H{puntos[0].x}Z",
        puntos=puntos,
        vencimientos=tuple(
            Punto(x(_mediodia(v)), ALTO - ABAJO, f"vence {fecha(v)}") for v in vencen if desde <= _mediodia(v) <= hasta
        ),
        tope=importe(maximo, moneda),
        desde=fecha(desde.astimezone(HORA).date()),
        hasta=fecha(hasta.astimezone(HORA).date()),
        resumen=f"De {importe(medidas[0].deuda, moneda)} a {importe(medidas[-1].deuda, moneda)}, máximo "
        f"{importe(maximo, moneda)}, en {len(medidas)} consultas.",
    )


def _mediodia(dia: date) -> datetime:
    return datetime.combine(dia, time(12), HORA)


def entre(medidas: Sequence[Medida], ahora: datetime) -> tuple[datetime, datetime]:
    """From the first measure to now, or to the last due date seen if that is later."""
    ultimo = max((_mediodia(m.vencimiento) for m in medidas if m.vencimiento), default=ahora)
    return min((m.en for m in medidas), default=ahora), max(ahora, ultimo)
