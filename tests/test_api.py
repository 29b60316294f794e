"""The web process, as a caller sees it: what is published, and a clear refusal of everything else."""

import json
import re
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import requests
from conftest import Sembrar, Web, filas
from servidores import PostgresPrivado

import models
from models import Resultado

PROBLEMA = {"type", "title", "status", "detail", "codigo", "errores"}
JOB = {
    "job_id", "tipo", "status", "propiedad_id", "created_at", "started_at", "completed_at", "progreso", "resultado",
    "error", "callback_url", "callback_eventos", "callback_headers", "metadata", "voucher_id", "callback_sent",
    "callback_error",
}  # fmt: skip
RESULTADO = {
    "servicio_id", "propiedad_id", "empresa", "tipo_servicio", "deuda", "exito", "error", "consulta_id", "moneda",
    "error_codigo", "reintentable", "estado_deuda", "vencimiento", "facturas", "avisos", "duracion_ms", "intentos",
}  # fmt: skip
ALTA = {"job_id", "status", "propiedad_id", "total_servicios", "mensaje", "nota"}
INSTANTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
URL, DE_NADIE = "https://app.ejemplo.com/callback?x=1", str(uuid.UUID(int=7))
ES_JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process whose RabbitMQ is away: nothing that follows needs it."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/") as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def _terminar(job_id: str) -> None:
    """End a job: its first consulta well, the others badly."""
    ids = filas("SELECT id FROM consultas_deuda WHERE job_id = %s ORDER BY servicio_id", job_id)
    for numero, (consulta_id,) in enumerate(ids):
        consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=99)
        assert consulta is not None
        bien = Resultado(exito=True, deuda=Decimal("25670.00"), moneda="ARS", estado_deuda="con_deuda")
        mal = Resultado(exito=False, error="No responde.", error_codigo="PORTAL_CAIDO", reintentable=True)
        models.guardar_consulta_deuda(consulta.id, consulta.token, mal if numero else bien)


