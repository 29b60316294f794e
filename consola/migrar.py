"""`consultas migrar`: bring the database of DATABASE_URL to the schema of this release."""

import json

import psycopg
import typer
from dotenv import load_dotenv
from peewee import DatabaseError
from playhouse.migrations import MigrationError

from consola.uso import EnJson, Fin, Terminar, sin_base
from models import BASE_CAIDA
from models.migrar import migrar, preparar_cola
from settings import ajustes


def orden_migrar(en_json: EnJson = False) -> int:
    """Pone la base al día; repetida, no hace nada. Con la cola en PostgreSQL, también sus tablas."""
    load_dotenv(interpolate=False)
    try:
        aplicadas = migrar()
        if ajustes().broker_es_postgres:
            preparar_cola(ajustes().broker)
    except (*BASE_CAIDA, psycopg.OperationalError) as error:
        raise sin_base(error) from None
    except (MigrationError, DatabaseError) as error:
        raise Terminar(Fin.FALLA, f"Migración rechazada: {' '.join(str(error).split())}") from None
    if en_json:
        typer.echo(json.dumps({"aplicadas": aplicadas}))
    else:
        typer.echo(f"Base al día. Migraciones aplicadas: {', '.join(aplicadas) or 'ninguna'}.")
    return Fin.BIEN
