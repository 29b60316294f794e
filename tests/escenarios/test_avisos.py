"""A job that wants to hear of each servicio: every consulta calls back as it ends, then the job."""

import base64
import json

from pila import Pila, hasta, receptor
from standardwebhooks import Webhook

from escenarios.conftest import Semilla
from sandbox.desenlaces import Desenlace as D

SECRETO = f"whsec_{base64.b64encode(b'un secreto de treinta y dos bytes').decode()}"
ENTORNO = {"CALLBACK_SECRETOS": SECRETO}
TODOS = ["servicio.consultado", "job.completed", "job.failed"]


def test_cada_servicio_avisa_apenas_termina_y_al_final_el_job(pila: Pila, semilla: Semilla) -> None:
    # Given three servicios and a receiver that fails twice
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.CUENTA_INEXISTENTE), ("aysa", D.CAE_UNA_VEZ))
    with receptor([500, 503]) as casa:
        opciones = {
            "callback_url": casa.url,
            "callback_eventos": TODOS,
            "callback_metadata": {"pedido": 7, "1": 0.5},
            "callback_headers": {"Authorization": "Bearer s3cr3t0"},
        }
        job_id = pila.pedir("/consultar/servicios", {"servicio_ids": ids, **opciones})["job_id"]
        # When everything has ended and was told
        job = pila.esperar_job(job_id)
        hasta(lambda: pila.pedir(f"/job/{job_id}")["callback_sent"])
        hasta(lambda: all(c["estado"] == "enviado" for c in _callbacks(pila, job_id)))
        recibidos = casa.de(job_id)

    # Then every callback arrived, each one once with a 2xx, with its own result, signed, with what the caller gave
    assert len(recibidos) == 6 and len({r.cabeceras["webhook-id"] for r in recibidos}) == 4
    por_id = {r.cabeceras["webhook-id"]: r for r in recibidos}.values()
    consultados = [r.json for r in por_id if r.json["evento"] == "servicio.consultado"]
    [final] = [r.json for r in por_id if r.json["evento"] == "job.completed"]
    assert sorted((c["resultados"][0]["servicio_id"], len(c["resultados"])) for c in consultados) == [
        (i, 1) for i in ids
    ]
    assert all(c["resultados"][0] in job["resultado"] and c["status"] == "processing" for c in consultados)
    assert final["resultados"] == job["resultado"]
    for recibido in recibidos:
        assert recibido.json["metadata"] == {"1": 0.5, "pedido": 7}
        assert recibido.cabeceras["Authorization"] == "Bearer s3cr3t0"
        Webhook(SECRETO).verify(recibido.cuerpo, recibido.cabeceras)
    # And its attempts are all there, without the secret
    intentos = [i for c in _callbacks(pila, job_id) for i in c["intentos"]]
    assert sorted(i["status_code"] for i in intentos) == [200] * 4 + [500, 503]
    assert "s3cr3t0" not in json.dumps(intentos)
    assert all("s3cr3t0" not in pila.registro(proceso) for proceso in ("web", "callbacks", "worker", "reloj"))


def _callbacks(pila: Pila, job_id: str) -> list[dict[str, list[dict[str, object]]]]:
    return list(pila.pedir(f"/job/{job_id}/callback/intentos")["callbacks"])


def test_se_reenvian_de_a_uno_y_todos_a_un_ritmo(pila: Pila, semilla: Semilla) -> None:
    # Given a job whose three callbacks failed for good: its receiver says 410
    _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA))
    with receptor([410] * 3) as casa:
        pedido = {"servicio_ids": ids, "callback_url": casa.url, "callback_eventos": TODOS}
        job_id = pila.pedir("/consultar/servicios", pedido)["job_id"]
        hasta(lambda: [c["estado"] for c in _callbacks(pila, job_id)] == ["fallido"] * 3)
        assert pila.pedir(f"/job/{job_id}")["callback_sent"] is False
        # When that of its end is sent again, it arrives at once
        pila.pedir(f"/job/{job_id}/callback/reenviar", {})
        hasta(lambda: pila.pedir(f"/job/{job_id}")["callback_sent"])
        # And when all that failed are, the others do, reloj waking them
        masivo = {"estado": "fallido", "desde": "2026-01-01T00:00:00Z", "host": casa.url.split("/")[2]}
        assert pila.pedir("/callbacks/reenviar", masivo, 200)["hallados"] == 2
        pila.pedir("/callbacks/reenviar", {**masivo, "simular": False, "por_minuto": 6000})
        hasta(lambda: [c["estado"] for c in _callbacks(pila, job_id)] == ["enviado"] * 3)
    # Then each arrived twice, with the same id and the same bytes
    recibidos = casa.de(job_id)
    assert len(recibidos) == 6 and len({(r.cabeceras["webhook-id"], r.cuerpo) for r in recibidos}) == 3
    assert {r.cabeceras["x-callback-intento"] for r in recibidos} == {"1/3", "2/4"}
