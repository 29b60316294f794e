"""The ways to run a job that sobrecarga.py compares: ours, Celery's, raw Dramatiq."""

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import psycopg
from cryptography.fernet import Fernet
from pila import CIFRADO_CLAVES, PUNTOS, RECEPTORES, Pila, hasta
from psycopg import sql
from servidores import Postgres, RabbitPrivado, Servidor, puerto_libre

from models.cifrado import cifrar, usar_claves
from models.firma import comprobar
from sandbox.desenlaces import Desenlace
from sandbox.servidor import CUENTAS, PORTALES

RAIZ = Path(__file__).resolve().parent.parent
RIVALES = RAIZ / "benchmarks" / "rivales"
EMPRESAS = ("metrogas", "edenor", "aysa", "epec", "camuzzi", "naturgy", "arba", "agip")
SECRETO = "whsec_" + "c29icmVjYXJnYS1zb2JyZWNhcmdhLXNvYnJlY2FyZ2E="
SERVICIOS = 4000
A_LA_VEZ = 50
POR_POST = 4


class Receptor(threading.Thread):
    """Receives callbacks on keep-alive connections and checks their signatures; `jobs` are those that arrived."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.jobs: dict[str, float] = {}
        self.malos: list[str] = []
        self._bucle = asyncio.new_event_loop()
        for puerto in RECEPTORES:
            with contextlib.suppress(OSError):
                arranque = asyncio.start_server(self._atender, "127.0.0.1", puerto)
                self._bucle.run_until_complete(arranque)
                self.url = f"http://127.0.0.1:{puerto}/callback"
                break
        self.start()

    def run(self) -> None:
        """Serve."""
        self._bucle.run_forever()

    async def _atender(self, entrada: asyncio.StreamReader, salida: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                cabeza = (await entrada.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
                cabeceras = {n.lower(): v.strip() for n, _, v in (linea.partition(":") for linea in cabeza)}
                cuerpo = await entrada.readexactly(int(cabeceras["content-length"]))
                self._recibir(cabeceras, cuerpo)
                salida.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await salida.drain()
        salida.close()

    def _recibir(self, cabeceras: Mapping[str, str], cuerpo: bytes) -> None:
        partes = [cabeceras.get(f"webhook-{parte}", "") for parte in ("id", "timestamp", "signature")]
        mal = comprobar([SECRETO], *partes, cuerpo, ahora_s=time.time())
        dicho = json.loads(cuerpo)
        if mal or dicho["status"] != "completed" or not all(r["deuda"] == 12345.67 for r in dicho["resultados"]):
            self.malos.append(mal or cuerpo.decode())
        self.jobs[dicho["job_id"]] = time.monotonic()


class Rival:
    """Something that takes the POST of the service: its address, and the ids of its servicios, used in turn."""

    def __init__(self, nombre: str, puerto: int, receptor: Receptor) -> None:
        self.nombre = nombre
        self.puerto = puerto
        self._receptor = receptor
        self._ids = itertools.cycle(range(1, SERVICIOS + 1))

    def cuerpo(self, servicios: int) -> bytes:
        """A request for so many servicios."""
        ids = list(itertools.islice(self._ids, servicios))
        return json.dumps({"servicio_ids": ids, "callback_url": self._receptor.url, "voucher_id": "V1"}).encode()

    def lote(self, jobs: int, servicios: int) -> float:
        """Consultas per second of a batch, from the first POST to the last callback."""
        cuerpos = iter([self.cuerpo(servicios) for _ in range(jobs)])
        pedidos: list[str] = []
        comienzo = time.monotonic()

        def pedir() -> None:
            conexion = http.client.HTTPConnection("127.0.0.1", self.puerto, timeout=60)
            for cuerpo in cuerpos:
                conexion.request("POST", "/consultar/servicios", cuerpo, {"Content-Type": "application/json"})
                respuesta = conexion.getresponse()
                dicho = respuesta.read()
                assert respuesta.status == 202, dicho
                pedidos.append(json.loads(dicho)["job_id"])

        hilos = [threading.Thread(target=pedir) for _ in range(4)]
        for hilo in hilos:
            hilo.start()
        for hilo in hilos:
            hilo.join()
        self.esperar(pedidos)
        return jobs * servicios / (max(self._receptor.jobs[job] for job in pedidos) - comienzo)

    def esperar(self, pedidos: Sequence[str], plazo_s: float = 120) -> None:
        """Until all of these jobs have called back, well."""
        hasta(lambda: all(job in self._receptor.jobs for job in pedidos), plazo_s, cada_s=0.02)
        assert not self._receptor.malos, self._receptor.malos[0]

    def rafaga(self) -> tuple[list[float], list[str]]:
        """ms to the first byte of each of A_LA_VEZ POSTs at once, and the jobs that were accepted."""
        return asyncio.run(self._rafaga())

    async def _rafaga(self) -> tuple[list[float], list[str]]:
        conexiones = [await asyncio.open_connection("127.0.0.1", self.puerto) for _ in range(A_LA_VEZ)]
        jobs: list[str] = []

        async def pedir(entrada: asyncio.StreamReader, salida: asyncio.StreamWriter) -> float:
            cuerpo = self.cuerpo(POR_POST)
            salida.write(
                b"POST /consultar/servicios HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(cuerpo), cuerpo)
            )
            comienzo = time.perf_counter()
            primero = await entrada.read(1)
            ms = (time.perf_counter() - comienzo) * 1000
            cabeza, _, dicho = (primero + await entrada.read()).partition(b"\r\n\r\n")
            if b" 202 " in cabeza.partition(b"\r\n")[0]:
                jobs.append(json.loads(dicho)["job_id"])
            salida.close()
            return ms

        return list(await asyncio.gather(*(pedir(*conexion) for conexion in conexiones))), jobs


class Celery(Servidor):
    """The rival's processes: the API, the worker of consultas (`-P` and `-c` of `modo`), the worker of callbacks."""

    principal = "web"
    senales = Pila.senales

    def __init__(self, base: str, broker: str, modo: Sequence[tuple[str, int]], prefetch: int) -> None:
        super().__init__()
        self.puerto = puerto_libre()
        self._modo = modo
        self._entorno = {
            **os.environ,
            "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(RIVALES),
            "DATABASE_URL": base,
            "BROKER_URL": broker,
            "CIFRADO_CLAVES": CIFRADO_CLAVES,
            "CALLBACK_SECRETOS": SECRETO,
            "PREFETCH": str(prefetch),
        }

    def iniciar(self) -> Self:
        """Start them, and return once the API answers."""
        python = f"{sys.prefix}/bin/python"
        api = ["-m", "uvicorn", "celery_api:app", "--port", str(self.puerto)]
        self._lanzar("web", [python, *api, "--ws", "none", "--no-server-header"], self._entorno)
        for n, (piscina, cuantos) in enumerate(self._modo):
            self._worker(f"worker{n}", "consultas", piscina, cuantos)
        self._worker("callbacks", "callbacks", "threads", 8)
        self._esperar(self._responde)
        return self

    def _worker(self, nombre: str, cola: str, piscina: str, cuantos: int) -> None:
        orden = [f"{sys.prefix}/bin/celery", "-A", "celery_tareas", "worker", "-Q", cola, "-P", piscina]
        orden += ["-c", str(cuantos), "-n", f"{nombre}{self.puerto}@localhost", "-l", "INFO"]
        self._lanzar(nombre, [*orden, "--without-gossip", "--without-mingle"], self._entorno)

    def _responde(self) -> bool:
        with contextlib.suppress(OSError):
            conexion = http.client.HTTPConnection("127.0.0.1", self.puerto, timeout=2)
            conexion.request("GET", "/health")
            return conexion.getresponse().status == 200
        return False


