"""One look-up for several jobs, one job for a repeated request, one for what failed, none where there is no room."""

import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from conftest import Crear, Sembrar, Web, a_la_vez, fila, filas, reglas
from test_estados import CAIDO, PAGADA, URL, guardar, reclamada

import models
from actors import consultar
from models import Clave, Consulta, Job, Parte, Resultado
from models.resumen import ultimas_de
from models.salud import salud
from models.schemas import PedidoServicios, instante

modulo = sys.modules["actors.consultar"]
PROPIAS = ("CANCELADA", "INTERRUMPIDA")
CANCELADA = Resultado(exito=False, error="Fue cancelada.", error_codigo="CANCELADA", reintentable=True)
RECHAZADA = Resultado(exito=False, error="Rechazó la clave.", error_codigo="CREDENCIALES_INVALIDAS", reintentable=False)


def de_job(creado: models.Creado) -> list[Consulta]:
    """The consultas of a job, in the order of their servicios."""
    with models.conexion():
        return list(Consulta.select().where(Consulta.job == creado.job_id).order_by(Consulta.servicio))


def pedir(servicio_ids: list[int], clave: Clave | None = None, **pedido: Any) -> models.Creado:
    return models.crear_job(PedidoServicios(servicio_ids=servicio_ids, **pedido), reglas(), clave)


