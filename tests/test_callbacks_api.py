"""The callback API as a caller sees it: options of a job, attempts, sending again, trying a receiver."""

import functools
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from conftest import Crear, Sembrar, Web, filas
from pila import CERRADO, receptor
from test_estados import CAIDO, PAGADA, guardar, reclamada

import models
from actors.notificar import IntentoFallido, notificar
from models.reenvio import de_host
from models.reparacion import callbacks_por_anunciar, callbacks_por_despertar, marcar_anunciados
from settings import ajustes

DE_NADIE = str(uuid.UUID(int=7))
TODOS = ["servicio.consultado", "job.completed", "job.failed"]
SECRETO = "Bearer s3cr3t0"
HONDO = functools.reduce(lambda dentro, _: {"a": dentro}, range(20), {})


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process whose RabbitMQ is away."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", {"CALLBACK_PLAZO_S": "1"}) as proceso:
        yield proceso
        registro = proceso.registro("web")
        assert "Traceback" not in registro, registro[-3000:]
        assert "s3cr3t0" not in registro


def _pedir(web: Web, ruta: str, dato: Any = None, estado: int = 202) -> Any:
    respuesta = requests.post(web.url + ruta, json=dato, timeout=10)
    assert respuesta.status_code == estado, respuesta.text
    return respuesta.json()


def _terminar(job_id: str) -> None:
    """End a job: its first consulta well, the others badly."""
    ids = filas("SELECT id FROM consultas_deuda WHERE job_id = %s ORDER BY servicio_id", job_id)
    for numero, (consulta_id,) in enumerate(ids):
        guardar(reclamada(consulta_id), CAIDO if numero else PAGADA)


def _callbacks(job_id: object) -> list[tuple[str, str]]:
    """Ids and events of the callbacks of a job, the oldest first."""
    orden = "SELECT id, evento FROM callbacks WHERE job_id = %s ORDER BY created_at, consulta_id NULLS LAST"
    return [(str(callback_id), evento) for callback_id, evento in filas(orden, job_id)]


def _agotar(job_id: object, callback_id: str) -> None:
    """Every attempt of a round, without its waits."""
    for _ in range(ajustes().callback_intentos):
        filas("UPDATE callbacks SET proximo_intento_en = now() WHERE id = %s AND estado = 'pendiente'", callback_id)
        try:
            notificar.fn(str(job_id), callback_id)
        except IntentoFallido:
            continue


