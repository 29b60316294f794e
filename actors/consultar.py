"""The actor that looks up one servicio: claim, scrape, save how it ended.

A sync actor that runs its scraper on Dramatiq's event loop: interrupts (shutdown, time limit) land in this thread,
where the row can be handed back (docs/decisiones/0001-consultar-sincrono.md).
"""

import logging
import time
import traceback
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import dramatiq
from dramatiq.middleware import CurrentMessage
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.middleware.time_limit import TimeLimitExceeded

from actors.arriendos import arriendos
from actors.broker import CONSULTAS, ESPERA_MAX_MS
from actors.empresas import NUESTRAS
from actors.middleware import deteniendo
from actors.notificar import avisar, notificar
from actors.publicador import Envio, marcar, publicador
from actors.registro import anotar
from actors.resultados import de_deuda, de_falla
from actors.salud import anotar_salud
from actors.tarea import Tarea, simultaneas
from models import (
    BASE_CAIDA,
    Consulta,
    Resultado,
    Servicio,
    alcanza_el_plazo,
    devolver,
    guardar_consulta_deuda,
    lo_que_sigue,
    reclamar,
    reintentar,
    repartir,
    tomar_turno,
)
from models.pendiente import leer_pendiente, releer
from models.reparacion import lugares_libres
from scrapers import de_empresa
from scrapers.consulta import FallaConEvidencia
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla, espera_siguiente
from settings import ajustes

logger = logging.getLogger("consultas")

PAUSA_MAX_S = 60
SENAL_S = 0.5
"""How much later than its browser this process may get the signal to stop."""
DETENCION_S = 5.0
MARGEN_S = 60
"""Dramatiq's limit is the longest consulta and pause plus this: opening a page, evidencia, saving."""


@dramatiq.actor(
    queue_name=CONSULTAS,
    max_retries=2,
    esperas_ms=[1000, 5000],
    notify_shutdown=True,
    throws=(Shutdown,),
    time_limit=int((ajustes().consulta_plazo_s + PAUSA_MAX_S + MARGEN_S) * 1000),
)
def consultar(consulta_id: str) -> None:
    """Look up one servicio. Returns normally for every expected falla; raises only for bugs and a lost database."""
    if deteniendo.is_set():
        raise Shutdown  # it would begin in a process that is about to end: another one takes it
    identificador = uuid.UUID(consulta_id)
    visto = leer_pendiente(identificador)
    if visto is None:
        return
    anotar(job_id=visto.job_id)
    servicio = visto.servicio
    tarea = Tarea.preparar(visto.empresa, servicio)
    consulta = reclamar(
        identificador,
        arriendo_s=ajustes().consulta_arriendo_s,
        simultaneas=simultaneas(tarea.scraper),
        pausa_s=tarea.pausa_s,
        cuenta=tarea.cuenta,
    )
    if consulta is None:
        return
    try:
        if _sigue_igual(servicio, consulta):
            _atender(consulta, tarea)
    except Shutdown:
        devolver(consulta.id, consulta.token)
        raise
    finally:
        _seguir(consulta)


def _sigue_igual(servicio: Servicio, consulta: Consulta) -> bool:
    """Whether the servicio says what it said before the claim; else the consulta is handed back.

    Jobs made while nobody had claimed it wait for its result, and asked for what the servicio says now.
    """
    ahora = releer(servicio.id)
    if servicio.guardadas == ahora.guardadas and ahora.version == consulta.version:
        return True
    logger.info("Las credenciales del servicio %s cambiaron: la consulta %s se repite", servicio.id, consulta.id)
    devolver(consulta.id, consulta.token)
    return False


def _atender(consulta: Consulta, tarea: Tarea) -> None:
    """Scrape a claimed consulta and save how it ended, unless the claim is lost meanwhile."""
    comienzo = time.monotonic()
    evidencia = None
    try:
        with arriendos.mantener(consulta):
            comienzo = _esperar_el_inicio(consulta)
            resultado = de_deuda(tarea.ejecutar(), duracion_ms=_ms(comienzo))
    except FallaConEvidencia as con_evidencia:
        falla, evidencia = con_evidencia.falla, con_evidencia.evidencia
    except Falla as vista:
        falla = vista
    except TimeLimitExceeded:
        falla = Falla(Codigo.TIEMPO_AGOTADO)
    except BASE_CAIDA:
        raise  # the lease runs out and reloj gives the consulta to whoever can save it
    except Exception:
        traza = tarea.mascara.ocultar(traceback.format_exc()).rstrip()
        logger.error("Error inesperado en la consulta %s de %s\n%s", consulta.id, consulta.empresa, traza)
        falla = Falla(Codigo.ERROR_INTERNO)
    else:
        _guardar(consulta, resultado)
        anotar_salud(consulta.empresa, None)
        return
    _fallar(consulta, tarea, falla, evidencia, comienzo)


