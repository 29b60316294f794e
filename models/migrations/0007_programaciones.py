"""Scheduled consultas and what became of each of their moments."""

from typing import Any

ORDENES = """
CREATE TABLE programaciones (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    nombre TEXT NOT NULL,
    propiedad_id BIGINT,
    servicio_ids JSONB,
    dias JSONB NOT NULL,
    hora TEXT NOT NULL,
    zona TEXT NOT NULL,
    activa BOOLEAN NOT NULL,
    gracia_min INTEGER NOT NULL,
    callback_url TEXT,
    callback_eventos JSONB,
    callback_metadata JSON,
    callback_headers JSONB,
    voucher_id TEXT,
    max_antiguedad_min INTEGER,
    proxima_en TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ,
    CONSTRAINT programaciones_que CHECK (propiedad_id IS NULL OR servicio_ids IS NULL),
    CONSTRAINT programaciones_activa CHECK (activa = (proxima_en IS NOT NULL)),
    CONSTRAINT programaciones_hora CHECK (hora ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$')
);
CREATE INDEX programaciones_por_vencer ON programaciones (proxima_en) WHERE proxima_en IS NOT NULL;
CREATE TABLE ocurrencias (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    programacion_id BIGINT NOT NULL REFERENCES programaciones (id) ON DELETE CASCADE,
    prevista_en TIMESTAMPTZ NOT NULL,
    desenlace TEXT NOT NULL
        CONSTRAINT ocurrencias_desenlace CHECK (desenlace IN ('creada', 'omitida', 'perdida', 'rechazada')),
    job_id UUID REFERENCES jobs (id) ON DELETE SET NULL,
    detalle TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX ocurrencias_una ON ocurrencias (programacion_id, prevista_en);
CREATE INDEX ocurrencias_por_job ON ocurrencias (job_id) WHERE job_id IS NOT NULL
"""


def up(migrator: Any, db: Any) -> None:
    """Create the tables and their indexes."""
    for orden in ORDENES.split(";"):
        db.execute_sql(orden)
