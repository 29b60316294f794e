"""Bring the database to the schema of this release: `python -m models.migrar`."""

import logging
import sys
from pathlib import Path

import psycopg
from dramatiq_postgres import init as iniciar_cola
from peewee import DatabaseError
from playhouse.migrations import MigrationError, Runner

from models.base import BASE_CAIDA, bd, transaccion
from settings import ajustes

CARPETA = Path(__file__).parent / "migrations"


def migrar() -> list[str]:
    """Apply the pending migrations, all in one transaction, one process at a time. Returns their names."""
    with transaccion():
        bd.execute_sql("SELECT pg_advisory_xact_lock(hashtext('consultas:migrar'))")
        aplicadas: list[str] = Runner(bd, str(CARPETA), table_name="migraciones").up()
    return aplicadas


def preparar_cola(url: str) -> None:
    """Create the tables of the Postgres broker where they are missing."""
    with psycopg.connect(url) as conexion_cola, conexion_cola.cursor() as cursor:
        iniciar_cola(cursor)


def _en_una_linea(error: Exception) -> str:
    return " ".join(str(error).split())


def main() -> int:
    """The release step of the Procfile."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        aplicadas = migrar()
        if ajustes().broker_es_postgres:
            preparar_cola(ajustes().broker)
    except (*BASE_CAIDA, psycopg.OperationalError) as error:
        print(f"No se pudo llegar a la base de datos: {_en_una_linea(error)}", file=sys.stderr)  # noqa: T201
        return 1
    except (MigrationError, DatabaseError) as error:
        print(f"Migración rechazada: {_en_una_linea(error)}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Base al día. Migraciones aplicadas: {', '.join(aplicadas) or 'ninguna'}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
