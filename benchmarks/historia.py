"""Fills a migrated database with the history of years, and what is open today: the same at every size.

A job every 346 s with 4 consultas and a callback, 1,000 consultas a day whatever the size: a larger database is an
older one, of a caller with more propiedades (one for each 25 jobs), so that every page shows as many rows. Besides, in
each: 40 jobs that wait (160 consultas), 20 in progress, 60 callbacks due, one job of 50 consultas, and evidencia of
the last 30 days.
"""

import json

import psycopg

from models.cifrado import cifrar

POR_JOB = 4
POR_PROPIEDAD = 25
ABIERTOS = 60
EMPRESAS = ("Metrogas", "Edenor", "AySA", "Edesur")

PARTES = (
    "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '256MB'",
    "INSERT INTO propiedades (nombre, direccion, created_at)"
    " SELECT 'Propiedad ' || n, 'Calle ' || n, now() FROM generate_series(1, {propiedades}) n",
    """
    INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)
    SELECT p, (%(empresas)s::text[])[k], 'Servicio ' || k, %(credenciales)s::jsonb, true, now()
    FROM generate_series(1, {propiedades}) p, generate_series(1, 4) k""",
    """
    INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)
    SELECT 1, (%(empresas)s::text[])[1 + k %% 4], 'De la grande', %(credenciales)s::jsonb, false, now()
    FROM generate_series(1, 46) k""",
    """
    INSERT INTO jobs (id, tipo, status, propiedad_id, voucher_id, callback_url, callback_sent, callback_error, total,
                      terminadas, created_at, started_at, completed_at, limite_en)
    SELECT md5(n::text)::uuid, 'propiedad',
           CASE WHEN n > {jobs} - 40 THEN 'pending' WHEN n > {jobs} - 60 THEN 'processing'
                WHEN n %% 50 = 0 THEN 'failed' ELSE 'completed' END,
           1 + n %% {propiedades}, 'v-' || n, 'http://127.0.0.1:9/callback',
           CASE WHEN n <= {jobs} - 120 THEN n %% 40 <> 0 END,
           CASE WHEN n <= {jobs} - 120 AND n %% 40 = 0 THEN 'HTTP 500' END, 4,
           CASE WHEN n > {jobs} - 40 THEN 0 WHEN n > {jobs} - 60 THEN 3 ELSE 4 END, t, t,
           CASE WHEN n <= {jobs} - 60 THEN t + interval '20 s' END, now() + interval '1 day'
    FROM generate_series(1, {jobs}) n,
         LATERAL (SELECT CASE WHEN n > {jobs} - 60 THEN now() - ({jobs} - n) * interval '1 s'
                              ELSE now() - ({jobs} - n) * interval '345.6 s' END) AS _(t)""",
    """
    INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token, inicios,
        intentos, en_turno, encolada_en, arrendada_hasta, exito, deuda, moneda, estado_deuda, vencimiento, facturas,
        avisos, prueba, error, error_codigo, reintentable, duracion_ms, version, created_at, started_at, completed_at)
    SELECT md5(n || '-' || k)::uuid, md5(n::text)::uuid, (n %% {propiedades}) * 4 + k, 1 + n %% {propiedades},
           (%(empresas)s::text[])[k], 'Servicio ' || k,
           CASE WHEN NOT abierta THEN 'terminada' WHEN n > {jobs} - 40 THEN 'pendiente' ELSE 'en_curso' END, 1, 1,
           CASE WHEN abierta THEN 0 ELSE 1 END, false, now(), CASE WHEN abierta THEN now() + interval '1 day' END,
           CASE WHEN NOT abierta THEN bien END, CASE WHEN NOT abierta AND bien THEN 25670 + n %% 9000 END,
           CASE WHEN NOT abierta AND bien THEN 'ARS' END, CASE WHEN NOT abierta AND bien THEN 'CON_DEUDA' END,
           CASE WHEN NOT abierta AND bien THEN t::date + 10 END,
           CASE WHEN NOT abierta AND bien THEN jsonb_build_array(jsonb_build_object('numero', '0101-' || n, 'periodo',
               '2026-10', 'vencimiento', '2026-11-10', 'importe', 25670 + n %% 9000)) END,
           CASE WHEN NOT abierta THEN '[]'::jsonb END,
           CASE WHEN NOT abierta AND bien THEN jsonb_build_object('regla', 'total declarado por el portal', 'texto',
               'Total adeudado al día de hoy de la cuenta ' || n || ': $ ' || 25670 + n %% 9000 || ',00') END,
           CASE WHEN NOT abierta AND NOT bien THEN 'El sitio no responde.' END,
           CASE WHEN NOT abierta AND NOT bien THEN 'PORTAL_CAIDO' END, NOT abierta AND NOT bien, 9000 + n %% 9000,
           CASE WHEN NOT abierta THEN repeat(md5(k::text), 2) END,
           t, t, CASE WHEN NOT abierta THEN t + interval '20 s' END
    FROM generate_series(1, {jobs}) n, generate_series(1, 4) k,
         LATERAL (SELECT n > {jobs} - 40 OR (n > {jobs} - 60 AND k = 4),
                         CASE WHEN n > {jobs} - 60 THEN now() - ({jobs} - n) * interval '1 s'
                              ELSE now() - ({jobs} - n) * interval '345.6 s' END,
                         (n + k) %% 20 > 0) AS _(abierta, t, bien)
    """,
    """
    INSERT INTO callbacks (id, job_id, evento, webhook_id, url, cuerpo, estado, token, intentos, proximo_intento_en,
                           encolado_en, error, created_at, terminado_en)
    SELECT md5('c' || n)::uuid, md5(n::text)::uuid, 'job.completed', 'msg_' || md5('c' || n), 'http://127.0.0.1:9/callback',
           convert_to(repeat('{{"servicio_id": 5, "empresa": "Metrogas"}}', 25), 'UTF8'),
           CASE WHEN n > {jobs} - 120 THEN 'pendiente' WHEN n %% 40 = 0 THEN 'fallido' ELSE 'enviado' END, 1,
           CASE WHEN n > {jobs} - 120 THEN 0 WHEN n %% 40 = 0 THEN 3 ELSE 1 END, now() - interval '1 minute', now(),
           CASE WHEN n %% 40 = 0 THEN 'HTTP 500' END, t, CASE WHEN n <= {jobs} - 120 THEN t END
    FROM generate_series(1, {jobs} - 60) n, LATERAL (SELECT now() - ({jobs} - n) * interval '345.6 s') AS _(t)""",
    """
    INSERT INTO callback_intentos (callback_id, numero, iniciado_en, terminado_en, status_code, error_codigo, error,
                                   respuesta, duracion_ms)
    SELECT id, n, created_at, created_at, CASE WHEN error IS NULL THEN 200 ELSE 500 END,
           CASE WHEN error IS NOT NULL THEN 'HTTP' END, error, 'ok', 84
    FROM callbacks, generate_series(1, intentos) n""",
    """
    INSERT INTO evidencias (consulta_id, tipo, contenido, created_at)
    SELECT id, 'captura', convert_to(repeat(md5(id::text), 64), 'UTF8'), completed_at
    FROM consultas_deuda WHERE completed_at > now() - interval '30 days'""",
    """
    INSERT INTO jobs (id, tipo, status, propiedad_id, callback_url, callback_sent, total, terminadas, created_at,
                      started_at, completed_at, limite_en)
    SELECT md5('grande')::uuid, 'propiedad', 'completed', 1, 'http://127.0.0.1:9/callback', true, 50, 50, t, t,
           t + interval '1 minute', t + interval '1 hour' FROM (SELECT now() - interval '12 hours') AS _(t)""",
    """
    INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token, inicios,
        intentos, en_turno, exito, deuda, moneda, estado_deuda, created_at, started_at, completed_at)
    SELECT gen_random_uuid(), j.id, s.id, 1, s.empresa, s.tipo_servicio, 'terminada', 1, 1, 1, false, true, 100, 'ARS',
           'CON_DEUDA', j.created_at, j.created_at, j.completed_at
    FROM jobs j, servicios s WHERE j.id = md5('grande')::uuid AND s.propiedad_id = 1""",
    """
    INSERT INTO programaciones (nombre, propiedad_id, dias, hora, zona, activa, gracia_min, proxima_en, created_at)
    SELECT 'Quincena ' || n, n, '[1, 15]', '09:00', 'America/Argentina/Buenos_Aires', true, 60,
           now() + n * interval '1 day', now() FROM generate_series(1, {propiedades}) n""",
    """
    INSERT INTO ocurrencias (programacion_id, prevista_en, desenlace, job_id, created_at)
    SELECT 1 + n %% {propiedades}, now() - n * interval '1 hour', 'creada', md5(n::text)::uuid, now()
    FROM generate_series(1, {jobs} - 60) n""",
    """
    INSERT INTO trabajadores (id, colas, hilos, host, pid, visto_en)
    SELECT gen_random_uuid(), cola, 8, 'medición', 1, now() + interval '1 hour'
    FROM unnest(ARRAY['consultas', 'callbacks', 'reloj']) cola""",
    """
    INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos)
    SELECT status, callback_sent, count(*) FROM jobs GROUP BY 1, 2""",
)

SIN_RESTRICCION = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def llenar(url: str, consultas: int) -> None:
    """Fill it with so many consultas; the indexes are made afterwards, then ANALYZE knows them."""
    jobs = consultas // POR_JOB
    tamano = {"jobs": jobs, "propiedades": max(jobs // POR_PROPIEDAD, 2)}
    valores = {"empresas": list(EMPRESAS), "credenciales": json.dumps(cifrar({"numero_cliente": "12345678901"}))}
    with psycopg.connect(url, autocommit=True) as bd:
        indices = bd.execute(SIN_RESTRICCION).fetchall()
        for nombre, _ in indices:
            bd.execute(f"DROP INDEX {nombre}")  # type: ignore[arg-type]
        for parte in PARTES:
            orden = parte.format(**tamano)
            bd.execute(orden, valores) if "%" in orden else bd.execute(orden)  # type: ignore[arg-type]
        for _, definicion in indices:
            bd.execute(definicion)
        bd.execute("VACUUM ANALYZE")
        bd.execute("CHECKPOINT")
