"""With a hundred thousand jobs, nothing that the API or reloj asks reads a whole table.

`INDICES_POR_JOB=10` makes it a million consultas, and as much slower.
"""

import asyncio
import hashlib
import itertools
import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import httpx
import psycopg
import pytest
from conftest import TABLAS, filas, reglas
from starlette.applications import Starlette
from starlette.routing import Route
from visitante import Visitante

import api
import models
from actors import reloj
from models import Fallo, Resultado
from models.eventos import cambios
from models.exportacion import consultas_hechas
from models.historia import borrar_historia
from models.reparacion import callbacks_por_anunciar, desmarcar, marcar_anunciados, rescatar
from models.schemas import PedidoPropiedad, PedidoServicios
from models.schemas_callback import ReenvioMasivo
from models.schemas_exportacion import FiltroConsultas
from models.totales import contar
from panel.app import app as panel
from problemas import manejadores

APP = Starlette(routes=api.rutas, exception_handlers=manejadores)
"""The API without its keys: what the routes themselves ask of the database."""

ORDENES = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH", "EXECUTE")
GRANDES = {"jobs", "consultas_deuda", "callbacks", "ocurrencias"}
FALLA = Resultado(exito=False, error="Falló.", error_codigo="PORTAL_CAIDO")

POR_JOB = int(os.environ.get("INDICES_POR_JOB", "4"))
"""Consultas of each of the 100,000 jobs; with 10 there are a million."""

LLENAR = """
SET session_replication_role = replica;
INSERT INTO propiedades (nombre, created_at) SELECT 'P' || n, now() FROM generate_series(1, 5000) n;
INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)
    SELECT 1 + n / POR_JOB, 'empresa' || n % POR_JOB % 4, 'Prueba', '{}', true, now()
    FROM generate_series(0, 5000 * POR_JOB - 1) n;
INSERT INTO jobs (id, tipo, status, propiedad_id, voucher_id, callback_url, callback_sent, total, terminadas,
                  created_at, completed_at, limite_en)
    SELECT md5(n::text)::uuid, 'propiedad',
           CASE WHEN n > 99900 THEN 'pending' WHEN n > 99800 THEN 'processing' WHEN n % 50 = 0 THEN 'failed'
                ELSE 'completed' END,
           1 + n % 5000, 'v-' || n, 'http://x/', CASE WHEN n > 99800 THEN NULL ELSE n % 40 <> 0 END,
           POR_JOB, CASE WHEN n > 99900 THEN 0 WHEN n > 99800 THEN POR_JOB - 1 ELSE POR_JOB END,
           now() - (100000 - n) * interval '10 s', CASE WHEN n <= 99800 THEN now() - (100000 - n) * interval '10 s' END,
           now() - (99850 - n) * interval '10 s'
    FROM generate_series(1, 100000) n;
INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token, inicios,
                             intentos, en_turno, exito, deuda, created_at, completed_at, arrendada_hasta)
    SELECT md5(n || '-' || k)::uuid, md5(n::text)::uuid, 1 + (n % 5000) * POR_JOB + k, 1 + n % 5000,
           'empresa' || k % 4,
           'Prueba', CASE WHEN NOT abierta THEN 'terminada' WHEN n > 99900 THEN 'pendiente' ELSE 'en_curso' END, 1, 1,
           CASE WHEN abierta THEN 0 ELSE 1 END, abierta AND n > 99950, CASE WHEN abierta THEN NULL ELSE true END,
           CASE WHEN abierta THEN NULL ELSE 1 END, now() - (100000 - n) * interval '10 s',
           CASE WHEN abierta THEN NULL ELSE now() - (100000 - n) * interval '10 s' END,
           CASE WHEN abierta THEN now() - interval '1 s' END
    FROM generate_series(1, 100000) n, generate_series(0, POR_JOB - 1) k,
         LATERAL (SELECT n > 99900 OR (n > 99800 AND k = POR_JOB - 1)) AS _(abierta);
INSERT INTO callbacks (id, job_id, evento, webhook_id, url, cuerpo, estado, token, intentos, proximo_intento_en,
                       en_turno, created_at)
    SELECT gen_random_uuid(), md5(n::text)::uuid, 'job.completed', 'm' || n, 'http://h' || n % 100 || '/',
           '{"job_id": 1}', CASE WHEN n > 99700 THEN 'pendiente' WHEN n % 50 = 0 THEN 'fallido' ELSE 'enviado' END,
           0, 0, now() - interval '1 minute', n > 99750, now() - (100000 - n) * interval '10 s'
    FROM generate_series(50001, 99800) n;
INSERT INTO programaciones (nombre, propiedad_id, dias, hora, zona, activa, gracia_min, proxima_en, created_at)
    SELECT 'P' || n, n, '[1, 15]', '09:00', 'America/Argentina/Buenos_Aires', true, 60,
           now() + (n - 20) * interval '1 minute', now() FROM generate_series(1, 1000) n;
INSERT INTO ocurrencias (programacion_id, prevista_en, desenlace, job_id, created_at)
    SELECT 1 + n % 1000, now() - n * interval '1 hour', 'creada', md5(n::text)::uuid, now()
    FROM generate_series(1, 50000) n;
INSERT INTO cuentas_de_jobs (status, callback_sent, cuantos)
    SELECT status, callback_sent, count(*) FROM jobs GROUP BY 1, 2;
"""


