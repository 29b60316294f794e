"""Statements that are written once and planned once for each connection."""

import gc
import json
import re
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from conftest import Crear, Sembrar, apuntar
from pooler import PgBouncer
from servidores import PostgresPrivado

import models
from models import Parte, cierre
from models.compilada import Compilada
from models.pendiente import leer_pendiente

GRANDES = {"jobs", "consultas_deuda", "callbacks", "callback_intentos", "evidencias"}
TODAS = sorted((o for o in gc.get_objects() if isinstance(o, Compilada)), key=lambda c: c.nombre)
PREPARABLES = [c for c in TODAS if c.preparable]


def _preparadas() -> list[str]:
    with models.conexion() as bd:
        return [nombre for (nombre,) in bd.execute_sql("SELECT name FROM pg_prepared_statements").fetchall()]


def test_hay_muchas_y_cada_una_tiene_su_nombre() -> None:
    assert len(TODAS) > 15
    assert len({c.nombre for c in TODAS}) == len(TODAS)


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("compilada", PREPARABLES, ids=[c.nombre for c in PREPARABLES])
def test_el_plan_de_cualquier_valor_usa_los_indices_aun_en_una_base_nueva(compilada: Compilada) -> None:
    # Given a database of which PostgreSQL knows nothing yet
    with models.transaccion() as bd:
        compilada.preparar()
        # When it plans the statement for good
        bd.execute_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        nulos = ", ".join(["NULL"] * len(compilada.valores))
        parentesis = f"({nulos})" if nulos else ""
        (explicado,) = bd.execute_sql(f'EXPLAIN (FORMAT JSON) EXECUTE "{compilada.nombre}"{parentesis}').fetchone()
    # Then it will not read a table that grows from end to end
    plan = explicado if isinstance(explicado, str) else json.dumps(explicado)
    recorridas = re.findall(r'"Node Type": "Seq Scan",[^{}]*?"Relation Name": "(\w+)"', plan)
    assert not GRANDES & set(recorridas), plan


def test_se_prepara_una_vez_en_cada_conexion(base: str, sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas")
    creado = crear(ids)
    models.bd.close_all()
    for _ in range(3):
        assert leer_pendiente(creado.consulta_ids[0]) is not None
    assert [n for n in _preparadas() if "pendiente._pendiente" in n] == _preparadas()
    assert len(_preparadas()) == 1
    models.bd.close_all()
    assert _preparadas() == []
    assert leer_pendiente(creado.consulta_ids[0]) is not None


def test_una_transaccion_deshecha_no_la_olvida(base: str, sembrar: Sembrar, crear: Crear) -> None:
    _, ids = sembrar("metrogas")
    creado = crear(ids)
    models.bd.close_all()
    with pytest.raises(ZeroDivisionError), models.transaccion():
        assert leer_pendiente(creado.consulta_ids[0]) is not None
        raise ZeroDivisionError
    assert leer_pendiente(creado.consulta_ids[0]) is not None


def test_detras_de_un_pooler_no_se_prepara_nada(
    postgres_privado: PostgresPrivado, base: str, sembrar: Sembrar, crear: Crear
) -> None:
    _, ids = sembrar("metrogas")
    creado = crear(ids)
    with PgBouncer(postgres_privado) as pooler:
        apuntar(pooler.url(base.rpartition("/")[2]))
        try:
            assert leer_pendiente(creado.consulta_ids[0]) is not None
            assert _preparadas() == []
        finally:
            apuntar(base)
    assert leer_pendiente(creado.consulta_ids[0]) is not None


def test_una_interrupcion_al_prepararla_no_deja_la_conexion_inservible(
    base: str, sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given Dramatiq's interrupt between the server's answer and our note of it
    _, ids = sembrar("metrogas")
    creado = crear(ids)
    models.bd.close_all()
    ejecutar = models.bd.execute_sql

    def interrumpir(orden: str, valores: Any = None) -> Any:
        hecho = ejecutar(orden, valores)
        if orden.startswith("PREPARE"):
            raise KeyboardInterrupt
        return hecho

    with monkeypatch.context() as interrumpida:
        interrumpida.setattr(models.bd, "execute_sql", interrumpir)
        with pytest.raises(KeyboardInterrupt):
            leer_pendiente(creado.consulta_ids[0])
    # Then the next one is read, on another connection
    assert leer_pendiente(creado.consulta_ids[0]) is not None


def test_la_base_que_se_va_al_guardar_la_evidencia_no_cuesta_la_evidencia(
    base: str, sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a claimed consulta whose connection is cut while its evidencia is kept
    _, ids = sembrar("metrogas")
    [consulta_id] = crear(ids).consulta_ids
    reclamada = models.reclamar(consulta_id, arriendo_s=60, simultaneas=1)
    assert reclamada is not None
    guardar = cierre.guardar_partes

    def cortar(*partes: Any) -> None:
        with psycopg.connect(base, autocommit=True) as otra:
            otra.execute("SELECT pg_terminate_backend(%s)", (models.bd.connection().info.backend_pid,))
        guardar(*partes)

    monkeypatch.setattr(cierre, "guardar_partes", cortar)
    resultado = models.Resultado(exito=True, deuda=Decimal(1), moneda="ARS", evidencia=(Parte("captura", b"PNG"),))
    # When it ends, the database's fall is told, and nothing of it is kept
    with pytest.raises(models.BASE_CAIDA):
        models.guardar_consulta_deuda(consulta_id, reclamada.token, resultado)
    # Then it can be saved whole
    monkeypatch.undo()
    assert models.guardar_consulta_deuda(consulta_id, reclamada.token, resultado)["guardado"]
    with psycopg.connect(base) as bd:
        assert bd.execute("SELECT count(*) FROM evidencias").fetchone() == (1,)


def test_la_evidencia_que_no_cabe_no_cuesta_el_resultado(
    base: str, sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ids = sembrar("metrogas")
    [consulta_id] = crear(ids).consulta_ids
    reclamada = models.reclamar(consulta_id, arriendo_s=60, simultaneas=1)
    assert reclamada is not None
    de_mas = Parte("no es un tipo", b"PNG")  # the table refuses it
    resultado = models.Resultado(exito=True, deuda=Decimal(1), moneda="ARS", evidencia=(de_mas,))
    assert models.guardar_consulta_deuda(consulta_id, reclamada.token, resultado)["guardado"]
    with psycopg.connect(base) as bd:
        assert bd.execute("SELECT estado, deuda FROM consultas_deuda").fetchone() == ("terminada", 1)
        assert bd.execute("SELECT terminadas, status FROM jobs").fetchone() == (1, "completed")
        assert bd.execute("SELECT count(*) FROM evidencias").fetchone() == (0,)
