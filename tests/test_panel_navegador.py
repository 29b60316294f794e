"""The panel in a real Chromium: every page and every action, in light and dark, wide and on a phone.

Nothing may be amiss: console, Content-Security-Policy, axe-core, overflow. CAPTURAS=folder keeps the pictures.
"""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import Web, filas
from pila import RAIZ

import models
from models import Parte, Resultado, agenda
from models.api_key import Alcance, crear_clave
from models.schemas_programaciones import NuevaProgramacion
from scrapers.chromium import ejecutable

HISTORIA = (Path(__file__).parent / "panel_historia.sql").read_text(encoding="utf-8")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
BIEN = Resultado(
    exito=True,
    deuda=Decimal("21538.86"),
    moneda="ARS",
    estado_deuda="CON_DEUDA",
    vencimiento=date(2026, 12, 10),
    facturas=[{"numero": "0002-0001", "periodo": "11/2026", "vencimiento": "2026-12-10", "importe": 21538.86}],
    prueba={"regla": "total_igual_al_detalle", "texto": "Deuda Total: $ 21.538,86"},
    evidencia=(Parte("captura", PIXEL),),
)
MAL = Resultado(
    exito=False,
    error="El sitio de Metrogas no responde.",
    error_codigo="PORTAL_CAIDO",
    reintentable=True,
    evidencia=(Parte("html", b"<p>hola</p>"), Parte("url", b"http://portal/")),
)


@pytest.fixture
def web(base: str) -> Iterator[Web]:
    """A running web process that asks for keys."""
    with Web(base, "amqp://nadie:nada@127.0.0.1:1/", {"API_ABIERTA": ""}) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def _terminar(job_id: str, resultado: Resultado) -> None:
    for (consulta_id,) in filas("SELECT id FROM consultas_deuda WHERE job_id = %s ORDER BY servicio_id", job_id):
        consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=99)
        assert consulta is not None
        models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)


def _sembrar(base: str) -> dict[str, str]:
    """A year of history of two propiedades. Returns the pages to look at."""
    with psycopg.connect(base) as bd:
        bd.execute(HISTORIA)
    [(job_id,)] = filas("SELECT id FROM jobs WHERE voucher_id = 'v-1003'")
    [(bien,)] = filas("SELECT id FROM consultas_deuda WHERE exito ORDER BY completed_at DESC LIMIT 1")
    [(mal,)] = filas("SELECT id FROM consultas_deuda WHERE NOT exito ORDER BY completed_at DESC LIMIT 1")
    _con_prueba(bien, BIEN)
    _con_prueba(mal, MAL)
    _programar(job_id)
    return {
        "jobs": "/panel/jobs",
        "job": f"/panel/jobs/{job_id}",
        "propiedades": "/panel/propiedades",
        "propiedad": "/panel/propiedades/1",
        "programaciones": "/panel/programaciones",
        "programacion": "/panel/programaciones/1",
        "programacion-en-pausa": "/panel/programaciones/3",
        "consulta": f"/panel/consultas/{bien}",
        "falla": f"/panel/consultas/{mal}",
        "empresas": "/panel/empresas",
        "callbacks": "/panel/callbacks",
        "claves": "/panel/claves",
        "vacio": "/panel/jobs?voucher_id=zz",
    }


def _programar(job_id: uuid.UUID) -> None:
    """Three programaciones, one with an occurrence of each kind and one on pause."""
    una = {"nombre": "Quincena de Corrientes", "propiedad_id": 1, "dias": [1, 15], "hora": "09:00"}
    todas = {"nombre": "Fin de mes en Chile", "todas": True, "dias": [31], "hora": "07:30", "zona": "America/Santiago"}
    for datos in (una, todas, {**todas, "nombre": "Todos los días", "dias": list(range(1, 32)), "activa": False}):
        agenda.crear_programacion(NuevaProgramacion.model_validate(datos))
    detalles = {
        "rechazada": "No hay servicios activos.",
        "perdida": "Nadie la corrió a tiempo; se corrió una posterior.",
        "omitida": f"El job anterior, {job_id}, no había terminado.",
        "creada": None,
    }
    with models.conexion():
        for dias, (desenlace, detalle) in zip((60, 45, 30, 15), detalles.items(), strict=True):
            models.Ocurrencia.create(
                programacion=1,
                prevista_en=datetime.now(UTC) - timedelta(days=dias),
                desenlace=desenlace,
                detalle=detalle,
                job=job_id if desenlace == "creada" else None,
            )


def _con_prueba(consulta_id: uuid.UUID, resultado: Resultado) -> None:
    with models.transaccion():
        models.Consulta.update(prueba=resultado.prueba, facturas=resultado.facturas).where(
            models.Consulta.id == consulta_id
        ).execute()
        for parte in resultado.evidencia:
            models.Evidencia.create(consulta=consulta_id, tipo=parte.tipo, contenido=parte.contenido)


def test_cada_pagina_y_cada_accion_en_un_navegador(web: Web, base: str) -> None:
    # Given a year of history and a key
    paginas = _sembrar(base)
    _, clave = crear_clave("Ana", [Alcance.ADMINISTRAR])
    pedido: dict[str, Any] = {
        "url": web.url,
        "clave": clave,
        "chromium": str(ejecutable(None)),
        "capturas": os.environ.get("CAPTURAS"),
        "paginas": paginas,
    }
    # When somebody visits every page and touches every action, while a job that is watched ends
    orden = ["node", str(RAIZ / "tests/node/panel.mjs"), json.dumps(pedido)]
    with subprocess.Popen(orden, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as proceso:
        assert proceso.stdout is not None and proceso.stderr is not None
        lineas = []
        for linea in proceso.stdout:
            lineas.append(linea)
            if linea.startswith("MIRANDO "):
                _terminar(linea.split()[1], MAL)
        errores = proceso.stderr.read()
    # Then nothing was amiss
    assert proceso.returncode == 0, errores[-3000:]
    assert json.loads(lineas[-1])["problemas"] == []
