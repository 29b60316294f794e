"""What is stored: a pool that holds, exact money, moments in UTC, new jobs, and rows that the database refuses."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import peewee
import psycopg
import pytest
from conftest import Crear, Sembrar, a_la_vez, apuntar, fila, filas, reglas
from pila import hasta
from psycopg.conninfo import conninfo_to_dict
from servidores import PostgresPrivado

import models
from models import Consulta, Parte, Resultado, SinServicios
from models.base import MaxConnectionsExceeded
from models.listados import leer_job, listar_jobs
from models.reparacion import borrar_evidencia
from models.schemas import FiltroJobs, PedidoPropiedad, PedidoServicios, PedidoTodas
from models.trabajador import hilos_vivos, olvidar_muertos
from settings import ajustes

RAIZ = Path(__file__).resolve().parent.parent
REGLAS = reglas(60, 15)

# Twenty threads make the first use of the pool together. Argument: the database.
PRIMER_USO = """
import sys, threading
import models
salida, vistos = threading.Barrier(20), []
def usar(_):
    salida.wait()
    with models.conexion() as bd:
        vistos.append(bd.execute_sql("SELECT pg_backend_pid()").fetchone()[0])
hilos = [threading.Thread(target=usar, args=(n,)) for n in range(20)]
[h.start() for h in hilos]; [h.join() for h in hilos]
print(len(vistos), len(set(vistos)) <= 10)
"""


def con_deuda(deuda: str = "25670.50", **mas: object) -> Resultado:
    return Resultado(exito=True, deuda=Decimal(deuda), moneda="ARS", **mas)  # type: ignore[arg-type]


def reclamada(consulta_id: object) -> Consulta:
    consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=100)  # type: ignore[arg-type]
    assert consulta is not None
    return consulta


def terminar(consulta_id: object, resultado: Resultado) -> None:
    consulta = reclamada(consulta_id)
    assert models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)["guardado"]


class TestConexiones:
    def test_una_maquina_que_desaparece_se_nota_antes_que_el_arriendo(self, base: str) -> None:
        # Given what the kernel was told of a connection: nobody here can make a machine vanish
        with models.conexion(), socket.fromfd(models.bd.connection().fileno(), socket.AF_INET, socket.SOCK_STREAM) as s:
            sin_acuse_s = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000
        # Then a renewal that hangs gives up in time for the next one
        arriendo_s = ajustes().consulta_arriendo_s
        assert 0 < sin_acuse_s + arriendo_s / 3 < arriendo_s

    def test_el_primer_uso_es_de_muchos_hilos_a_la_vez(self, base: str) -> None:
        entorno = {**os.environ, "DATABASE_URL": base, "BROKER_URL": base, "PYTHONPATH": str(RAIZ)}
        orden = [sys.executable, "-c", PRIMER_USO]
        hecho = subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=60)
        assert hecho.stdout == "20 True\n", hecho.stderr

    def test_los_hilos_no_comparten_conexion(self, base: str) -> None:
        apuntar(base, conexiones=8)

        def sesion(_: int) -> bool:
            with models.transaccion() as bd:
                primera = bd.execute_sql("SELECT pg_backend_pid(), txid_current()").fetchone()
                time.sleep(0.002)
                return bool(bd.execute_sql("SELECT pg_backend_pid(), txid_current()").fetchone() == primera)

        assert all(a_la_vez(sesion, range(300)))
        assert len(models.bd._connections) <= 8 and not models.bd._in_use

    def test_una_excepcion_devuelve_la_conexion_y_deshace(self, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("metrogas")
        with pytest.raises(KeyError), models.transaccion():
            crear(ids)
            raise KeyError
        assert filas("SELECT count(*) FROM jobs") == [(0,)]
        assert not models.bd._in_use

    def test_sana_despues_de_un_reinicio_del_servidor(self, base: str, postgres_privado: PostgresPrivado) -> None:
        # Given a pool with several open connections
        a_la_vez(lambda _: filas("SELECT pg_sleep(0.05)"), range(6), hilos=6)
        assert len(models.bd._connections) >= 6
        # When the server goes away, and comes back
        postgres_privado.detener("immediate")
        with pytest.raises(models.BASE_CAIDA):
            filas("SELECT 1")
        postgres_privado.iniciar()
        # Then every thread is served at once, without an error
        assert a_la_vez(lambda _: filas("SELECT 1"), range(40)) == [[(1,)]] * 40

    def test_tomar_una_conexion_no_le_cuesta_una_pregunta_al_servidor(self, base: str) -> None:
        models.bd.close_all()
        filas("SELECT 7")
        with models.conexion(), psycopg.connect(base) as otra:
            otra.autocommit = True  # each look is a new one: of the connections closed above some may still be listed
            nuestras = "SELECT query FROM pg_stat_activity WHERE application_name = 'consultas'"
            unica = f"{nuestras} AND datname = current_database()"
            hasta(lambda: otra.execute(unica).fetchall() == [("SELECT 7",)], 5)

    def test_agotada_espera_lo_justo_y_lo_dice(self, base: str) -> None:
        # Given every connection taken
        apuntar(base, conexiones=2, espera_s=1)
        tomadas, soltar = threading.Barrier(3), threading.Event()

        def tener() -> None:
            with models.conexion():
                tomadas.wait(5)
                soltar.wait(10)

        hilos = [threading.Thread(target=tener) for _ in range(2)]
        for hilo in hilos:
            hilo.start()
        tomadas.wait(5)
        # When another is wanted
        comienzo = time.monotonic()
        with pytest.raises(MaxConnectionsExceeded):
            filas("SELECT 1")
        # Then it says so after the wait, and one that frees in time is taken
        assert 0.9 < time.monotonic() - comienzo < 2
        threading.Timer(0.3, soltar.set).start()
        assert filas("SELECT 1") == [(1,)]
        for hilo in hilos:
            hilo.join()
        apuntar(base)


@pytest.mark.parametrize("deuda", ["0", "0.01", "25670.00", "25670.50", "0.10", "999999999999.99", "123456789012.34"])
def test_el_dinero_vuelve_exacto(sembrar: Sembrar, crear: Crear, deuda: str) -> None:
    creado = crear(sembrar("metrogas")[1])
    terminar(creado.consulta_ids[0], con_deuda(deuda, saldo_a_favor=Decimal("0.07")))
    guardada = fila(Consulta, creado.consulta_ids[0])
    assert (str(guardada.deuda), guardada.saldo_a_favor) == (str(Decimal(deuda).quantize(Decimal("0.01"))),
                                                             Decimal("0.07"))  # fmt: skip
    job = leer_job(creado.job_id)
    assert job is not None and str(Decimal(str(job["resultado"][0]["deuda"])).normalize()) == str(
        Decimal(deuda).normalize()
    )


def test_la_deuda_que_no_cabe_no_se_redondea(sembrar: Sembrar, crear: Crear) -> None:
    consulta = reclamada(crear(sembrar("metrogas")[1]).consulta_ids[0])
    with pytest.raises(peewee.DataError):
        models.guardar_consulta_deuda(consulta.id, consulta.token, con_deuda("1000000000000"))
    assert fila(Consulta, consulta.id).estado == "en_curso"


def test_lo_que_el_portal_dice_se_guarda_aunque_traiga_basura(sembrar: Sembrar, crear: Crear) -> None:
    # Given texts that PostgreSQL cannot store
    creado = crear(sembrar("metrogas")[1])
    feo = "a\x00b\ud83dc"
    # When a consulta ends with them
    terminar(
        creado.consulta_ids[0],
        con_deuda(mensaje_portal=feo, avisos=(feo,), facturas=[{"numero": feo}], prueba={"texto": feo}, error=None),
    )
    # Then the rest of them is there
    c = fila(Consulta, creado.consulta_ids[0])
    assert [c.mensaje_portal, c.avisos, c.facturas, c.prueba] == [
        "ab?c", ["ab?c"], [{"numero": "ab?c"}], {"texto": "ab?c"}
    ]  # fmt: skip


def test_un_cuerpo_de_mas_de_un_mega_nace_delgado(sembrar: Sembrar, crear: Crear) -> None:
    creado = crear(sembrar("metrogas")[1], callback_url="http://h/")
    terminar(creado.consulta_ids[0], Resultado(exito=False, error="x" * 1_000_001, error_codigo="PORTAL_CAIDO"))
    assert json.loads(bytes(filas("SELECT cuerpo FROM callbacks")[0][0]))["resultados"] is None


@pytest.mark.parametrize("zona", ["America/Argentina/Buenos_Aires", "Asia/Kolkata", "UTC"])
def test_los_momentos_son_utc_en_cualquier_zona(sembrar: Sembrar, crear: Crear, base: str, zona: str) -> None:
    # Given sessions with another time zone
    nombre = str(conninfo_to_dict(base)["dbname"])
    filas(f"ALTER DATABASE \"{nombre}\" SET timezone TO '{zona}'")
    apuntar(base)
    try:
        assert filas("SHOW timezone") == [(zona,)]
        # When a job is made, by this clock and by the database's
        creado = crear(sembrar("metrogas", "edenor")[1])
        terminar(creado.consulta_ids[0], con_deuda())
        job = fila(models.Job, creado.job_id)
        # Then both are aware, in UTC, and now
        for momento in (job.created_at, job.started_at):
            assert momento.tzinfo is UTC
            assert abs(momento - datetime.now(UTC)) < timedelta(seconds=10)
        leido = leer_job(creado.job_id)
        assert leido is not None and leido["created_at"] == job.created_at.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        )
        # And a cursor made of one finds the next
        crear(sembrar("metrogas")[1])
        cursor = listar_jobs(FiltroJobs(limit=1))["next_cursor"]
        assert [j["job_id"] for j in listar_jobs(FiltroJobs(cursor=cursor))["jobs"]] == [str(creado.job_id)]
    finally:
        filas(f'ALTER DATABASE "{nombre}" RESET timezone')
        apuntar(base)


class TestCrearJob:
    def test_de_una_propiedad(self, sembrar: Sembrar) -> None:
        propiedad_id, ids = sembrar("metrogas", "edenor")
        sembrar("aysa")
        creado = models.crear_job(PedidoPropiedad(propiedad_id=propiedad_id, voucher_id="v-1"), REGLAS)
        job = fila(models.Job, creado.job_id)
        assert (job.tipo, job.status, job.propiedad_id, job.voucher_id) == ("propiedad", "pending", propiedad_id, "v-1")
        assert (job.total, job.terminadas, job.callback_url, job.callback_sent) == (2, 0, None, None)
        assert abs((job.limite_en - job.created_at).total_seconds() - 90) < 1
        consultas = filas("SELECT servicio_id, empresa, propiedad_id FROM consultas_deuda ORDER BY servicio_id")
        assert consultas == [(ids[0], "metrogas", propiedad_id), (ids[1], "edenor", propiedad_id)]
        assert {fila(Consulta, c).servicio_id for c in creado.consulta_ids} == set(ids)

    def test_de_servicios_deja_fuera_los_repetidos_los_inactivos_y_los_que_no_existen(self, sembrar: Sembrar) -> None:
        propiedad_id, (uno, dos) = sembrar("metrogas", "edenor")
        _, (apagado,) = sembrar("aysa", activo=False)
        creado = models.crear_job(PedidoServicios(servicio_ids=[dos, uno, dos, apagado, 2**63 - 1]), REGLAS)
        assert (creado.propiedad_id, len(creado.consulta_ids)) == (propiedad_id, 2)
        assert creado.omitidos == (
            {"servicio_id": apagado, "motivo": "inactivo"},
            {"servicio_id": 2**63 - 1, "motivo": "inexistente"},
        )

    def test_de_servicios_de_dos_propiedades_no_es_de_ninguna(self, sembrar: Sembrar) -> None:
        ids = sembrar("metrogas")[1] + sembrar("metrogas")[1]
        assert models.crear_job(PedidoServicios(servicio_ids=ids), REGLAS).propiedad_id is None

    def test_de_todas_son_todos_los_activos(self, sembrar: Sembrar) -> None:
        sembrar(*["metrogas"] * 1500)
        sembrar("edenor", activo=False)
        creado = models.crear_job(PedidoTodas(), REGLAS)
        assert (len(creado.consulta_ids), creado.propiedad_id) == (1500, None)
        assert filas("SELECT count(*), count(DISTINCT servicio_id) FROM consultas_deuda") == [(1500, 1500)]

    @pytest.mark.parametrize("caso", ["sin propiedad", "propiedad apagada", "servicios apagados", "nada"])
    def test_sin_servicios_no_escribe_nada(self, sembrar: Sembrar, caso: str) -> None:
        propiedad_id, ids = sembrar("metrogas", activo=False)
        pedido, codigo = {
            "sin propiedad": (PedidoPropiedad(propiedad_id=propiedad_id + 1), "PROPIEDAD_INEXISTENTE"),
            "propiedad apagada": (PedidoPropiedad(propiedad_id=propiedad_id), "SIN_SERVICIOS_ACTIVOS"),
            "servicios apagados": (PedidoServicios(servicio_ids=[*ids, 9]), "SIN_SERVICIOS_ACTIVOS"),
            "nada": (PedidoTodas(), "SIN_SERVICIOS_ACTIVOS"),
        }[caso]
        with pytest.raises(SinServicios) as error:
            models.crear_job(pedido, REGLAS)
        assert error.value.codigo == codigo
        assert filas("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize(
    "cambio",
    [
        "estado = 'terminada', exito = false, deuda = 0",
        "estado = 'terminada', exito = true, deuda = NULL",
        "estado = 'terminada', exito = true, deuda = -0.01",
        "estado = 'terminada', exito = NULL",
        "exito = false",
        "deuda = 5",
        "estado = 'otro'",
        "intentos = 1",
    ],
)
def test_la_base_rechaza_una_consulta_imposible(sembrar: Sembrar, crear: Crear, cambio: str) -> None:
    crear(sembrar("metrogas")[1])
    with pytest.raises(peewee.IntegrityError):
        filas(f"UPDATE consultas_deuda SET {cambio}")


@pytest.mark.parametrize("cambio", ["status = 'otro'", "terminadas = 2", "terminadas = -1", "tipo = 'otro'"])
def test_la_base_rechaza_un_job_imposible(sembrar: Sembrar, crear: Crear, cambio: str) -> None:
    crear(sembrar("metrogas")[1])
    with pytest.raises(peewee.IntegrityError):
        filas(f"UPDATE jobs SET {cambio}")


def test_la_evidencia_vive_lo_que_tiene_que_vivir(sembrar: Sembrar, crear: Crear) -> None:
    # Given evidencia of today and of 31 days ago
    creado = crear(sembrar("metrogas", "edenor")[1])
    for consulta_id in creado.consulta_ids:
        terminar(consulta_id, con_deuda(evidencia=[Parte("captura", b"png"), Parte("html", b""), Parte("url", b"u")]))
    vieja, nueva = creado.consulta_ids
    filas("UPDATE evidencias SET created_at = now() - interval '31 days' WHERE consulta_id = %s", vieja)
    # When what is past 30 days is deleted, a batch at a time
    assert [borrar_evidencia(30, cuantas=1), borrar_evidencia(30), borrar_evidencia(30)] == [1, 1, 0]
    # Then today's is there, the empty part never was, and the consulta stays
    quedan = filas("SELECT consulta_id, tipo, contenido FROM evidencias ORDER BY tipo")
    assert [(c, t, bytes(b)) for c, t, b in quedan] == [(nueva, "captura", b"png"), (nueva, "url", b"u")]
    assert filas("SELECT count(*) FROM consultas_deuda WHERE exito") == [(2,)]


def test_los_trabajadores_vivos_se_cuentan(base: str) -> None:
    with psycopg.connect(base) as bd:
        for cola, hilos, hace in (("consultas", 8, 0), ("consultas", 4, 5), ("consultas", 2, 60), ("callbacks", 8, 0)):
            orden = "INSERT INTO trabajadores VALUES (gen_random_uuid(), %s, %s, 'h', 1, now() - %s * interval '1 s')"
            bd.execute(orden, (cola, hilos, hace))
        bd.execute("UPDATE trabajadores SET visto_en = now() - interval '2 days' WHERE hilos = 2")
    with models.conexion():
        assert (hilos_vivos("consultas"), hilos_vivos("otra")) == (12, 0)
    assert olvidar_muertos() == 1
    assert filas("SELECT count(*) FROM trabajadores") == [(3,)]
