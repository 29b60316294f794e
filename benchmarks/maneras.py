"""The ways to look up that benchmarks/consulta.py compares: the whole service, and each rival in its own process."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from pila import CIFRADO_CLAVES, Pila, receptor
from procesos import Cpu, cpu_de
from psycopg.types.json import Jsonb
from rivales.lotes import Cuenta
from servidores import PostgresPrivado, RabbitPrivado

from models.cifrado import cifrar, usar_claves
from sandbox.cuentas import facturas_de, pesos, suma

PROCESO = Path(__file__).resolve().parent / "rivales" / "proceso.py"
SERVICIOS = 1000
"""Accounts that there are, each of a customer of its own. Batches take them in turn: a second look-up of the same one
would find what libraries keep of the first (compiled patterns, above all)."""
LOTE_MAX = 400
CUENTAS = [
    Cuenta(numero, pesos(suma(facturas_de(numero)))) for numero in (f"{310_000 + n}01" for n in range(SERVICIOS))
]
ENTORNO = {
    "SANDBOX_HIDRATACION_MS": "0",
    "SANDBOX_ASENTAR_MS": "0",
    "EMPRESA__TELECENTRO__PAUSA_S": "0",
    "EMPRESA__TELECENTRO__SIMULTANEAS": "16",
    "RELOJ_PERIODO_S": "2",
    "WORKER_PROCESOS": "1",
}


class Turno:
    """Which accounts the next batch looks up."""

    def __init__(self) -> None:
        self._desde = 0

    def siguientes(self, cuantas: int) -> slice:
        """So many of the SERVICIOS, as a slice of their list."""
        assert cuantas <= LOTE_MAX
        desde, self._desde = self._desde, (self._desde + cuantas) % (SERVICIOS - LOTE_MAX)
        return slice(desde, desde + cuantas)


class PostgresDurable(PostgresPrivado):
    """With fsync, as in production."""

    def __init__(self) -> None:
        super().__init__()
        self._opciones += ["-c", "fsync=on", "-c", "full_page_writes=on"]


@dataclass
class Lote:
    """How a batch went: look-ups, seconds, CPU of each family of processes."""

    consultas: int
    segundos: float
    cpu: dict[str, Cpu] = field(default_factory=dict)

    @property
    def por_segundo(self) -> float:
        return self.consultas / self.segundos

    @property
    def chromium_ms(self) -> float:
        """Chromium's CPU for each look-up."""
        return 1000 * sum(c.chromium for c in self.cpu.values()) / self.consultas

    def propia_ms(self, *familias: str) -> float:
        """The CPU of the others, or of some families only, for each look-up."""
        return 1000 * sum(c.propia for n, c in self.cpu.items() if not familias or n in familias) / self.consultas


