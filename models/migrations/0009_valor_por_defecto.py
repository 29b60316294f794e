"""A default again for a column of 0004: without it the previous release could not write a callback."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Set it."""
    db.execute_sql("ALTER TABLE callbacks ALTER COLUMN en_turno SET DEFAULT false")
