"""What is really answered and called back is what /openapi.json says, field by field."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests
from conftest import Web, filas
from pila import CERRADO, receptor
from pydantic import BaseModel
from starlette.routing import Match, Route
from test_callbacks_api import _agotar as agotar
from test_estados import CAIDO, guardar, reclamada

import api
from documento.avisos import AVISOS
from documento.errores import ERRORES, Problema
from documento.openapi import codigos_de
from documento.operacion import operacion_de
from models import Resultado
from models.cuerpo import adelgazar
from models.resultado import Parte

PAGADA = Resultado(
    exito=True,
    deuda=Decimal("25670.50"),
    moneda="ARS",
    estado_deuda="CON_DEUDA",
    vencimiento=date(2026, 12, 10),
    facturas=[{"numero": None, "periodo": "10/2026", "vencimiento": "2026-12-10", "importe": 25670.5}],
    avisos=["Tiene un plan de pagos."],
    prueba={"regla": "total_y_detalle", "texto": "Total $ 25.670,50"},
    duracion_ms=1840,
    evidencia=[Parte("captura", b"\x89PNG"), Parte("url", b"https://portal/")],
)
METROGAS = {"empresa": "Metrogas", "credenciales": {"numero_cliente": "40000000001"}}
AVISAR = {
    "callback_url": f"http://{CERRADO}/",
    "callback_eventos": ["servicio.consultado", "job.completed", "job.failed"],
}
OPCIONES = {**AVISAR, "callback_metadata": {"a": [1, {"ñ": None}]}, "callback_headers": {"x-a": "b"}, "voucher_id": "v"}


class Lector:
    """Calls the service and holds every answer against what is documented of its route."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.vistas: set[tuple[str, int]] = set()

    def pedir(self, metodo: str, ruta: str, dato: Any = None, **cabeceras: str) -> Any:
        respuesta = requests.request(metodo, self.url + ruta, json=dato, headers=cabeceras, timeout=15)
        scope = {"type": "http", "method": metodo, "path": ruta.partition("?")[0], "root_path": ""}
        suya = next(r for r in api.rutas if isinstance(r, Route) and r.matches(scope)[0] is Match.FULL)
        operacion = operacion_de(suya.endpoint)
        assert operacion is not None
        self.vistas.add((suya.endpoint.__name__, respuesta.status_code))
        if respuesta.headers.get("Content-Type") != "application/problem+json":
            modelo = operacion.respuestas[respuesta.status_code]
            dichas = set(operacion.responde_con) - {"Idempotent-Replayed"}
            assert all(nombre in respuesta.headers for nombre in dichas)
            if isinstance(modelo, tuple):
                assert respuesta.headers["Content-Type"].partition(";")[0] in modelo
                return respuesta.content
            if modelo is None:
                assert respuesta.content == b""
                return None
            modelo.model_validate_json(respuesta.content, strict=True)
            return respuesta.json()
        problema = Problema.model_validate_json(respuesta.content, strict=True)
        assert problema.codigo in codigos_de(suya, operacion)
        assert problema.status == respuesta.status_code == ERRORES[problema.codigo][0]
        return respuesta.json()


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A web process."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/") as proceso:
        yield proceso


def _terminar(job_id: str) -> list[str]:
    """End a job: its first consulta well, the others badly. Returns their ids."""
    ids = [str(i) for (i,) in filas("SELECT id FROM consultas_deuda WHERE job_id = %s ORDER BY servicio_id", job_id)]
    for numero, consulta_id in enumerate(ids):
        guardar(reclamada(consulta_id), CAIDO if numero else PAGADA)
    return ids


def _avisos(job_id: str) -> list[str]:
    return [str(i) for (i,) in filas("SELECT id FROM callbacks WHERE job_id = %s ORDER BY created_at", job_id)]


def _propiedades(lector: Lector) -> tuple[int, list[int]]:
    propiedad_id = lector.pedir("POST", "/propiedades", {"nombre": "Una"})["propiedad_id"]
    lector.pedir("PATCH", f"/propiedades/{propiedad_id}", {"direccion": "Rivadavia 1"})
    nuevo = {"propiedad_id": propiedad_id, **METROGAS}
    ids = [lector.pedir("POST", "/servicios", nuevo)["servicio_id"] for _ in range(3)]
    lector.pedir("PATCH", f"/servicios/{ids[2]}", {"activo": False})
    lector.pedir("POST", "/servicios", {**nuevo, "propiedad_id": 999})
    lector.pedir("POST", "/servicios", {**nuevo, "empresa": "Nadie"})
    for ruta in ("/propiedades?q=Una", f"/servicios/propiedad/{propiedad_id}", "/servicios/propiedad/999"):
        lector.pedir("GET", ruta)
    return propiedad_id, ids


