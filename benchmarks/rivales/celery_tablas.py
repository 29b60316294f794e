"""The rival's tables, with SQLAlchemy: what the same job needs, and the indexes that its own API would read by."""

import os
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Numeric, create_engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

motor = create_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://"), pool_size=10, max_overflow=10
)
Sesion = sessionmaker(motor, expire_on_commit=False)


class Base(DeclarativeBase):
    """What every table shares."""

    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[dict[str, Any]]: JSONB}


class Servicio(Base):
    """What is consulted; its credenciales are encrypted."""

    __tablename__ = "servicios"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    propiedad_id: Mapped[int] = mapped_column(BigInteger, index=True)
    empresa: Mapped[str]
    tipo_servicio: Mapped[str]
    credenciales: Mapped[str]
    activo: Mapped[bool] = mapped_column(default=True)


class Job(Base):
    """A request."""

    __tablename__ = "jobs"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    status: Mapped[str] = mapped_column(default="pending")
    propiedad_id: Mapped[int | None] = mapped_column(BigInteger)
    voucher_id: Mapped[str | None]
    callback_url: Mapped[str | None]
    callback_metadata: Mapped[dict[str, Any] | None]
    callback_sent: Mapped[bool | None]
    callback_error: Mapped[str | None]
    total: Mapped[int]
    terminadas: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    completed_at: Mapped[datetime | None]
    __table_args__ = (Index("jobs_recientes", "created_at", "id"), Index("jobs_por_status", "status", "created_at"))


class Consulta(Base):
    """A look-up."""

    __tablename__ = "consultas"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"))
    servicio_id: Mapped[int] = mapped_column(ForeignKey("servicios.id"))
    propiedad_id: Mapped[int] = mapped_column(BigInteger)
    empresa: Mapped[str]
    tipo_servicio: Mapped[str]
    estado: Mapped[str] = mapped_column(default="pendiente")
    inicios: Mapped[int] = mapped_column(default=0)
    exito: Mapped[bool | None]
    deuda: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    moneda: Mapped[str | None]
    estado_deuda: Mapped[str | None]
    saldo_a_favor: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    vencimiento: Mapped[date | None]
    facturas: Mapped[list[dict[str, Any]] | None]
    avisos: Mapped[list[dict[str, Any]] | None]
    prueba: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    error_codigo: Mapped[str | None]
    duracion_ms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("consultas_por_job", "job_id", "servicio_id"),
        Index("consultas_por_servicio", "servicio_id", "completed_at"),
        Index("consultas_por_propiedad", "propiedad_id", "completed_at", "id"),
        Index("consultas_pendientes", "created_at", postgresql_where="estado = 'pendiente'"),
    )


class Evidencia(Base):
    """The captura of a consulta."""

    __tablename__ = "evidencias"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    consulta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("consultas.id"), index=True)
    contenido: Mapped[bytes]


class Callback(Base):
    """What is owed to the receiver of a job: its frozen body, and how the last attempt went."""

    __tablename__ = "callbacks"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"), unique=True)
    url: Mapped[str]
    cuerpo: Mapped[bytes]
    estado: Mapped[str] = mapped_column(default="pendiente")
    intentos: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    terminado_en: Mapped[datetime | None]


if __name__ == "__main__":
    Base.metadata.create_all(motor)
