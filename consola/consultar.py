"""`consultas consultar`: ask the running service for consultas, and wait for them."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from consola.remoto import URL, Clave, Remoto, Url, decir_json
from consola.uso import EnJson, Fin, Terminar, UsoIncorrecto
from consola.vistas import mostrar_job

CADA_S = 0.5
ABIERTOS = ("pending", "processing")

app = typer.Typer(help="Pide consultas al servicio en marcha.", no_args_is_help=True)

Esperar = Annotated[bool, typer.Option("--esperar", help="Espera a que termine y muestra los resultados.")]
Plazo = Annotated[float | None, typer.Option("--plazo", min=1, help="Segundos que se espera, como máximo.")]
Callback = Annotated[str | None, typer.Option("--callback-url", help="Adónde avisar cuando termine.")]
Voucher = Annotated[str | None, typer.Option("--voucher-id", help="Un identificador propio, que vuelve en el aviso.")]


@app.command("propiedad")
def orden_propiedad(
    propiedad_id: Annotated[int, typer.Argument(help="El número de la propiedad.")],
    esperar: Esperar = False,
    plazo_s: Plazo = None,
    callback_url: Callback = None,
    voucher_id: Voucher = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Todos los servicios activos de una propiedad. Termina con 1 si, al esperar, alguna consulta falló."""
    pedido = {"propiedad_id": propiedad_id, "callback_url": callback_url, "voucher_id": voucher_id}
    return _pedir(Remoto(url, clave), "propiedad", pedido, esperar, plazo_s, en_json)


@app.command("servicios")
def orden_servicios(
    servicio_ids: Annotated[list[int], typer.Argument(help="Los números de los servicios.")],
    esperar: Esperar = False,
    plazo_s: Plazo = None,
    callback_url: Callback = None,
    voucher_id: Voucher = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Unos servicios. Termina con 1 si, al esperar, alguna consulta falló."""
    pedido = {"servicio_ids": servicio_ids, "callback_url": callback_url, "voucher_id": voucher_id}
    return _pedir(Remoto(url, clave), "servicios", pedido, esperar, plazo_s, en_json)


@app.command("todas")
def orden_todas(
    esperar: Esperar = False,
    plazo_s: Plazo = None,
    callback_url: Callback = None,
    voucher_id: Voucher = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Todos los servicios activos. Termina con 1 si, al esperar, alguna consulta falló."""
    pedido = {"callback_url": callback_url, "voucher_id": voucher_id}
    return _pedir(Remoto(url, clave), "todas", pedido, esperar, plazo_s, en_json)


def _pedir(
    remoto: Remoto, que: str, pedido: dict[str, Any], esperar: bool, plazo_s: float | None, en_json: bool
) -> int:
    dado = {campo: valor for campo, valor in pedido.items() if valor is not None}
    if plazo_s is not None and not esperar:
        raise UsoIncorrecto("--plazo es para --esperar.")
    nuevo = remoto.pedir("POST", f"/consultar/{que}", dado)
    for omitido in nuevo.get("servicios_omitidos", []):
        typer.echo(f"Se omite el servicio {omitido['servicio_id']}: {omitido['motivo']}.", err=True)
    if not esperar:
        if en_json:
            decir_json(nuevo)
        else:
            typer.echo(nuevo["job_id"])
        return Fin.BIEN
    job = esperar_job(remoto, nuevo["job_id"], plazo_s)
    if en_json:
        decir_json(job)
    else:
        mostrar_job(job)
    return codigo_de(job)


def codigo_de(job: dict[str, Any]) -> Fin:
    """0 while nothing of it failed."""
    return Fin.FALLA if job["status"] == "failed" or any(not r["exito"] for r in job["resultado"]) else Fin.BIEN


def esperar_job(remoto: Remoto, job_id: str, plazo_s: float | None) -> dict[str, Any]:
    """The job once it has ended; in a terminal, how far it is meanwhile. Raises Terminar."""
    limite = None if plazo_s is None else time.monotonic() + plazo_s
    pantalla = Console(stderr=True)
    columnas = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columnas, console=pantalla, transient=True, disable=not pantalla.is_terminal) as barra:
        avance = _Avance(barra)
        while True:
            job: dict[str, Any] = remoto.pedir("GET", f"/job/{job_id}")
            avance.mostrar(remoto, job)
            if job["status"] not in ABIERTOS:
                return job
            if limite is not None and time.monotonic() > limite:
                raise Terminar(Fin.NO_RESPONDE, f"El job {job_id} no terminó en {plazo_s:g} s; sigue en marcha.")
            time.sleep(CADA_S)


class _Avance:
    """A bar for the job, and one for each of its servicios that is known."""

    def __init__(self, barra: Progress) -> None:
        self.barra = barra
        self.total: TaskID | None = None
        self.servicios: dict[int, TaskID] = {}

    def mostrar(self, remoto: Remoto, job: dict[str, Any]) -> None:
        progreso = job["progreso"]
        if self.total is None:
            self.total = self.barra.add_task("Consultas", total=progreso["total"])
            if job["tipo"] == "propiedad" and not self.barra.disable:
                for s in remoto.pedir("GET", f"/servicios/propiedad/{job['propiedad_id']}")["servicios"]:
                    self._servicio(s)
        self.barra.update(self.total, completed=progreso["terminadas"])
        for resultado in job["resultado"]:
            self.barra.update(self._servicio(resultado), completed=1)

    def _servicio(self, servicio: dict[str, Any]) -> TaskID:
        servicio_id = servicio["servicio_id"]
        if servicio_id not in self.servicios:
            self.servicios[servicio_id] = self.barra.add_task(f"{servicio['empresa']} ({servicio_id})", total=1)
        return self.servicios[servicio_id]
