"""examples/nextjs, built and run for real, with the real service calling it."""

import base64
import json
import os
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aplicacion import EJEMPLO, Aplicacion, construir
from escenarios.conftest import Semilla
from pila import RAIZ, Pila, hasta
from servidores import PostgresEmbebido

import api
from documento.openapi import describir
from models.firma import firmar
from models.json_estable import bytes_estables
from sandbox.desenlaces import Desenlace as D
from scrapers.chromium import ejecutable
from settings import VERSION

NUEVO, VIEJO, AJENO = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def pila(postgres_embebido: PostgresEmbebido) -> Iterator[Pila]:
    """A service that asks for a key and is changing its secret: it signs with both."""
    nombre = f"nextjs_{os.getpid()}"
    base = postgres_embebido.crear_base(nombre)
    with Pila(base, base, {"API_ABIERTA": "", "CALLBACK_SECRETOS": f"{NUEVO},{VIEJO}"}) as servicio:
        yield servicio
    postgres_embebido.borrar_base(nombre)


@pytest.fixture(scope="module")
def app(pila: Pila) -> Iterator[Aplicacion]:
    """The application, which knows the old secret alone."""
    construir()
    with Aplicacion(pila, VIEJO) as aplicacion:
        yield aplicacion


@pytest.fixture(scope="module")
def semilla(pila: Pila) -> Semilla:
    """Writes propiedades."""
    return Semilla(pila)


