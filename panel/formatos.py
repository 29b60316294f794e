"""How the panel writes amounts, moments and states, for people in Argentina."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from models.moneda import FINO, importe
from models.schemas_programaciones import ZONA

HORA = timezone(timedelta(hours=-3), "ART")
"""Argentina's: no daylight saving since 2009."""
SIN_DATO = "—"

ESTADOS = {
    "pending": ("En espera", "espera"),
    "processing": ("En curso", "curso"),
    "completed": ("Terminado", "bien"),
    "failed": ("Fallido", "mal"),
    "pendiente": ("En espera", "espera"),
    "en_curso": ("Consultando", "curso"),
    "CON_DEUDA": ("Con deuda", "deuda"),
    "SIN_DEUDA": ("Sin deuda", "bien"),
    "SALDO_A_FAVOR": ("Saldo a favor", "bien"),
    "falla": ("Falla", "mal"),
}
"""The words and the picture of a state; the class of the picture is its second part."""

CALLBACKS = {
    "pendiente": ("Pendiente", "espera"),
    "enviando": ("Enviando", "curso"),
    "enviado": ("Entregado", "bien"),
    "fallido": ("Falló", "mal"),
}

DESENLACES = {
    "creada": ("Creada", "bien"),
    "omitida": ("Omitida", "espera"),
    "perdida": ("Perdida", "mal"),
    "rechazada": ("Rechazada", "mal"),
}
SEMANA = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

TIPOS = {"propiedad": "Una propiedad", "servicios": "Servicios elegidos", "todas": "Todos los servicios"}

REGLAS = {
    "frase_sin_deuda": "El portal dice que no hay deuda.",
    "total_cero": "El portal muestra un total de cero.",
    "saldo_a_favor": "El portal muestra un saldo a favor.",
    "suma_del_detalle": "Suma del detalle de facturas, que está completo.",
    "total": "Total que muestra el portal.",
    "total_igual_al_detalle": "El total del portal es igual a la suma de sus facturas.",
}


def en_hora(momento: datetime | str | None) -> datetime | None:
    """A moment (or ISO 8601) in the panel's time zone."""
    if isinstance(momento, str):
        momento = datetime.fromisoformat(momento)
    return momento.astimezone(HORA) if momento else None


def momento(valor: datetime | str | None) -> str:
    """`24/11/2026 08:46`."""
    local = en_hora(valor)
    return f"{local:%d/%m/%Y %H:%M}" if local else SIN_DATO


def segundo(valor: datetime | str | None) -> str:
    """`24/11/2026 08:46:07`."""
    local = en_hora(valor)
    return f"{local:%d/%m/%Y %H:%M:%S}" if local else SIN_DATO


def iso(valor: datetime | str | None) -> str:
    """ISO 8601 in UTC, for `<time datetime>`."""
    local = en_hora(valor)
    return f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if local else ""


def dia_de_semana(valor: datetime | str | None) -> str:
    """`martes`."""
    local = en_hora(valor)
    return SEMANA[local.weekday()] if local else ""


def cuando(programacion: Mapping[str, Any]) -> str:
    """`los días 1 y 15 de cada mes a las 09:00`, with its zone where it is not the panel's."""
    dias = [str(dia) for dia in programacion["dias"]]
    if len(dias) == 31:
        texto = "todos los días"
    elif len(dias) == 1:
        texto = f"el día {dias[0]} de cada mes"
    else:
        texto = f"los días {', '.join(dias[:-1])} y {dias[-1]} de cada mes"
    zona = programacion["zona"]
    return f"{texto} a las {programacion['hora']}" + (f", hora de {zona}" if zona != ZONA else "")


def fecha(valor: date | str | None) -> str:
    """`24/11/2026`."""
    if isinstance(valor, str):
        valor = date.fromisoformat(valor)
    return f"{valor:%d/%m/%Y}" if valor else SIN_DATO


def vencida(valor: date | str) -> bool:
    """Whether a due date is past."""
    dia = date.fromisoformat(valor) if isinstance(valor, str) else valor
    return dia < datetime.now(HORA).date()


def duracion(ms: int | None) -> str:
    """`850 ms`, `4,2 s` or `3 min 5 s`."""
    if ms is None:
        return SIN_DATO
    if ms < 1000:
        return f"{ms}{FINO}ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f}{FINO}s".replace(".", ",")
    return f"{ms // 60_000}{FINO}min {ms % 60_000 // 1000}{FINO}s"


def lapso(desde: datetime | None, hasta: datetime | None) -> str:
    """How long something took."""
    return duracion(round((hasta - desde).total_seconds() * 1000)) if desde and hasta else SIN_DATO


def porcentaje(parte: float | None) -> str:
    """`99,5 %`."""
    return SIN_DATO if parte is None else f"{parte * 100:.1f}".replace(".", ",").removesuffix(",0") + f"{FINO}%"


def estado_de(consulta: Any) -> str:
    """Which of ESTADOS a consulta is in."""
    if consulta.exito is None:
        return str(getattr(consulta, "estado", "pendiente"))
    return str(consulta.estado_deuda or "CON_DEUDA").upper() if consulta.exito else "falla"


FILTROS = (importe, momento, segundo, iso, dia_de_semana, cuando, fecha, vencida, duracion, porcentaje, estado_de)
