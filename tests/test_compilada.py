"""Statements that are written once and planned once for each connection."""

import gc
from typing import Any

import pytest
from conftest import Crear, Sembrar, apuntar
from pooler import PgBouncer
from servidores import PostgresPrivado
from test_indices import recorridos

import models
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
    with models.conexion():
        compilada.preparar()
        # When it plans the statement for good
        nulos = ", ".join(["NULL"] * len(compilada.valores))
        parentesis = f"({nulos})" if nulos else ""
        recorridas = recorridos(f'EXECUTE "{compilada.nombre}"{parentesis}', (), GRANDES)
    # Then it will not read a table that grows from end to end
    assert recorridas == []


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