class Rival:
    """A way that runs in rivales/proceso.py."""

    def __init__(self, modulo: str, url: str) -> None:
        self._turno = Turno()
        self._proceso = subprocess.Popen(
            [sys.executable, str(PROCESO), modulo, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._respuesta()
        self.raiz = psutil.Process(self._proceso.pid)

    def _respuesta(self) -> dict[str, Any]:
        assert self._proceso.stdout is not None
        linea = self._proceso.stdout.readline()
        assert linea, f"{self._proceso.args} terminó"
        respuesta: dict[str, Any] = json.loads(linea)
        return respuesta

    def pedir(self, consultas: int, a_la_vez: int) -> dict[str, Any]:
        """Do a batch. Returns its `segundos` and `mensajes`."""
        assert self._proceso.stdin is not None
        cuentas = CUENTAS[self._turno.siguientes(consultas)]
        pedido = {"cuentas": [[c.numero, c.total] for c in cuentas], "a_la_vez": a_la_vez}
        self._proceso.stdin.write(json.dumps(pedido) + "\n")
        self._proceso.stdin.flush()
        return self._respuesta()

    def lote(self, consultas: int, a_la_vez: int) -> Lote:
        """A batch with its CPU."""
        with cpu_de([("cliente", self.raiz)]) as gastado:
            segundos = self.pedir(consultas, a_la_vez)["segundos"]
        return Lote(consultas, segundos, gastado)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._proceso.stdin is not None
        self._proceso.stdin.close()
        try:
            self._proceso.wait(15)
        finally:
            self._proceso.kill()
            self._proceso.wait()


class Servicio:
    """The whole service on PostgreSQL and RabbitMQ: a job of so many servicios, until its callback has arrived."""

    def __init__(self, demora_ms: int) -> None:
        self._demora_ms = demora_ms
        self._turno = Turno()
        self._abierto = ExitStack()

    def __enter__(self) -> Self:
        abrir = self._abierto.enter_context
        try:
            self._postgres, self._rabbit = abrir(PostgresDurable()), abrir(RabbitPrivado())
            base, broker = self._postgres.crear_base("medicion"), self._rabbit.crear_vhost("medicion")
            self._casa = abrir(receptor())
            self.pila = abrir(Pila(base, broker, {**ENTORNO, "SANDBOX_CONSULTA_MS": str(self._demora_ms)}))
            self._servicios = list(self._sembrar(base))
        except BaseException:
            self._abierto.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._abierto.close()

    @property
    def portal(self) -> str:
        """The base URL of the simulated portals."""
        return self.pila.entorno["PORTALES_URL"]

    def _sembrar(self, url: str) -> Iterator[int]:
        usar_claves([CIFRADO_CLAVES])
        with psycopg.connect(url) as bd:
            propiedad = bd.execute(
                "INSERT INTO propiedades (nombre, created_at) VALUES ('Medición', now()) RETURNING id"
            ).fetchone()
            for cuenta in CUENTAS:
                credenciales = {"numero_cliente": cuenta.numero, "email": cuenta.email, "clave": cuenta.clave}
                fila = bd.execute(
                    "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
                    " VALUES (%s, 'Telecentro', 'Internet', %s, true, now()) RETURNING id",
                    (propiedad and propiedad[0], Jsonb(cifrar(credenciales))),
                ).fetchone()
                assert fila is not None
                yield int(fila[0])

    def con_hilos(self, cuantos: int) -> None:
        """A new worker that does so many at once; its browser is not open yet."""
        self.pila.terminar("worker")
        self.pila.lanzar("worker", WORKER_HILOS=str(cuantos))

    def pedir(self, consultas: int) -> float:
        """A job, and every amount of its callback checked. Returns the seconds from the POST to the callback."""
        cuales = self._turno.siguientes(consultas)
        ids = self._servicios[cuales]
        comienzo = time.monotonic()
        pedido = {"servicio_ids": ids, "callback_url": self._casa.url}
        alta = self.pila.pedir("/consultar/servicios", pedido)
        aviso = self._casa.esperar(alta["job_id"], plazo_s=120)[0]
        esperado = dict(zip(ids, CUENTAS[cuales], strict=True))
        leido = {r["servicio_id"]: pesos_de(r["deuda"]) for r in aviso.json["resultados"]}
        assert leido == {i: c.total for i, c in esperado.items()}, aviso.json
        return aviso.momento - comienzo

    def familias(self) -> list[tuple[str, psutil.Process]]:
        """Its processes, by name; the last is the portals', which every rival visits too."""
        servidores = [("PostgreSQL", self._postgres), ("RabbitMQ", self._rabbit)]
        return [
            *((nombre, self.pila.proceso(nombre)) for nombre in ("web", "worker", "callbacks", "reloj")),
            *((nombre, psutil.Process(s._procesos[s.principal].pid)) for nombre, s in servidores),
            ("portales", self.pila.proceso("sandbox")),
        ]

    def lote(self, consultas: int, _a_la_vez: int) -> Lote:
        """A batch with its CPU; `con_hilos` said how many at once."""
        with cpu_de(self.familias()) as gastado:
            segundos = self.pedir(consultas)
        return Lote(consultas, segundos, gastado)


def pesos_de(deuda: float | None) -> str | None:
    """An amount of the API as the portal writes it."""
    return None if deuda is None else pesos(Decimal(str(deuda)))
