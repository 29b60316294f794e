"""Whether the service can do its work now, part by part, each tried for real and within seconds."""

from collections.abc import Callable, Sequence
from contextlib import closing

import pika
import psycopg

from models.base import BASE_CAIDA, conexion
from models.schemas_operacion import Listo, Parte
from models.trabajador import VIGENCIA_S, Proceso, procesos
from settings import VERSION, ajustes

BROKER_S = 3
"""How long the broker may take to let us in."""
NADIE = {
    "consultas": "No hay ningún worker de consultas",
    "callbacks": "No hay ningún proceso que envíe callbacks",
    "reloj": "No hay ningún reloj",
}


def mirar() -> Listo:
    """Try every part."""
    base, vistos = _base()
    partes = {
        "base_de_datos": base,
        "broker": _broker(),
        **{cola: _procesos(cola, vistos) for cola in NADIE},
        "navegador": _navegador(vistos),
    }
    return Listo(listo=all(parte.ok for parte in partes.values()), version=VERSION, partes=partes)


def _base() -> tuple[Parte, Sequence[Proceso] | None]:
    """The database, and the processes that it knows."""
    try:
        with conexion():
            return Parte(ok=True, mensaje="La base de datos responde."), procesos()
    except BASE_CAIDA:
        return Parte(ok=False, mensaje="La base de datos no responde."), None


def _broker() -> Parte:
    entrar: Callable[[], object] = _entrar_postgres if ajustes().broker_es_postgres else _entrar_rabbit
    try:
        entrar()
    except Exception as error:  # DNS, TLS, permissions, a vhost that is missing: each has a class of its own
        return Parte(ok=False, mensaje=f"El broker no responde ({type(error).__name__}).")
    return Parte(ok=True, mensaje="El broker responde.")


def _entrar_postgres() -> None:
    with psycopg.connect(ajustes().broker, connect_timeout=BROKER_S) as bd:
        bd.execute("SELECT 1")


def _entrar_rabbit() -> None:
    parametros = pika.URLParameters(ajustes().broker)
    parametros.connection_attempts = 1
    parametros.socket_timeout = parametros.stack_timeout = parametros.blocked_connection_timeout = BROKER_S
    with closing(pika.BlockingConnection(parametros)) as rabbit:
        rabbit.channel()


def _procesos(cola: str, vistos: Sequence[Proceso] | None) -> Parte:
    if vistos is None:
        return _no_se_sabe()
    suyos = [p for p in vistos if p.colas == cola]
    vivos = [p for p in suyos if p.vivo]
    ultimo = min((p.visto_hace_s for p in suyos), default=None)
    hace = "" if ultimo is None else f": el último latido fue hace {ultimo:.0f} s"
    if not vivos:
        return Parte(ok=False, mensaje=f"{NADIE[cola]}{hace}.")
    callados = len(suyos) - len(vivos)
    resto = f"; {callados} sin latido desde hace más de {VIGENCIA_S} s" if callados else ""
    return Parte(ok=True, mensaje=f"{_cuantos(len(vivos), 'proceso')}, {_cuantos(_hilos(vivos), 'hilo')}{hace}{resto}.")


def _navegador(vistos: Sequence[Proceso] | None) -> Parte:
    """Whether some worker opens pages: one that has not tried yet may."""
    if vistos is None:
        return _no_se_sabe()
    vivos = [p for p in vistos if p.colas == "consultas" and p.vivo]
    if not vivos:
        return Parte(ok=False, mensaje="No hay ningún worker que abra páginas.")
    mal = [p for p in vivos if not _abre(p)]
    if mal:
        error = mal[0].medidas.get("navegador_error") or "sin más datos"
        detalle = f"{len(mal)} de {len(vivos)} procesos no abren páginas: {error}"
        return Parte(ok=len(mal) < len(vivos), mensaje=f"{detalle}.")
    probaron = sum(p.medidas.get("abrio_hace_s") is not None for p in vivos)
    if probaron:
        return Parte(ok=True, mensaje=f"{_cuantos(probaron, 'proceso')} ya abrió páginas, ninguno falla.")
    return Parte(ok=True, mensaje="Ninguna consulta abrió el navegador todavía.")


def _abre(proceso: Proceso) -> bool:
    """Whether the last page that it wanted opened."""
    abrio, fallo = proceso.medidas.get("abrio_hace_s"), proceso.medidas.get("fallo_hace_s")
    return fallo is None or (abrio is not None and abrio < fallo)


def _no_se_sabe() -> Parte:
    return Parte(ok=False, mensaje="No se sabe: la base de datos no responde.")


def _hilos(vivos: Sequence[Proceso]) -> int:
    return sum(p.hilos for p in vivos)


def _cuantos(numero: int, que: str) -> str:
    return f"{numero} {que}{'' if numero == 1 else 's'}"
