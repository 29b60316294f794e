"""The queue as a caller sees it: jobs are taken, counted, worked on side by side, listed and found again.

Under pytest on both footings; `python tests/test_queue_system.py --url http://127.0.0.1:8000` against a live service;
`--api-key` where it wants one.
"""

import subprocess
import sys

import pytest
from cliente import Cliente, Prueba, informar
from escenarios.conftest import Semilla, pila, semilla  # noqa: F401  # pytest finds the fixtures here
from pila import Pila

from sandbox.desenlaces import Desenlace as D

ENTORNO = {"API_ABIERTA": ""}

NUMEROS = {"total_jobs", "pending", "processing", "completed", "failed", "queue_size", "max_workers", "workers_active"}


def el_servicio_responde(cliente: Cliente) -> str:
    """GET /health as published."""
    salud = cliente.pedir("/health")
    assert salud == {"status": "ok", "mensaje": "Servicio operativo"}
    return str(salud["mensaje"])


def los_numeros_de_la_cola(cliente: Cliente) -> str:
    """GET /queue/stats has the published keys, and they add up."""
    numeros = cliente.pedir("/queue/stats")
    assert numeros.keys() >= NUMEROS
    assert numeros["max_workers"] >= 1, "no hay workers en marcha"
    por_estado = sum(numeros[k] for k in ("pending", "processing", "completed", "failed"))
    assert numeros["total_jobs"] == por_estado
    return f"{numeros['total_jobs']} jobs, {numeros['max_workers']} workers"


def varios_jobs_a_la_vez(cliente: Cliente) -> str:
    """Five jobs at once all end, each with its own results only."""
    antes = cliente.pedir("/queue/stats")["total_jobs"]
    altas = [cliente.pedir("/consultar/servicios", {"servicio_ids": list(cliente.servicio_ids)}) for _ in range(5)]
    jobs = [cliente.esperar_job(alta["job_id"]) for alta in altas]
    for job in jobs:
        assert job["progreso"] == {"total": len(cliente.servicio_ids), "terminadas": len(cliente.servicio_ids)}
        assert [r["servicio_id"] for r in job["resultado"]] == sorted(cliente.servicio_ids)
    consultas = [r["consulta_id"] for job in jobs for r in job["resultado"]]
    assert len(set(consultas)) == len(consultas), "una consulta aparece en dos jobs"
    assert cliente.pedir("/queue/stats")["total_jobs"] >= antes + 5
    return f"5 jobs, {len(consultas)} consultas, ninguna repetida"


def los_jobs_se_encuentran(cliente: Cliente) -> str:
    """GET /jobs finds a job by its voucher, and pages through without repeating one."""
    voucher = "prueba-de-cola"
    alta = cliente.pedir("/consultar/propiedad", {"propiedad_id": cliente.propiedad_id, "voucher_id": voucher})
    cliente.esperar_job(alta["job_id"])
    hallados = cliente.pedir(f"/jobs?voucher_id={voucher}&limit=1")
    assert hallados["jobs"][0]["job_id"] == alta["job_id"]
    primera = cliente.pedir("/jobs?limit=2")
    segunda = cliente.pedir(f"/jobs?limit=2&cursor={primera['next_cursor']}")
    vistos = [job["job_id"] for job in primera["jobs"] + segunda["jobs"]]
    assert len(set(vistos)) == len(vistos)
    return f"{primera['total']} jobs en total"


def el_historial_crece(cliente: Cliente) -> str:
    """GET /historial/propiedad/{id} begins with the newest consulta."""
    alta = cliente.pedir("/consultar/propiedad", {"propiedad_id": cliente.propiedad_id})
    job = cliente.esperar_job(alta["job_id"])
    historial = cliente.pedir(f"/historial/propiedad/{cliente.propiedad_id}")
    recientes = {c["consulta_id"] for c in historial["consultas"]}
    assert {r["consulta_id"] for r in job["resultado"]} <= recientes
    return f"{len(historial['consultas'])} consultas recientes"


def lo_desconocido_es_un_404(cliente: Cliente) -> str:
    """An unknown job or propiedad is a problem document in Spanish."""
    problema = cliente.pedir("/job/00000000-0000-4000-8000-000000000000", estado=404)
    assert problema["codigo"] == "JOB_INEXISTENTE"
    problema = cliente.pedir("/consultar/propiedad", {"propiedad_id": 2**62}, estado=404)
    assert problema["codigo"] == "PROPIEDAD_INEXISTENTE"
    return str(problema["detail"])


PRUEBAS: tuple[Prueba, ...] = (
    el_servicio_responde,
    los_numeros_de_la_cola,
    varios_jobs_a_la_vez,
    los_jobs_se_encuentran,
    el_historial_crece,
    lo_desconocido_es_un_404,
)


@pytest.mark.parametrize("prueba", PRUEBAS, ids=lambda p: p.__name__)
def test_cola(prueba: Prueba, pila: Pila, semilla: Semilla) -> None:  # noqa: F811
    propiedad_id, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA))
    print(prueba(Cliente(pila.url, pila.clave, propiedad_id=propiedad_id, servicio_ids=tuple(ids))))


def test_como_programa(pila: Pila, semilla: Semilla) -> None:  # noqa: F811
    propiedad_id, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.SIN_DEUDA))
    servicios = ",".join(map(str, ids))
    destino = ["--url", pila.url, "--api-key", str(pila.clave)]
    orden = [sys.executable, __file__, *destino, "--propiedad", str(propiedad_id), "--servicios", servicios]
    hecho = subprocess.run(orden, capture_output=True, text=True, timeout=60, check=False)
    assert hecho.returncode == 0, hecho.stdout + hecho.stderr
    assert f"{len(PRUEBAS)} de {len(PRUEBAS)} en orden." in hecho.stdout


if __name__ == "__main__":
    sys.exit(informar(PRUEBAS))
