"""Encrypt the credenciales of every servicio, and key the fingerprints of the rejected ones.

The column stays JSONB: an encrypted value is a JSON string, a plain one an object, so whoever writes plain objects
(the previous release, the caller's own SQL) may go on; reloj encrypts them.
"""

import hashlib
import hmac
import json
import secrets
from typing import Any

from models.cifrado import cifrar

LOTE = 500


def up(migrator: Any, db: Any) -> None:
    """In batches; the locks that stop readers come last."""
    _cifrar_servicios(db)
    _guardar_huellas_con_clave(db)
    db.execute_sql(
        "ALTER TABLE servicios ADD CONSTRAINT servicios_credenciales"
        " CHECK (jsonb_typeof(credenciales) IN ('object', 'string'))"
    )
    db.execute_sql("CREATE INDEX servicios_sin_cifrar ON servicios (id) WHERE jsonb_typeof(credenciales) = 'object'")


def _cifrar_servicios(db: Any) -> None:
    leer = "SELECT id, credenciales FROM servicios WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE"
    ultimo = -(2**63)
    while lote := db.execute_sql(leer, (ultimo, LOTE)).fetchall():
        for identificador, leido in lote:
            credenciales = leido if isinstance(leido, dict) else {"valor": leido}
            db.execute_sql(
                "UPDATE servicios SET credenciales = %s::jsonb WHERE id = %s",
                (json.dumps(cifrar(credenciales)), identificador),
            )
        ultimo = lote[-1][0]


def _guardar_huellas_con_clave(db: Any) -> None:
    """What was rejected stays rejected; the fingerprints of finished consultas serve no more."""
    clave = secrets.token_hex(32)
    db.execute_sql(
        "CREATE TABLE secretos"
        " (nombre TEXT NOT NULL PRIMARY KEY, valor JSONB NOT NULL, created_at TIMESTAMPTZ NOT NULL)"
    )
    db.execute_sql("INSERT INTO secretos VALUES ('huellas', %s::jsonb, now())", (json.dumps(cifrar(clave)),))
    for (huella,) in db.execute_sql("SELECT huella FROM rechazos").fetchall():
        nueva = hmac.new(bytes.fromhex(clave), huella.encode(), hashlib.sha256).hexdigest()
        con_empresa = f"{huella.partition(':')[0]}:{nueva}"
        db.execute_sql("UPDATE rechazos SET huella = %s WHERE huella = %s", (con_empresa, huella))
    db.execute_sql("UPDATE consultas_deuda SET huella = NULL WHERE huella IS NOT NULL AND estado = 'terminada'")