@pytest.fixture(scope="module")
def llena(base_migrada: str) -> str:
    """The database with 100,000 jobs and 400,000 consultas, as PostgreSQL knows them after a vacuum."""
    with psycopg.connect(base_migrada, autocommit=True) as bd:
        bd.execute(LLENAR.replace("POR_JOB", str(POR_JOB)))
        bd.execute(f"VACUUM ANALYZE {TABLAS}")
    return base_migrada


class _Oyente(logging.Handler):
    """Keeps the statements that peewee runs."""

    def __init__(self) -> None:
        super().__init__()
        self.ordenes: list[tuple[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, tuple):
            orden, valores = record.msg
            restantes = iter(valores or ())
            for suelta in orden.split("; "):  # two may travel in one message
                self.ordenes.append((suelta, list(itertools.islice(restantes, suelta.count("%s")))))


@contextmanager
def escuchar() -> Iterator[list[tuple[str, Any]]]:
    """Every statement of the block, as (SQL, parameters)."""
    registro, oyente = logging.getLogger("peewee"), _Oyente()
    nivel = registro.level
    registro.addHandler(oyente)
    registro.setLevel(logging.DEBUG)
    try:
        yield oyente.ordenes
    finally:
        registro.setLevel(nivel)
        registro.removeHandler(oyente)


def _nodos(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for hijo in plan.get("Plans", ()):
        yield from _nodos(hijo)


def recorridos(orden: str, valores: Any, grandes: set[str] = GRANDES) -> list[str]:
    """The big tables that a statement would read from end to end, whatever its values."""
    with models.transaccion() as bd:
        bd.execute_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        (explicado,) = bd.execute_sql(f"EXPLAIN (FORMAT JSON) {orden}", valores).fetchone()
    plan = explicado if isinstance(explicado, list) else json.loads(explicado)
    nodos = _nodos(plan[0]["Plan"])
    return [n["Relation Name"] for n in nodos if n["Node Type"] == "Seq Scan" and n["Relation Name"] in grandes]


def de(n: int, k: int | None = None) -> uuid.UUID:
    """The id of job `n`, or of its consulta `k`."""
    with models.conexion() as bd:
        (texto,) = bd.execute_sql("SELECT md5(%s)", (str(n) if k is None else f"{n}-{k}",)).fetchone()
    return uuid.UUID(texto)


def _pedir(ruta: str) -> Callable[[], object]:
    """A GET of the API, and its second page where it has one."""

    async def pedir() -> None:
        transporte = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transporte, base_url="http://consultas") as cliente:
            respuesta = await cliente.get(ruta)
            assert respuesta.status_code in (200, 404, 503), respuesta.text
            if "json" in respuesta.headers["Content-Type"] and respuesta.json().get("next_cursor"):
                segunda = httpx.URL(ruta).copy_merge_params({"cursor": respuesta.json()["next_cursor"]})
                assert (await cliente.get(segunda)).is_success

    return lambda: asyncio.run(pedir())


def _una_consulta() -> None:
    """Claim, renew, retry; claim, hand back; claim, save."""
    una, otra, ultima = (de(99_901, k) for k in range(3))
    for consulta_id in (una, otra, ultima):
        consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=10_000)
        assert consulta is not None
        models.renovar(consulta.id, consulta.token, arriendo_s=60)
        if consulta_id == una:
            models.reintentar(consulta.id, consulta.token, espera_s=60, error_codigo="X")
        elif consulta_id == otra:
            models.devolver(consulta.id, consulta.token)
        else:
            exito = Resultado(exito=True, deuda=Decimal(1))
            models.guardar_consulta_deuda(consulta.id, consulta.token, exito)
    models.reclamar(de(99_902, 0), arriendo_s=60, simultaneas=1)
    models.marcar_encoladas([de(99_903, 0), de(99_904, 1)])


