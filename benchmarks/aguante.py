"""Whether the service grows while it works: memory, files, connections and browsers, at tenths of a long run.

`python benchmarks/aguante.py --consultas 10000` queues so many consultas in one request and drains them; with
`--sin-navegador 60` so many in a hundred are of an empresa without a scraper, and end before any browser is asked;
`--minutos 20` goes on asking for jobs of 50 until the time is over. On PostgreSQL and RabbitMQ; `--embebido` for the
embedded default. Prints a Markdown table; RSS in MB, those of Chromium summed over its processes.
"""

import argparse
import contextlib
import json
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(RAIZ), str(RAIZ / "tests")]

import psutil
import requests
from escenarios.conftest import Semilla
from pila import PROCESOS, Pila, Receptor, receptor
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado

from sandbox.desenlaces import Desenlace as D

EMPRESAS = ("metrogas", "aysa", "edenor", "naturgy")
FINES = (D.UNA_FACTURA, D.VARIAS_FACTURAS, D.SIN_DEUDA, D.CENTAVOS, D.TOTAL_NO_COINCIDE, D.CUENTA_INEXISTENTE)
POR_JOB = 50
ENTORNO = {
    "SANDBOX_HIDRATACION_MS": "0",
    "SANDBOX_CONSULTA_MS": "0",
    "SANDBOX_ASENTAR_MS": "0",
    "JOB_PLAZO_S": "36000",
    **{f"EMPRESA__{e.upper()}__{ajuste}": valor for e in EMPRESAS for ajuste, valor in
       (("PAUSA_S", "0"), ("SIMULTANEAS", "8"))},
}  # fmt: skip


@dataclass
class Foto:
    """What is held at one moment."""

    hechas: int
    segundos: float
    rss_mb: dict[str, float]
    archivos: dict[str, int]
    conexiones: int
    chromiums: int
    perfiles: int


