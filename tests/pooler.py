"""A private PgBouncer in transaction mode, in front of a private PostgreSQL."""

import os
import shutil
import signal
from typing import Self

import psycopg
from servidores import PostgresPrivado, Servidor, puerto_libre

AJUSTES = """
[databases]
* = host=127.0.0.1 port={puerto_postgres} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {puerto}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
"""


class PgBouncer(Servidor):
    """Five server connections for everybody, each lent for one transaction."""

    principal = "pgbouncer"
    senales = {"fast": signal.SIGINT, "immediate": signal.SIGTERM, "kill": signal.SIGKILL}

    def __init__(self, postgres: PostgresPrivado) -> None:
        super().__init__()
        self.puerto = puerto_libre()
        self._postgres = postgres

    def url(self, base: str) -> str:
        """The address of a database through the pooler."""
        return f"postgresql://postgres@127.0.0.1:{self.puerto}/{base}"

    def iniciar(self) -> Self:
        """Start, and return once it answers."""
        programa = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        if programa is None:
            raise RuntimeError("Falta pgbouncer: se instala con ./preparar.sh test")
        ajustes = self.carpeta / "pgbouncer.ini"
        ajustes.write_text(AJUSTES.format(puerto=self.puerto, puerto_postgres=self._postgres.puerto))
        como = []
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(self.carpeta, "nobody")
            como = ["setpriv", "--reuid=nobody", "--clear-groups"]
        self._lanzar("pgbouncer", [*como, programa, str(ajustes)])
        self._esperar(self._responde, 15)
        return self

    def _responde(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2, prepare_threshold=None).close()
        except psycopg.OperationalError:
            return False
        return True