class Crudo(Servidor):
    """`dramatiq crudo`, on the Procfile's terms."""

    principal = "worker"
    senales = Pila.senales

    def __init__(self, broker: str, total: int) -> None:
        super().__init__()
        self._listo = self.carpeta / "listo"
        self._total = total
        self._entorno = {
            **os.environ,
            "BROKER_URL": broker,
            "TOTAL": str(total),
            "LISTO": str(self._listo),
            "PYTHONPATH": str(RIVALES),
            "dramatiq_worker_timeout": "100",
            "dramatiq_queue_prefetch": "8",
        }

    def iniciar(self) -> Self:
        """Start the worker."""
        self._lanzar("worker", [f"{sys.prefix}/bin/dramatiq", "crudo", "-p", "1", "-t", "8"], self._entorno)
        return self

    def medir(self) -> float:
        """Messages per second, from the first publish to the last one consumed."""
        self._listo.unlink(missing_ok=True)
        comienzo = time.monotonic()
        self._lanzar("publicador", [f"{sys.prefix}/bin/python", str(RIVALES / "crudo.py")], self._entorno)
        hasta(self._listo.exists, 120, cada_s=0.005)
        return self._total / (time.monotonic() - comienzo)


def _entorno_nuestro(procesos: int, hilos: int) -> dict[str, str]:
    empresas = {f"EMPRESA__{e.upper()}__SIMULTANEAS": "100" for e in EMPRESAS}
    pausas = {f"EMPRESA__{e.upper()}__PAUSA_S": "0.000001" for e in EMPRESAS}
    return {
        **empresas,
        **pausas,
        "PYTHONPATH": f"{RAIZ / 'benchmarks' / 'instantaneo'}:{PUNTOS}:{RAIZ}",
        "CALLBACK_SECRETOS": SECRETO,
        "RELOJ_PERIODO_S": "2",
        "WORKER_PROCESOS": str(procesos),
        "WORKER_HILOS": str(hilos),
    }