class TestEnVuelo:
    def test_dos_jobs_comparten_una_visita(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a consulta that runs, and a second job that asks for the same servicio and another
        _, (uno, otro) = sembrar("metrogas", "edenor")
        primero = crear([uno], callback_url=URL)
        lider = reclamada(primero.consulta_ids[0])
        segundo = crear([uno, otro], callback_url=URL)
        assert len(segundo.consulta_ids) == 1 and segundo.total == 2
        assert fila(Job, segundo.job_id).status == "processing"
        seguidora, _ = de_job(segundo)
        assert seguidora.origen_id == lider.id
        assert models.reclamar(seguidora.id, arriendo_s=60, simultaneas=9) is None, "nadie la busca dos veces"
        # When the one that runs has ended
        parte = Parte("captura", b"png")
        con_prueba = Resultado(exito=True, deuda=Decimal("25670.00"), moneda="ARS", evidencia=[parte])
        assert guardar(lider, con_prueba)
        reparto = models.repartir(lider.id, PROPIAS)
        # Then so has the other, the same way, under its own id, with the proof of the first
        assert (reparto.por_publicar, reparto.jobs) == ([], [segundo.job_id])
        copia = models.leer_consulta(seguidora.id)
        assert copia is not None and (copia["deuda"], copia["exito"], copia["intentos"]) == (25670, True, 0)
        assert copia["consulta_id"] != str(lider.id) == copia["reutilizada_de"]
        assert copia["consultada_en"] == models.leer_consulta(lider.id)["completed_at"]  # type: ignore[index]
        assert list(copia["evidencia"]) == ["captura"]
        assert models.leer_evidencia(seguidora.id, "captura") == b"png"
        # And a second telling changes nothing; its job ends with its own consulta
        assert models.repartir(lider.id, PROPIAS) == models.Reparto()
        assert fila(Job, segundo.job_id).terminadas == 1
        guardar(reclamada(segundo.consulta_ids[0]))
        assert filas("SELECT count(*) FROM callbacks") == [(2,)]

    def test_veinte_jobs_a_la_vez_son_una_visita(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas", "edenor")
        creados = a_la_vez(lambda _: crear(list(ids), callback_url=URL), range(20))
        lideres = [c for creado in creados for c in creado.consulta_ids]
        assert len(lideres) == 2
        for consulta_id in lideres:
            guardar(reclamada(consulta_id))
            models.repartir(consulta_id, PROPIAS)
        assert filas("SELECT status, terminadas, count(*) FROM jobs GROUP BY 1, 2") == [("completed", 2, 20)]
        assert filas("SELECT count(*) FROM callbacks") == [(20,)]

    def test_lo_que_dijo_el_portal_se_comparte(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        lider, seguidor = crear(ids), crear(ids)
        guardar(reclamada(lider.consulta_ids[0]), RECHAZADA)
        assert models.repartir(lider.consulta_ids[0], PROPIAS).jobs == [seguidor.job_id]
        (copia,) = de_job(seguidor)
        assert (copia.error_codigo, copia.deuda, copia.reintentable) == ("CREDENCIALES_INVALIDAS", None, False)

    def test_un_job_cancelado_no_arrastra_a_los_demas(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a job that leads and two that follow
        _, ids = sembrar("metrogas")
        lider, segundo, tercero = (crear(ids) for _ in range(3))
        # When the first is cancelled
        assert models.fracasar(lider.job_id, error="Cancelado.", resultado=CANCELADA)
        assert models.por_repartir(10) == [lider.consulta_ids[0]]
        reparto = models.repartir(lider.consulta_ids[0], PROPIAS)
        # Then one of the others takes its place, and the last follows that one
        ((nueva, job_id),) = reparto.por_publicar
        assert job_id in (segundo.job_id, tercero.job_id) and reparto.jobs == []
        (otra,) = [c for creado in (segundo, tercero) for c in de_job(creado) if c.id != nueva]
        assert otra.origen_id == nueva and models.por_repartir(10) == []
        guardar(reclamada(nueva))
        assert models.por_repartir(10) == [nueva]
        assert len(models.repartir(nueva, PROPIAS).jobs) == 1
        assert filas("SELECT status, count(*) FROM jobs GROUP BY 1 ORDER BY 1") == [("completed", 2), ("failed", 1)]

    def test_cancelar_al_que_espera_no_toca_al_que_lee(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        lider, seguidor = crear(ids), crear(ids)
        assert models.fracasar(seguidor.job_id, error="Cancelado.", resultado=CANCELADA)
        guardar(reclamada(lider.consulta_ids[0]))
        assert models.repartir(lider.consulta_ids[0], PROPIAS) == models.Reparto()
        assert [c.error_codigo for c in de_job(seguidor)] == ["CANCELADA"]

    @pytest.mark.parametrize(
        "cambio",
        [
            "UPDATE servicios SET credenciales = to_jsonb('gAAAA-otras'::text)",
            "UPDATE servicios SET credenciales = jsonb_build_object('cuenta', '2')",
            "UPDATE servicios SET empresa = 'edenor'",
        ],
        ids=["cifradas", "escritas-por-otro-programa", "empresa"],
    )
    def test_si_cambia_lo_que_se_pide_se_lee_de_nuevo(self, sembrar: Sembrar, crear: Crear, cambio: str) -> None:
        # Given a servicio that was read, and that is being read again
        _, ids = sembrar("metrogas")
        guardar(reclamada(crear(ids).consulta_ids[0]))
        reclamada(crear(ids).consulta_ids[0])
        assert pedir(ids, max_antiguedad_min=5).con_resultados
        # When it gets another account, by whoever
        filas(cambio)
        # Then neither result serves, nor does the one that comes
        assert len(crear(ids).consulta_ids) == 1
        assert len(pedir(ids, max_antiguedad_min=5).consulta_ids) == 0, "sigue a la que todavía no empezó"
        filas("UPDATE consultas_deuda SET estado = 'terminada', exito = false WHERE estado <> 'terminada'")
        assert len(pedir(ids, max_antiguedad_min=5).consulta_ids) == 1

    @pytest.mark.parametrize("nuevas", ["'gAAAA-otras'::text", "jsonb_build_object('cuenta', '2')"])
    def test_lo_que_cambia_mientras_se_reclama_no_se_lee(
        self, sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch, nuevas: str
    ) -> None:
        # Given a worker that has read a servicio, and a job made after somebody changed it
        _, ids = sembrar("metrogas")
        (lider,) = crear(ids).consulta_ids

        def cambiar_y_reclamar(consulta_id: uuid.UUID, **opciones: Any) -> Consulta | None:
            filas(f"UPDATE servicios SET credenciales = to_jsonb({nuevas})")
            assert crear(ids).consulta_ids == (), "sigue a la que todavía no empezó"
            return models.reclamar(consulta_id, **opciones)

        monkeypatch.setattr(modulo, "reclamar", cambiar_y_reclamar)
        monkeypatch.setattr(modulo, "_atender", lambda *_: pytest.fail("consultó con las de antes"))
        # When the worker claims it
        consultar.fn(str(lider))
        # Then it is handed back, at no cost, for another to begin with what is there now
        devuelta = fila(Consulta, lider)
        assert (devuelta.estado, devuelta.inicios, devuelta.encolada_en) == ("pendiente", 0, None)

    def test_la_salud_de_la_empresa_cuenta_la_visita_una_vez(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        lider = crear(ids)
        crear(ids)
        guardar(reclamada(lider.consulta_ids[0]))
        models.repartir(lider.consulta_ids[0], PROPIAS)
        assert salud([], [])["metrogas"]["6h"]["consultas"] == 1


class TestReciente:
    def test_una_consulta_reciente_sirve_otra_vez_y_lo_dice(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given one servicio read well and one that failed
        _, ids = sembrar("metrogas", "edenor")
        antes = crear(ids)
        guardar(reclamada(antes.consulta_ids[0]))
        guardar(reclamada(antes.consulta_ids[1]), CAIDO)
        # When a job accepts what is ten minutes old
        creado = pedir(ids, max_antiguedad_min=10)
        # Then only the failed one is looked up
        assert (creado.total, len(creado.consulta_ids), creado.con_resultados) == (2, 1, True)
        (copia,) = models.leer_job(creado.job_id)["resultado"]  # type: ignore[index]
        assert (copia["servicio_id"], copia["deuda"]) == (ids[0], 25670)
        assert copia["reutilizada_de"] == str(antes.consulta_ids[0])
        vieja = models.leer_consulta(antes.consulta_ids[0])
        historial = models.historial(copia["propiedad_id"], 10, None)
        assert vieja is not None and historial is not None
        assert historial["consultas"][0]["consulta_id"] == copia["consulta_id"]
        assert historial["consultas"][0]["consultada_en"] == vieja["completed_at"] == copia["consultada_en"]
        leida = next(u.leida_en for u in ultimas_de([copia["propiedad_id"]]) if u.servicio_id == ids[0])
        assert instante(leida) == vieja["completed_at"]
        job = fila(Job, creado.job_id)
        assert (job.status, job.terminadas) == ("processing", 1)
        guardar(reclamada(creado.consulta_ids[0]))
        assert fila(Job, creado.job_id).status == "completed"

    def test_si_todo_es_reciente_el_job_nace_terminado(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        antes = crear(ids)
        guardar(reclamada(antes.consulta_ids[0]))
        for _ in range(2):  # a copy is never the source of another
            creado = pedir(ids, max_antiguedad_min=10, callback_url=URL)
            assert creado.con_resultados and creado.consulta_ids == ()
            assert [c.origen_id for c in de_job(creado)] == [antes.consulta_ids[0]]
        job = models.leer_job(creado.job_id)
        assert job is not None and job["status"] == "completed" and job["started_at"] and job["completed_at"]
        assert filas("SELECT count(*) FROM callbacks WHERE estado = 'pendiente'") == [(2,)]

    def test_lo_viejo_no_sirve(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        guardar(reclamada(crear(ids).consulta_ids[0]))
        filas("UPDATE consultas_deuda SET completed_at = now() - interval '11 min'")
        assert len(pedir(ids, max_antiguedad_min=10).consulta_ids) == 1


class TestIdempotencia:
    def test_veinte_veces_el_mismo_pedido_es_un_job(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        clave = Clave.de("k-1", {"servicio_ids": ids})
        creados = a_la_vez(lambda _: pedir([*ids, 999], clave), range(20))
        assert len({c.job_id for c in creados}) == 1
        assert sum(not c.repetido for c in creados) == 1
        assert {c.omitidos[0]["motivo"] for c in creados} == {"inexistente"}
        assert filas("SELECT count(*) FROM jobs") == [(1,)]

    def test_otro_pedido_con_la_misma_clave_se_rechaza(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        pedir(ids, Clave.de("k", {"a": 1}))
        with pytest.raises(models.ClaveEnConflicto):
            pedir(ids, Clave.de("k", {"a": 2}))

    def test_un_pedido_rechazado_no_gasta_la_clave(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas", activo=False)
        with pytest.raises(models.SinServicios):
            pedir(ids, Clave.de("k", {"a": 1}))
        filas("UPDATE servicios SET activo = true")
        assert not pedir(ids, Clave.de("k", {"a": 2})).repetido

    def test_vale_24_horas(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        clave = Clave.de("k", {})
        primero = pedir(ids, clave)
        filas("UPDATE idempotencias SET created_at = now() - interval '23 h 59 min'")
        assert models.olvidar_claves() == 0
        assert pedir(ids, clave).job_id == primero.job_id
        filas("UPDATE idempotencias SET created_at = now() - interval '24 h 1 s'")
        assert pedir(ids, clave).job_id != primero.job_id
        filas("UPDATE idempotencias SET created_at = now() - interval '24 h 1 s'")
        assert models.olvidar_claves() == 1


class TestReintentar:
    def test_solo_lo_que_fallo_y_se_puede(self, sembrar: Sembrar, crear: Crear) -> None:
        # Given a job with a success, a failure to be tried again and one not to be
        propiedad_id, ids = sembrar("metrogas", "edenor", "aysa")
        viejo = crear(ids, callback_url=URL, voucher_id="v-1")
        for consulta_id, fin in zip(viejo.consulta_ids, (PAGADA, CAIDO, RECHAZADA), strict=True):
            guardar(reclamada(consulta_id), fin)
        # When it is retried, twice and at once
        creados = a_la_vez(lambda _: models.crear_reintento(viejo.job_id, reglas()), range(10))
        # Then there is one new job, of that one consulta, linked to the old
        assert len({c.job_id for c in creados if c is not None}) == 1
        nuevo = next(c for c in creados if c is not None and not c.repetido)
        assert [c.servicio_id for c in de_job(nuevo)] == [ids[1]]
        job = models.leer_job(nuevo.job_id)
        assert job is not None and (job["reintento_de"], job["voucher_id"]) == (str(viejo.job_id), "v-1")
        assert (job["callback_url"], job["propiedad_id"], job["tipo"]) == (URL, propiedad_id, "servicios")
        assert models.leer_job(viejo.job_id)["status"] == "completed"  # type: ignore[index]
        # And that one can be retried in turn
        guardar(reclamada(nuevo.consulta_ids[0]), CAIDO)
        assert models.crear_reintento(nuevo.job_id, reglas()) is not None

    def test_lo_que_no_se_puede_lo_dice(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        job = crear(ids)
        with pytest.raises(models.NoReintentable) as abierto:
            models.crear_reintento(job.job_id, reglas())
        guardar(reclamada(job.consulta_ids[0]))
        with pytest.raises(models.NoReintentable) as bien:
            models.crear_reintento(job.job_id, reglas())
        assert [e.value.codigo for e in (abierto, bien)] == ["JOB_ABIERTO", "NADA_QUE_REINTENTAR"]
        assert models.crear_reintento(uuid.uuid4(), reglas()) is None
        assert filas("SELECT count(*) FROM jobs") == [(1,)]


class TestAdmision:
    def test_con_la_cola_llena_no_entra_nada(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas", "edenor")
        clave = Clave.de("k", {})
        primero = models.crear_job(PedidoServicios(servicio_ids=ids), reglas(cola_max=2), clave)
        with pytest.raises(models.ColaLlena) as llena:
            models.crear_job(PedidoServicios(servicio_ids=ids), reglas(cola_max=2))
        assert 5 <= llena.value.esperar_s <= 300
        assert filas("SELECT count(*) FROM jobs") == [(1,)]
        otra_vez = models.crear_job(PedidoServicios(servicio_ids=ids), reglas(cola_max=2), clave)
        assert otra_vez.job_id == primero.job_id, "lo ya aceptado se contesta igual"

    def test_las_que_esperan_a_otra_tambien_ocupan_lugar(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        pedido = PedidoServicios(servicio_ids=ids)
        for _ in range(3):
            models.crear_job(pedido, reglas(cola_max=3))
        with pytest.raises(models.ColaLlena):
            models.crear_job(pedido, reglas(cola_max=3))

    def test_con_la_cola_vieja_tampoco(self, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        pedir(ids)
        filas("UPDATE consultas_deuda SET created_at = now() - interval '61 s'")
        pedido = PedidoServicios(servicio_ids=ids)
        with pytest.raises(models.ColaLlena):
            models.crear_job(pedido, reglas(antiguedad_max_s=60))
        # One that waits for its turn or to be tried again says nothing about the workers
        filas("UPDATE consultas_deuda SET en_turno = true")
        assert models.crear_job(pedido, reglas(antiguedad_max_s=60)).total == 1


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A web process with room for three consultas."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", {"COLA_MAX": "3"}) as proceso:
        yield proceso


def _post(web: Web, ruta: str, dato: Any, **cabeceras: str) -> requests.Response:
    return requests.post(
        web.url + ruta, json=dato, headers={k.replace("_", "-"): v for k, v in cabeceras.items()}, timeout=10
    )


class TestPorHttp:
    def test_una_clave_un_job(self, web: Web, sembrar: Sembrar) -> None:
        propiedad_id, ids = sembrar("metrogas")
        pedido = {"propiedad_id": propiedad_id}
        una, otra = (_post(web, "/consultar/propiedad", pedido, Idempotency_Key="k-1") for _ in range(2))
        assert (una.status_code, otra.status_code) == (202, 202)
        assert una.json() == otra.json() and una.headers["Location"] == otra.headers["Location"]
        assert ("Idempotent-Replayed" in una.headers, otra.headers["Idempotent-Replayed"]) == (False, "true")
        for ruta, dato in (
            ("/consultar/propiedad", {**pedido, "voucher_id": "v"}),
            ("/consultar/servicios", {"servicio_ids": ids}),
        ):
            respuesta = _post(web, ruta, dato, Idempotency_Key="k-1")
            assert (respuesta.status_code, respuesta.json()["codigo"]) == (409, "CLAVE_EN_CONFLICTO")
        for mala in ("", "a b", "x" * 256):
            assert _post(web, "/consultar/propiedad", pedido, Idempotency_Key=mala).status_code == 422
        assert filas("SELECT count(*) FROM jobs") == [(1,)]

    def test_la_huella_es_de_lo_que_se_dijo_y_no_de_lo_que_se_puede_decir(self, web: Web, sembrar: Sembrar) -> None:
        # A release that knows more fields finds the job of a request that names none of them
        propiedad_id, _ = sembrar("metrogas")
        pedido = {"propiedad_id": propiedad_id}
        una = _post(web, "/consultar/propiedad", pedido, Idempotency_Key="k")
        dicho = {"ruta": "/consultar/propiedad", **pedido}
        assert filas("SELECT huella FROM idempotencias") == [(Clave.de("k", dicho).huella,)]
        con_nulos = {**pedido, "voucher_id": None, "callback_url": None}
        assert _post(web, "/consultar/propiedad", con_nulos, Idempotency_Key="k").json() == una.json()

    def test_reintentar(self, web: Web, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas")
        job_id = _post(web, "/consultar/servicios", {"servicio_ids": ids}).json()["job_id"]
        ruta = f"/job/{job_id}/reintentar"
        abierto = _post(web, ruta, {})
        assert (abierto.status_code, abierto.json()["codigo"]) == (409, "JOB_ABIERTO")
        ((consulta_id,),) = filas("SELECT id FROM consultas_deuda")
        guardar(reclamada(consulta_id), CAIDO)
        una, otra = _post(web, ruta, {}), _post(web, ruta, {})
        assert (una.status_code, una.json()["reintento_de"], una.json()["total_servicios"]) == (202, job_id, 1)
        assert una.json()["job_id"] == otra.json()["job_id"] != job_id
        assert web.pedir(una.headers["Location"])["reintento_de"] == job_id
        assert _post(web, f"/job/{uuid.uuid4()}/reintentar", {}).status_code == 404

    def test_sin_lugar_429_y_cuando_volver(self, web: Web, sembrar: Sembrar) -> None:
        _, ids = sembrar("metrogas", "edenor", "aysa")
        assert _post(web, "/consultar/todas", {}).status_code == 202
        llena = _post(web, "/consultar/servicios", {"servicio_ids": ids})
        assert (llena.status_code, llena.json()["codigo"]) == (429, "COLA_LLENA")
        assert 5 <= int(llena.headers["Retry-After"]) <= 300
        assert llena.json()["detail"].startswith("Hay 3 consultas o más en espera. Vuelva a pedirlo en ")

    @pytest.mark.parametrize("minutos", [0, 10081, "5", 1.5, True])
    def test_una_antiguedad_mala_se_rechaza(self, web: Web, sembrar: Sembrar, minutos: Any) -> None:
        _, ids = sembrar("metrogas")
        respuesta = _post(web, "/consultar/servicios", {"servicio_ids": ids, "max_antiguedad_min": minutos})
        assert respuesta.status_code == 422
        assert respuesta.json()["errores"][0]["campo"] == "max_antiguedad_min"
