"""`consultas job`, `consultas jobs`, `consultas callbacks`: what the running service did and does."""

import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from consola.consultar import Esperar, Plazo, codigo_de, esperar_job
from consola.remoto import URL, Clave, Remoto, Url, decir_json
from consola.uso import EnJson, Fin, UsoIncorrecto
from consola.vistas import mostrar_callbacks, mostrar_job, mostrar_jobs

SEMANA = timedelta(days=7)

Cursor = Annotated[str | None, typer.Option(help="El de la página anterior.")]
Limite = Annotated[int, typer.Option(min=1, max=200, help="Cuántos, como máximo.")]


class Status(StrEnum):
    """Those of a job."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Estado(StrEnum):
    """Those of a callback."""

    PENDIENTE = "pendiente"
    ENVIANDO = "enviando"
    ENVIADO = "enviado"
    FALLIDO = "fallido"


def orden_job(
    job_id: Annotated[uuid.UUID, typer.Argument(help="El identificador del job.")],
    cancelar: Annotated[bool, typer.Option("--cancelar", help="Lo termina ahora.")] = False,
    reintentar: Annotated[bool, typer.Option("--reintentar", help="Otro job con lo que falló.")] = False,
    esperar: Esperar = False,
    plazo_s: Plazo = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Un job y sus resultados. Termina con 1 si algo de él falló."""
    if cancelar and reintentar:
        raise UsoIncorrecto("--cancelar y --reintentar no van juntas.")
    if plazo_s is not None and not esperar:
        raise UsoIncorrecto("--plazo es para --esperar.")
    remoto, cual = Remoto(url, clave), str(job_id)
    if cancelar:
        remoto.pedir("POST", f"/job/{cual}/cancelar")
    elif reintentar:
        cual = remoto.pedir("POST", f"/job/{cual}/reintentar")["job_id"]
    job = esperar_job(remoto, cual, plazo_s) if esperar else remoto.pedir("GET", f"/job/{cual}")
    if en_json:
        decir_json(job)
    else:
        mostrar_job(job)
    return Fin.BIEN if cancelar else codigo_de(job)


def orden_jobs(
    status: Annotated[Status | None, typer.Option(help="Sólo los que están así.")] = None,
    propiedad_id: Annotated[int | None, typer.Option("--propiedad", help="Sólo los de una propiedad.")] = None,
    voucher_id: Annotated[str | None, typer.Option("--voucher-id", help="Sólo los de un voucher.")] = None,
    limite: Limite = 20,
    cursor: Cursor = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Los jobs, el más nuevo primero."""
    filtro = {"status": status, "propiedad_id": propiedad_id, "voucher_id": voucher_id}
    pagina = Remoto(url, clave).pedir("GET", "/jobs", limit=limite, cursor=cursor, **filtro)
    (decir_json if en_json else mostrar_jobs)(pagina)
    return Fin.BIEN


def orden_callbacks(
    estado: Annotated[Estado, typer.Option(help="Sólo los que están así.")] = Estado.FALLIDO,
    desde: Annotated[datetime | None, typer.Option(help="Desde cuándo (UTC); al reenviar, una semana.")] = None,
    host: Annotated[str | None, typer.Option(help="Sólo los de un destino, como web:3000.")] = None,
    reenviar: Annotated[bool, typer.Option("--reenviar", help="Vuelve a intentar los que fallaron.")] = False,
    simular: Annotated[bool, typer.Option("--simular", help="Al reenviar, sólo dice cuántos son.")] = False,
    job_id: Annotated[uuid.UUID | None, typer.Option("--job", help="Al reenviar, sólo el de este job.")] = None,
    por_minuto: Annotated[int, typer.Option(min=1, max=6000, help="Al reenviar, a qué ritmo.")] = 60,
    limite: Limite = 20,
    cursor: Cursor = None,
    en_json: EnJson = False,
    url: Url = URL,
    clave: Clave = None,
) -> int:
    """Los callbacks que fallaron, el más nuevo primero; con --reenviar, se intentan de nuevo."""
    remoto = Remoto(url, clave)
    momento = desde.replace(tzinfo=UTC) if desde else None
    if reenviar:
        return _reenviar(remoto, job_id, momento or datetime.now(UTC) - SEMANA, host, por_minuto, simular, en_json)
    if simular or job_id is not None:
        raise UsoIncorrecto("--simular y --job son para --reenviar.")
    filtro = {"estado": estado, "desde": momento.isoformat() if momento else None, "host": host}
    pagina = remoto.pedir("GET", "/callbacks", limit=limite, cursor=cursor, **filtro)
    (decir_json if en_json else mostrar_callbacks)(pagina)
    return Fin.BIEN


def _reenviar(
    remoto: Remoto,
    job_id: uuid.UUID | None,
    desde: datetime,
    host: str | None,
    por_minuto: int,
    simular: bool,
    en_json: bool,
) -> int:
    hecho: dict[str, Any]
    if job_id is not None:
        if simular:
            raise UsoIncorrecto("--simular no va con --job.")
        hecho = remoto.pedir("POST", f"/job/{job_id}/callback/reenviar")
        frase = f"Se intenta de nuevo el callback del job {job_id}."
    else:
        pedido = {"estado": "fallido", "desde": desde.isoformat(), "simular": simular, "por_minuto": por_minuto}
        hecho = remoto.pedir("POST", "/callbacks/reenviar", pedido | ({"host": host} if host else {}))
        hallados, programados = hecho["hallados"], hecho["programados"]
        frase = f"Fallaron {hallados}: se intentarían de nuevo." if simular else f"Se intentan de nuevo {programados}."
    if en_json:
        decir_json(hecho)
    else:
        typer.echo(frase)
    return Fin.BIEN
