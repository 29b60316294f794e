"""What a job costs without the browser, against Celery and against raw Dramatiq; and how soon a POST is answered.

`make medir QUE=sobrecarga`. Every rival runs on the same PostgreSQL and the same RabbitMQ, with one process for the API
and the same number of threads (or processes) for consultas and for callbacks; its scraper returns at once with the same
result, the credenciales are encrypted, the callback is signed and a receiver checks every signature. A batch counts
from its first POST until its last callback has arrived.

- **Consultas**: the Procfile's own processes; only the scraper is replaced (instantaneo/sitecustomize.py). The
  politeness to the portals, which would hide the rest (two at a time, half a second apart), is set so that it never
  waits; what enforces it still runs. Portals without a login: with one, each consulta also asks whether its clave was
  rejected.
- **Celery**: rivales/celery_*.py, in each way of running it that `--maneras` names; the best one counts.
- **Raw**: messages of an actor that does nothing, confirmed one by one and consumed meanwhile (rivales/crudo.py).

Then 50 POSTs at once on open connections, to the first byte of the answer, with RabbitMQ running and stopped. At the
end every job that was accepted while it was stopped has called back.
"""

import argparse
import asyncio
import contextlib
import http.client
import itertools
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

RAIZ = Path(__file__).resolve().parent.parent
RIVALES = RAIZ / "benchmarks" / "rivales"
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

import psycopg
from cryptography.fernet import Fernet
from medicion import barras, escribir, maquina, percentil, rondas, tabla
from pila import CIFRADO_CLAVES, PUERTOS_DE_RECEPTORES, PUNTOS, Pila, hasta
from psycopg import sql
from servidores import Postgres, PostgresPrivado, RabbitPrivado, Servidor, puerto_libre

from models.cifrado import cifrar, usar_claves
from models.firma import comprobar
from sandbox.desenlaces import Desenlace
from sandbox.servidor import CUENTAS, PORTALES

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
        for puerto in PUERTOS_DE_RECEPTORES:
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


Latencias = dict[tuple[str, str], tuple[list[float], int]]
"""By rival and state of RabbitMQ: the ms of every POST, and how many were accepted."""


def _latencias(rabbit: RabbitPrivado, rivales: Sequence[Rival], rafagas: int) -> Latencias:
    """Bursts of each rival in turn: with RabbitMQ running, then stopped. Then all that was accepted must call back."""
    todas: Latencias = {}
    aceptados: dict[str, list[str]] = {}
    for estado in ("en marcha", "detenido"):
        if estado == "detenido":
            rabbit.detener()
        for ronda in range(rafagas):
            for rival in rivales[ronda % len(rivales) :] + rivales[: ronda % len(rivales)]:
                medidos, jobs = rival.rafaga()
                previos, cuantos = todas.get((rival.nombre, estado), ([], 0))
                todas[rival.nombre, estado] = ([*previos, *medidos], cuantos + len(jobs))
                aceptados.setdefault(rival.nombre, []).extend(jobs)
                if estado == "en marcha":
                    rival.esperar(jobs)
    rabbit.iniciar()
    for rival in rivales:
        rival.esperar(aceptados[rival.nombre])
    return todas


def _informar(opciones: argparse.Namespace, medido: Mapping[str, Sequence[float]], latencias: Latencias) -> None:
    medianas = {nombre: statistics.median(valores) for nombre, valores in medido.items()}
    crudo = medianas.pop("Dramatiq, mensajes vacíos")
    filas, series = [], {}
    for servicios in (20, 4):
        de_estos = {n.partition(" · ")[0]: v for n, v in medianas.items() if n.endswith(f" · {servicios}")}
        celery = max((v for n, v in de_estos.items() if n.startswith("Celery")), default=0.0)
        series[f"jobs de {servicios}"] = de_estos
        for nombre, valor in de_estos.items():
            por_ronda = " / ".join(f"{v:.0f}" for v in medido[f"{nombre} · {servicios}"])
            razon = f"{valor / celery:.2f}" if celery else "-"
            filas.append((nombre, servicios, f"{valor:.0f}", por_ronda, f"{razon} ×", f"{valor / crudo:.1%}"))
    titulos = (
        "",
        "servicios por job",
        "consultas/s (mediana)",
        "cada ronda",
        "del mejor Celery",
        "de los mensajes vacíos",
    )
    cola = tabla(
        ("50 POST a la vez", "RabbitMQ", "p50 (ms)", "p99 (ms)", "aceptados"),
        [
            (nombre, estado, f"{percentil(v, 50):.0f}", f"{percentil(v, 99):.0f}", f"{n} de {len(v)}")
            for (nombre, estado), (v, n) in latencias.items()
        ],
    )
    escribir(
        opciones.nombre,
        "# Lo que cuesta un job sin el navegador",
        maquina("dramatiq", "peewee", "celery", "fastapi", "sqlalchemy", "uvicorn"),
        f"{opciones.rondas} rondas intercaladas; {opciones.consultas} consultas por lote, del primer POST al último"
        f" callback recibido. Dramatiq, mensajes vacíos confirmados y consumidos: {crudo:.0f}/s (cada ronda:"
        f" {' / '.join(f'{v:.0f}' for v in medido['Dramatiq, mensajes vacíos'])}).",
        tabla(titulos, filas),
        barras(opciones.nombre, "Consultas por segundo, del POST al callback", "consultas/s", series),
        cola if latencias else "",
        (__doc__ or "").partition("\n\n")[2],
    )


def main() -> None:
    """Run every way, round by round, and write the report."""
    lector = argparse.ArgumentParser(description=__doc__)
    lector.add_argument("--rondas", type=int, default=3)
    lector.add_argument("--consultas", type=int, default=800, help="de cada lote")
    lector.add_argument("--rafagas", type=int, default=6, help="de 50 POST a la vez")
    lector.add_argument("--maneras", default=",".join(MANERAS))
    lector.add_argument("--nombre", default="sobrecarga", help="del informe en benchmarks/resultados")
    opciones = lector.parse_args()
    print(__doc__)
    receptor = Receptor()
    with contextlib.ExitStack() as pila:
        postgres = pila.enter_context(PostgresPrivado(max_connections=400))
        rabbit = pila.enter_context(RabbitPrivado())
        rivales = [pila.enter_context(MANERAS[m](postgres, rabbit, receptor)) for m in opciones.maneras.split(",")]
        crudo = pila.enter_context(Crudo(rabbit.crear_vhost("crudo"), opciones.consultas * 4))
        _ = [rival.lote(8, servicios) for rival in rivales for servicios in (4, 20)]
        crudo.medir()
        maneras: dict[str, Callable[[], float]] = {"Dramatiq, mensajes vacíos": crudo.medir}
        for rival in rivales:
            for servicios in (20, 4):
                maneras[f"{rival.nombre} · {servicios}"] = lambda r=rival, s=servicios: r.lote(  # type: ignore[misc]
                    opciones.consultas // s, s
                )
        medido = rondas(maneras, opciones.rondas)
        latencias = _latencias(rabbit, rivales, opciones.rafagas) if opciones.rafagas else {}
    _informar(opciones, medido, latencias)


if __name__ == "__main__":
    main()
