"""Whose account a rejected clave is of: only where there is one is the slow fingerprint worked out.

While the previous release still runs, it tells accounts apart by all that logs in: for those moments one consulta of
each release may be at the same account.
"""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column and its index. What is there has none, and counts for every account of its empresa."""
    db.execute_sql("ALTER TABLE rechazos ADD COLUMN cuenta TEXT")
    db.execute_sql("CREATE INDEX rechazos_por_cuenta ON rechazos (cuenta)")
