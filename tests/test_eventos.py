"""What happens to a job, as it happens: events, resuming, one question to the database for all, a quick end."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest
import requests
from conftest import Crear, Sembrar, Web, filas
from pila import hasta
from test_indices import escuchar

import api
import models
from models import Resultado
from recursos import eventos

BIEN = Resultado(exito=True, deuda=Decimal("25670.50"), moneda="ARS", estado_deuda="CON_DEUDA")
MAL = Resultado(exito=False, error="No responde.", error_codigo="PORTAL_CAIDO")


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/") as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def _terminar(consulta_id: uuid.UUID, resultado: Resultado = BIEN) -> None:
    consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=99)
    assert consulta is not None
    models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)


class Lector:
    """Reads a stream in a thread of its own."""

    def __init__(self, url: str, ultimo: str | None = None) -> None:
        cabeceras = {"Last-Event-ID": ultimo} if ultimo else {}
        self.respuesta = requests.get(url, headers=cabeceras, stream=True, timeout=60)
        self.recibidos: list[dict[str, Any]] = []
        self._hilo = threading.Thread(target=self._leer, daemon=True)
        self._hilo.start()

    def _leer(self) -> None:
        evento: dict[str, Any] = {}
        for linea in self.respuesta.iter_lines(decode_unicode=True):
            if not linea and "event" in evento:
                self.recibidos.append({**evento, "data": json.loads(evento["data"])})
            campo, _, valor = linea.partition(": ")
            evento = {**evento, campo: valor} if linea else {}

    def nombres(self) -> list[str]:
        return [e["event"] for e in self.recibidos]

    def hasta_el_fin(self) -> list[dict[str, Any]]:
        self._hilo.join(30)
        assert not self._hilo.is_alive()
        return self.recibidos


def test_cada_consulta_que_termina_y_el_fin(web: Web, sembrar: Sembrar, crear: Crear) -> None:
    # Given somebody who watches a job that waits
    _, ids = sembrar("Metrogas", "Edenor")
    creado = crear(ids)
    lector = Lector(f"{web.url}/job/{creado.job_id}/eventos")
    assert lector.respuesta.headers["Content-Type"].startswith("text/event-stream")
    hasta(lambda: lector.nombres() == ["estado"])
    # When its consultas end, one well and one badly
    _terminar(creado.consulta_ids[0])
    hasta(lambda: "consulta" in lector.nombres())
    _terminar(creado.consulta_ids[1], MAL)
    # Then each is told once, and the end of the job
    recibidos = lector.hasta_el_fin()
    assert [n for n in lector.nombres() if n != "estado"] == ["consulta", "consulta", "fin"]
    una, otra, fin = (e for e in recibidos if e["event"] != "estado")
    assert una["data"]["deuda"] == 25670.5 and una["data"]["progreso"] == {"total": 2, "terminadas": 1}
    assert (otra["data"]["exito"], otra["data"]["deuda"], otra["data"]["error"]) == (False, None, "No responde.")
    assert fin["data"] == {"status": "completed", "progreso": {"total": 2, "terminadas": 2}, "error": None}
    # And who comes back gets what it missed, and nothing once it has seen the end
    segundo = Lector(f"{web.url}/job/{creado.job_id}/eventos", una["id"])
    assert [e["data"].get("consulta_id") for e in segundo.hasta_el_fin()] == [otra["data"]["consulta_id"], None]
    tercero = requests.get(f"{web.url}/job/{creado.job_id}/eventos", headers={"Last-Event-ID": fin["id"]}, timeout=5)
    assert (tercero.status_code, tercero.content) == (204, b"")


def test_lo_que_termino_tarde_no_se_pierde(web: Web, sembrar: Sembrar, crear: Crear, base: str) -> None:
    # Given a reader who saw the second consulta
    _, ids = sembrar("Metrogas", "Edenor", "AySA")
    creado = crear(ids)
    _terminar(creado.consulta_ids[1])
    lector = Lector(f"{web.url}/job/{creado.job_id}/eventos")
    hasta(lambda: "consulta" in lector.nombres())
    visto = lector.recibidos[-1]["id"]
    # When another one, whose transaction began earlier, is committed later
    _terminar(creado.consulta_ids[0])
    with psycopg.connect(base) as bd:
        bd.execute("UPDATE consultas_deuda SET completed_at = completed_at - interval '1 h' WHERE id = %s",
                   (creado.consulta_ids[0],))  # fmt: skip
    # Then it is told to who comes back
    _terminar(creado.consulta_ids[2])
    vuelto = Lector(f"{web.url}/job/{creado.job_id}/eventos", visto).hasta_el_fin()
    assert str(creado.consulta_ids[0]) in {e["data"].get("consulta_id") for e in vuelto}


@pytest.mark.parametrize("id_ajeno", ["x", "1.2.3", "1.99999999999999999999999.00", "-1.0." + "0" * 32, "…"])
def test_un_id_ajeno_no_vio_nada(id_ajeno: str) -> None:
    visto = eventos.Visto.de(id_ajeno)
    assert visto.ya_enviadas(models.eventos.Vista("pending", 1, 0, None)) == set() and not visto.fin


def test_lo_que_no_existe_es_404(web: Web) -> None:
    assert web.pedir(f"/job/{uuid.UUID(int=7)}/eventos", estado=404)["codigo"] == "JOB_INEXISTENTE"


def test_doscientos_oyentes_le_preguntan_a_la_base_como_uno(
    sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given 200 readers of 20 jobs
    monkeypatch.setattr(eventos, "PERIODO_S", 0.05)
    _, ids = sembrar(*["Metrogas"] * 20)
    creados = [crear([servicio_id]) for servicio_id in ids]
    original, rondas = eventos.cambios, []

    def contar(vistas: Any) -> Any:
        rondas.append(len(vistas))
        return original(vistas)

    async def agotar(emisor: AsyncIterator[bytes]) -> list[bytes]:
        return [parte async for parte in emisor]

    async def escena() -> list[list[bytes]]:
        vistas = {c.job_id: original({c.job_id: None})[c.job_id] for c in creados}
        emisores = [eventos._transmitir(j, vistas[j], eventos.Visto()) for j in vistas for _ in range(10)]
        lecturas = [asyncio.create_task(agotar(emisor)) for emisor in emisores]
        while len(rondas) < 10:
            await asyncio.sleep(0.01)
        # When every job ends
        await asyncio.to_thread(lambda: [_terminar(c.consulta_ids[0]) for c in creados])
        return await asyncio.gather(*lecturas)

    monkeypatch.setattr(eventos, "cambios", contar)
    with escuchar() as ordenes:
        partes = asyncio.run(escena())
    # Then all were told, and each round was one statement about all jobs
    assert [sum(b"event: fin" in parte for parte in leidas) for leidas in partes] == [1] * 200
    assert set(rondas[:10]) == {20}
    preguntas = [o for o in ordenes if o[0].startswith("SELECT") and "LEFT OUTER JOIN" in o[0]]
    assert len(preguntas) <= len(rondas) + len(creados)
    assert (eventos.vigia.transmisiones, eventos.vigia._observados, eventos.vigia._ronda) == (0, {}, None)


def test_mas_transmisiones_que_el_maximo_son_503(
    sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventos, "TRANSMISIONES_MAX", 0)
    creado = crear(sembrar("Metrogas")[1])

    async def pedir() -> httpx.Response:
        transporte = httpx.ASGITransport(api.aplicacion)
        async with httpx.AsyncClient(transport=transporte, base_url="http://consultas") as cliente:
            return await cliente.get(f"/job/{creado.job_id}/eventos")

    respuesta = asyncio.run(pedir())
    assert (respuesta.status_code, respuesta.headers["Retry-After"]) == (503, "10")
    assert respuesta.json()["codigo"] == "TRANSMISIONES_AGOTADAS"


def test_el_proceso_termina_aunque_haya_quien_mire(base: str, sembrar: Sembrar, crear: Crear) -> None:
    # Given readers of a job that does not end, one of whom went away
    creado = crear(sembrar("Metrogas")[1])
    with Web(base, "amqp://nadie:nada@127.0.0.1:1/") as web:
        url = f"{web.url}/job/{creado.job_id}/eventos"
        with ThreadPoolExecutor(5) as hilos:
            lectores = list(hilos.map(lambda _: Lector(url), range(5)))
        requests.get(url, stream=True, timeout=5).close()
        hasta(lambda: all(lector.nombres() == ["estado"] for lector in lectores))
        # When the process is told to end
        web.proceso("web").terminate()
        # Then the streams end and so does it, by itself
        for lector in lectores:
            lector.hasta_el_fin()
        hasta(lambda: not web.proceso("web").is_running() or web.proceso("web").status() == "zombie", 15)
        assert "timeout graceful shutdown exceeded" not in web.registro("web")
    assert filas("SELECT status FROM jobs") == [("pending",)]
