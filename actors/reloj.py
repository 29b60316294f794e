"""The process that repairs: `python -m actors.reloj`. It alone makes "every job ends, every callback is tried" true.

Any number may run. Each turn is a list of small repairs; one that fails is logged and the next turn tries again.
"""

import contextlib
import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import FrameType

from dramatiq.errors import BrokerConnectionError

from actors.alta import correr_programaciones
from actors.broker import broker
from actors.consultar import tuberia
from actors.corte import cortar_si_tarda
from actors.empresas import NUESTRAS
from actors.latido import terminar_en
from actors.notificar import anunciar, notificar
from actors.registro import Ausencia, configurar_registro, trabajo
from actors.resultados import sin_importe
from actors.tarea import simultaneas
from models import (
    BASE_CAIDA,
    despedir,
    fracasar,
    latir,
    olvidar_claves,
    por_repartir,
    repartir,
    tomar_turno,
    turnos,
    vencidos,
)
from models.cuentas import juntar
from models.historia import borrar_historia
from models.reparacion import (
    borrar_evidencia,
    callbacks_por_despertar,
    desanunciar,
    desmarcar,
    empresas_en_turno,
    lugares_libres,
    por_publicar,
    rescatar,
)
from models.rotacion import cifrar_planas
from models.totales import contar, sumar
from models.trabajador import olvidar_muertos
from scrapers import de_empresa
from scrapers.fallas import Codigo
from settings import ajustes

logger = logging.getLogger("reloj")

_base = Ausencia(logger, "La base de datos")
_broker = Ausencia(logger, "El broker")

LOTE = 500
GRACIA_S = 1.5
"""What was committed just now is still being published by whoever wrote it."""

MUDO_S = 600.0
"""A turn that takes longer has hung: the process is ended, and its supervisor starts another."""
IDENTIDAD = uuid.uuid4()


def publicar_calladas() -> int:
    """Publish the consultas that were committed and never published, or whose message was lost."""
    perdida_s = ajustes().reloj_republicar_s
    pares = por_publicar(LOTE, gracia_s=GRACIA_S, perdida_s=perdida_s)
    for hechas, (consulta_id, job_id) in enumerate(pares):
        try:
            tuberia(consulta_id, job_id)
        except Exception:
            desmarcar([pendiente for pendiente, _ in pares[hechas:]])
            raise
    if pares:
        _broker.esta()
        logger.info("Publicadas %d consultas que nadie había publicado", len(pares))
    return len(pares)


def rescatar_interrumpidas() -> int:
    """Take back the consultas whose worker died."""
    devueltas, terminadas = rescatar(
        LOTE, inicios_max=ajustes().consulta_inicios_max, resultado=sin_importe(Codigo.INTERRUMPIDA)
    )
    if devueltas or terminadas:
        logger.warning("Consultas interrumpidas: %d vuelven a la cola, %d terminan", devueltas, terminadas)
        sumar("arriendos_vencidos", {"devuelta": devueltas, "terminada": terminadas})
    return devueltas + terminadas


def vencer_jobs() -> int:
    """Fail the jobs whose deadline has passed."""
    fracasados = 0
    for job_id in vencidos(LOTE):
        error = "El job superó su tiempo máximo."
        if fracasar(job_id, error=error, resultado=sin_importe(Codigo.TIEMPO_AGOTADO)):
            with trabajo(job_id=job_id):
                logger.warning("Job %s: %s", job_id, error)
            fracasados += 1
    return fracasados


def dar_turnos() -> int:
    """Publish consultas that wait for their turn at an empresa with free places."""
    dados = 0
    for empresa in empresas_en_turno():
        for _ in range(lugares_libres(empresa, simultaneas(de_empresa(empresa)))):
            siguiente = tomar_turno(empresa)
            if siguiente is None:
                break
            tuberia(siguiente.id, siguiente.job_id)
            dados += 1
    return dados


def despertar_callbacks() -> int:
    """Announce the callbacks that are due and that no message announces."""
    pares = callbacks_por_despertar(LOTE, gracia_s=GRACIA_S, perdida_s=60)
    for hechos, (callback_id, job_id) in enumerate(pares):
        try:
            notificar.send(str(job_id), str(callback_id))
        except Exception:
            desanunciar([pendiente for pendiente, _ in pares[hechos:]])
            raise
    return len(pares)


