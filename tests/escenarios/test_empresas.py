"""What a portal makes us do: a rejected clave is not tried again, a sick portal is left alone, proof is kept."""

from typing import Any

import psycopg
import requests
from pila import Pila
from psycopg.types.json import Jsonb

from escenarios.conftest import Semilla, cuenta
from models.cifrado import cifrar
from sandbox.desenlaces import Desenlace as D

ENTORNO = {"CIRCUITO_FALLAS": "2", "CIRCUITO_ESPERA_S": "4"}


def _visitas(pila: Pila, empresa: str) -> dict[str, int]:
    url = f"http://127.0.0.1:{pila.puerto_sandbox}/_lab/visitas"
    visitas: dict[str, int] = requests.get(url, timeout=5).json()["visitas"][empresa]
    return visitas


def _consultar(pila: Pila, ids: list[int]) -> list[dict[str, Any]]:
    alta = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    resultado: list[dict[str, Any]] = pila.esperar_job(alta["job_id"])["resultado"]
    return resultado


def _cambiar_credenciales(pila: Pila, servicio_id: int, credenciales: dict[str, str]) -> None:
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        bd.execute("UPDATE servicios SET credenciales = %s WHERE id = %s", (Jsonb(cifrar(credenciales)), servicio_id))


def test_una_clave_rechazada_se_prueba_una_sola_vez(pila: Pila, semilla: Semilla) -> None:
    # Given a servicio whose clave the portal rejects, asked for by three jobs at once
    _, ids = semilla.propiedad(("edesur", D.CREDENCIALES_INVALIDAS))
    altas = [pila.pedir("/consultar/servicios", {"servicio_ids": ids}) for _ in range(3)]
    resultados = [pila.esperar_job(alta["job_id"])["resultado"][0] for alta in altas]
    # When the worker starts again and it is asked for once more
    pila.terminar("worker")
    pila.lanzar("worker")
    resultados += _consultar(pila, ids)
    # Then the portal saw one attempt, and every caller was told
    assert {r["error_codigo"] for r in resultados} == {"CREDENCIALES_INVALIDAS"}
    assert {r["reintentable"] for r in resultados} == {False}
    assert _visitas(pila, "edesur")[cuenta("edesur", D.CREDENCIALES_INVALIDAS)["email"]] == 1
    # And other credenciales are tried
    _cambiar_credenciales(pila, ids[0], cuenta("edesur", D.SIN_DEUDA))
    assert _consultar(pila, ids)[0]["exito"] is True


def test_un_portal_enfermo_descansa_y_los_demas_siguen(pila: Pila, semilla: Semilla) -> None:
    # Given a portal that fails twice in a row
    _, enfermos = semilla.propiedad(("metrogas", D.TITULAR_DISTINTO), ("metrogas", D.TITULAR_DISTINTO))
    for servicio_id in enfermos:
        _consultar(pila, [servicio_id])
    assert "falla seguido" in pila.registro("worker")
    # When three more of its consultas come, and one of another empresa
    _, ids = semilla.propiedad(*[("metrogas", D.SIN_DEUDA)] * 3)
    _, otra = semilla.propiedad(("aysa", D.SIN_DEUDA))
    esperan = pila.pedir("/consultar/servicios", {"servicio_ids": ids})
    assert _consultar(pila, otra)[0]["exito"] is True
    # Then they wait without a worker, and the healthy one did not
    assert pila.pedir(f"/job/{esperan['job_id']}")["progreso"]["terminadas"] == 0
    salud = {e["empresa"]: e for e in pila.pedir("/empresas/salud")["empresas"]}
    assert salud["Metrogas"]["circuito_abierto_hasta"] is not None
    assert salud["AySA"]["circuito_abierto_hasta"] is None
    # And once the rest is over one probe closes the circuit, and all are done
    assert [r["exito"] for r in pila.esperar_job(esperan["job_id"])["resultado"]] == [True] * 3
    salud = {e["empresa"]: e for e in pila.pedir("/empresas/salud")["empresas"]}
    assert salud["Metrogas"]["circuito_abierto_hasta"] is None


def test_nunca_mas_consultas_a_la_vez_que_las_que_admite(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(*[("aysa", D.UNA_FACTURA)] * 6)
    requests.post(f"http://127.0.0.1:{pila.puerto_sandbox}/_lab/reiniciar", timeout=5)
    assert all(r["exito"] for r in _consultar(pila, ids))
    url = f"http://127.0.0.1:{pila.puerto_sandbox}/_lab/visitas"
    assert requests.get(url, timeout=5).json()["maximo_simultaneas"]["aysa"] <= 2


def test_la_prueba_y_la_evidencia_se_ven(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("aysa", D.SIN_DEUDA), ("edesur", D.TITULAR_DISTINTO))
    bien, mal = _consultar(pila, ids)
    vista = pila.pedir(f"/consulta/{bien['consulta_id']}")
    assert vista["prueba"]["regla"] == "frase_sin_deuda"
    captura = requests.get(pila.url + vista["evidencia"]["captura"], timeout=5)
    assert captura.headers["Content-Type"] == "image/png"
    assert captura.content.startswith(b"\x89PNG")
    falla = pila.pedir(f"/consulta/{mal['consulta_id']}")
    assert falla["error_codigo"] == "TITULAR_DISTINTO"
    html = requests.get(pila.url + falla["evidencia"]["html"], timeout=5)
    assert html.headers["Content-Type"] == "text/plain; charset=utf-8"
    clave = cuenta("edesur", D.TITULAR_DISTINTO)["clave"]
    for ruta in falla["evidencia"].values():
        assert clave.encode() not in requests.get(pila.url + ruta, timeout=5).content
    assert pila.pedir(f"/consulta/{mal['consulta_id']}/evidencia/nada", estado=404)["codigo"] == "EVIDENCIA_INEXISTENTE"


def test_la_salud_calla_con_pocas_muestras(pila: Pila, semilla: Semilla) -> None:
    _, ids = semilla.propiedad(("edenor", D.SIN_DEUDA))
    _consultar(pila, ids)

    def edenor() -> dict[str, Any]:
        return next(e for e in pila.pedir("/empresas/salud")["empresas"] if e["empresa"] == "Edenor")

    antes = edenor()["6h"]["consultas"]
    assert edenor()["6h"]["tasa_de_exito"] is None
    _, muchos = semilla.propiedad(*[("edenor", D.SIN_DEUDA)] * 5)
    _consultar(pila, muchos)
    ventana = edenor()["24h"]
    assert (ventana["consultas"], ventana["tasa_de_exito"]) == (antes + 5, 1.0)
    assert 0 < ventana["p50_ms"] <= ventana["p95_ms"]
    assert ventana["ultimo_exito"].endswith("Z")
