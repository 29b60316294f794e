"""The migrations: the same schema as the models', once, one process at a time, one sentence when it cannot be."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from conftest import apuntar
from playhouse.migrations import Runner
from psycopg.rows import tuple_row
from servidores import PostgresPrivado

import models
from models.migrar import CARPETA, migrar
from models.secreto import clave_de_huellas

RAIZ = Path(__file__).resolve().parent.parent
TODAS = sorted(ruta.stem for ruta in (RAIZ / "models/migrations").glob("[0-9]*.py"))

ESQUEMA = {
    "columnas": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid), a.attcollation
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace""",
    "índices": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "restricciones": """
        SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), convalidated
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "secuencias": """
        SELECT sequencename, data_type::text, start_value, increment_by
        FROM pg_sequences WHERE schemaname = 'public'""",
}
"""What makes a schema, from pg_catalog."""


@pytest.fixture
def vacia(postgres_privado: PostgresPrivado) -> Iterator[str]:
    """A new, empty database that the pool of this process points at."""
    url = postgres_privado.crear_base("migraciones")
    apuntar(url)
    yield url
    models.bd.close_all()
    postgres_privado.borrar_base("migraciones")


def _esquema(url: str) -> dict[str, set[tuple[object, ...]]]:
    """Every part of the schema but the table that remembers the migrations."""
    with psycopg.connect(url, row_factory=tuple_row) as bd:
        return {
            parte: {fila for fila in bd.execute(orden) if not str(fila[0]).startswith("migraciones")}  # type: ignore[arg-type]
            for parte, orden in ESQUEMA.items()
        }


def _correr(url: str, **entorno: str) -> subprocess.Popen[str]:
    """`python -m models.migrar` against a database."""
    propio: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(RAIZ), "DATABASE_URL": url, **entorno}
    return subprocess.Popen(
        [sys.executable, "-m", "models.migrar"],
        cwd=RAIZ, env=propio, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_las_migraciones_y_los_modelos_dan_el_mismo_esquema(vacia: str, postgres_privado: PostgresPrivado) -> None:
    # Given a database made by the migrations and one made by the models
    migrar()
    migrada = _esquema(vacia)
    otra = postgres_privado.crear_base("modelos")
    apuntar(otra)
    with models.conexion() as bd:
        bd.create_tables(models.TABLAS)
    # When their catalogs are compared
    modelada = _esquema(otra)
    models.bd.close_all()
    postgres_privado.borrar_base("modelos")
    # Then they are the same, and not empty
    assert migrada == modelada
    assert {fila[0] for fila in migrada["columnas"]} == {str(t._meta.table_name) for t in models.TABLAS}


def test_la_segunda_vez_no_aplica_nada(vacia: str) -> None:
    assert migrar() == TODAS
    antes = _esquema(vacia)
    assert migrar() == []
    assert _esquema(vacia) == antes


def test_varios_procesos_a_la_vez_no_chocan(vacia: str) -> None:
    # When three release steps run at once
    procesos = [_correr(vacia) for _ in range(3)]
    dichos = sorted(proceso.communicate(timeout=60) for proceso in procesos)
    # Then one applies it and the others find it done
    assert [proceso.returncode for proceso in procesos] == [0, 0, 0]
    assert [salida for salida, _ in dichos] == [
        f"Base al día. Migraciones aplicadas: {', '.join(TODAS)}.\n",
        "Base al día. Migraciones aplicadas: ninguna.\n",
        "Base al día. Migraciones aplicadas: ninguna.\n",
    ]


def test_varios_procesos_a_la_vez_preparan_la_cola_de_postgres(vacia: str) -> None:
    procesos = [_correr(vacia, BROKER_URL=vacia) for _ in range(3)]
    dichos = [proceso.communicate(timeout=60) for proceso in procesos]
    assert [proceso.returncode for proceso in procesos] == [0, 0, 0], dichos
    with psycopg.connect(vacia) as bd:
        assert bd.execute("SELECT to_regclass('dramatiq.queue') IS NOT NULL").fetchone() == (True,)


def test_una_migracion_que_falla_no_deja_nada(vacia: str) -> None:
    # Given a table in the way of the migration's last one
    with psycopg.connect(vacia) as bd:
        bd.execute("CREATE TABLE trabajadores (id int)")
    # When it runs
    proceso = _correr(vacia)
    _, error = proceso.communicate(timeout=60)
    # Then it ends with one sentence, and none of its tables is there
    assert (proceso.returncode, "Traceback" in error) == (1, False), error
    assert error.splitlines()[-1].startswith("Migración rechazada: ")
    with psycopg.connect(vacia) as bd:
        assert bd.execute("SELECT to_regclass('jobs')").fetchone() == (None,)


def test_con_la_base_caida_dice_una_frase() -> None:
    proceso = _correr("postgresql://yo:s3cr3t0@127.0.0.1:1/nada")
    salida, error = proceso.communicate(timeout=60)
    assert (proceso.returncode, salida, error.count("\n")) == (1, "", 1), error
    assert error.startswith("No se pudo llegar a la base de datos: ")
    assert "s3cr3t0" not in error


def test_lo_que_estaba_sin_cifrar_queda_cifrado_y_lo_rechazado_sigue_rechazado(vacia: str) -> None:
    # Given a database of the first release, with more rows than a batch
    with models.transaccion() as bd:
        Runner(bd, str(CARPETA), table_name="migraciones").up(TODAS[0])
        bd.execute_sql("INSERT INTO propiedades (nombre, created_at) VALUES ('P', now())")
        bd.execute_sql(
            "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
            " SELECT 1, 'E', 'T', jsonb_build_object('clave', 'sésamo-' || n), true, now()"
            " FROM generate_series(1, 1203) n"
        )
        bd.execute_sql("UPDATE servicios SET credenciales = '[\"sésamo\"]' WHERE id = 7")
        bd.execute_sql("INSERT INTO rechazos VALUES ('edesur:abc', now())")
    # When it is migrated
    assert migrar() == TODAS[1:]
    # Then nothing can be read without the key, and everything with it
    with psycopg.connect(vacia) as directa:
        assert directa.execute("SELECT count(*) FROM servicios WHERE credenciales::text ~ 'clave|samo'").fetchone() == (
            0,
        )
    with models.conexion():
        leidas = {s.id: s.credenciales for s in models.Servicio.select()}
    assert leidas.pop(7) == {"valor": ["sésamo"]}
    assert leidas == {n: {"clave": f"sésamo-{n}"} for n in range(1, 1204) if n != 7}
    # And a rejected clave is still known, by a fingerprint that needs the key
    clave_de_huellas.cache_clear()
    assert models.rechazos_de("edesur:de otra cuenta") == [models.con_clave("edesur:abc")]
    assert models.rechazos_de("aysa:de otra cuenta") == []
    clave_de_huellas.cache_clear()