@dataclass
class Aguante:
    """A run: the stack, where its callbacks go, and what was seen."""

    pila: Pila
    semilla: Semilla
    casa: Receptor
    comienzo: float = field(default_factory=time.monotonic)
    fotos: list[Foto] = field(default_factory=list)

    def terminadas(self) -> int:
        return int(str(self.semilla.filas("SELECT count(*) FROM consultas_deuda WHERE estado = 'terminada'")[0][0]))

    def fotografiar(self) -> None:
        """Add a Foto and print it."""
        rss: dict[str, float] = {}
        archivos: dict[str, int] = {}
        navegadores = 0
        for nombre in PROCESOS:
            raiz = self.pila.proceso(nombre)
            for proceso in [raiz, *raiz.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    es_chromium = "chrom" in proceso.name()
                    navegadores += es_chromium
                    clave = "Chromium" if es_chromium else nombre
                    rss[clave] = rss.get(clave, 0) + proceso.memory_info().rss / 1e6
                    archivos[clave] = archivos.get(clave, 0) + proceso.num_fds()
        ((conexiones,),) = self.semilla.filas(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        foto = Foto(
            self.terminadas(), time.monotonic() - self.comienzo, rss, archivos, int(str(conexiones)), navegadores,
            len(self.pila.perfiles()),
        )  # fmt: skip
        self.fotos.append(foto)
        print(f"  {foto.segundos:7.0f} s  {foto.hechas:6d} consultas  {_mb(foto)}", flush=True)

    def tabla(self) -> str:
        """Markdown, one row for each Foto."""
        nombres = [*PROCESOS, "Chromium"]
        titulos = ["s", "consultas", *(f"{n} MB" for n in nombres), *(f"{n} fd" for n in nombres),
                   "conexiones", "procesos Chromium", "perfiles"]  # fmt: skip
        lineas = [f"| {' | '.join(titulos)} |", f"|{' ---: |' * len(titulos)}"]
        for foto in self.fotos:
            celdas = [f"{foto.segundos:.0f}", str(foto.hechas), *(f"{foto.rss_mb.get(n, 0):.0f}" for n in nombres),
                      *(str(foto.archivos.get(n, 0)) for n in nombres),
                      str(foto.conexiones), str(foto.chromiums), str(foto.perfiles)]  # fmt: skip
            lineas.append(f"| {' | '.join(celdas)} |")
        return "\n".join(lineas)


def _mb(foto: Foto) -> str:
    return " ".join(f"{nombre}={valor:.0f}MB" for nombre, valor in foto.rss_mb.items())


def vaciar(aguante: Aguante, cuantas: int, sin_navegador: int) -> None:
    """Queue them all in one request and photograph each tenth."""
    for _ in range(cuantas // 100):
        _sembrar(aguante, 100 - sin_navegador)
        aguante.semilla.filas(
            "INSERT INTO servicios (propiedad_id, empresa, tipo_servicio, credenciales, activo, created_at)"
            " SELECT propiedad_id, 'Sin scraper', tipo_servicio, credenciales, true, now()"
            " FROM (SELECT * FROM servicios ORDER BY id LIMIT 1) uno, generate_series(1, %s) RETURNING 1",
            sin_navegador,
        )
    aguante.comienzo = time.monotonic()
    pedido = {"callback_url": aguante.casa.url}
    requests.post(f"{aguante.pila.url}/consultar/todas", json=pedido, timeout=300).raise_for_status()
    print(f"  encoladas en {time.monotonic() - aguante.comienzo:.1f} s")
    for decima in range(1, 11):
        while aguante.terminadas() < cuantas * decima // 10:
            time.sleep(1)
        aguante.fotografiar()


def sostener(aguante: Aguante, minutos: float) -> None:
    """Ask for jobs so that some always wait, and photograph each tenth of the time."""
    ids = _sembrar(aguante, POR_JOB * 8)
    grupos = [ids[desde : desde + POR_JOB] for desde in range(0, len(ids), POR_JOB)]
    aguante.comienzo = time.monotonic()
    turno = 0
    for decima in range(1, 11):
        while time.monotonic() - aguante.comienzo < minutos * 60 * decima / 10:
            if aguante.pila.pedir("/queue/stats")["queue_size"] < POR_JOB:
                pedido = {"servicio_ids": grupos[turno % len(grupos)], "callback_url": aguante.casa.url}
                aguante.pila.pedir("/consultar/servicios", pedido)
                turno += 1
            time.sleep(0.5)
        aguante.fotografiar()


def _sembrar(aguante: Aguante, cuantas: int) -> list[int]:
    servicios = [(EMPRESAS[n % len(EMPRESAS)], FINES[n % len(FINES)]) for n in range(cuantas)]
    return aguante.semilla.propiedad(*servicios)[1]


@contextlib.contextmanager
def en_marcha(*, embebido: bool) -> Iterator[Aguante]:
    """The whole service with a receiver of its callbacks."""
    with contextlib.ExitStack() as abierto:
        if embebido:
            base = broker = abierto.enter_context(PostgresEmbebido()).crear_base("aguante")
        else:
            base = abierto.enter_context(PostgresPrivado()).crear_base("aguante")
            broker = abierto.enter_context(RabbitPrivado()).crear_vhost("aguante")
        casa = abierto.enter_context(receptor())
        pila = abierto.enter_context(Pila(base, broker, ENTORNO))
        yield Aguante(pila, Semilla(pila), casa)


def main() -> None:
    """Run what was asked for and print the table."""
    lector = argparse.ArgumentParser(description="Memoria, archivos y conexiones durante una corrida larga.")
    lector.add_argument("--consultas", type=int, help="encolar tantas de una vez y vaciarlas")
    lector.add_argument("--sin-navegador", type=int, default=0, metavar="PORCENTAJE")
    lector.add_argument("--minutos", type=float, help="pedir jobs durante tantos minutos")
    lector.add_argument("--embebido", action="store_true")
    opciones = lector.parse_args()
    with en_marcha(embebido=opciones.embebido) as aguante:
        aguante.fotografiar()
        if opciones.consultas:
            vaciar(aguante, opciones.consultas, opciones.sin_navegador)
        if opciones.minutos:
            sostener(aguante, opciones.minutos)
        jobs = aguante.semilla.filas("SELECT status, callback_sent, count(*) FROM jobs GROUP BY 1, 2 ORDER BY 1")
        fines = aguante.semilla.filas(
            "SELECT coalesce(error_codigo, estado_deuda), count(*) FROM consultas_deuda GROUP BY 1 ORDER BY 2 DESC"
        )
    print(f"\n{platform.platform()}, {psutil.cpu_count()} CPU, Python {platform.python_version()}\n")
    print(aguante.tabla())
    print("\njobs (status, callback_sent, cuántos):", jobs)
    print("consultas:", json.dumps(dict(fines), ensure_ascii=False))  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