@pytest.fixture(scope="module")
def propiedad_id(semilla: Semilla) -> int:
    """A propiedad that owes, one that does not, and one that fails."""
    servicios = (("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA), ("aysa", D.CUENTA_INEXISTENTE))
    return semilla.propiedad(*servicios)[0]


@pytest.fixture(scope="module")
def voucher(app: Aplicacion, propiedad_id: int) -> str:
    """A consulta asked for on the page, and its callback received."""
    pagina = app.pedir_consulta(propiedad_id)
    voucher = pagina.url.rpartition("/consulta/")[2]
    assert uuid.UUID(voucher), pagina.html.html
    hasta(lambda: app.seguimiento(voucher)["fuente"] == "callback", 60)
    return voucher


@pytest.fixture(scope="module")
def job(pila: Pila, voucher: str) -> dict[str, Any]:
    """The job of that consulta, once its callback is known to have arrived."""

    def avisado() -> dict[str, Any] | None:
        (uno,) = pila.pedir(f"/jobs?voucher_id={voucher}")["jobs"]
        return uno if uno["callback_sent"] else None

    return hasta(avisado)


def firmado(secreto: str, dato: dict[str, Any], *, hace_s: int = 0) -> tuple[bytes, dict[str, str]]:
    """A callback signed with a secret `hace_s` seconds ago: its body and its headers."""
    cuerpo, webhook_id, momento = bytes_estables(dato), f"msg_{uuid.uuid4().hex}", int(time.time()) - hace_s
    cabeceras = {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(momento),
        "webhook-signature": firmar([secreto], webhook_id, momento, cuerpo),
    }
    return cuerpo, cabeceras


def aviso_de(job: dict[str, Any], **cambios: Any) -> dict[str, Any]:
    """The body of a callback of this job."""
    return {
        "job_id": job["job_id"], "status": "completed", "voucher_id": job["voucher_id"], "resultados": [],
        "evento": "job.completed", "error": None, **cambios,
    }  # fmt: skip


def intentos(pila: Pila, job: dict[str, Any]) -> list[int]:
    """What the application answered to each attempt, the first one first."""
    (callback,) = pila.pedir(f"/job/{job['job_id']}/callback/intentos")["callbacks"]
    return [intento["status_code"] for intento in callback["intentos"]]


def reenviar(pila: Pila, job: dict[str, Any]) -> int:
    """Have the service send the callback again; what the application answered."""
    antes = len(intentos(pila, job))
    pila.pedir(f"/job/{job['job_id']}/callback/reenviar", {})
    hasta(lambda: len([i for i in intentos(pila, job) if i]) > antes)
    return intentos(pila, job)[-1]


def test_el_formulario_pide_la_consulta_y_la_pagina_muestra_lo_que_aviso_el_servicio(
    app: Aplicacion, pila: Pila, job: dict[str, Any], voucher: str
) -> None:
    pagina = app.abrir(f"/consulta/{voucher}")
    assert pagina.texto("[role=status]") == "Terminada"
    filas = [" ".join(fila.text(separator=" ").split()) for fila in pagina.html.css("tr")]
    assert len(filas) == 3
    por_empresa = {resultado["empresa"]: resultado for resultado in job["resultado"]}
    importe = f"{por_empresa['Metrogas']['deuda']:,.2f}".translate(str.maketrans(",.", ".,"))
    assert any("Metrogas" in fila and importe in fila for fila in filas), filas
    assert any("Edenor" in fila and "$ 0,00" in fila for fila in filas), filas
    assert any("AySA" in fila and por_empresa["AySA"]["error"] in fila for fila in filas), filas
    assert intentos(pila, job) == [204]


def test_lo_que_el_servicio_rechaza_se_dice_en_la_pagina(app: Aplicacion) -> None:
    pagina = app.pedir_consulta(2**40)
    assert pagina.texto("[role=alert]") == "La propiedad 1099511627776 no existe."


def test_en_un_navegador_se_ve_como_termina_sin_recargar(app: Aplicacion, pila: Pila, semilla: Semilla) -> None:
    # Given that nobody works
    pila.terminar("worker")
    propiedad_id, _ = semilla.propiedad(("metrogas", D.UNA_FACTURA))
    # When somebody asks, looks at a consulta that waits, and then somebody works
    pedido = {"url": app.url, "propiedad_id": propiedad_id, "chromium": str(ejecutable(None))}
    orden = ["node", str(RAIZ / "tests/node/nextjs.mjs"), json.dumps(pedido)]
    with subprocess.Popen(orden, stdout=subprocess.PIPE, text=True) as navegador:
        assert navegador.stdout is not None
        primero = navegador.stdout.readline()
        pila.lanzar("worker")
        resto = navegador.stdout.read()
    # Then the page that is open shows it, and nothing is amiss in the browser
    assert primero == "En espera…\n"
    visto = json.loads(resto)
    assert visto["quejas"] == []
    assert len(visto["filas"]) == 1 and visto["filas"][0].startswith("Metrogas")


def test_una_consulta_que_no_se_pidio_no_existe(app: Aplicacion) -> None:
    assert app.abrir(f"/consulta/{uuid.uuid4()}").texto("[role=status]") == ""


def test_repetido_contesta_200_y_no_se_procesa_otra_vez(app: Aplicacion, pila: Pila, job: dict[str, Any]) -> None:
    assert reenviar(pila, job) == 200
    # also after the application was started again
    app.reiniciar()
    assert reenviar(pila, job) == 200
    assert len(re.findall(f"Aviso {job['job_id']}", app.registro())) == 1


def test_lo_que_no_esta_bien_firmado_se_rechaza(app: Aplicacion, job: dict[str, Any]) -> None:
    cuerpo, cabeceras = firmado(VIEJO, aviso_de(job))
    assert app.avisar(cuerpo.replace(b"completed", b"failed"), cabeceras) == 401
    assert app.avisar(cuerpo + b" ", cabeceras) == 401
    assert app.avisar(cuerpo, {**cabeceras, "webhook-id": "msg_otro"}) == 401
    assert app.avisar(cuerpo, {n: v for n, v in cabeceras.items() if n != "webhook-signature"}) == 401
    assert app.avisar(cuerpo, {"Content-Type": "application/json"}) == 401
    assert app.avisar(*firmado(AJENO, aviso_de(job))) == 401
    # a true one that somebody kept
    assert app.avisar(*firmado(VIEJO, aviso_de(job), hace_s=360)) == 401
    assert app.avisar(b"x" * 3_000_000, {}) == 413


def test_un_voucher_que_no_se_dio_es_404(app: Aplicacion, job: dict[str, Any]) -> None:
    for ajeno in (str(uuid.uuid4()), "../../etc/passwd", "x" * 255, None):
        assert app.avisar(*firmado(VIEJO, aviso_de(job, voucher_id=ajeno))) == 404


def test_la_prueba_y_los_eventos_que_no_conoce_se_aceptan(app: Aplicacion, pila: Pila) -> None:
    hecho = pila.pedir("/callbacks/prueba", {"url": f"{app.url}/api/callback"}, estado=200)
    assert hecho["status_code"] == 204, hecho


def test_un_aviso_delgado_se_completa_con_el_job(app: Aplicacion, job: dict[str, Any], voucher: str) -> None:
    assert app.avisar(*firmado(VIEJO, aviso_de(job, resultados=None))) == 204
    seguimiento = app.seguimiento(voucher)
    assert (seguimiento["fuente"], seguimiento["resultados"]) == ("job", job["resultado"])


def test_el_secreto_se_cambia_sin_perder_avisos(app: Aplicacion, pila: Pila, job: dict[str, Any]) -> None:
    # Given that so far the service signed with both and the application knew the old one
    # When the application learns the new one, and the service then forgets the old one
    app.detener()
    app.entorno["CALLBACK_SECRETOS"] = f"{NUEVO},{VIEJO}"
    app.iniciar()
    assert [app.avisar(*firmado(secreto, aviso_de(job))) for secreto in (NUEVO, VIEJO, AJENO)] == [204, 204, 401]
    pila.terminar("callbacks")
    pila.lanzar("callbacks", CALLBACK_SECRETOS=NUEVO)
    # Then what it sends is known as before
    assert reenviar(pila, job) == 200


def test_los_tipos_son_los_del_servicio(tmp_path: Path) -> None:
    documento, hechos = tmp_path / "openapi.json", tmp_path / "api.d.ts"
    documento.write_text(json.dumps(describir(api.rutas, VERSION)), encoding="utf-8")
    generar = EJEMPLO / "node_modules" / ".bin" / "openapi-typescript"
    subprocess.run([generar, documento, "-o", hechos], check=True, capture_output=True, timeout=60)
    guardados = (EJEMPLO / "lib" / "api.d.ts").read_text(encoding="utf-8")
    assert guardados == hechos.read_text(encoding="utf-8"), (
        "la API cambió: con make run en marcha, «npm run tipos» en examples/nextjs"
    )