def _sembrar(base: str, escribir_cifrado: Callable[[Mapping[str, str]], Any], *, nuestro: bool) -> None:
    """SERVICIOS servicios with ids from 1, four to a propiedad, of every empresa in turn."""
    credenciales = {
        e: next(c.credenciales for c in CUENTAS[e].values() if c.desenlace is Desenlace.UNA_FACTURA) for e in EMPRESAS
    }
    with psycopg.connect(base) as bd, bd.cursor() as cursor:
        if nuestro:
            cursor.executemany(
                "INSERT INTO propiedades (id, nombre, created_at) VALUES (%s, 'Prueba', now())",
                [(n,) for n in range(1, SERVICIOS // 4 + 2)],
            )
        columnas = ["id", "propiedad_id", "empresa", "tipo_servicio", "credenciales", "activo"]
        columnas += ["created_at"] * nuestro
        orden = sql.SQL("INSERT INTO servicios ({}) VALUES (%s, %s, %s, 'Prueba', %s, true{})").format(
            sql.SQL(", ").join(map(sql.Identifier, columnas)), sql.SQL(", now()" if nuestro else "")
        )
        filas = []
        for n in range(1, SERVICIOS + 1):
            empresa = EMPRESAS[n % len(EMPRESAS)]
            filas.append((n, n // 4 + 1, PORTALES[empresa].NOMBRE, escribir_cifrado(credenciales[empresa])))
        cursor.executemany(orden, filas)


@contextlib.contextmanager
def _consultas(
    postgres: Postgres, rabbit: RabbitPrivado, receptor: Receptor, procesos: int, hilos: int
) -> Iterator[Rival]:
    nombre = f"consultas_{procesos}x{hilos}"
    base = postgres.crear_base(nombre)
    with Pila(base, rabbit.crear_vhost(nombre), _entorno_nuestro(procesos, hilos)) as pila:
        usar_claves([CIFRADO_CLAVES])
        _sembrar(base, lambda c: json.dumps(cifrar(dict(c))), nuestro=True)
        yield Rival(f"Consultas, {procesos} × {hilos} hilos", pila.puerto, receptor)


@contextlib.contextmanager
def _celery(
    postgres: Postgres, rabbit: RabbitPrivado, receptor: Receptor, modo: Sequence[tuple[str, int]], prefetch: int
) -> Iterator[Rival]:
    dicho = f"{len(modo)} × {modo[0][1]} {'hilos' if modo[0][0] == 'threads' else 'procesos'}"
    dicho += f", prefetch {prefetch}" * (prefetch > 1)
    nombre = f"celery_{len(modo)}_{modo[0][0]}_{modo[0][1]}_{prefetch}"
    base = postgres.crear_base(nombre)
    with Celery(base, rabbit.crear_vhost(nombre), modo, prefetch) as celery:
        orden = [f"{sys.prefix}/bin/python", str(RIVALES / "celery_tablas.py")]
        celery._lanzar("tablas", orden, celery._entorno)
        assert celery._procesos["tablas"].wait(30) == 0
        usar_claves([CIFRADO_CLAVES])
        _sembrar(base, lambda c: _de_fernet(dict(c)), nuestro=False)
        yield Rival(f"Celery, {dicho}", celery.puerto, receptor)


def _de_fernet(credenciales: dict[str, str]) -> str:
    return Fernet(CIFRADO_CLAVES).encrypt(json.dumps(credenciales).encode()).decode()


MANERAS: Mapping[str, Callable[[Postgres, RabbitPrivado, Receptor], contextlib.AbstractContextManager[Rival]]] = {
    "consultas-1x8": lambda p, r, c: _consultas(p, r, c, 1, 8),
    "consultas-2x4": lambda p, r, c: _consultas(p, r, c, 2, 4),
    "celery-hilos-1x8": lambda p, r, c: _celery(p, r, c, [("threads", 8)], 1),
    "celery-hilos-2x4": lambda p, r, c: _celery(p, r, c, [("threads", 4)] * 2, 1),
    "celery-procesos-8": lambda p, r, c: _celery(p, r, c, [("prefork", 8)], 1),
    "celery-procesos-8-prefetch-4": lambda p, r, c: _celery(p, r, c, [("prefork", 8)], 4),
}
