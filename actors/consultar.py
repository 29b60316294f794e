"""The actor that looks up one servicio: claim, scrape, save how it ended.

A sync actor that runs its scraper on Dramatiq's event loop: interrupts (shutdown, time limit) land in this thread,
where the row can be handed back (docs/decisiones/0001-consultar-sincrono.md).
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dramatiq
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.middleware.time_limit import TimeLimitExceeded

from actors.broker import CONSULTAS, ESPERA_MAX_MS
from actors.navegacion import raspar
from actors.notificar import notificar
from actors.publicador import Envio, marcar, publicador
from actors.resultados import de_deuda, de_falla
from models import (
    BASE_CAIDA,
    Consulta,
    Job,
    Resultado,
    Servicio,
    conexion,
    devolver,
    guardar_consulta_deuda,
    reclamar,
    reintentar,
    renovar,
    tomar_turno,
)
from scrapers import de_empresa
from scrapers.base import Scraper
from scrapers.consulta import FallaConEvidencia
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla, espera_siguiente
from settings import ajustes

logger = logging.getLogger("consultas")

MARGEN_S = 60
"""Dramatiq's limit is the scraper's own plus this: opening a page, evidencia, saving."""


@dramatiq.actor(
    queue_name=CONSULTAS,
    max_retries=2,
    esperas_ms=[1000, 5000],
    notify_shutdown=True,
    time_limit=int((1200 + MARGEN_S) * 1000),
)
def consultar(consulta_id: str) -> None:
    """Look up one servicio. Returns normally for every expected falla; raises only for bugs and a lost database."""
    identificador = uuid.UUID(consulta_id)
    with conexion():
        empresa = Consulta.select(Consulta.empresa).where(Consulta.id == identificador).scalar()
    if empresa is None:
        return
    scraper = de_empresa(empresa)
    lugares = simultaneas(scraper)
    consulta = reclamar(identificador, arriendo_s=ajustes().consulta_arriendo_s, simultaneas=lugares)
    if consulta is None:
        return
    try:
        _atender(consulta, scraper)
    except Shutdown:
        devolver(consulta.id, consulta.token)
        raise
    finally:
        _dar_turno(empresa)


def simultaneas(scraper: Scraper | None) -> int:
    """How many consultas of an empresa may run at once, over all workers."""
    if scraper is None:
        return 100
    return ajustes().de_empresa(scraper.empresa).simultaneas or scraper.simultaneas


def _atender(consulta: Consulta, scraper: Scraper | None) -> None:
    """Scrape a claimed consulta and save how it ended, unless the claim is lost meanwhile."""
    comienzo = time.monotonic()
    evidencia = None
    try:
        if scraper is None:
            raise Falla(Codigo.EMPRESA_NO_SOPORTADA)
        with conexion():
            credenciales = Servicio.get_by_id(consulta.servicio_id).credenciales
        pedido = scraper.validar(credenciales)
        with _arriendo(consulta):
            deuda = raspar(scraper, pedido, url=_url(scraper), plazo_s=_plazo(scraper))
        resultado = de_deuda(deuda, duracion_ms=_ms(comienzo))
    except FallaConEvidencia as con_evidencia:
        falla, evidencia = con_evidencia.falla, con_evidencia.evidencia
    except Falla as vista:
        falla = vista
    except TimeLimitExceeded:
        falla = Falla(Codigo.TIEMPO_AGOTADO)
    except BASE_CAIDA:
        raise  # the lease runs out and reloj gives the consulta to whoever can save it
    except Exception:
        logger.exception("Error inesperado en la consulta %s de %s", consulta.id, consulta.empresa)
        falla = Falla(Codigo.ERROR_INTERNO)
    else:
        _guardar(consulta, resultado)
        return
    _fallar(consulta, falla, evidencia, comienzo)


def _ms(comienzo: float) -> int:
    return round((time.monotonic() - comienzo) * 1000)


def _url(scraper: Scraper) -> str:
    config = ajustes()
    propia = config.de_empresa(scraper.empresa).url
    if propia is not None:
        return propia
    return f"{config.portales_url.rstrip('/')}/{scraper.empresa}" if config.portales_url else scraper.url


def _plazo(scraper: Scraper) -> float:
    config = ajustes()
    return min(config.de_empresa(scraper.empresa).plazo_s or scraper.plazo_s, config.consulta_plazo_s)


@contextmanager
def _arriendo(consulta: Consulta) -> Iterator[None]:
    """Keep the lease of a claimed consulta fresh during the block, from a thread of its own."""
    fin = threading.Event()
    arriendo_s = ajustes().consulta_arriendo_s

    def latir() -> None:
        while not fin.wait(arriendo_s / 3):
            try:
                if not renovar(consulta.id, consulta.token, arriendo_s=arriendo_s):
                    logger.info("La consulta %s ya no es de este proceso", consulta.id)
                    return
            except BASE_CAIDA as error:
                logger.warning("No se pudo renovar la consulta %s: %s", consulta.id, error)

    hilo = threading.Thread(target=latir, name=f"arriendo-{consulta.id}", daemon=True)
    hilo.start()
    try:
        yield
    finally:
        fin.set()


def _fallar(consulta: Consulta, falla: Falla, evidencia: Evidencia | None, comienzo: float) -> None:
    """Try again later where the code says so and the job's deadline allows; else save the falla."""
    logger.info("Consulta %s de %s: %s", consulta.id, consulta.empresa, falla)
    espera = espera_siguiente(falla.codigo, consulta.intentos + 1, falla.esperar_s)
    if espera is not None:
        espera *= ajustes().reintentos_escala
        if _alcanza_el_plazo(consulta, espera):
            _volver_a_probar(consulta, falla.codigo, espera)
            return
    resultado = de_falla(falla, evidencia, empresa=consulta.empresa, consulta_id=consulta.id, duracion_ms=_ms(comienzo))
    _guardar(consulta, resultado)


