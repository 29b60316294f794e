"""What an operator sees of a running service: metrics in a real Prometheus, readiness, logs."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from conftest import apuntar
from pila import Pila, hasta, receptor
from servidor_prometheus import REGLAS, Prometheus
from servidores import PostgresPrivado, RabbitPrivado, buscar_programa

from escenarios.conftest import Semilla, cuenta
from models.totales import contar
from sandbox.desenlaces import Desenlace as D
from scrapers.fallas import REGLAS as FALLAS

TABLERO: dict[str, Any] = json.loads((REGLAS.parents[1] / "grafana" / "consultas.json").read_text())
EXPRESIONES = [objetivo["expr"] for panel in TABLERO["panels"] for objetivo in panel.get("targets", ())]
NOMBRE = re.compile(r"\bconsultas_\w+")


@pytest.fixture(scope="module")
def pila(postgres_privado: PostgresPrivado, rabbit_privado: RabbitPrivado) -> Iterator[Pila]:
    """A running service on PostgreSQL and RabbitMQ that logs JSON."""
    nombre = f"operacion_{os.getpid()}"
    base, broker = postgres_privado.crear_base(nombre), rabbit_privado.crear_vhost(nombre)
    with Pila(base, broker, {"LOG_FORMATO": "json", "API_ABIERTA": ""}) as en_marcha:
        yield en_marcha
    postgres_privado.borrar_base(nombre)


@pytest.fixture(scope="module")
def prometheus(pila: Pila) -> Iterator[Prometheus]:
    """A Prometheus that watches it while every kind of thing happens once."""
    semilla = Semilla(pila)
    assert pila.clave is not None
    with Prometheus(pila.url, pila.clave) as servidor:
        _, ids = semilla.propiedad(("metrogas", D.UNA_FACTURA), ("edenor", D.CUENTA_INEXISTENTE))
        pila.pedir("/consultar/servicios", {"servicio_ids": semilla.propiedad(("aysa", D.SIN_FIN))[1]})
        with receptor([500]) as casa:
            altas = [pila.pedir("/consultar/servicios", {"servicio_ids": ids, "callback_url": casa.url}) for _ in "ab"]
            for alta in altas:
                pila.esperar_job(alta["job_id"])
                hasta(lambda job=alta["job_id"]: pila.pedir(f"/job/{job}")["callback_sent"])
        plano = "UPDATE servicios SET credenciales = jsonb_build_object('cuenta', '1') WHERE id = %s RETURNING id"
        semilla.filas(plano, ids[0])  # reloj encrypts it
        apuntar(pila.entorno["DATABASE_URL"])
        contar(0)  # reloj would, in a while
        hasta(lambda: "consultas_terminadas_total" in servidor.nombres() and _reglas_miradas(servidor))
        yield servidor


def _reglas_miradas(servidor: Prometheus) -> bool:
    return all(regla["health"] != "unknown" for grupo in servidor.pedir("rules")["groups"] for regla in grupo["rules"])


def test_cada_metrica_del_tablero_y_de_las_alertas_existe(prometheus: Prometheus) -> None:
    pedidas = {n for texto in [*EXPRESIONES, REGLAS.read_text()] for n in NOMBRE.findall(texto)}
    assert len(pedidas) > 20
    hasta(lambda: pedidas <= prometheus.nombres(), 20)
    # And none is missing from both
    propias = {n for n in prometheus.nombres() if n.startswith("consultas_")}
    assert {n for n in propias if not n.endswith(("_created", "_sum", "_count"))} <= pedidas


def test_prometheus_entiende_cada_panel(prometheus: Prometheus) -> None:
    for expresion in EXPRESIONES:
        consulta = expresion.replace("$__rate_interval", "1m")
        hasta(lambda consulta=consulta: prometheus.pedir("query", query=consulta)["result"], 20)


def test_las_reglas_se_evaluan_y_nada_alarma(prometheus: Prometheus) -> None:
    reglas = [regla for grupo in prometheus.pedir("rules")["groups"] for regla in grupo["rules"]]
    assert len(reglas) > 10
    assert {regla["health"] for regla in reglas} == {"ok"}
    assert [r["name"] for r in reglas if r["type"] == "alerting" and r["state"] == "firing"] == []


def test_las_reglas_pasan_promtool() -> None:
    for orden in (["check", "rules", "alertas.yml"], ["test", "rules", "alertas_pruebas.yml"]):
        hecho = subprocess.run(
            [buscar_programa("/usr/bin/promtool"), *orden],
            cwd=REGLAS.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert hecho.returncode == 0, hecho.stdout + hecho.stderr


def test_las_alertas_nombran_los_codigos_que_hablan_del_portal() -> None:
    (nombrados,) = re.findall(r'increase30m\{codigo=~"([^"]+)"\}\)\n', REGLAS.read_text())
    assert set(nombrados.split("|")) == {codigo.value for codigo, regla in FALLAS.items() if regla.afecta_salud}


@pytest.mark.usefixtures("prometheus")
def test_todas_las_partes_estan_listas(pila: Pila) -> None:
    # Given a service that has looked up something
    abrio = "1 proceso ya abrió páginas, ninguno falla."
    hasta(lambda: abrio in _ready(pila), 30)
    partes = pila.pedir("/ready")["partes"]
    assert set(partes) == {"base_de_datos", "broker", "consultas", "callbacks", "reloj", "navegador"}
    assert "El servicio está listo." in pila.ejecutar("python cli.py estado")
    # When its worker ends
    pila.terminar("worker")
    # Then it is said, with a 503, and the command fails
    hasta(lambda: "No hay ningún worker de consultas." in _ready(pila), 10)
    caida = pila.pedir("/ready", estado=503)
    assert {nombre for nombre, parte in caida["partes"].items() if not parte["ok"]} == {"consultas", "navegador"}
    assert "MAL" in pila.ejecutar("python cli.py estado && exit 1 || exit 0")
    pila.lanzar("worker")


def _ready(pila: Pila) -> str:
    """What /ready says now, whatever its status."""
    return requests.get(f"{pila.url}/ready", headers={"Authorization": f"Bearer {pila.clave}"}, timeout=10).text


def _lineas(pila: Pila, proceso: str) -> list[dict[str, Any]]:
    return [json.loads(linea) for linea in pila.registro(proceso).splitlines()]


@pytest.mark.usefixtures("prometheus")
def test_cada_linea_es_json_con_los_ids_de_su_trabajo(pila: Pila) -> None:
    callbacks = [linea for linea in _lineas(pila, "callbacks") if "job_id" in linea]
    enviados = [linea for linea in callbacks if linea["mensaje"].startswith("Callback enviado exitosamente para job")]
    assert len(enviados) == 2
    assert all(linea["job_id"] in linea["mensaje"] and linea["callback_id"] for linea in enviados)
    assert any(re.search(r"Intento 1/3 falló: ", linea["mensaje"]) for linea in callbacks)
    consultas = [linea for linea in _lineas(pila, "worker") if linea["registro"] == "consultas"]
    assert consultas and all(linea["job_id"] and linea["consulta_id"] for linea in consultas)
    assert _lineas(pila, "reloj")
    accesos = [linea for linea in pila.registro("web").splitlines() if "/metrics" in linea]
    assert all(json.loads(linea)["registro"] == "uvicorn.access" for linea in accesos)


@pytest.mark.usefixtures("prometheus")
def test_nada_secreto_en_los_registros(pila: Pila) -> None:
    todo = "".join(pila.registro(proceso) for proceso in ("web", "worker", "callbacks", "reloj"))
    secretos = {*cuenta("edenor", D.CUENTA_INEXISTENTE).values(), str(pila.clave), pila.entorno["CIFRADO_CLAVES"]}
    assert [secreto for secreto in secretos if secreto in todo] == []
