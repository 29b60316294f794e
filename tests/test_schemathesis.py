"""schemathesis, an independent reader of /openapi.json, against the real web process: every check, links included."""

import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import Web
from pila import RAIZ, receptor

import models
from models.evidencia import Evidencia
from models.listados import cursor_de
from models.schemas_job import UN_JOB, UNA_CONSULTA

AHORA = datetime(2026, 11, 24, 13, tzinfo=UTC)
NADIE = "http://127.0.0.1:9/x"
UN_CALLBACK = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A web process that asks for keys, and has what the examples name."""
    _sembrar()
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", {"API_ABIERTA": ""}) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def _sembrar() -> None:
    momentos: dict[str, Any] = {"created_at": AHORA, "started_at": AHORA, "completed_at": AHORA}
    fin = {"status": "completed", "propiedad_id": 35, "total": 1, "terminadas": 1, "limite_en": AHORA, **momentos}
    aviso = {"callback_url": NADIE, "callback_sent": False, "callback_error": "Connection refused"}
    with models.conexion():
        models.Propiedad.insert(id=35, nombre="Rivadavia 1234").execute()
        for id_ in (5, 8, 12):
            metrogas = {
                "empresa": "Metrogas",
                "tipo_servicio": "Gas",
                "credenciales": {"numero_cliente": "40000000001"},
            }
            models.Servicio.insert(id=id_, propiedad=35, **metrogas).execute()
        models.Job.insert(id=UN_JOB, tipo="propiedad", **fin, **aviso).execute()
        mal = {"exito": False, "error": "No responde.", "error_codigo": "PORTAL_CAIDO", "reintentable": True}
        consulta = {"job": UN_JOB, "servicio": 5, "propiedad_id": 35, "empresa": "Metrogas", "tipo_servicio": "Gas"}
        models.Consulta.insert(id=UNA_CONSULTA, estado="terminada", **consulta, **mal, **momentos).execute()
        Evidencia.insert(consulta=UNA_CONSULTA, tipo="captura", contenido=b"\x89PNG\r\n\x1a\n").execute()
        callback = {
            "evento": "job.completed",
            "webhook_id": f"msg_{'0' * 32}",
            "url": "http://127.0.0.1:9/x",
            "cuerpo": b"{}",
        }
        models.Callback.insert(id=UN_CALLBACK, job=UN_JOB, estado="fallido", **callback).execute()
        models.bd.execute_sql("SELECT setval('propiedades_id_seq', 100), setval('servicios_id_seq', 100)")


def test_schemathesis_no_halla_nada(web: Web) -> None:
    clave = web.ejecutar("python cli.py clave crear pruebas --alcance administrar").strip()
    with receptor() as prueba:
        orden = [
            "schemathesis",
            "--config-file",
            "tests/schemathesis.toml",
            "run",
            f"{web.url}/openapi.json",
            "--no-color",
        ]
        hecho = subprocess.run(
            [*orden, "--header", f"Authorization: Bearer {clave}"],
            cwd=RAIZ,
            env={
                "PATH": web.entorno["PATH"],
                "HOME": str(web.carpeta),
                "PYTHONPATH": str(RAIZ / "tests"),
                "SCHEMATHESIS_HOOKS": "generador",
                "RECEPTOR": prueba.url,
                "CURSOR": cursor_de(AHORA, uuid.UUID(UN_JOB)),
            },
            capture_output=True,
            text=True,
            timeout=350,
            check=False,
        )
    assert hecho.returncode == 0, hecho.stdout[-8000:] + hecho.stderr[-2000:]
    for fase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {fase}" in hecho.stdout, hecho.stdout[-2000:]
