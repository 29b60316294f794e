"""The whole service on both of its footings: the embedded default, and PostgreSQL + RabbitMQ."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from pila import CIFRADO_CLAVES, Pila
from psycopg.types.json import Jsonb
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado

from escenarios.cuentas import assert_nada_queda, vigilar
from models.cifrado import cifrar, usar_claves
from sandbox.desenlaces import Desenlace
from sandbox.servidor import CUENTAS, PORTALES

PISOS = ("embebido", "rabbit")


@pytest.fixture(scope="module", params=PISOS)
def pila(request: pytest.FixtureRequest) -> Iterator[Pila]:
    """A running service, one per footing and module."""
    nombre = f"pila_{os.getpid()}_{request.module.__name__.rpartition('.')[2]}"
    entorno = {"CONSULTA_ARRIENDO_S": "3", **getattr(request.module, "ENTORNO", {})}
    servidor: PostgresEmbebido | PostgresPrivado
    rabbit: RabbitPrivado | None = None
    if request.param == "embebido":
        servidor = request.getfixturevalue("postgres_embebido")
        base = broker = servidor.crear_base(nombre)
    else:
        rabbit = request.getfixturevalue("rabbit_privado")
        servidor = request.getfixturevalue("postgres_privado")
        base, broker = servidor.crear_base(nombre), rabbit.crear_vhost(nombre)
    servicio = Pila(base, broker, entorno)
    servicio.postgres, servicio.rabbit = servidor, rabbit
    with servicio:
        vigilar(base)
        yield servicio
        assert_nada_queda(servicio)
    servidor.borrar_base(nombre)


def cuenta(empresa: str, desenlace: Desenlace) -> dict[str, str]:
    """The credenciales of an empresa's magic account that ends so."""
    return dict(next(c.credenciales for c in CUENTAS[empresa].values() if c.desenlace is desenlace))


class Semilla:
    """Writes propiedades and servicios straight into the database of a stack."""

    def __init__(self, pila: Pila) -> None:
        usar_claves([CIFRADO_CLAVES])
        self._url = pila.entorno["DATABASE_URL"]

    def propiedad(self, *servicios: tuple[str, Desenlace], activo: bool = True) -> tuple[int, list[int]]:
        """A propiedad with a servicio of each empresa and outcome. Returns their ids."""
        with psycopg.connect(self._url) as bd:
            fila = bd.execute(
                "INSERT INTO propiedades (nombre, created_at) VALUES ('Prueba', now()) RETURNING id"
            ).fetchone()
            assert fila is not None
            ids = []
            for empresa, desenlace in servicios:
                nuevo = bd.execute(
                    "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
                    " VALUES (%s, %s, 'Prueba', %s, %s, now()) RETURNING id",
                    (fila[0], PORTALES[empresa].NOMBRE, Jsonb(cifrar(cuenta(empresa, desenlace))), activo),
                ).fetchone()
                assert nuevo is not None
                ids.append(int(nuevo[0]))
            return int(fila[0]), ids

    def filas(self, orden: str, *valores: object) -> list[tuple[object, ...]]:
        """Rows of a query, to look at what is stored."""
        with psycopg.connect(self._url) as bd:
            return bd.execute(orden, valores).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def semilla(pila: Pila) -> Semilla:
    """Data for the stack."""
    return Semilla(pila)
