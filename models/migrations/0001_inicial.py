"""The first schema."""

from typing import Any

TABLAS = """
CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    tipo TEXT NOT NULL CONSTRAINT jobs_tipo CHECK (tipo IN ('propiedad', 'servicios', 'todas')),
    status TEXT NOT NULL
        CONSTRAINT jobs_status CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    propiedad_id BIGINT,
    voucher_id TEXT,
    callback_url TEXT,
    callback_sent BOOLEAN,
    callback_error TEXT,
    total INTEGER NOT NULL,
    terminadas INTEGER NOT NULL,
    error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    limite_en TIMESTAMPTZ NOT NULL,
    CONSTRAINT jobs_terminadas CHECK (terminadas BETWEEN 0 AND total)
);
CREATE INDEX jobs_recientes ON jobs (created_at, id);
CREATE INDEX jobs_por_status ON jobs (status, created_at, id);
CREATE INDEX jobs_por_callback ON jobs (callback_sent, created_at, id);
CREATE INDEX jobs_por_propiedad ON jobs (propiedad_id, created_at, id);
CREATE INDEX jobs_por_voucher ON jobs (voucher_id, created_at, id);
CREATE INDEX jobs_cuentas ON jobs (status, callback_sent);
CREATE INDEX jobs_abiertos ON jobs (limite_en) WHERE status IN ('pending', 'processing');
CREATE TABLE callbacks (
    id UUID NOT NULL PRIMARY KEY,
    job_id UUID NOT NULL,
    evento TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    url TEXT NOT NULL,
    cuerpo BYTEA NOT NULL,
    estado TEXT NOT NULL
        CONSTRAINT callbacks_estado CHECK (estado IN ('pendiente', 'enviando', 'enviado', 'fallido')),
    token BIGINT NOT NULL,
    arrendado_hasta TIMESTAMPTZ,
    intentos INTEGER NOT NULL,
    proximo_intento_en TIMESTAMPTZ,
    encolado_en TIMESTAMPTZ,
    error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    terminado_en TIMESTAMPTZ,
    FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX callbacks_webhook_id ON callbacks (webhook_id);
CREATE UNIQUE INDEX callbacks_por_job ON callbacks (job_id, evento);
CREATE INDEX callbacks_pendientes ON callbacks (proximo_intento_en)
    WHERE estado IN ('pendiente', 'enviando');
CREATE TABLE propiedades (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    nombre TEXT NOT NULL,
    direccion TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE servicios (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    propiedad_id BIGINT NOT NULL,
    empresa TEXT NOT NULL,
    tipo_servicio TEXT NOT NULL,
    credenciales JSONB NOT NULL,
    activo BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (propiedad_id) REFERENCES propiedades (id) ON DELETE RESTRICT
);
CREATE INDEX servicios_propiedad_id ON servicios (propiedad_id);
CREATE TABLE consultas_deuda (
    id UUID NOT NULL PRIMARY KEY,
    job_id UUID NOT NULL,
    servicio_id BIGINT NOT NULL,
    propiedad_id BIGINT NOT NULL,
    empresa TEXT NOT NULL,
    tipo_servicio TEXT NOT NULL,
    estado TEXT NOT NULL
        CONSTRAINT consultas_estado CHECK (estado IN ('pendiente', 'en_curso', 'terminada')),
    token BIGINT NOT NULL,
    arrendada_hasta TIMESTAMPTZ,
    inicios INTEGER NOT NULL,
    intentos INTEGER NOT NULL,
    disponible_en TIMESTAMPTZ,
    encolada_en TIMESTAMPTZ,
    huella TEXT,
    en_turno BOOLEAN NOT NULL,
    exito BOOLEAN,
    deuda NUMERIC(14, 2),
    moneda TEXT,
    estado_deuda TEXT,
    saldo_a_favor NUMERIC(14, 2),
    vencimiento DATE,
    facturas JSONB,
    avisos JSONB,
    prueba JSONB,
    error TEXT,
    error_codigo TEXT,
    reintentable BOOLEAN,
    mensaje_portal TEXT,
    duracion_ms INTEGER,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    FOREIGN KEY (servicio_id) REFERENCES servicios (id) ON DELETE RESTRICT,
    CONSTRAINT consultas_deuda_probada CHECK ((exito IS TRUE) = (deuda IS NOT NULL) AND deuda >= 0),
    CONSTRAINT consultas_terminada CHECK ((estado = 'terminada') = (exito IS NOT NULL)),
    CONSTRAINT consultas_inicios CHECK (inicios >= intentos)
);
CREATE INDEX consultas_por_job ON consultas_deuda (job_id, servicio_id);
CREATE INDEX consultas_por_servicio ON consultas_deuda (servicio_id, completed_at);
CREATE INDEX consultas_historial ON consultas_deuda (propiedad_id, completed_at, id)
    WHERE estado = 'terminada';
CREATE INDEX consultas_recientes ON consultas_deuda (completed_at, empresa)
    WHERE estado = 'terminada';
CREATE INDEX consultas_en_curso ON consultas_deuda (empresa, arrendada_hasta) WHERE estado = 'en_curso';
CREATE INDEX consultas_pendientes ON consultas_deuda (encolada_en, disponible_en)
    WHERE estado = 'pendiente' AND NOT en_turno;
CREATE INDEX consultas_en_turno ON consultas_deuda (empresa, created_at)
    WHERE estado = 'pendiente' AND en_turno;
CREATE TABLE evidencias (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    consulta_id UUID NOT NULL,
    tipo TEXT NOT NULL
        CONSTRAINT evidencias_tipo CHECK (tipo IN ('captura', 'html', 'url', 'consola', 'red')),
    contenido BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (consulta_id) REFERENCES consultas_deuda (id) ON DELETE CASCADE
);
CREATE INDEX evidencias_created_at ON evidencias (created_at);
CREATE UNIQUE INDEX evidencias_por_consulta ON evidencias (consulta_id, tipo);
CREATE TABLE callback_intentos (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    callback_id UUID NOT NULL,
    numero INTEGER NOT NULL,
    iniciado_en TIMESTAMPTZ NOT NULL,
    terminado_en TIMESTAMPTZ,
    status_code INTEGER,
    error_codigo TEXT,
    error TEXT,
    respuesta TEXT,
    location TEXT,
    duracion_ms INTEGER,
    FOREIGN KEY (callback_id) REFERENCES callbacks (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX callback_intentos_numero ON callback_intentos (callback_id, numero);
CREATE TABLE trabajadores (
    id UUID NOT NULL PRIMARY KEY,
    colas TEXT NOT NULL,
    hilos INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    visto_en TIMESTAMPTZ NOT NULL
);
CREATE INDEX trabajadores_visto_en ON trabajadores (visto_en);
CREATE TABLE empresas (
    empresa TEXT NOT NULL PRIMARY KEY,
    fallas_seguidas INTEGER NOT NULL,
    abierto_hasta TIMESTAMPTZ,
    proximo_inicio_en TIMESTAMPTZ
);
CREATE TABLE rechazos (
    huella TEXT NOT NULL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL
)
"""


def up(migrator: Any, db: Any) -> None:
    """Create every table and index."""
    for orden in TABLAS.split(";"):
        db.execute_sql(orden)
