"""What metrics are made of: totals, until when they count, and what each worker says of itself."""

from typing import Any

CAMBIOS = """
ALTER TABLE trabajadores ADD COLUMN medidas JSONB;
CREATE TABLE totales (
    nombre TEXT NOT NULL,
    empresa TEXT NOT NULL,
    clave TEXT NOT NULL,
    valor BIGINT NOT NULL,
    PRIMARY KEY (nombre, empresa, clave)
);
CREATE TABLE totales_hasta (
    id INTEGER NOT NULL PRIMARY KEY,
    momento TIMESTAMPTZ NOT NULL
);
INSERT INTO totales_hasta VALUES (1, now());
CREATE INDEX jobs_terminados ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX callbacks_terminados ON callbacks (terminado_en) WHERE terminado_en IS NOT NULL;
CREATE INDEX callback_intentos_terminados ON callback_intentos (terminado_en) WHERE terminado_en IS NOT NULL
"""


def up(migrator: Any, db: Any) -> None:
    """Add them."""
    for orden in CAMBIOS.split(";"):
        db.execute_sql(orden)
