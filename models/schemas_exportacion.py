"""What may be asked of the exports."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

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
    try:
        return momento.astimezone(UTC)  # PostgreSQL admits fewer offsets
    except OverflowError:
        raise ValueError("está fuera de los años que se pueden guardar") from None


DIA_O_MOMENTO = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)


def _hasta(texto: Any) -> Any:
    return _momento(texto, dias=1)


class FiltroFormato(BaseModel):
    """The query of `GET /deudas.csv`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formato: Formato = Field(
        "csv", description="`csv`: RFC 4180; `excel`: como lo abre Excel en castellano.", examples=["csv"]
    )


class FiltroConsultas(FiltroFormato):
    """The query of `GET /consultas.csv`. A day is Argentina's, `hasta` included; a moment `hasta` is not."""

    desde: Annotated[datetime | None, BeforeValidator(_momento), DIA_O_MOMENTO] = Field(
        None, description="Desde este día de la Argentina, o este momento.", examples=["2026-11-01"]
    )
    hasta: Annotated[datetime | None, BeforeValidator(_hasta), DIA_O_MOMENTO] = Field(
        None, description="Hasta este día inclusive, o antes de este momento.", examples=["2026-11-30"]
    )
    propiedad_id: Annotated[int, Field(ge=1, le=ID_MAX)] | None = Field(
        None, description="Sólo las de esta propiedad.", examples=[35]
    )
