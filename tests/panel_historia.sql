-- A year of two propiedades: 40 jobs, some with fallas and some whose callback failed.
INSERT INTO propiedades (nombre, direccion, created_at) VALUES
    ('Av. Corrientes 1234, 5.º B', 'Ciudad de Buenos Aires', now()), ('Casa de Haedo', 'Calle Simulada 99', now());
INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)
    SELECT p, e[1], e[2], '{}', true, now() FROM generate_series(1, 2) p, (VALUES (ARRAY['Metrogas', 'Gas']),
        (ARRAY['Edenor', 'Electricidad']), (ARRAY['AySA', 'Agua']), (ARRAY['AGIP (ABL)', 'Impuesto'])) AS v(e);
INSERT INTO jobs (id, tipo, status, propiedad_id, voucher_id, callback_url, callback_sent, callback_error, total, terminadas, created_at, started_at, completed_at, limite_en)
SELECT gen_random_uuid(), 'propiedad', CASE WHEN n % 9 = 4 THEN 'failed' ELSE 'completed' END, 1 + n % 2, 'v-' || (1000 + n), CASE WHEN n % 4 > 0 THEN 'https://app.ejemplo.com/callback' END, CASE WHEN n % 4 > 0 THEN n % 7 <> 3 END, CASE WHEN n%4>0 AND n % 7 = 3 THEN 'HTTP 500' END, 4, 4, now() - n * interval '9 days', now() - n * interval '9 days', now() - n * interval '9 days' + interval '14 s', now() FROM generate_series(1, 40) n;
INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token, inicios, intentos, en_turno, exito, deuda, moneda, estado_deuda, vencimiento, error, error_codigo, reintentable, duracion_ms, created_at, started_at, completed_at)
SELECT gen_random_uuid(), j.id, s.id, s.propiedad_id, s.empresa, s.tipo_servicio, 'terminada', 1, 1, 1, false, r.x > 0.12,
 CASE WHEN r.x > 0.12 THEN CASE WHEN r.x < 0.35 THEN 0 ELSE round((12000 + 30000 * r.x * (1 + s.id % 3))::numeric, 2) END END,
 CASE WHEN r.x > 0.12 THEN 'ARS' END, CASE WHEN r.x > 0.12 THEN CASE WHEN r.x < 0.35 THEN 'SIN_DEUDA' ELSE 'CON_DEUDA' END END,
 CASE WHEN r.x >= 0.35 THEN (date_trunc('month', j.created_at) + interval '1 month 9 days')::date END,
 CASE WHEN r.x <= 0.12 THEN 'El sitio de ' || s.empresa || ' no responde.' END, CASE WHEN r.x <= 0.12 THEN 'PORTAL_CAIDO' END, CASE WHEN r.x <= 0.12 THEN true END, (2000 + 9000 * r.x)::int, j.created_at, j.created_at, j.completed_at
FROM jobs j JOIN servicios s ON s.propiedad_id = j.propiedad_id, LATERAL (SELECT abs(sin(s.id * 7 + extract(epoch FROM date_trunc('day', j.created_at)) / 86400)) AS x) r WHERE j.voucher_id LIKE 'v-1%';
INSERT INTO callbacks (id, job_id, evento, webhook_id, url, cuerpo, estado, token, intentos, en_turno, error, created_at,
                       terminado_en)
SELECT gen_random_uuid(), j.id, 'job.completed', 'msg_' || j.voucher_id, j.callback_url, '{"job_id":"x"}',
       CASE WHEN j.callback_sent THEN 'enviado' ELSE 'fallido' END, 1, CASE WHEN j.callback_sent THEN 1 ELSE 3 END, false,
       j.callback_error, j.completed_at, j.completed_at
FROM jobs j WHERE j.callback_url IS NOT NULL;
INSERT INTO callback_intentos (callback_id, numero, iniciado_en, terminado_en, status_code, error_codigo, error,
                               respuesta, duracion_ms, cabeceras)
SELECT c.id, n, c.created_at + n * interval '2 s', c.created_at + n * interval '2 s',
       CASE WHEN c.error IS NULL THEN 200 ELSE 500 END, CASE WHEN c.error IS NOT NULL THEN 'HTTP' END, c.error,
       CASE WHEN c.error IS NULL THEN '{"ok":true}' ELSE 'Internal Server Error' END, 84,
       jsonb_build_object('content-type', 'application/json', 'webhook-id', c.webhook_id, 'x-callback-intento', n || '/3')
FROM callbacks c, generate_series(1, c.intentos) n;
