"""Totals that only grow, for metrics: nothing that ends a consulta writes here, so that no row is hot.

Reloj counts what ended since it last counted, by indexes and in one transaction, `MARGEN_S` seconds late so that
whatever was being committed is there. What leaves no row behind is added by whoever sees it (`sumar`).
A row that is deleted, or a callback that is sent again, takes nothing away: Prometheus reads a fall as a restart.
"""

from collections.abc import Mapping
from datetime import timedelta

from peewee import BigIntegerField, CompositeKey, IntegerField, TextField

from models.base import Momento, Tabla, transaccion

MARGEN_S = 15.0
TRAMO = timedelta(hours=1)
"""Counted at once, at most: after an absence reloj catches up."""
SUMA = "suma"
"""The key, beside those of the buckets, of the sum of all durations (ms)."""

BORDES_CONSULTA_S = (1, 2, 5, 10, 20, 30, 45, 60, 90, 120)
BORDES_JOB_S = (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
BORDES_CALLBACK_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Total(Tabla):
    """How often something happened; `empresa` and `clave` are empty where they say nothing."""

    nombre = TextField()
    empresa = TextField()
    clave = TextField()
    valor = BigIntegerField()

    class Meta:
        table_name = "totales"
        primary_key = CompositeKey("nombre", "empresa", "clave")


class TotalesHasta(Tabla):
    """One row: what ended until then is counted."""

    id = IntegerField(primary_key=True)
    momento = Momento()

    class Meta:
        table_name = "totales_hasta"


CONSULTAS = "FROM consultas_deuda WHERE estado = 'terminada' AND completed_at > %(desde)s AND completed_at <= %(hasta)s"
JOBS = "FROM jobs WHERE completed_at > %(desde)s AND completed_at <= %(hasta)s"
CALLBACKS = "FROM callbacks WHERE terminado_en > %(desde)s AND terminado_en <= %(hasta)s"
INTENTOS = "FROM callback_intentos WHERE terminado_en > %(desde)s AND terminado_en <= %(hasta)s"
DURACION_JOB = "(1000 * extract(epoch FROM completed_at - created_at))::bigint"


def _duraciones(nombre: str, empresa: str, ms: str, bordes_s: tuple[float, ...], de: str) -> tuple[str, str]:
    """How many durations fell into each bucket, by its number, and their sum."""
    bordes = ", ".join(str(round(borde * 1000) + 1) for borde in bordes_s)  # a bucket holds its upper bound
    return (
        f"SELECT '{nombre}', {empresa}, width_bucket({ms}, ARRAY[{bordes}]::bigint[])::text, count(*)"
        f" {de} AND {ms} IS NOT NULL GROUP BY 2, 3",
        f"SELECT '{nombre}', {empresa}, '{SUMA}', sum({ms}) {de} AND {ms} IS NOT NULL GROUP BY 2",
    )


CUENTAS = (
    "SELECT 'terminadas', empresa, COALESCE(error_codigo, 'EXITO'), count(*)"
    f" {CONSULTAS} AND origen_id IS NULL GROUP BY 2, 3",
    f"SELECT 'reutilizadas', empresa, '', count(*) {CONSULTAS} AND origen_id IS NOT NULL GROUP BY 2",
    *_duraciones("duracion", "empresa", "duracion_ms::bigint", BORDES_CONSULTA_S, f"{CONSULTAS} AND origen_id IS NULL"),
    f"SELECT 'jobs_terminados', '', status, count(*) {JOBS} GROUP BY 3",
    *_duraciones("job_duracion", "''", DURACION_JOB, BORDES_JOB_S, JOBS),
    f"SELECT 'callbacks_terminados', '', estado, count(*) {CALLBACKS} GROUP BY 3",
    "SELECT 'callback_intentos', '',"
    " COALESCE(error_codigo, CASE WHEN error IS NULL THEN 'ENVIADO' ELSE 'INTERRUMPIDO' END), count(*)"
    f" {INTENTOS} GROUP BY 3",
    *_duraciones("callback_duracion", "''", "duracion_ms::bigint", BORDES_CALLBACK_S, INTENTOS),
)

GUARDAR = """
INSERT INTO totales (nombre, empresa, clave, valor) {}
ON CONFLICT (nombre, empresa, clave) DO UPDATE SET valor = totales.valor + excluded.valor
"""
EMPEZAR = "INSERT INTO totales_hasta VALUES (1, now()) ON CONFLICT DO NOTHING"
TOMAR = "SELECT momento, LEAST(now() - %s, momento + %s) FROM totales_hasta FOR UPDATE SKIP LOCKED"


def contar(margen_s: float = MARGEN_S) -> None:
    """Count what ended until `margen_s` seconds ago, unless another process is counting."""
    with transaccion() as bd:
        bd.execute_sql(EMPEZAR)
        tramo = bd.execute_sql(TOMAR, (timedelta(seconds=margen_s), TRAMO)).fetchone()
        if tramo is None or tramo[1] <= tramo[0]:
            return
        desde, hasta = tramo
        for cuenta in CUENTAS:
            bd.execute_sql(GUARDAR.format(cuenta), {"desde": desde, "hasta": hasta})
        TotalesHasta.update(momento=hasta).execute()


def sumar(nombre: str, veces: Mapping[str, int]) -> None:
    """Add to a total, by key; zeros are left out."""
    filas = [(nombre, "", clave, valor) for clave, valor in sorted(veces.items()) if valor]
    if not filas:
        return
    with transaccion() as bd:
        for fila in filas:
            bd.execute_sql(GUARDAR.format("VALUES (%s, %s, %s, %s)"), fila)
