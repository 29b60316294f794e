"""Fixtures for everybody: the private servers, started when first asked for, one of each per run."""

import itertools
import os
from collections.abc import Iterator

import pytest
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado

_cuenta = itertools.count(1)


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