def cifrar_credenciales() -> int:
    """Encrypt the credenciales that somebody wrote as a plain object."""
    cifradas = cifrar_planas()
    if cifradas:
        logger.info("Credenciales cifradas: las de %d servicios que se habían escrito sin cifrar", cifradas)
    return cifradas


def dar_turnos_de_callbacks() -> int:
    """Announce callbacks that wait for their turn at a destino with free places: whoever had them was killed."""
    dados = 0
    for destino in turnos.destinos_en_turno():
        pares = turnos.dar_turnos(destino)
        anunciar(pares)
        dados += len(pares)
    return dados


def repartir_resultados() -> int:
    """End the consultas that wait for another's result where whoever ended that one could not."""
    origenes = por_repartir(LOTE)
    for origen_id in origenes:
        reparto = repartir(origen_id, NUESTRAS)
        for consulta_id, job_id in reparto.por_publicar:
            tuberia(consulta_id, job_id)
        for job_id in reparto.jobs:
            notificar.send(str(job_id))
    return len(origenes)


def limpiar() -> int:
    """Delete what is past its retention."""
    olvidar_claves()
    borradas = borrar_evidencia(ajustes().evidencia_dias)
    olvidar_muertos()
    if borradas:
        logger.info("Evidencia vencida: %d partes borradas", borradas)
    jobs, dias = 0, ajustes().historia_dias
    if dias is not None and (jobs := borrar_historia(dias)):
        logger.info("Historia vencida: %d jobs borrados, con sus consultas y callbacks", jobs)
    return borradas + jobs


def contar_terminado() -> int:
    """Bring the totals of the metrics up to date: that is no repair."""
    contar()
    return 0


def juntar_cuentas() -> int:
    """Keep the table of the jobs' counts short: neither."""
    juntar()
    return 0


def latir_reloj() -> int:
    """Say that this reloj is alive: nor this."""
    latir(IDENTIDAD, colas="reloj", hilos=1)
    return 0


Reparacion = Callable[[], int]
"""Returns how much there was to repair."""

REPARACIONES: tuple[Reparacion, ...] = (
    cifrar_credenciales,
    correr_programaciones,
    rescatar_interrumpidas,
    publicar_calladas,
    vencer_jobs,
    repartir_resultados,
    dar_turnos,
    despertar_callbacks,
    dar_turnos_de_callbacks,
)
RUTINAS: Mapping[Reparacion, float] = {latir_reloj: 10, contar_terminado: 10, juntar_cuentas: 10, limpiar: 60}
"""What is done less often, and every how many seconds."""


def vuelta(reparaciones: Iterable[Reparacion] = REPARACIONES) -> None:
    """One turn: every repair, whatever happened to the one before it; how much each repaired goes to the metrics."""
    for reparar in reparaciones:
        try:
            sumar("reparaciones", {reparar.__name__: reparar()})
            _base.esta()
        except BASE_CAIDA as error:
            _base.falta(error)
            return
        except BrokerConnectionError as error:
            _broker.falta(error)
        except Exception as error:
            logger.warning("%s no se completó: %s: %s", reparar.__name__, type(error).__name__, error)


def main() -> None:
    """Turn after turn until SIGTERM or SIGINT."""
    configurar_registro()
    fin = threading.Event()

    def terminar(numero: int, marco: FrameType | None) -> None:
        if not fin.is_set():
            fin.set()
            cortar_si_tarda()

    signal.signal(signal.SIGTERM, terminar)
    signal.signal(signal.SIGINT, terminar)
    logger.info("Reloj en marcha: una vuelta cada %s s", ajustes().reloj_periodo_s)
    proxima = dict.fromkeys(RUTINAS, 0.0)
    while not fin.is_set():
        terminar_en(MUDO_S)
        vuelta()
        for rutina, cada_s in RUTINAS.items():
            if time.monotonic() >= proxima[rutina]:
                proxima[rutina] = time.monotonic() + cada_s
                vuelta((rutina,))
        fin.wait(ajustes().reloj_periodo_s)
    with contextlib.suppress(*BASE_CAIDA):
        despedir(IDENTIDAD)
    broker.close()


if __name__ == "__main__":
    main()