class TestOpciones:
    def test_lo_que_se_pide_se_ve_en_el_job(self, web: Web, sembrar: Sembrar) -> None:
        ids = sembrar("metrogas")[1]
        opciones = {
            "callback_url": f"http://{CERRADO}/",
            "callback_eventos": ["job.failed", "servicio.consultado", "job.failed"],
            "callback_metadata": {"b": 1.0, "10": "ñ", "2": None, "a": [True, {"z": 0.5}]},
            "callback_headers": {"Authorization": SECRETO, "x-vercel-protection-bypass": "abc"},
        }
        job_id = _pedir(web, "/consultar/servicios", {"servicio_ids": ids, **opciones})["job_id"]
        job = web.pedir(f"/job/{job_id}")
        assert job["callback_eventos"] == ["servicio.consultado", "job.failed"]
        assert job["callback_headers"] == {"Authorization": "••••", "x-vercel-protection-bypass": "••••"}
        assert job["metadata"] == opciones["callback_metadata"]
        assert list(job["metadata"]) == ["b", "10", "2", "a"], "el orden en que llegaron"
        assert "s3cr3t0" not in str(filas("SELECT callback_headers FROM jobs"))
        assert web.pedir("/jobs")["jobs"] == [job]

    def test_sin_pedir_nada_son_los_del_job(self, web: Web, sembrar: Sembrar) -> None:
        ids = sembrar("metrogas")[1]
        job_id = _pedir(web, "/consultar/servicios", {"servicio_ids": ids, "callback_url": f"http://{CERRADO}/"})[
            "job_id"
        ]
        job = web.pedir(f"/job/{job_id}")
        assert (job["callback_eventos"], job["callback_headers"], job["metadata"]) == (TODOS[1:], None, None)
        otro = web.pedir(f"/job/{_pedir(web, '/consultar/servicios', {'servicio_ids': ids})['job_id']}")
        assert (otro["callback_eventos"], otro["callback_headers"], otro["metadata"]) == (None, None, None)

    @pytest.mark.parametrize(
        ("campo", "valor"),
        [
            *(("callback_eventos", v) for v in ([], ["otro"], "job.failed", [None], {}, ["job.failed", 1])),
            *(("callback_metadata", v) for v in ([], "x", 5, {"a": "x" * 4090}, {"a": "\x00"}, {"\ud800": 1}, HONDO)),
            *(("callback_metadata", {"a": n}) for n in (2**53, -(2**53), 10**400, 1e300)),
            *(("callback_headers", v) for v in ({}, [], {"X": 1}, {"X": ""}, {"X": None})),
            *(("callback_headers", {nombre: "x"}) for nombre in ("", "X Y", "X:", "ñ", "X\r\nY")),
            *(("callback_headers", {"X": v}) for v in ("a\r\nb", "a\n", " a", "a ", "ñ", "\t", "x" * 1025, "\x7f")),
            *(
                ("callback_headers", {nombre: "x"})
                for nombre in (
                    "Host", "CONTENT-TYPE", "content-length", "Content-Encoding", "Transfer-Encoding", "Connection",
                    "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Authorization", "Accept-Encoding", "User-Agent",
                    "Webhook-Id", "webhook-signature", "x-callback-intento", "Cookie", "Expect", "x" * 101,
                )
            ),
            ("callback_headers", {"X-A": "1", "x-a": "2"}),
            ("callback_headers", {f"X-{n}": "x" for n in range(21)}),
            ("callback_headers", {f"X-{n}": "x" * 1000 for n in range(5)}),
        ],
        ids=lambda v: repr(v)[:40],
    )  # fmt: skip
    def test_lo_que_no_se_acepta(self, web: Web, sembrar: Sembrar, campo: str, valor: Any) -> None:
        sembrar("metrogas")
        pedido = json.dumps({"callback_url": f"http://{CERRADO}/", campo: valor})
        respuesta = requests.post(
            web.url + "/consultar/todas", data=pedido, headers={"Content-Type": "application/json"}, timeout=5
        )
        assert respuesta.status_code == 422, respuesta.text
        assert respuesta.json()["errores"][0]["campo"].startswith(campo)
        assert filas("SELECT count(*) FROM jobs") == [(0,)]

    @pytest.mark.parametrize("campo", ["callback_eventos", "callback_metadata", "callback_headers"])
    def test_nada_de_eso_sin_callback_url(self, web: Web, sembrar: Sembrar, campo: str) -> None:
        sembrar("metrogas")
        valor = {"callback_eventos": ["job.failed"]}.get(campo, {"X": "1"})
        problema = _pedir(web, "/consultar/todas", {campo: valor}, 422)
        assert problema["errores"] == [{"campo": campo, "mensaje": "necesita callback_url"}]


