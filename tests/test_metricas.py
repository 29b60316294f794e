"""GET /metrics: every number comes from the database, and no total ever falls."""

import asyncio
import re
import subprocess
import uuid
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from conftest import Crear, Sembrar, a_la_vez
from prometheus_client.parser import text_string_to_metric_families
from servidores import buscar_programa
from starlette.applications import Starlette

import api
import models
from actors import reloj
from models import Fallo, Resultado
from models.totales import contar, sumar
from problemas import manejadores
from recursos import metricas
from recursos.reciente import Reciente

RAIZ = Path(__file__).resolve().parent.parent
APP = Starlette(routes=api.rutas, exception_handlers=manejadores)
"""The API without its keys."""

EXITO = Resultado(exito=True, deuda=Decimal(1), duracion_ms=2000)
FALLA = Resultado(exito=False, error="Falló.", error_codigo="PORTAL_CAIDO", duracion_ms=130_000)


@pytest.fixture(autouse=True)
def desde_cero(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting begins now, and every answer is a fresh one."""
    monkeypatch.setattr(metricas.ultimas, "vigencia_s", 0)
    contar()


def _texto() -> str:
    async def pedir() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://consultas") as cliente:
            respuesta = await cliente.get("/metrics")
            assert respuesta.status_code == 200
            assert respuesta.headers["content-type"].startswith("text/plain")
            return respuesta.text

    return asyncio.run(pedir())


def leer() -> dict[str, float]:
    """Every sample, by its name and labels: `consultas_abiertas{empresa=Edenor,estado=pendiente}`."""
    muestras = {}
    for familia in text_string_to_metric_families(_texto()):
        for muestra in familia.samples:
            etiquetas = ",".join(f"{k}={v}" for k, v in sorted(muestra.labels.items()))
            muestras[f"{muestra.name}{{{etiquetas}}}" if etiquetas else muestra.name] = muestra.value
    return muestras


def _terminar(consulta_id: uuid.UUID, resultado: Resultado) -> None:
    consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=100)
    assert consulta is not None
    assert models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)["guardado"]


def test_lo_que_espera_y_corre(sembrar: Sembrar, crear: Crear) -> None:
    # Given a consulta that waits, one that runs, one that waits for its empresa, and one of nobody we know
    _, ids = sembrar("Metrogas", "Edenor", "Edenor", "Kiosco")
    metrogas, edenor, otra_edenor, _ = crear(ids, callback_url="http://127.0.0.1:9/").consulta_ids
    assert models.reclamar(edenor, arriendo_s=60, simultaneas=1)
    assert models.reclamar(otra_edenor, arriendo_s=60, simultaneas=1) is None
    # When they are scraped
    vistas = leer()
    # Then each is in its place
    assert vistas["consultas_abiertas{empresa=Metrogas,estado=pendiente}"] == 1
    assert vistas["consultas_abiertas{empresa=Edenor,estado=en_curso}"] == 1
    assert vistas["consultas_abiertas{empresa=Edenor,estado=en_turno}"] == 1
    assert vistas["consultas_abiertas{empresa=otra,estado=pendiente}"] == 1
    assert vistas["consultas_cola_en_espera{cola=consultas}"] == 3
    assert vistas["consultas_cola_antiguedad_seconds{cola=consultas}"] > 0
    assert vistas["consultas_jobs_abiertos{status=processing}"] == 1
    assert vistas["consultas_trabajadores{cola=consultas}"] == 0
    assert metrogas


def test_lo_que_termina_se_cuenta_una_vez(sembrar: Sembrar, crear: Crear) -> None:
    # Given a job of three consultas that ended
    _, ids = sembrar("Metrogas", "Edenor", "Edenor")
    una, otra, ultima = crear(ids, callback_url="http://127.0.0.1:9/").consulta_ids
    _terminar(una, EXITO)
    _terminar(otra, EXITO)
    _terminar(ultima, FALLA)
    # When many reloj count at once
    a_la_vez(contar, [0.0] * 8)
    # Then each is counted once, by what it was
    vistas = leer()
    assert vistas["consultas_terminadas_total{codigo=EXITO,empresa=Metrogas}"] == 1
    assert vistas["consultas_terminadas_total{codigo=PORTAL_CAIDO,empresa=Edenor}"] == 1
    assert vistas["consultas_duracion_seconds_bucket{empresa=Edenor,le=1}"] == 0
    assert vistas["consultas_duracion_seconds_bucket{empresa=Edenor,le=2}"] == 1
    assert vistas["consultas_duracion_seconds_bucket{empresa=Edenor,le=120}"] == 1
    assert vistas["consultas_duracion_seconds_bucket{empresa=Edenor,le=+Inf}"] == 2
    assert vistas["consultas_duracion_seconds_sum{empresa=Edenor}"] == 132
    assert vistas["consultas_jobs_terminados_total{status=completed}"] == 1
    assert vistas["consultas_job_duracion_seconds_count"] == 1
    assert vistas["consultas_callbacks_abiertos{estado=pendiente}"] == 1
    assert vistas["consultas_jobs_abiertos{status=pending}"] == 0


def test_ningun_total_baja_cuando_una_fila_cambia_o_desaparece(sembrar: Sembrar, crear: Crear) -> None:
    # Given a callback that failed, and is counted
    _, ids = sembrar("Metrogas")
    alta = crear(ids, callback_url="http://127.0.0.1:9/")
    _terminar(alta.consulta_ids[0], EXITO)
    with models.conexion():
        callback = models.Callback.get(models.Callback.job == alta.job_id)
    reclamado = models.reclamar_callback(callback.id, arriendo_s=60)
    assert reclamado is not None
    models.anotar_intento(reclamado[0], Fallo("Connection refused", None), error_codigo="CONEXION_RECHAZADA")
    contar(0)
    antes = {nombre: valor for nombre, valor in leer().items() if "_total" in nombre}
    assert antes["consultas_callbacks_terminados_total{estado=fallido}"] == 1
    assert antes["consultas_callback_intentos_total{resultado=CONEXION_RECHAZADA}"] == 1
    # When it is sent again, and when all of it is deleted
    models.reenviar(alta.job_id, None)
    contar(0)
    with models.conexion():
        models.Job.delete().execute()
    contar(0)
    # Then the totals stay
    assert {nombre: valor for nombre, valor in leer().items() if "_total" in nombre} == antes


def test_lo_que_reloj_arregla(sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a consulta whose worker died
    monkeypatch.setattr(reloj, "tuberia", lambda *_: None)
    _, ids = sembrar("Metrogas")
    assert models.reclamar(crear(ids).consulta_ids[0], arriendo_s=-1, simultaneas=1)
    # When reloj turns, twice
    for _ in range(2):
        reloj.vuelta((reloj.rescatar_interrumpidas,))
    # Then one repair was counted
    vistas = leer()
    assert vistas["consultas_arriendos_vencidos_total{destino=devuelta}"] == 1
    assert vistas["consultas_arriendos_vencidos_total{destino=terminada}"] == 0
    assert vistas["consultas_reloj_reparaciones_total{reparacion=rescatar_interrumpidas}"] == 1


def test_lo_que_los_procesos_dicen_de_si() -> None:
    for pid, medidas in enumerate(
        [{"navegador_bytes": 100, "bucle_s": 0.5, "por_publicar": 2}, {"navegador_bytes": 50}, None]
    ):
        models.latir(uuid.UUID(int=pid), colas="consultas", hilos=4, medidas=medidas)
    sumar("navegador_arranques", {"": 2})
    sumar("navegador_arranques", {"": 1})
    vistas = leer()
    assert vistas["consultas_trabajadores{cola=consultas}"] == 3
    assert vistas["consultas_trabajadores{cola=callbacks}"] == 0
    assert vistas["consultas_trabajadores_hilos{cola=consultas}"] == 12
    assert vistas["consultas_latido_antiguedad_seconds{cola=consultas}"] < 30
    assert vistas["consultas_navegador_memoria_bytes"] == 150
    assert vistas["consultas_bucle_demora_seconds{cola=consultas}"] == 0.5
    assert vistas["consultas_publicador_pendientes{proceso=consultas}"] == 2
    assert vistas["consultas_navegador_arranques_total"] == 3


def test_el_texto_cumple_las_convenciones_de_prometheus(sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("Metrogas")
    _terminar(crear(ids).consulta_ids[0], EXITO)
    contar(0)
    revisado = subprocess.run(
        [buscar_programa("/usr/bin/promtool"), "check", "metrics"],
        input=_texto(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (revisado.returncode, revisado.stdout + revisado.stderr) == (0, "")


def test_cada_una_esta_explicada() -> None:
    tabla = re.findall(r"^\| (`consultas_.+?) \|", (RAIZ / "docs/operacion.md").read_text(), re.MULTILINE)
    explicadas = {nombre.removesuffix("_total") for fila in tabla for nombre in re.findall(r"`(\w+)`", fila)}
    assert explicadas == {familia.name for familia in text_string_to_metric_families(_texto())}


def test_muchos_pedidos_seguidos_miran_la_base_una_vez() -> None:
    vistos: list[int] = []
    ultimo = Reciente(lambda: vistos.append(1), vigencia_s=3600)
    a_la_vez(lambda _: ultimo(), range(10))
    assert len(vistos) == 1