def _esperar_el_inicio(consulta: Consulta) -> float:
    """Let the empresa's pause pass: at most one for each of its places. Returns the moment (monotonic s)."""
    time.sleep(min(max(consulta.espera_s, 0), PAUSA_MAX_S))
    return time.monotonic()


def _ms(comienzo: float) -> int:
    return round((time.monotonic() - comienzo) * 1000)


def _fallar(consulta: Consulta, tarea: Tarea, falla: Falla, evidencia: Evidencia | None, comienzo: float) -> None:
    """Try again later where the code says so and the job's deadline allows; else save the falla."""
    if falla.codigo.regla.esperas_s and deteniendo.wait(SENAL_S):
        _esperar_la_detencion()
    logger.info("Consulta %s de %s: %s", consulta.id, consulta.empresa, falla)
    if falla.codigo is Codigo.CREDENCIALES_INVALIDAS:
        tarea.rechazar()
    anotar_salud(consulta.empresa, falla.codigo)
    espera = espera_siguiente(falla.codigo, consulta.intentos + 1, falla.esperar_s)
    if espera is not None:
        espera *= ajustes().reintentos_escala
        if alcanza_el_plazo(consulta.job_id, espera):
            _volver_a_probar(consulta, falla.codigo, espera)
            return
    resultado = de_falla(falla, evidencia, empresa=consulta.empresa, consulta_id=consulta.id, duracion_ms=_ms(comienzo))
    _guardar(consulta, resultado)


def _esperar_la_detencion() -> None:
    """Raise Shutdown: a platform tells every process to stop, the browser too, and so no try failed here.

    Dramatiq is about to interrupt this thread; a Shutdown of our own beside it could be interrupted in its clean-up.
    """
    limite = time.monotonic() + DETENCION_S
    while time.monotonic() < limite:
        time.sleep(0.05)
    raise Shutdown


def _volver_a_probar(consulta: Consulta, codigo: Codigo, espera_s: float) -> None:
    if reintentar(consulta.id, consulta.token, espera_s=espera_s, error_codigo=codigo):
        espera_ms = int(espera_s * 1000) + 50
        if espera_ms <= ESPERA_MAX_MS:
            publicar([(consulta.id, consulta.job_id)], espera_ms=espera_ms)


def _guardar(consulta: Consulta, resultado: Resultado) -> None:
    if guardar_consulta_deuda(consulta.id, consulta.token, resultado)["guardado"]:
        consulta.estado = "terminada"
    else:
        logger.info("La consulta %s había terminado de otro modo: este resultado se descarta", consulta.id)


def _seguir(consulta: Consulta) -> None:
    """Let go on what waited for this consulta, the rest of its message's pipeline included."""
    try:
        siguiente = lo_que_sigue(consulta.id, consulta.job_id, consulta.empresa)
        if consulta.estado == "terminada":  # else its message may be sent again, and needs its pipeline
            _elegir_paso(siguiente.callbacks)
        if siguiente.seguidoras:
            _repartir(consulta.id)
        if siguiente.turno:
            _dar_turno(consulta.empresa)
    except BASE_CAIDA as error:
        logger.warning("Lo que seguía a la consulta %s lo hará reloj: %s", consulta.id, error)


def _elegir_paso(callbacks: Sequence[str]) -> None:
    """What the pipeline does next: nothing, deliver the one callback that is due, or announce all of them."""
    mensaje = CurrentMessage.get_current_message()
    paso = mensaje.options.get("pipe_target") if mensaje is not None else None
    if mensaje is None or paso is None or len(callbacks) > 1:
        return
    if callbacks:
        paso["args"] = [*paso["args"], *callbacks]
    else:
        del mensaje.options["pipe_target"]


def _repartir(consulta_id: uuid.UUID) -> None:
    """Publish or announce what came of its end for those that waited for its result."""
    reparto = repartir(consulta_id, NUESTRAS)
    if reparto.por_publicar:
        publicar(reparto.por_publicar)
    avisar(reparto.jobs)


def _dar_turno(empresa: str) -> None:
    """Publish the consulta that waits longest for this empresa: a place is free."""
    siguiente = tomar_turno(empresa) if lugares_libres(empresa, simultaneas(de_empresa(empresa))) else None
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
