"""The API keys."""

from typing import Any

ORDENES = """
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    nombre TEXT NOT NULL,
    huella BYTEA NOT NULL,
    alcances TEXT[] NOT NULL
        CONSTRAINT api_keys_alcances
        CHECK (alcances <@ ARRAY['consultar', 'leer', 'administrar'] AND alcances <> '{}'),
    created_at TIMESTAMPTZ NOT NULL,
    revocada_en TIMESTAMPTZ,
    ultimo_uso_en TIMESTAMPTZ,
    usos INTEGER NOT NULL
);
CREATE UNIQUE INDEX api_keys_nombre ON api_keys (nombre) WHERE revocada_en IS NULL;
CREATE INDEX api_keys_recientes ON api_keys (created_at)
"""


def up(migrator: Any, db: Any) -> None:
    """Create the table and its indexes."""
    for orden in ORDENES.split(";"):
        db.execute_sql(orden)