def _jobs(lector: Lector, propiedad_id: int, ids: list[int]) -> str:
    """Every way to a job. Returns the one that ended with all kinds of results."""
    unico = lector.pedir("POST", "/consultar/propiedad", {"propiedad_id": propiedad_id, **OPCIONES})["job_id"]
    for _ in range(2):
        lector.pedir("POST", "/consultar/todas", {}, **{"Idempotency-Key": "k"})
    lector.pedir("POST", "/consultar/todas", {"voucher_id": "otro"}, **{"Idempotency-Key": "k"})
    otro = lector.pedir("POST", "/consultar/servicios", {"servicio_ids": [*ids, 999], **AVISAR})["job_id"]
    lector.pedir("GET", f"/job/{unico}")
    lector.pedir("POST", f"/job/{unico}/reintentar")
    lector.pedir("POST", f"/job/{otro}/cancelar")
    lector.pedir("POST", f"/job/{otro}/cancelar")
    consulta_id = _terminar(unico)[0]
    lector.pedir("POST", "/consultar/propiedad", {"propiedad_id": propiedad_id, "max_antiguedad_min": 5})
    for ruta in (f"/job/{unico}", "/jobs?limit=1", "/jobs?cursor=x", f"/historial/propiedad/{propiedad_id}?limit=1"):
        lector.pedir("GET", ruta)
    for ruta in (f"/consulta/{consulta_id}", f"/consulta/{consulta_id}/evidencia/captura", f"/consulta/{otro}"):
        lector.pedir("GET", ruta)
    lector.pedir("GET", f"/consulta/{consulta_id}/evidencia/html")
    assert b"event: fin" in lector.pedir("GET", f"/job/{unico}/eventos")
    lector.pedir("POST", f"/job/{unico}/reintentar")
    return str(unico)


def _callbacks(lector: Lector, job_id: str) -> None:
    lector.pedir("POST", f"/job/{job_id}/callback/reenviar")
    for callback_id in _avisos(job_id):
        agotar(job_id, callback_id)
    masivo = {"estado": "fallido", "desde": "2026-01-01T00:00:00-03:00"}
    for ruta in (f"/job/{job_id}/callback/intentos?limit=1", "/callbacks?limit=1", "/callbacks?estado=fallido"):
        lector.pedir("GET", ruta)
    lector.pedir("POST", "/callbacks/reenviar", masivo)
    lector.pedir("POST", f"/job/{job_id}/callback/reenviar")
    lector.pedir("POST", "/callbacks/reenviar", {**masivo, "simular": False})
    for url in (f"http://{CERRADO}/", "http://127.0.0.1:1/"):
        lector.pedir("POST", "/callbacks/prueba", {"url": url})


def _programaciones(lector: Lector, propiedad_id: int) -> None:
    nueva = {"nombre": "Una", "propiedad_id": propiedad_id, "dias": [31], "hora": "08:30", **OPCIONES}
    ruta = f"/programaciones/{lector.pedir('POST', '/programaciones', nueva)['programacion_id']}"
    lector.pedir("POST", "/programaciones", {**nueva, "todas": True})
    lector.pedir("PATCH", ruta, {"activa": False})
    for leida in (ruta, "/programaciones"):
        lector.pedir("GET", leida)
    for metodo in ("DELETE", "GET"):
        lector.pedir(metodo, ruta)


def test_lo_que_se_contesta_y_lo_que_se_avisa(web: Web, base: str) -> None:
    lector = Lector(web.url)
    # Given propiedades, jobs of every kind, ended well and badly, and callbacks that failed
    propiedad_id, ids = _propiedades(lector)
    _callbacks(lector, _jobs(lector, propiedad_id, ids))
    _programaciones(lector, propiedad_id)
    for ruta in ("/consultas.csv?desde=2026-01-01", "/deudas.csv?formato=excel", "/vencimientos.ics", "/metrics"):
        lector.pedir("GET", ruta)
    for ruta in ("/ready", "/queue/stats", "/empresas", "/empresas/salud", "/health", "/openapi.json"):
        lector.pedir("GET", ruta)
    with receptor() as app:
        lector.pedir("POST", "/callbacks/prueba", {"url": app.url, "callback_metadata": {"a": 1}})
        AVISOS["callback.prueba"][0].model_validate_json(app.recibidos[0].cuerpo, strict=True)
    # Then what was owed to receivers is documented, whole and thin
    debidos = filas("SELECT evento, cuerpo FROM callbacks")
    for evento, cuerpo in debidos:
        for escrito in (bytes(cuerpo), adelgazar(bytes(cuerpo))):
            AVISOS[evento][0].model_validate_json(escrito, strict=True)
    assert {evento for evento, _ in debidos} == set(AVISOS) - {"callback.prueba"}
    # And no answer with a model was left out
    documentadas = {
        (ruta.endpoint.__name__, estado)
        for ruta in api.rutas
        if isinstance(ruta, Route) and (operacion := operacion_de(ruta.endpoint)) is not None
        for estado, modelo in operacion.respuestas.items()
        if isinstance(modelo, type) and issubclass(modelo, BaseModel)
    }
    documentadas.remove(("listo", 200))  # the workers are away
    assert documentadas <= lector.vistas, f"pida {documentadas - lector.vistas} en tests/test_respuestas.py"