def _un_callback() -> None:
    for n, fallo in ((99_701, None), (99_702, Fallo("x", 1)), (99_703, Fallo("x", None))):
        [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", de(n))
        reclamado = models.reclamar_callback(callback_id, arriendo_s=60)
        assert reclamado is not None
        models.poner_cuerpo_delgado(reclamado[0])
        models.anotar_intento(reclamado[0], fallo)


def _contar_una_hora() -> None:
    """What reloj counts after an absence."""
    with models.conexion() as bd:
        bd.execute_sql("UPDATE totales_hasta SET momento = now() - interval '3 hours'")
    contar()


REGLAS = reglas()


def _con_fallas(n: int) -> uuid.UUID:
    """The id of an ended job, all of it to be tried again."""
    with models.conexion() as bd:
        bd.execute_sql("UPDATE consultas_deuda SET reintentable = true WHERE job_id = %s", (de(n),))
    return de(n)


JOB_500 = "cee631121c2ec9232f3a2f028ad5c89b"  # md5 of 500
MASIVO = ReenvioMasivo(estado="fallido", desde=datetime.now(UTC) - timedelta(hours=12), host="h50")
JOB_99500 = hashlib.md5(b"99500").hexdigest()
RECIENTE, ANTIGUO = (f"{datetime.now(UTC) - timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ}" for h in (2, 276))
"""Within two hours of the last consulta and of the first one."""
RUTAS = [
    "/jobs",
    *(f"/jobs?status={status}" for status in ("pending", "processing", "completed", "failed")),
    *(f"/jobs?callback_sent={sent}" for sent in ("true", "false")),
    *(f"/jobs?status=completed&callback_sent={sent}" for sent in ("true", "false")),
    "/jobs?propiedad_id=77",
    "/jobs?propiedad_id=77&status=completed",
    "/jobs?voucher_id=v-500",
    "/jobs?voucher_id=nadie",
    "/jobs?voucher_id=v-500&propiedad_id=501&status=completed&callback_sent=true",
    f"/job/{JOB_500}",
    f"/job/{JOB_500}/eventos",
    f"/consulta/{JOB_500}",
    f"/consulta/{JOB_500}/evidencia/captura",
    f"/job/{JOB_99500}/callback/intentos",
    "/callbacks",
    *(f"/callbacks?estado={estado}" for estado in ("pendiente", "enviando", "enviado", "fallido")),
    "/callbacks?desde=2026-01-01T00:00:00Z",
    "/callbacks?host=h7",
    "/callbacks?estado=fallido&desde=2026-01-01T00:00:00Z&host=h50",
    "/historial/propiedad/77",
    "/servicios/propiedad/77",
    "/propiedades",
    "/propiedades?q=P77&limit=2",
    "/programaciones?limit=2",
    f"/consultas.csv?desde={RECIENTE}",
    f"/consultas.csv?hasta={ANTIGUO}",
    "/consultas.csv?propiedad_id=77",
    f"/consultas.csv?desde={ANTIGUO}&propiedad_id=77&formato=excel",
    "/deudas.csv",
    "/vencimientos.ics",
    "/programaciones/77",
    "/queue/stats",
    "/empresas",
    "/empresas/salud",
    "/metrics",
    "/ready",
    "/health",
    "/openapi.json",
    "/docs",
    "/docs/docs.css",
]

PANEL = [
    "/panel/jobs",
    "/panel/jobs?status=completed&callback=enviado",
    "/panel/jobs?callback=fallido",
    "/panel/jobs?propiedad_id=77",
    "/panel/jobs?q=v-500",
    f"/panel/jobs?q={JOB_500}",
    "/panel/jobs?q=77",
    f"/panel/jobs/{JOB_500}",
    f"/panel/jobs/{JOB_500}/vivo",
    f"/panel/jobs/{JOB_500}/eventos",
    f"/panel/jobs/{JOB_99500}",
    f"/panel/jobs/{JOB_99500}/callbacks/{JOB_500}",
    "/panel/callbacks",
    "/panel/callbacks?estado=enviado&host=h7",
    "/panel/propiedades",
    "/panel/propiedades?q=P77",
    "/panel/propiedades/77",
    "/panel/propiedades/77/editar",
    "/panel/propiedades/77/servicios/nuevo?empresa=edesur",
    "/panel/propiedades/77/servicios/campos?empresa=edesur",
    "/panel/servicios/77",
    "/panel/programaciones",
    "/panel/programaciones?cursor=500",
    "/panel/programaciones/nueva?propiedad_id=77",
    "/panel/programaciones/77",
    "/panel/programaciones/77/editar",
    "/panel/programaciones/77/borrar",
    f"/panel/consultas/{JOB_500}",
    "/panel/consultas/CONSULTA",
    f"/panel/consultas/{JOB_500}/evidencia/captura",
    "/panel/empresas",
    "/panel/claves",
    "/panel/propiedades/nueva",
    "/panel/entrar",
]
"""Every page of the panel."""

SIN_BASE = {f"GET {ruta}" for ruta in ("/health", "/empresas", "/openapi.json", "/docs", "/docs/docs.css")}
LLAMADAS: dict[str, Callable[[], object]] = {
    **{f"GET {ruta.replace(RECIENTE, 'hoy').replace(ANTIGUO, 'antes')}": _pedir(ruta) for ruta in RUTAS},
    "POST /consultar/propiedad": lambda: models.crear_job(PedidoPropiedad(propiedad_id=77), REGLAS),
    "POST /consultar/servicios": lambda: models.crear_job(PedidoServicios(servicio_ids=[1, 2, 30_000]), REGLAS),
    "POST con clave y antigüedad": lambda: models.crear_job(
        PedidoServicios(servicio_ids=[5, 6, 7], max_antiguedad_min=10_000), REGLAS, models.Clave.de("k", {})
    ),
    "POST /job/{id}/reintentar": lambda: models.crear_reintento(_con_fallas(500), REGLAS),
    "GET /consultas.csv": lambda: list(itertools.islice(consultas_hechas(FiltroConsultas()), 2)),
    "eventos": lambda: cambios({de(n): None for n in (5, 99_850, 99_950)}),
    "repartir": lambda: models.repartir(de(500, 0), ()),
    "POST /job/{id}/callback/reenviar": lambda: models.reenviar(de(60_000), None),
    "POST /callbacks/reenviar, simulado": lambda: models.reenviar_varios(MASIVO),
    "POST /callbacks/reenviar": lambda: models.reenviar_varios(MASIVO.model_copy(update={"simular": False})),
    "callbacks_por_anunciar": lambda: callbacks_por_anunciar(de(99_740), 10),
    "marcar_anunciados": lambda: marcar_anunciados([c for c, _ in callbacks_por_anunciar(de(99_741), 10)]),
    "consultar": _una_consulta,
    "tomar_turno": lambda: models.tomar_turno("empresa1"),
    "notificar": _un_callback,
    "reloj: borrar_historia": lambda: borrar_historia(5),
    "reloj: desmarcar": lambda: desmarcar([de(99_903, 0)]),
    "reloj: rescatar lo agotado": lambda: rescatar(5, inicios_max=1, resultado=FALLA),
    **{f"reloj: {reparar.__name__}": reparar for reparar in (*reloj.REPARACIONES, *reloj.RUTINAS)},
    "reloj: contar una hora": _contar_una_hora,
}


@pytest.fixture
def sin_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reloj publishes nothing."""
    monkeypatch.setattr(reloj, "tuberia", lambda *_: None)
    monkeypatch.setattr(reloj, "notificar", Mock())
    monkeypatch.setattr(reloj, "anunciar", Mock())


@pytest.mark.usefixtures("sin_broker")
@pytest.mark.parametrize("llamada", LLAMADAS)
def test_ninguna_consulta_sql_recorre_una_tabla_grande(llena: str, llamada: str) -> None:
    # Given what a call really asks
    with escuchar() as ordenes:
        LLAMADAS[llamada]()
    pedidas = [o for o in ordenes if o[0].lstrip("( ").startswith(ORDENES)]
    assert pedidas or llamada in SIN_BASE
    # When PostgreSQL plans it
    malas = [(orden, tablas) for orden, valores in pedidas if (tablas := recorridos(orden, valores))]
    # Then no plan reads a big table from end to end
    assert malas == []


def test_ninguna_ruta_de_la_api_se_queda_afuera() -> None:
    lecturas = [ruta for ruta in api.rutas if isinstance(ruta, Route) and "GET" in (ruta.methods or ())]
    lecturas = [ruta for ruta in lecturas if ruta.path != "/panel"]
    sin_probar = [r.path for r in lecturas if not any(r.path_regex.match(p.partition("?")[0]) for p in RUTAS)]
    assert sin_probar == []


PREGUNTAS_MAX = 8


@pytest.fixture(scope="module")
def visita(llena: str) -> Visitante:
    """Somebody who administers."""
    return Visitante().entrar()


@pytest.mark.parametrize("ruta", PANEL)
def test_cada_pagina_del_panel_pregunta_poco_y_sin_recorrer(visita: Visitante, ruta: str) -> None:
    # Given what a page really asks, and the one after it
    ruta = ruta.replace("CONSULTA", str(de(500, 1)))
    with escuchar() as ordenes:
        respuesta = visita.pedir("GET", ruta)
    assert respuesta.status_code in (200, 303, 404), respuesta.text
    if siguiente := re.search(r'rel="next" href="([^"]+)"', respuesta.text):
        with escuchar() as segundas:
            visita.ver(siguiente[1].replace("&amp;", "&"))
        assert len(segundas) <= PREGUNTAS_MAX
        ordenes += segundas
    # Then it is one screenful, whatever the size of the tables, and no big table is read from end to end
    pedidas = [o for o in ordenes if o[0].lstrip("( \n").startswith(("SELECT", "EXECUTE"))]
    assert len(pedidas) <= PREGUNTAS_MAX * (2 if siguiente else 1)
    assert [(orden, tablas) for orden, valores in pedidas if (tablas := recorridos(orden, valores))] == []


def test_ninguna_pagina_del_panel_se_queda_afuera() -> None:
    caminos = [p.removeprefix("/panel").partition("?")[0] for p in PANEL]
    lecturas = [ruta for ruta in panel.routes if isinstance(ruta, Route) and "GET" in (ruta.methods or ())]
    assert [r.path for r in lecturas if r.path != "/" and not any(r.path_regex.match(c) for c in caminos)] == []


def test_un_recorrido_se_nota(llena: str) -> None:
    assert recorridos("SELECT * FROM jobs WHERE error = %s", ("x",)) == ["jobs"]
