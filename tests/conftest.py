"""Fixtures for everybody: the private servers, started when first asked for, one of each per run."""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self, TypeVar, cast

import psycopg
import pytest
import requests
from peewee import Model
from pila import CIFRADO_CLAVES, PERMITIDOS, Pila
from psycopg.types.json import Jsonb
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; what we run would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is imported reads the settings at once: nobody listens at these addresses.
os.environ["DATABASE_URL"] = "postgresql://nadie@127.0.0.1:1/nada"
os.environ["BROKER_URL"] = "amqp://nadie:nada@127.0.0.1:1/"
os.environ["CIFRADO_CLAVES"] = CIFRADO_CLAVES
os.environ["CALLBACK_HOSTS_PERMITIDOS"] = PERMITIDOS

import models
from models.cifrado import cifrar
from models.migrar import migrar
from models.schemas import PedidoServicios

T = TypeVar("T")
M = TypeVar("M", bound=Model)

_cuenta = itertools.count(1)
TABLAS = ", ".join(str(tabla._meta.table_name) for tabla in models.TABLAS)


@pytest.fixture(scope="session")
def postgres_privado() -> Iterator[PostgresPrivado]:
    """Debian's PostgreSQL over TCP."""
    with PostgresPrivado() as servidor:
        yield servidor


@pytest.fixture(scope="session")
def rabbit_privado() -> Iterator[RabbitPrivado]:
    """Debian's RabbitMQ."""
    with RabbitPrivado() as servidor:
        yield servidor


@pytest.fixture(scope="session")
def postgres_embebido() -> Iterator[PostgresEmbebido]:
    """The PostgreSQL of the wheel, over a Unix socket."""
    with PostgresEmbebido() as servidor:
        yield servidor


@pytest.fixture(scope="module")
def base_url_postgres(postgres_privado: PostgresPrivado) -> Iterator[str]:
    """The address of an empty database of `postgres_privado`, one per module, dropped afterwards."""
    nombre = f"prueba_{os.getpid()}_{next(_cuenta)}"
    yield postgres_privado.crear_base(nombre)
    postgres_privado.borrar_base(nombre)


def apuntar(url: str, conexiones: int = 40, espera_s: float = 10) -> None:
    """Point this process's pool at another database."""
    if not models.bd.deferred:
        models.bd.close_all()
    models.iniciar(url, conexiones=conexiones, espera_s=espera_s)


@pytest.fixture(scope="module")
def base_migrada(base_url_postgres: str) -> Iterator[str]:
    """The module's database with our tables; this process's pool points at it."""
    apuntar(base_url_postgres)
    migrar()
    yield base_url_postgres
    models.bd.close_all()


@pytest.fixture
def base(base_migrada: str) -> str:
    """The same, empty."""
    with psycopg.connect(base_migrada) as conexion:
        conexion.execute(f"TRUNCATE {TABLAS} RESTART IDENTITY CASCADE")
    return base_migrada


class Web(Pila):
    """The Procfile's web process alone."""

    def iniciar(self) -> Self:
        self.lanzar("web")
        self._esperar(self._responde, 30)
        return self

    def _responde(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/health", timeout=5).ok
        return False


Sembrar = Callable[..., tuple[int, list[int]]]
"""`sembrar("metrogas", "edenor", activo=True)`: a propiedad with a servicio of each empresa; their ids."""


@pytest.fixture
def sembrar(base: str) -> Sembrar:
    """Writes a propiedad and its servicios."""

    def escribir(*empresas: str, activo: bool = True) -> tuple[int, list[int]]:
        with psycopg.connect(base) as bd:
            nueva = "INSERT INTO propiedades (nombre, created_at) VALUES ('Prueba', now()) RETURNING id"
            propiedad_id = bd.execute(nueva).fetchall()[0][0]
            orden = (
                "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
                " VALUES (%s, %s, 'Prueba', %s, %s, now()) RETURNING id"
            )
            filas = [bd.execute(orden, (propiedad_id, e, Jsonb(cifrar({"cuenta": "1"})), activo)) for e in empresas]
            return propiedad_id, [fila.fetchall()[0][0] for fila in filas]

    return escribir


def reglas(plazo_s: float = 60, por_consulta_s: float = 0, **limites: Any) -> models.Reglas:
    """What a job is made under, with room for it."""
    admision = models.Admision(**{"cola_max": 1_000_000, "antiguedad_max_s": 86_400, **limites})
    return models.Reglas(models.Plazo(plazo_s, por_consulta_s), admision)


Crear = Callable[..., models.Creado]
"""`crear(ids, callback_url=..., plazo_s=60)`: a job of these servicios."""


@pytest.fixture
def crear(base: str) -> Crear:
    """Creates a job."""

    def nuevo(servicio_ids: list[int], plazo_s: float = 60, **pedido: str) -> models.Creado:
        return models.crear_job(PedidoServicios(servicio_ids=servicio_ids, **pedido), reglas(plazo_s))

    return nuevo


def filas(orden: str, *valores: object) -> list[tuple[Any, ...]]:
    """Rows of a statement, on the pool's database."""
    with models.conexion() as bd:
        cursor = bd.execute_sql(orden, valores)
        return list(cursor.fetchall()) if cursor.description else []


def a_la_vez(hacer: Callable[[Any], T], con: Sequence[Any], hilos: int = 20) -> list[T]:
    """Do it for every element from many threads that begin together. Raises what any of them raised."""
    salida = threading.Barrier(min(hilos, len(con)))

    def esperar() -> None:
        salida.wait(10)

    with ThreadPoolExecutor(salida.parties, initializer=esperar) as pool:
        return list(pool.map(hacer, con))


def fila(modelo: type[M], clave: object) -> M:
    """A row of a table by its key."""
    with models.conexion():
        return cast(M, modelo.get_by_id(clave))
