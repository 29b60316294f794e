"""Callbacks as a caller sees them: with a propiedad, with servicios, without callback.

Under pytest on both footings; `python tests/test_callbacks.py --url http://127.0.0.1:8000` against a running service
(`make run`; `--api-key` where it wants one), with a receiver of its own on 127.0.0.1:8787, which that service has to
permit.
"""

import random
import subprocess
import sys

import pytest
from cliente import Cliente, Prueba, informar
from escenarios.conftest import Semilla, pila, semilla  # noqa: F401  # pytest finds the fixtures here
from pila import RECEPTORES, Pila, receptor

from sandbox.desenlaces import Desenlace as D

ENTORNO = {"API_ABIERTA": ""}

CLAVES = {"servicio_id", "propiedad_id", "empresa", "tipo_servicio", "deuda", "exito", "error", "consulta_id"}


def _revisar_resultados(resultados: list[dict[str, object]]) -> None:
    for resultado in resultados:
        assert resultado.keys() >= CLAVES, f"faltan claves en {resultado}"
        assert (resultado["deuda"] is not None) == resultado["exito"], f"importe sin prueba en {resultado}"
        assert bool(resultado["error"]) != resultado["exito"]


def con_propiedad(cliente: Cliente) -> str:
    """A job of a propiedad calls back with the results that GET /job gives."""
    with receptor(puertos=cliente.puertos_de_receptor) as casa:
        pedido = {"propiedad_id": cliente.propiedad_id, "callback_url": casa.url, "voucher_id": "uuid-123"}
        alta = cliente.pedir("/consultar/propiedad", pedido)
        assert alta["status"] == "pending" and alta["propiedad_id"] == cliente.propiedad_id
        assert alta["mensaje"] == "Consulta encolada correctamente Se notificará al callback cuando termine."
        job = cliente.esperar_job(alta["job_id"])
        aviso = casa.esperar(alta["job_id"])[0].json
    assert aviso["resultados"] == job["resultado"] and aviso["status"] == job["status"]
    assert (aviso["voucher_id"], aviso["propiedad_id"]) == ("uuid-123", cliente.propiedad_id)
    _revisar_resultados(aviso["resultados"])
    exitos = sum(r["exito"] for r in aviso["resultados"])
    return f"job {alta['job_id']}: {len(aviso['resultados'])} resultados, {exitos} con éxito; callback recibido"


def con_servicios(cliente: Cliente) -> str:
    """A job of some servicios calls back too, and says which ones it left out."""
    with receptor(puertos=cliente.puertos_de_receptor) as casa:
        pedido = {"servicio_ids": [*cliente.servicio_ids, 2**62], "callback_url": casa.url}
        alta = cliente.pedir("/consultar/servicios", pedido)
        assert alta["servicios_omitidos"] == [{"servicio_id": 2**62, "motivo": "inexistente"}]
        aviso = casa.esperar(alta["job_id"], plazo_s=120)[0].json
    assert [r["servicio_id"] for r in aviso["resultados"]] == sorted(cliente.servicio_ids)
    assert aviso["voucher_id"] is None
    _revisar_resultados(aviso["resultados"])
    return f"job {alta['job_id']}: {len(aviso['resultados'])} resultados; callback recibido"


def sin_callback(cliente: Cliente) -> str:
    """Without callback_url everything works by polling."""
    alta = cliente.pedir("/consultar/servicios", {"servicio_ids": [cliente.servicio_ids[0]]})
    assert alta["mensaje"] == "Consulta encolada correctamente"
    assert f"GET /job/{alta['job_id']}" in alta["nota"]
    job = cliente.esperar_job(alta["job_id"])
    assert (job["callback_url"], job["callback_sent"], job["callback_error"]) == (None, None, None)
    _revisar_resultados(job["resultado"])
    return f"job {alta['job_id']}: {job['status']}, sin callback"


PRUEBAS: tuple[Prueba, ...] = (con_propiedad, con_servicios, sin_callback)


@pytest.mark.parametrize("prueba", PRUEBAS, ids=lambda p: p.__name__)
def test_callbacks(prueba: Prueba, pila: Pila, semilla: Semilla) -> None:  # noqa: F811
    propiedad_id, ids = semilla.propiedad(
        ("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA), ("aysa", D.CUENTA_INEXISTENTE)
    )
    cliente = Cliente(pila.url, pila.clave, propiedad_id, tuple(ids), RECEPTORES)
    print(prueba(cliente))


def test_como_programa(pila: Pila, semilla: Semilla) -> None:  # noqa: F811
    propiedad_id, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA))
    servicios = ",".join(map(str, ids))
    destino = ["--url", pila.url, "--api-key", str(pila.clave)]
    orden = [sys.executable, __file__, *destino, "--propiedad", str(propiedad_id), "--servicios", servicios]
    orden += ["--receptor", str(random.choice(RECEPTORES))]
    hecho = subprocess.run(orden, capture_output=True, text=True, timeout=60, check=False)
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    assert f"{len(PRUEBAS)} de {len(PRUEBAS)} en orden." in hecho.stdout


if __name__ == "__main__":
    sys.exit(informar(PRUEBAS))