class TestEventos:
    def test_cada_consulta_avisa_cuando_termina(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a job of two servicios that wants every event
        ids = sembrar("metrogas", "edenor")[1]
        metadata = {"b": 1.0, "1": 1e-7}
        creado = crear(ids, callback_url=f"http://{CERRADO}/", callback_eventos=TODOS, callback_metadata=metadata)
        # When one ends
        guardar(reclamada(creado.consulta_ids[0]))
        # Then only its callback is owed, with its one result
        [(cuerpo, consulta_id)] = filas("SELECT cuerpo, consulta_id FROM callbacks")
        dicho = json.loads(bytes(cuerpo))
        assert (dicho["evento"], dicho["status"]) == ("servicio.consultado", "processing")
        assert bytes(cuerpo).endswith(b'"metadata":{"1":1e-7,"b":1}}'), "como lo escribe JavaScript"
        assert (dicho["job_id"], dicho["voucher_id"]) == (str(creado.job_id), None)
        assert [r["servicio_id"] for r in dicho["resultados"]] == ids[:1]
        assert str(consulta_id) == dicho["resultados"][0]["consulta_id"] == str(creado.consulta_ids[0])
        # And when the other does, both of its own and that of the job
        guardar(reclamada(creado.consulta_ids[1]), CAIDO)
        assert [evento for _, evento in _callbacks(creado.job_id)] == [TODOS[0], TODOS[0], TODOS[1]]
        [(final,)] = filas("SELECT cuerpo FROM callbacks WHERE evento = 'job.completed'")
        assert json.loads(bytes(final))["metadata"] == metadata

    def test_las_que_corta_un_job_fallido_tambien(self, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar("metrogas", "edenor")[1], callback_url=f"http://{CERRADO}/", callback_eventos=TODOS)
        assert models.fracasar(creado.job_id, error="El job fue cancelado.", resultado=CAIDO)
        assert [evento for _, evento in _callbacks(creado.job_id)] == [TODOS[0], TODOS[0], TODOS[2]]

    def test_un_job_que_no_pidio_su_final_no_dice_nada_de_el(self, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(
            sembrar("metrogas")[1], callback_url=f"http://{CERRADO}/", callback_eventos=["servicio.consultado"]
        )
        guardar(reclamada(creado.consulta_ids[0]))
        [(callback_id, _)] = _callbacks(creado.job_id)
        _agotar(creado.job_id, callback_id)
        assert filas("SELECT estado, intentos FROM callbacks") == [("fallido", 3)]
        assert filas("SELECT callback_sent, callback_error FROM jobs") == [(None, None)]

    def test_lo_que_sirve_una_consulta_reciente_avisa_al_nacer(self, sembrar: Sembrar, crear: Crear) -> None:
        ids = sembrar("metrogas")[1]
        guardar(reclamada(crear(ids).consulta_ids[0]))
        creado = crear(ids, callback_url=f"http://{CERRADO}/", callback_eventos=TODOS, max_antiguedad_min=5)
        assert [evento for _, evento in _callbacks(creado.job_id)] == TODOS[:2]

    def test_el_timbre_anuncia_cada_uno_una_vez(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a job that owes three callbacks
        creado = crear(sembrar("metrogas", "edenor")[1], callback_url=f"http://{CERRADO}/", callback_eventos=TODOS)
        for consulta_id in creado.consulta_ids:
            guardar(reclamada(consulta_id))
        # When they are announced
        debidos = callbacks_por_anunciar(creado.job_id, 10)
        assert {str(c) for c, _ in debidos} == {c for c, _ in _callbacks(creado.job_id)}
        marcar_anunciados([c for c, _ in debidos])
        # Then nobody else announces them, until one was claimed and failed
        assert callbacks_por_anunciar(creado.job_id, 10) == []
        assert callbacks_por_despertar(10, gracia_s=0, perdida_s=60) == []
        reclamado = models.reclamar_callback(debidos[0][0], arriendo_s=60)
        assert reclamado is not None
        assert models.anotar_intento(reclamado[0], models.Fallo("HTTP 500", 0))
        marcar_anunciados([debidos[1][0]])
        assert callbacks_por_anunciar(creado.job_id, 10) == [debidos[0]]


class TestIntentos:
    def test_lo_que_se_envio_y_lo_que_paso(self, web: Web, sembrar: Sembrar) -> None:
        # Given a callback that failed once and then arrived
        with receptor([500]) as casa:
            pedido = {
                "servicio_ids": sembrar("metrogas")[1],
                "callback_url": casa.url,
                "callback_headers": {"Authorization": SECRETO},
            }
            job_id = _pedir(web, "/consultar/servicios", pedido)["job_id"]
            _terminar(job_id)
            [(callback_id, _)] = _callbacks(job_id)
            _agotar(job_id, callback_id)
        assert [r.cabeceras["Authorization"] for r in casa.recibidos] == [SECRETO] * 2
        # When its attempts are asked for
        dicho = web.pedir(f"/job/{job_id}/callback/intentos")
        [callback] = dicho["callbacks"]
        # Then both are there, and no secret
        assert (dicho["job_id"], dicho["next_cursor"]) == (job_id, None)
        assert (callback["callback_id"], callback["estado"], callback["url"]) == (callback_id, "enviado", casa.url)
        assert (callback["evento"], callback["consulta_id"], callback["intentos_hechos"]) == ("job.completed", None, 2)
        mal, bien = callback["intentos"]
        assert (mal["numero"], mal["status_code"], mal["error_codigo"], mal["error"]) == (
            1,
            500,
            "HTTP_5XX",
            "HTTP 500",
        )
        assert (bien["numero"], bien["status_code"], bien["error"]) == (2, 200, None)
        assert bien["headers"]["Authorization"] == "••••"
        assert bien["headers"]["webhook-id"] == callback["webhook_id"] == casa.recibidos[0].cabeceras["webhook-id"]
        assert bien["headers"]["webhook-timestamp"] == casa.recibidos[1].cabeceras["webhook-timestamp"]
        assert bien["headers"]["x-callback-intento"] == "2/3"
        assert bien["duracion_ms"] >= 0 and bien["terminado_en"]
        assert "s3cr3t0" not in json.dumps(dicho) + str(filas("SELECT cabeceras FROM callback_intentos"))

    def test_por_paginas(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        ids = sembrar("metrogas", "edenor", "aysa")[1]
        creado = crear(ids, callback_url=f"http://{CERRADO}/", callback_eventos=TODOS)
        _terminar(str(creado.job_id))
        vistos, cursor = [], ""
        while cursor is not None:
            pagina = web.pedir(f"/job/{creado.job_id}/callback/intentos?limit=1{cursor and '&cursor=' + cursor}")
            vistos += [c["callback_id"] for c in pagina["callbacks"]]
            cursor = pagina["next_cursor"]
        assert sorted(vistos) == sorted(c for c, _ in _callbacks(creado.job_id)) and len(vistos) == 4

    def test_sin_su_clave_de_cifrado_falla_diciendolo(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar("metrogas")[1], callback_url=f"http://{CERRADO}/", callback_headers={"X-A": "1"})
        _terminar(str(creado.job_id))
        filas("UPDATE jobs SET callback_headers = '\"gAAAAA\"'")
        _agotar(creado.job_id, _callbacks(creado.job_id)[0][0])
        job = web.pedir(f"/job/{creado.job_id}")
        assert (job["callback_sent"], job["callback_headers"]) == (False, {})
        assert "CIFRADO_CLAVES" in job["callback_error"]


class TestReenviar:
    def test_otra_ronda_con_el_mismo_id_y_los_mismos_bytes(self, web: Web, sembrar: Sembrar) -> None:
        # Given a callback that failed three times
        with receptor([500, 500, 500, 503]) as casa:
            pedido = {"servicio_ids": sembrar("metrogas")[1], "callback_url": casa.url}
            job_id = _pedir(web, "/consultar/servicios", pedido)["job_id"]
            _terminar(job_id)
            [(callback_id, _)] = _callbacks(job_id)
            _agotar(job_id, callback_id)
            assert web.pedir(f"/job/{job_id}")["callback_sent"] is False
            # When it is sent again
            dicho = _pedir(web, f"/job/{job_id}/callback/reenviar")
            assert (dicho["callback_id"], dicho["estado"], dicho["error"]) == (callback_id, "pendiente", None)
            job = web.pedir(f"/job/{job_id}")
            assert (job["callback_sent"], job["callback_error"]) == (None, None)
            assert _pedir(web, f"/job/{job_id}/callback/reenviar", None, 409)["codigo"] == "CALLBACK_EN_CURSO"
            _agotar(job_id, callback_id)
        # Then the numbers go on, nothing was sent twice, and it has its end again
        assert [r.cabeceras["x-callback-intento"] for r in casa.recibidos] == ["1/3", "2/3", "3/3", "4/6", "5/6"]
        assert len({(r.cabeceras["webhook-id"], r.cuerpo) for r in casa.recibidos}) == 1
        assert filas("SELECT numero FROM callback_intentos ORDER BY 1") == [(n,) for n in range(1, 6)]
        assert web.pedir(f"/job/{job_id}")["callback_sent"] is True
        # And what arrived can be sent once more
        _pedir(web, f"/job/{job_id}/callback/reenviar", {})

    def test_una_ronda_entera_puede_volver_a_fallar(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar("metrogas")[1], callback_url=f"http://{CERRADO}/")
        _terminar(str(creado.job_id))
        [(callback_id, _)] = _callbacks(creado.job_id)
        for ronda in (1, 2):
            _agotar(creado.job_id, callback_id)
            assert filas("SELECT estado, intentos, error FROM callbacks") == [
                ("fallido", 3 * ronda, "Connection refused")
            ]
            if ronda == 1:
                _pedir(web, f"/job/{creado.job_id}/callback/reenviar")

    def test_uno_por_su_id_sin_tocar_el_job(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar("metrogas")[1], callback_url=f"http://{CERRADO}/", callback_eventos=TODOS)
        _terminar(str(creado.job_id))
        (consultado, _), (final, _) = _callbacks(creado.job_id)
        for callback_id in (consultado, final):
            _agotar(creado.job_id, callback_id)
        dicho = _pedir(web, f"/job/{creado.job_id}/callback/reenviar", {"callback_id": consultado})
        assert dicho["callback_id"] == consultado
        assert filas("SELECT callback_sent FROM jobs") == [(False,)]
        assert filas("SELECT evento FROM callbacks WHERE estado = 'pendiente'") == [("servicio.consultado",)]

    def test_cuando_no_hay_que_reenviar(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        ids = sembrar("metrogas")[1]
        sin, abierto = crear(ids), crear(ids, callback_url=f"http://{CERRADO}/")
        for creado in (sin, abierto):
            ruta = f"/job/{creado.job_id}/callback/reenviar"
            assert _pedir(web, ruta, None, 409)["codigo"] == "SIN_CALLBACK"
            assert _pedir(web, ruta, {"callback_id": DE_NADIE}, 404)["codigo"] == "CALLBACK_INEXISTENTE"
        assert _pedir(web, f"/job/{DE_NADIE}/callback/reenviar", None, 404)["codigo"] == "JOB_INEXISTENTE"
        for malo in ({"callback_id": "x"}, {"otro": 1}, []):
            _pedir(web, f"/job/{abierto.job_id}/callback/reenviar", malo, 422)


@pytest.fixture
def fallidos(sembrar: Sembrar, crear: Crear) -> list[str]:
    """Five failed callbacks, a minute apart, the last to another host; and one that is on its way. Oldest first."""
    ids = sembrar("metrogas")[1]
    todos = []
    for n in range(6):
        creado = crear(ids, callback_url="http://Otro.ejemplo.com:81/x" if n == 4 else f"http://{CERRADO}/x?a=1")
        _terminar(str(creado.job_id))
        todos += [callback_id for callback_id, _ in _callbacks(creado.job_id)]
        cuando = datetime(2026, 1, 1, 10, n, tzinfo=UTC)
        filas("UPDATE callbacks SET created_at = %s WHERE id = %s", cuando, todos[-1])
    filas("UPDATE callbacks SET estado = 'fallido', proximo_intento_en = NULL, error = 'x' WHERE id <> %s", todos[5])
    filas("UPDATE jobs SET callback_sent = false, callback_error = 'x'")
    return todos[:5]


class TestListado:
    def test_por_estado_por_fecha_por_host_y_por_paginas(self, web: Web, fallidos: list[str]) -> None:
        def vistos(consulta: str) -> list[str]:
            return [c["callback_id"] for c in web.pedir(f"/callbacks?{consulta}")["callbacks"]]

        assert vistos("estado=fallido") == fallidos[::-1]
        assert vistos("estado=fallido&desde=2026-01-01T10:03:00Z") == fallidos[:2:-1]
        assert vistos("host=otro.ejemplo.com:81") == fallidos[4:]
        assert vistos("estado=enviado") == [] and len(vistos("")) == 6
        pagina = web.pedir("/callbacks?estado=fallido&limit=3")
        segunda = web.pedir(f"/callbacks?estado=fallido&limit=3&cursor={pagina['next_cursor']}")
        assert [c["callback_id"] for c in pagina["callbacks"] + segunda["callbacks"]] == fallidos[::-1]
        assert segunda["next_cursor"] is None
        assert pagina["callbacks"][0]["error"] == "x"

    @pytest.mark.parametrize(
        "mala", ["estado=otro", "desde=ayer", "desde=2026-01-01T10:00:00", "limit=0", "cursor=x", "host=", "otro=1"]
    )
    def test_lo_que_no_se_acepta(self, web: Web, mala: str) -> None:
        respuesta = requests.get(f"{web.url}/callbacks?{mala}", timeout=5)
        assert respuesta.status_code == 422 and respuesta.json()["detail"].endswith(".")


class TestReenvioMasivo:
    DESDE = "2026-01-01T10:00:00Z"

    def test_simular_no_cambia_nada(self, web: Web, fallidos: list[str]) -> None:
        dicho = _pedir(web, "/callbacks/reenviar", {"estado": "fallido", "desde": "2026-01-01T10:01:00Z"}, 200)
        assert (dicho["simulado"], dicho["hallados"], dicho["programados"]) == (True, 4, 0)
        assert [c["callback_id"] for c in dicho["primeros"]] == fallidos[1:]
        assert filas("SELECT count(*) FROM callbacks WHERE estado = 'fallido'") == [(5,)]

    def test_se_reparten_en_el_tiempo(self, web: Web, fallidos: list[str]) -> None:
        # When those of one host and a span of time are sent again, twenty a minute
        pedido = {"estado": "fallido", "desde": self.DESDE, "hasta": "2026-01-01T10:09:00Z", "host": CERRADO}
        dicho = _pedir(web, "/callbacks/reenviar", {**pedido, "simular": False, "por_minuto": 20})
        assert (dicho["simulado"], dicho["hallados"], dicho["programados"]) == (False, 4, 4)
        # Then one is due every three seconds, the oldest first, and their jobs say nothing of them
        orden = "SELECT id, proximo_intento_en FROM callbacks WHERE estado = 'pendiente' AND created_at < %s ORDER BY 2"
        cuando = filas(orden, "2026-01-01T10:04:00Z")
        assert [str(callback_id) for callback_id, _ in cuando] == fallidos[:4]
        assert [momento - cuando[0][1] for _, momento in cuando] == [timedelta(seconds=3 * n) for n in range(4)]
        assert datetime.fromisoformat(dicho["ultimo_en"]) - cuando[-1][1] < timedelta(milliseconds=1)
        assert filas("SELECT count(*) FROM jobs WHERE callback_sent IS NULL AND callback_error IS NULL") == [(4,)]
        # And a second time there is nothing left
        assert _pedir(web, "/callbacks/reenviar", {**pedido, "simular": False})["programados"] == 0

    @pytest.mark.parametrize(
        "malo",
        [
            {"estado": "enviado", "desde": DESDE}, {"estado": "fallido"}, {"desde": DESDE}, {},
            {"estado": "fallido", "desde": "ayer"}, {"estado": "fallido", "desde": DESDE, "por_minuto": 0},
            {"estado": "fallido", "desde": DESDE, "simular": "quizá"},
            {"estado": "fallido", "desde": DESDE, "host": "a/b"},
        ],
    )  # fmt: skip
    def test_lo_que_no_se_acepta(self, web: Web, malo: dict[str, Any]) -> None:
        problema = _pedir(web, "/callbacks/reenviar", malo, 422)
        assert not any(palabra in problema["detail"] for palabra in ("Input", "should", " or "))


class TestPrueba:
    @pytest.mark.usefixtures("base")
    def test_llega_ahora_y_dice_que_paso(self, web: Web) -> None:
        with receptor() as casa:
            pedido = {"url": casa.url, "callback_metadata": {"a": 1}, "callback_headers": {"Authorization": SECRETO}}
            dicho = _pedir(web, "/callbacks/prueba", pedido, 200)
        [llegada] = casa.recibidos
        assert (dicho["enviado"], dicho["status_code"], dicho["error"]) == (True, 200, None)
        assert (llegada.json["evento"], llegada.json["metadata"]) == ("callback.prueba", {"a": 1})
        assert llegada.cabeceras["webhook-id"] == dicho["webhook_id"] and llegada.cabeceras["Authorization"] == SECRETO
        assert filas("SELECT count(*) FROM callbacks") == [(0,)]

    def test_lo_que_sale_mal_es_una_respuesta(self, web: Web) -> None:
        with receptor([503]) as casa:
            dicho = _pedir(web, "/callbacks/prueba", {"url": casa.url}, 200)
        assert (dicho["enviado"], dicho["status_code"], dicho["error_codigo"]) == (False, 503, "HTTP_5XX")
        dicho = _pedir(web, "/callbacks/prueba", {"url": f"http://{CERRADO}/"}, 200)
        assert (dicho["enviado"], dicho["error_codigo"]) == (False, "CONEXION_RECHAZADA")

    @pytest.mark.parametrize(
        "url", ["http://10.0.0.1/", "http://127.0.0.1:5432/", "ftp://x/", "", None, "http://localhost/"]
    )
    def test_la_guardia_es_la_de_siempre(self, web: Web, url: str | None) -> None:
        _pedir(web, "/callbacks/prueba", {"url": url}, 422)


def test_el_host_de_una_url_es_el_que_se_filtra(fallidos: list[str]) -> None:
    with models.conexion():
        assert models.Callback.select().where(de_host("OTRO.ejemplo.com:81")).count() == 1
        assert models.Callback.select().where(de_host("otro.ejemplo.com")).count() == 0