class TestLoPublicado:
    def test_propiedad_sin_callback(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, _ = sembrar("Metrogas", "Edenor")
        respuesta = requests.post(web.url + "/consultar/propiedad", json={"propiedad_id": propiedad_id}, timeout=5)
        alta = respuesta.json()
        assert respuesta.status_code == 202 and respuesta.headers["Content-Type"] == "application/json"
        assert set(alta) == ALTA and respuesta.headers["Location"] == f"/job/{alta['job_id']}"
        assert alta["status"] == "pending" and (alta["propiedad_id"], alta["total_servicios"]) == (propiedad_id, 2)
        assert alta["mensaje"] == "Consulta encolada correctamente"
        assert f"GET /job/{alta['job_id']}" in alta["nota"]

    def test_servicios_con_callback(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, (uno, dos) = sembrar("Metrogas", "Edenor")
        _, (apagado,) = sembrar("AySA", activo=False)
        pedido = {"servicio_ids": [dos, uno, uno, apagado, 999], "callback_url": URL, "voucher_id": "ñandú-🧾"}
        alta = web.pedir("/consultar/servicios", pedido)
        assert set(alta) == {*ALTA, "servicios_omitidos"}
        assert alta["mensaje"] == "Consulta encolada correctamente Se notificará al callback cuando termine."
        assert (alta["nota"], alta["total_servicios"], alta["propiedad_id"]) == (None, 2, propiedad_id)
        omitidos = [(o["servicio_id"], o["motivo"]) for o in alta["servicios_omitidos"]]
        assert omitidos == [(apagado, "inactivo"), (999, "inexistente")]
        assert web.pedir(f"/job/{alta['job_id']}")["voucher_id"] == "ñandú-🧾"

    def test_todas(self, web: Web, sembrar: Sembrar) -> None:
        sembrar("Metrogas", "Edenor")
        sembrar("AySA")
        alta = web.pedir("/consultar/todas", {})
        assert set(alta) == ALTA and (alta["total_servicios"], alta["propiedad_id"]) == (3, None)

    def test_un_job_del_principio_al_fin(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, (uno, dos) = sembrar("Metrogas", "Edenor")
        job_id = web.pedir("/consultar/propiedad", {"propiedad_id": propiedad_id, "callback_url": URL})["job_id"]
        nuevo = web.pedir(f"/job/{job_id}")
        assert set(nuevo) >= JOB and (nuevo["status"], nuevo["resultado"]) == ("pending", [])
        assert nuevo["progreso"] == {"total": 2, "terminadas": 0} and INSTANTE.fullmatch(nuevo["created_at"])
        assert [nuevo[k] for k in ("started_at", "completed_at", "error", "voucher_id", "callback_sent")] == [None] * 5
        _terminar(job_id)
        job = web.pedir(f"/job/{job_id}")
        assert (job["status"], job["tipo"], job["callback_url"]) == ("completed", "propiedad", URL)
        assert all(INSTANTE.fullmatch(job[cuando]) for cuando in ("started_at", "completed_at"))
        bien, mal = job["resultado"]
        assert set(bien) >= RESULTADO and set(bien) == set(mal)
        assert (bien["servicio_id"], bien["deuda"], bien["exito"], bien["error"]) == (uno, 25670, True, None)
        assert (mal["servicio_id"], mal["deuda"], mal["exito"]) == (dos, None, False)
        assert (mal["error"], mal["error_codigo"], mal["reintentable"]) == ("No responde.", "PORTAL_CAIDO", True)
        historia = web.pedir(f"/historial/propiedad/{propiedad_id}")
        assert {c["consulta_id"] for c in historia["consultas"]} == {bien["consulta_id"], mal["consulta_id"]}
        assert set(historia) >= {"propiedad_id", "consultas", "next_cursor"}

    def test_servicios_de_una_propiedad_sin_credenciales(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, (uno,) = sembrar("Metrogas")
        dicho = web.pedir(f"/servicios/propiedad/{propiedad_id}")
        esperado = {"servicio_id": uno, "propiedad_id": propiedad_id, "empresa": "Metrogas", "tipo_servicio": "Prueba"}
        assert dicho["servicios"] == [{**esperado, "activo": True}]

    def test_los_numeros_de_la_cola(self, web: Web, sembrar: Sembrar) -> None:
        ids = sembrar("Metrogas", "Edenor")[1]
        web.pedir("/consultar/servicios", {"servicio_ids": ids})
        otros = sembrar("Metrogas", "Edenor")[1]
        _terminar(web.pedir("/consultar/servicios", {"servicio_ids": otros})["job_id"])
        numeros = web.pedir("/queue/stats")
        esperados = {"total_jobs": 2, "pending": 1, "processing": 0, "completed": 1, "failed": 0, "queue_size": 2}
        assert {**numeros, **esperados, "max_workers": 0, "workers_active": 0} == numeros

    def test_todas_las_paginas_sin_repetir(self, web: Web, sembrar: Sembrar) -> None:
        # Given jobs of the same moment
        ids = sembrar("Metrogas")[1]
        for _ in range(23):
            web.pedir("/consultar/servicios", {"servicio_ids": ids, "voucher_id": "v"})
        filas("UPDATE jobs SET created_at = date_trunc('minute', created_at)")
        # When every page is read, and more come meanwhile
        vistos: list[str] = []
        cursor, total = "", 23
        while cursor is not None:
            pagina = web.pedir(f"/jobs?limit=5&voucher_id=v{'&cursor=' + cursor if cursor else ''}")
            assert set(pagina) == {"jobs", "total", "next_cursor"} and pagina["total"] == total
            vistos += [job["job_id"] for job in pagina["jobs"]]
            cursor = pagina["next_cursor"]
            total += 1
            web.pedir("/consultar/servicios", {"servicio_ids": ids, "voucher_id": "v"})
        # Then each was seen once, the newest first
        assert len(vistos) == len(set(vistos)) == 23

    def test_los_filtros(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, ids = sembrar("Metrogas")
        uno = web.pedir("/consultar/servicios", {"servicio_ids": ids, "voucher_id": "a b&c"})["job_id"]
        otro = web.pedir("/consultar/todas", {})["job_id"]
        filas("UPDATE jobs SET status = 'failed', callback_sent = false WHERE id = %s", uno)
        for filtro in ("status=failed", "callback_sent=false", f"propiedad_id={propiedad_id}", "voucher_id=a%20b%26c"):
            hallados = web.pedir(f"/jobs?{filtro}")
            assert ([j["job_id"] for j in hallados["jobs"]], hallados["total"]) == ([uno], 1), filtro
        assert [j["job_id"] for j in web.pedir("/jobs?status=pending")["jobs"]] == [otro]


def _cursor(texto: str) -> str:
    return urlsafe_b64encode(texto.encode()).decode().rstrip("=")


CRUDOS = [b"", b"{", b"\xff\xfe{", b"nulo", b'{"propiedad_id": NaN}', b"[" * 60_000, b'{"propiedad_id": ' + b"9" * 5000]
NO_OBJETOS = ["[]", '"x"', "null", "35"]
IDS = ["35", 35.5, 35.0, True, None, 0, -1, 2**63, 10**400, [35], {}]
URLS = [
    "", "x", "//h/x", "ftp://h/x", "javascript:alert(1)", "http://", "http:///x", "http://h:0/", "http://h:99999/",
    "http://h:x/", "http://u:p@h/", "http://u@h/", "http://h\\@127.0.0.1/", "http://h/ x", "http://h/\n", "http://h/\t",
    "http://h/\u0000", "http://h/\x7f", "http://[::1", "http://h/\ud800", "http://h/" + "x" * 2048, 5, ["http://h/"],
]  # fmt: skip
VOUCHERS = ["", "x" * 256, "\u0000", "a\u0000b", "\ud800", "a\udfffb", 5, True, [], {}]
LISTAS = [None, [], "5", 5, {}, [0], [-1], [2**63], ["5"], [5.5], [True], [None], [[5]], [5] * 501, [5] * 20_000, [99]]
CUERPOS: list[tuple[str, Any, int]] = [
    *(("propiedad", crudo, 400) for crudo in CRUDOS),
    *(("propiedad", texto.encode(), 422) for texto in NO_OBJETOS),
    *(("propiedad", {"propiedad_id": valor}, 422) for valor in IDS),
    *((tipo, {}, 422) for tipo in ("propiedad", "servicios")),
    *(("todas", {"callback_url": valor}, 422) for valor in URLS),
    *(("todas", {"voucher_id": valor}, 422) for valor in VOUCHERS),
    *(("servicios", {"servicio_ids": valor}, 422) for valor in LISTAS),
    *(("todas", {clave: 1}, 422) for clave in ("otro", "propiedad_id", "", "\ud800", "\u0000", "{x}")),
    ("propiedad", {"propiedad_id": 99}, 404),
]
RUTAS = [
    ("/nada", 404), ("/job/", 404), (f"/job/{DE_NADIE}", 404), ("/job/uno", 422), (f"/job/{DE_NADIE}0", 422),
    ("/job/%00", 422), ("/jobs?status=otro", 422), ("/jobs?status=", 422), ("/jobs?callback_sent=quiza", 422),
    ("/jobs?callback_sent=", 422), ("/jobs?limit=0", 422), ("/jobs?limit=201", 422), ("/jobs?limit=x", 422),
    ("/jobs?limit=1.5", 422), (f"/jobs?limit={'9' * 5000}", 422), ("/jobs?propiedad_id=0", 422),
    (f"/jobs?propiedad_id={2**63}", 422), ("/jobs?voucher_id=%00", 422), (f"/jobs?voucher_id={'x' * 256}", 422),
    ("/jobs?otro=1", 422), ("/jobs?cursor=x", 422), ("/jobs?cursor=%00", 422), ("/jobs?cursor=", 422),
    (f"/jobs?cursor={'x' * 201}", 422), (f"/jobs?cursor={_cursor('ayer|' + DE_NADIE)}", 422),
    (f"/jobs?cursor={_cursor('2026-01-01T00:00:00|' + DE_NADIE)}", 422),
    (f"/jobs?cursor={_cursor('0001-01-01T00:00:00+14:00|' + DE_NADIE)}", 422),
    (f"/jobs?cursor={_cursor('2026-01-01T00:00:00+00:00|x')}", 422),
    ("/historial/propiedad/0", 422), ("/historial/propiedad/-1", 422), ("/historial/propiedad/x", 422),
    (f"/historial/propiedad/{2**63}", 422), ("/historial/propiedad/99", 404), ("/historial/propiedad/1?limit=0", 422),
    ("/historial/propiedad/1?cursor=x", 422), ("/historial/propiedad/1?otro=1", 422),
    (f"/consulta/{DE_NADIE}", 404), ("/consulta/x", 422), (f"/consulta/{DE_NADIE}/evidencia/captura", 404),
    (f"/consulta/{DE_NADIE}/evidencia/%00", 404), (f"/consulta/{DE_NADIE}/evidencia/otra", 404),
    ("/servicios/propiedad/x", 422), ("/servicios/propiedad/%D9%A3", 422), ("/servicios/propiedad/99", 404),
]  # fmt: skip
METODOS = [("GET", "/consultar/propiedad"), ("POST", "/jobs"), ("DELETE", f"/job/{DE_NADIE}"), ("PATCH", "/health")]
TIPOS = [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application"]


def rechazado(respuesta: requests.Response, estado: int) -> dict[str, Any]:
    """A problem document in Spanish, and not a row written."""
    assert respuesta.status_code == estado, respuesta.text[:300]
    assert respuesta.headers["Content-Type"] == "application/problem+json"
    problema: dict[str, Any] = respuesta.json()
    assert set(problema) == PROBLEMA and problema["status"] == estado
    assert re.fullmatch(r"[A-Z_]+", problema["codigo"]) and problema["title"] and problema["detail"].endswith(".")
    assert all(set(e) == {"campo", "mensaje"} for e in problema["errores"])
    assert not re.search(r"\b(Input|should|must|valid (integer|string)|Not Found|Error:)\b", respuesta.text)
    assert filas("SELECT count(*) FROM jobs") == [(0,)]
    return problema


class TestLoRechazado:
    @pytest.fixture(autouse=True)
    def propiedad(self, sembrar: Sembrar) -> None:
        """A propiedad (1) with a servicio (1), so that only the request is at fault."""
        sembrar("Metrogas")

    @pytest.mark.parametrize(("tipo", "cuerpo", "estado"), CUERPOS, ids=lambda valor: repr(valor)[:60])
    def test_cuerpos(self, web: Web, tipo: str, cuerpo: Any, estado: int) -> None:
        crudo = cuerpo if isinstance(cuerpo, bytes) else json.dumps(cuerpo).encode()
        rechazado(requests.post(f"{web.url}/consultar/{tipo}", data=crudo, headers=ES_JSON, timeout=5), estado)

    @pytest.mark.parametrize(("ruta", "estado"), RUTAS, ids=lambda valor: repr(valor)[:60])
    def test_rutas(self, web: Web, ruta: str, estado: int) -> None:
        rechazado(requests.get(web.url + ruta, timeout=5), estado)

    @pytest.mark.parametrize(("metodo", "ruta"), METODOS)
    def test_metodos(self, web: Web, metodo: str, ruta: str) -> None:
        respuesta = requests.request(metodo, web.url + ruta, json={}, timeout=5)
        assert rechazado(respuesta, 405)["codigo"] == "METODO_NO_PERMITIDO" and respuesta.headers["Allow"]

    @pytest.mark.parametrize("tipo", TIPOS)
    def test_tipos_de_contenido(self, web: Web, tipo: str | None) -> None:
        cabeceras = {} if tipo is None else {"Content-Type": tipo}
        rechazado(requests.post(web.url + "/consultar/todas", data=b"{}", headers=cabeceras, timeout=5), 415)

    @pytest.mark.parametrize("trozos", [False, True], ids=["con Content-Length", "en trozos"])
    def test_un_mega_de_cuerpo(self, web: Web, trozos: bool) -> None:
        cuerpo = b'{"voucher_id": "' + b"x" * 2**20 + b'"}'
        datos: Any = (cuerpo[n : n + 8192] for n in range(0, len(cuerpo), 8192)) if trozos else cuerpo
        respuesta = requests.post(web.url + "/consultar/todas", data=datos, headers=ES_JSON, timeout=5)
        assert "65536 bytes" in rechazado(respuesta, 413)["detail"]

    def test_dice_que_campo_y_por_que(self, web: Web) -> None:
        pedido = {"servicio_ids": [1, 0], "voucher_id": "", "otro": 1}
        problema = rechazado(requests.post(web.url + "/consultar/servicios", json=pedido, timeout=5), 422)
        assert {e["campo"]: e["mensaje"] for e in problema["errores"]} == {
            "servicio_ids.1": "tiene que ser 1 o más",
            "voucher_id": "no puede estar vacío",
            "otro": "no es un campo conocido",
        }

    def test_nada_activo(self, web: Web) -> None:
        filas("UPDATE servicios SET activo = false")
        pedidos = {"propiedad": {"propiedad_id": 1}, "servicios": {"servicio_ids": [1]}, "todas": {}}
        for tipo, cuerpo in pedidos.items():
            respuesta = requests.post(f"{web.url}/consultar/{tipo}", json=cuerpo, timeout=5)
            assert rechazado(respuesta, 422)["codigo"] == "SIN_SERVICIOS_ACTIVOS"


def _tardanza(web: Web, ruta: str, dato: Any = None) -> float:
    """How long an answer takes, in seconds."""
    comienzo = time.monotonic()
    web.pedir(ruta, dato)
    return time.monotonic() - comienzo


class TestLaBase:
    def test_caida_es_un_503_y_despues_sigue(
        self, web: Web, sembrar: Sembrar, postgres_privado: PostgresPrivado
    ) -> None:
        ids = sembrar("Metrogas")[1]
        postgres_privado.detener()
        try:
            for metodo, ruta in (("POST", "/consultar/todas"), ("GET", "/jobs"), ("GET", "/queue/stats")):
                respuesta = requests.request(metodo, web.url + ruta, json={}, timeout=5)
                assert respuesta.status_code == 503 and int(respuesta.headers["Retry-After"]) > 0
                assert set(respuesta.json()) == PROBLEMA
            assert web.pedir("/health") == {"status": "ok", "mensaje": "Servicio operativo"}
        finally:
            postgres_privado.iniciar()
        assert web.pedir("/consultar/servicios", {"servicio_ids": ids})["total_servicios"] == 1

    def test_lenta_no_detiene_al_resto(self, web: Web, sembrar: Sembrar, base: str) -> None:
        # Given fifty requests that wait on a locked table
        with psycopg.connect(base) as bd, ThreadPoolExecutor(50) as pool:
            bd.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
            lentas = [pool.submit(web.pedir, "/jobs") for _ in range(50)]
            time.sleep(0.5)
            # When others come
            tardanzas = [_tardanza(web, "/health") for _ in range(10)]
            assert not any(lenta.done() for lenta in lentas)
            bd.commit()
            # Then they are answered at once, and so are the fifty in the end
            assert max(tardanzas) < 0.5
            assert all(lenta.result()["total"] == 0 for lenta in lentas)


def test_sin_broker_se_acepta_igual_y_en_su_tiempo(web: Web, sembrar: Sembrar) -> None:
    ids = sembrar("Metrogas", "Edenor")[1]
    tardanzas = [_tardanza(web, "/consultar/servicios", {"servicio_ids": ids}) for _ in range(20)]
    assert sorted(tardanzas)[10] < 0.2 and max(tardanzas) < 1
    assert filas("SELECT count(*), count(encolada_en) FROM consultas_deuda") == [(40, 0)]
