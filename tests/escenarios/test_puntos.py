"""A SIGKILL at each point where a process holds something that is half done; tests/puntos says how."""

from contextlib import suppress

import pytest
import requests
from pila import PROCESOS, Pila, Receptor, hasta, receptor

from escenarios.conftest import Semilla
from escenarios.cuentas import revisar
from sandbox.desenlaces import Desenlace as D

PUNTOS = {
    "web, entre el COMMIT y la publicación": "actors.publicador:Publicador._publicar:antes",
    "web, entre la publicación y su marca": "models.consulta:marcar_encoladas:antes",
    "worker, con la consulta tomada": "models.reclamo:reclamar:hallado",
    "worker, entre el resultado y la transacción": "models.cierre:guardar_consulta_deuda:antes",
    "worker, dentro de la transacción que cierra el job": "models.cierre:cerrar:despues",
    "worker, entre el COMMIT y el paso siguiente": "models.cierre:guardar_consulta_deuda:despues",
    "worker, entre el paso siguiente y el ack": "dramatiq.middleware.pipelines:Pipelines.after_process_message:despues",
    "callbacks, antes del POST": "actors.entrega:enviar:antes",
    "callbacks, tras el 2xx y antes de anotarlo": "models.callback:anotar_intento:antes",
    "callbacks, entre lo anotado y el ack": "models.callback:anotar_intento:despues",
    "reloj, entre la marca y la publicación": "models.reparacion:por_publicar:hallado",
    "reloj, dentro del rescate": "models.reparacion:rescatar:hallado",
}

ENTORNO = {
    "PUNTOS": ";".join(PUNTOS.values()),
    "CONSULTA_ARRIENDO_S": "2",
    "RELOJ_REPUBLICAR_S": "5",
    "RELOJ_PERIODO_S": "0.3",
}


def pedir(pila: Pila, semilla: Semilla, casa: Receptor) -> str:
    """A job of two consultas with a callback. The web process may die before its answer is out: the row counts."""
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("aysa", D.SIN_DEUDA))
    with suppress(requests.RequestException, AssertionError):
        pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url})
    ((job_id,),) = semilla.filas("SELECT id::text FROM jobs WHERE callback_url = %s", casa.url)
    return str(job_id)


def vencer_arriendos(semilla: Semilla) -> None:
    """Let the lease of an attempt that nobody makes any more (a minute) run out now."""
    semilla.filas("UPDATE callbacks SET arrendado_hasta = now() WHERE estado = 'enviando' RETURNING 1")


def levantar(pila: Pila, nombre: str) -> None:
    """Start a process again, as a supervisor does."""
    pila.lanzar(nombre)
    if nombre == "web":
        hasta(pila._listo, 30)


@pytest.mark.parametrize("punto", PUNTOS)
def test_sigkill_en_un_punto(pila: Pila, semilla: Semilla, punto: str) -> None:
    nombre = punto.partition(",")[0]
    # Given a job whose process dies at that point
    with receptor() as casa:
        if nombre == "reloj":  # it finds something to do when nobody published
            pila.armar(PUNTOS["web, entre el COMMIT y la publicación"])
        if "paso siguiente y el ack" in punto:  # the callback worker comes by it too
            pila.terminar("callbacks")
        pila.armar(PUNTOS[punto])
        job_id = pedir(pila, semilla, casa)
        if nombre == "reloj":
            pila.esperar_muerte("web")
            levantar(pila, "web")
        pila.esperar_muerte(nombre)
        # When a supervisor starts it again
        for caido in {nombre, *PROCESOS} - set(pila.en_marcha()):
            levantar(pila, caido)
        if nombre == "callbacks":
            vencer_arriendos(semilla)
        # Then the job ends once, and its callback comes once but where that cannot be known
        cuentas = revisar(pila, casa, [job_id], dobles=1 if "tras el 2xx" in punto else 0)
    job = pila.pedir(f"/job/{job_id}")
    assert [r["exito"] for r in job["resultado"]] == [True, True]
    assert job["callback_sent"] is True
    assert cuentas.fallidos == 0


def test_sigkill_con_el_post_en_el_aire(pila: Pila, semilla: Semilla) -> None:
    # Given a receiver that has the whole request and does not answer yet
    with receptor(demora_s=3) as casa:
        job_id = pedir(pila, semilla, casa)
        hasta(lambda: casa.recibidos, 30)
        # When the process that waits for its answer is killed and started again
        pila.matar("callbacks")
        casa.demora_s = 0
        levantar(pila, "callbacks")
        vencer_arriendos(semilla)
        # Then there is one more attempt, with the same id and body, and both are on record
        revisar(pila, casa, [job_id], dobles=1)
        uno, otro = casa.de(job_id)
    assert uno.cabeceras["webhook-id"] == otro.cabeceras["webhook-id"]
    assert uno.cuerpo == otro.cuerpo
    assert [r.cabeceras["x-callback-intento"] for r in (uno, otro)] == ["1/3", "2/3"]
    (callback,) = pila.pedir(f"/job/{job_id}/callback/intentos")["callbacks"]
    assert [(i["numero"], i["status_code"]) for i in callback["intentos"]] == [(1, None), (2, 200)]
    assert pila.pedir(f"/job/{job_id}")["callback_sent"] is True
