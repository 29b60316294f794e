"""With which credenciales a consulta was made: a result is shared only where the servicio still has them."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column."""
    db.execute_sql("ALTER TABLE consultas_deuda ADD COLUMN version TEXT")