def _alcanza_el_plazo(consulta: Consulta, espera_s: float) -> bool:
    with conexion():
        limite = Job.select(Job.limite_en).where(Job.id == consulta.job_id).scalar()
    return bool(limite.timestamp() > time.time() + espera_s)


def _volver_a_probar(consulta: Consulta, codigo: Codigo, espera_s: float) -> None:
    if reintentar(consulta.id, consulta.token, espera_s=espera_s, error_codigo=codigo):
        espera_ms = int(espera_s * 1000) + 50
        if espera_ms <= ESPERA_MAX_MS:
            publicar([(consulta.id, consulta.job_id)], espera_ms=espera_ms)


def _guardar(consulta: Consulta, resultado: Resultado) -> None:
    guardado = guardar_consulta_deuda(consulta.id, consulta.token, resultado)
    if not guardado["guardado"]:
        logger.info("La consulta %s había terminado de otro modo: este resultado se descarta", consulta.id)


def _dar_turno(empresa: str) -> None:
    """Publish the consulta that waits longest for this empresa: a place is free."""
    try:
        siguiente = tomar_turno(empresa)
    except BASE_CAIDA:
        return  # reloj does it
    if siguiente is not None:
        publicar([(siguiente.id, siguiente.job_id)])


def tuberia(consulta_id: uuid.UUID, job_id: uuid.UUID, espera_ms: int | None = None) -> Any:
    """The pipeline of one consulta: look it up, then call back if that ended its job."""
    primero = consultar.message(str(consulta_id))
    ultimo = notificar.message_with_options(args=(str(job_id),), pipe_ignore=True)
    return (primero | ultimo).run(delay=espera_ms)  # type: ignore[no-untyped-call]


def publicar(consultas: list[tuple[uuid.UUID, uuid.UUID]], espera_ms: int | None = None) -> None:
    """Publish the pipelines of these consultas (id, job id), soon and from the publisher's thread."""
    publicador.entregar(
        Envio(
            [partial(tuberia, consulta_id, job_id, espera_ms) for consulta_id, job_id in consultas],
            marcar([consulta_id for consulta_id, _ in consultas]),
        )
    )
