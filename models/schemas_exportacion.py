"""What may be asked of the exports."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.schemas import ID_MAX
from models.schemas_programaciones import ZONA

Formato = Literal["csv", "excel"]
"""`csv` as RFC 4180 says, with a decimal point; `excel` as Excel in es-AR opens it: BOM, `;`, a decimal comma."""


def _momento(texto: Any, dias: int = 0) -> Any:
    if not isinstance(texto, str):
        return texto
    try:
        momento = datetime.fromisoformat(texto)
        if len(texto) == len("2026-11-01"):
            dia = date.fromisoformat(texto) + timedelta(days=dias)
            momento = datetime(dia.year, dia.month, dia.day, tzinfo=ZoneInfo(ZONA))
    except (ValueError, OverflowError):
        momento = None
    if momento is None or momento.tzinfo is None:
        raise ValueError("tiene que ser un día, como 2026-11-01, o un momento con zona horaria")
    return momento


def _hasta(texto: Any) -> Any:
    return _momento(texto, dias=1)


class FiltroFormato(BaseModel):
    """The query of `GET /deudas.csv`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formato: Formato = "csv"


class FiltroConsultas(FiltroFormato):
    """The query of `GET /consultas.csv`. A day is Argentina's, `hasta` included; a moment `hasta` is not."""

    desde: Annotated[datetime | None, BeforeValidator(_momento)] = None
    hasta: Annotated[datetime | None, BeforeValidator(_hasta)] = None
    propiedad_id: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
