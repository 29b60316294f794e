"""Callbacks wait for their turn at a busy destino."""

from typing import Any

CAMBIOS = """
ALTER TABLE callbacks ADD COLUMN en_turno BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE callbacks ALTER COLUMN en_turno DROP DEFAULT;
DROP INDEX callbacks_pendientes;
CREATE INDEX callbacks_pendientes ON callbacks (proximo_intento_en)
    WHERE estado IN ('pendiente', 'enviando') AND NOT en_turno;
CREATE INDEX callbacks_en_turno ON callbacks (lower(coalesce(substring(url, '//([^/?#]*)'), '')), proximo_intento_en)
    WHERE estado = 'pendiente' AND en_turno;
CREATE INDEX callbacks_enviando ON callbacks (lower(coalesce(substring(url, '//([^/?#]*)'), '')), arrendado_hasta)
    WHERE estado = 'enviando'
"""


def up(migrator: Any, db: Any) -> None:
    """Add the column and its indexes."""
    for orden in CAMBIOS.split(";"):
        db.execute_sql(orden)
