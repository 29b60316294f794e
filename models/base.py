"""The database: one pool per process, a connection per block of work, and how our columns are stored."""

import contextlib
import select
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import psycopg2.extensions
from peewee import DatabaseError, DecimalField, InterfaceError, Model, OperationalError, fn
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, JSONField

from settings import ajustes


class Enlace(psycopg2.extensions.connection):
    """A connection that knows which statements the server keeps prepared for it (compilada.py)."""

    def __init__(self, *args: Any, **opciones: Any) -> None:
        super().__init__(*args, **opciones)
        self.preparadas: set[str] = set()

    @cached_property
    def directo(self) -> bool:
        """Whether one server process is at the other end, always the same; asked by the thread that uses it.

        Not so behind PgBouncer and its kind, which announce a number of their own for that process.
        """
        [[proceso]] = bd.execute_sql("SELECT pg_backend_pid()").fetchall()
        return bool(proceso == self.info.backend_pid)


class Reserva(PooledPostgresqlDatabase):
    """The pool, which asks a connection whether it is alive only when its socket says that something came."""

    def _is_closed(self, conn: Any) -> bool:
        """Whether the server has hung up; peewee's own asks with a statement each time that one is taken."""
        if not conn.closed and not _llego_algo(conn.fileno()):
            return False
        return bool(super()._is_closed(conn))


def _llego_algo(descriptor: int) -> bool:
    """Whether the other end has written or hung up: an idle connection to a server that is there is silent."""
    sondeo = select.poll()
    sondeo.register(descriptor, select.POLLIN)
    return bool(sondeo.poll(0))


bd = Reserva(None, autoconnect=False)

SIN_ACUSE_MS = 10_000
"""How long what was sent may go without the network's acknowledgement. Linux's own quarter of an hour would hold every
thread, and the leases of all, where a database's machine vanishes; this is half of a lease (CONSULTA_ARRIENDO_S)."""

BASE_CAIDA = (OperationalError, InterfaceError, MaxConnectionsExceeded)
"""What a lost, refused or exhausted database raises."""


def iniciar(url: str, *, conexiones: int, espera_s: float) -> None:
    """Point the pool at a Postgres URL: at most `conexiones`, waiting up to `espera_s` seconds for one."""
    bd.init(
        url.replace("postgres://", "postgresql://", 1),
        max_connections=conexiones,
        timeout=espera_s,
        stale_timeout=300,
        connect_timeout=5,
        application_name="consultas",
        connection_factory=Enlace,
        keepalives_idle=30,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=SIN_ACUSE_MS,
    )


@contextlib.contextmanager
def conexion() -> Iterator[PooledPostgresqlDatabase]:
    """A pooled connection for this thread during the block; a block inside it shares the connection."""
    if bd.deferred:
        iniciar(
            ajustes().database_url.get_secret_value(),
            conexiones=ajustes().db_conexiones,
            espera_s=ajustes().db_espera_s,
        )
    if not bd.is_closed():
        yield bd
        return
    bd.connect()
    try:
        yield bd
    finally:
        with contextlib.suppress(DatabaseError, InterfaceError):
            bd.close()


def base_responde() -> bool:
    """Whether the database answers now."""
    try:
        with conexion():
            bd.execute_sql("SELECT 1")
    except (DatabaseError, *BASE_CAIDA):
        return False
    return True


@contextlib.contextmanager
def transaccion() -> Iterator[PooledPostgresqlDatabase]:
    """A connection and one transaction: committed at the end of the block, rolled back on an exception."""
    with conexion(), bd.atomic():
        yield bd


def ahora() -> Any:
    """The moment at which the row is written, by the database's clock: those of our processes may be wrong."""
    return fn.clock_timestamp()  # not now(): rows written together keep their order


class Momento(DateTimeTZField):
    """TIMESTAMPTZ, always aware and in UTC on our side, whatever the session's time zone."""

    def python_value(self, value: Any) -> datetime | None:
        """The stored moment in UTC."""
        return value.astimezone(UTC) if isinstance(value, datetime) else value


class Json(BinaryJSONField):
    """JSONB without an index of its own."""

    def __init__(self, **opciones: Any) -> None:
        super().__init__(**{"index": False, **opciones})


class JsonTextual(JSONField):
    """JSON as it was written: JSONB would sort its keys."""


class Dinero(DecimalField):
    """NUMERIC(14,2)."""

    def __init__(self, **opciones: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **opciones)


class Tabla(Model):
    """Base of every table."""

    class Meta:
        database = bd
        legacy_table_names = False
