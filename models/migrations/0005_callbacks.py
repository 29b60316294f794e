"""What a caller chooses about its callbacks, a callback for each consulta, and rounds of attempts."""

from typing import Any

CAMBIOS = """
ALTER TABLE jobs ADD COLUMN callback_eventos JSONB;
ALTER TABLE jobs ADD COLUMN callback_metadata JSON;
ALTER TABLE jobs ADD COLUMN callback_headers JSONB;
ALTER TABLE callbacks ADD COLUMN consulta_id UUID REFERENCES consultas_deuda (id) ON DELETE CASCADE;
ALTER TABLE callbacks ADD COLUMN intentos_previos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callback_intentos ADD COLUMN cabeceras JSONB;
DROP INDEX callbacks_por_job;
CREATE UNIQUE INDEX callbacks_por_job
    ON callbacks (job_id, evento, COALESCE(consulta_id, '00000000-0000-0000-0000-000000000000'::uuid));
CREATE INDEX callbacks_por_consulta ON callbacks (consulta_id) WHERE consulta_id IS NOT NULL;
CREATE INDEX callbacks_recientes ON callbacks (created_at, id);
CREATE INDEX callbacks_por_estado ON callbacks (estado, created_at, id)
"""


def up(migrator: Any, db: Any) -> None:
    """Columns with no value to fill in, and their indexes."""
    for orden in CAMBIOS.split(";"):
        db.execute_sql(orden)
