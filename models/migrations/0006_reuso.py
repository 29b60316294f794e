"""Consultas that share a result, retried jobs, idempotency keys.

Only columns that may be null are added, so that the previous release goes on writing while it is replaced.
"""

from typing import Any

CAMBIOS = """
ALTER TABLE servicios ADD COLUMN updated_at TIMESTAMPTZ;
ALTER TABLE jobs ADD COLUMN reintento_de_id UUID REFERENCES jobs (id) ON DELETE SET NULL;
CREATE UNIQUE INDEX jobs_reintento ON jobs (reintento_de_id) WHERE reintento_de_id IS NOT NULL;
ALTER TABLE consultas_deuda
    ADD COLUMN origen_id UUID REFERENCES consultas_deuda (id) ON DELETE SET NULL,
    ADD COLUMN consultada_en TIMESTAMPTZ;
DROP INDEX consultas_pendientes;
CREATE INDEX consultas_pendientes ON consultas_deuda (encolada_en, disponible_en)
    WHERE estado = 'pendiente' AND NOT en_turno AND origen_id IS NULL;
CREATE INDEX consultas_espera ON consultas_deuda (created_at)
    WHERE estado = 'pendiente' AND NOT en_turno AND origen_id IS NULL;
CREATE INDEX consultas_en_vuelo ON consultas_deuda (servicio_id)
    WHERE estado <> 'terminada' AND origen_id IS NULL;
CREATE INDEX consultas_origen ON consultas_deuda (origen_id) WHERE origen_id IS NOT NULL;
CREATE INDEX consultas_seguidoras ON consultas_deuda (origen_id)
    WHERE estado = 'pendiente' AND origen_id IS NOT NULL;
CREATE TABLE idempotencias (
    clave TEXT NOT NULL PRIMARY KEY,
    huella TEXT NOT NULL,
    job_id UUID NOT NULL,
    omitidos JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idempotencias_created_at ON idempotencias (created_at)
"""


def up(migrator: Any, db: Any) -> None:
    """Add them."""
    for orden in CAMBIOS.split(";"):
        db.execute_sql(orden)
