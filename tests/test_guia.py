"""Every example of CALLBACKS_GUIDE.md against a real service, and its tables against the code."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import apuntar
from pila import CERRADO, CIFRADO_CLAVES, Pila, Receptor, hasta, receptor
from pydantic import TypeAdapter
from servidores import PostgresEmbebido

import models
import semilla
from actors.entrega import DEFINITIVAS, FALLAS, POR_CENTENA
from scrapers.fallas import REGLAS, Codigo
from settings import Secretos, Settings

RAIZ = Path(__file__).resolve().parent.parent
GUIA = (RAIZ / "CALLBACKS_GUIDE.md").read_text(encoding="utf-8")
SERVICIO, APLICACION = "https://consultas.ejemplo.com", "https://app.ejemplo.com"
SECRETO = "whsec_" + "A" * 44
SIGUE = "…"
"""In an example: there are more keys."""
EXACTAS = {
    "codigo", "error_codigo", "callback_error", "callback_sent", "mensaje", "evento", "estado", "estado_deuda", "title",
    "detail", "tipo", "exito", "reintentable", "moneda", "tipo_servicio", "empresa", "servicio_id", "voucher_id",
}  # fmt: skip
"""Keys whose value in an example is what the service says, to the letter."""


@dataclass(frozen=True)
class Bloque:
    """A fenced block of the guide: its language, the word after it, its text."""

    lenguaje: str
    que: str
    texto: str


BLOQUES = [Bloque(*partes) for partes in re.findall(r"^```(\w+) ?(\w*)\n(.*?)^```$", GUIA, re.DOTALL | re.MULTILINE)]
ORDENES = [i for i, b in enumerate(BLOQUES) if b.lenguaje == "sh" and "curl" in b.texto]


def de(lenguaje: str) -> list[Bloque]:
    """The blocks of a language."""
    return [bloque for bloque in BLOQUES if bloque.lenguaje == lenguaje]


def parecido(ejemplo: Any, real: Any, donde: str = "") -> None:
    """Assert that an example has the keys and the types of what the service really said."""
    if isinstance(ejemplo, dict):
        assert isinstance(real, dict), donde
        sobran = ejemplo.keys() - real.keys() - {SIGUE}
        faltan = set() if SIGUE in ejemplo else real.keys() - ejemplo.keys()
        assert (sobran, faltan) == (set(), set()), donde
        for clave in ejemplo.keys() - {SIGUE}:
            if clave in EXACTAS:
                assert ejemplo[clave] == real[clave], f"{donde}.{clave}"
            parecido(ejemplo[clave], real[clave], f"{donde}.{clave}")
    elif isinstance(ejemplo, list):
        assert isinstance(real, list) and len(real) >= min(len(ejemplo), 1), donde
        for uno in ejemplo:
            parecido(uno, real[0], f"{donde}[]")
    elif ejemplo is not None and real is not None:
        assert _tipo(ejemplo) == _tipo(real), donde


def _tipo(valor: object) -> type:
    return float if type(valor) is int else type(valor)


@dataclass
class Lector:
    """Somebody who follows the guide from the top, copying its commands."""

    pila: Pila
    casa: Receptor
    clave: str
    job_id: str = ""
    contestado: dict[int, Any] = field(default_factory=dict)
    """What each block answered, by its place in the guide."""
    avisos: list[Any] = field(default_factory=list)
    """The callbacks that came, in their order."""
    fallida: Any = None
    """The result of a consulta that failed."""

    def entorno(self) -> dict[str, str]:
        """What the guide calls CLAVE and JOB_ID, and what its TypeScript reads."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "CLAVE": self.clave,
            "JOB_ID": self.job_id,
            "CONSULTAS_URL": self.pila.url,
            "CONSULTAS_CLAVE": self.clave,
            "APP_URL": self.casa.url.removesuffix(self.casa.ruta),
        }

    def correr(self, *orden: str, entrada: str = "") -> str:
        """Run a program to its end and return what it printed."""
        hecho = subprocess.run(
            orden, env=self.entorno(), input=entrada, capture_output=True, text=True, timeout=60, check=False
        )
        assert hecho.returncode == 0, hecho.stderr
        return hecho.stdout

    def seguir(self, lugar: int) -> None:
        """Do what a block says, and wait for what it starts."""
        orden = BLOQUES[lugar].texto.replace(SERVICIO, self.pila.url)
        orden = orden.replace(APLICACION, self.casa.url.removesuffix(self.casa.ruta))
        dato = self.contestado[lugar] = json.loads(self.correr("bash", "-euc", orden))
        if dato.get("status") == "pending":
            self.job_id = dato["job_id"]
            hasta(lambda: self.pila.pedir(f"/job/{self.job_id}")["callback_sent"] is not None, 60)
        elif dato.get("jobs"):
            self.job_id = dato["jobs"][0]["job_id"]


def _sembrar(base: str) -> None:
    apuntar(base)
    models.usar_claves([CIFRADO_CLAVES])
    semilla.sembrar()
    models.bd.close_all()


@pytest.fixture(scope="module")
def lector(postgres_embebido: PostgresEmbebido) -> Iterator[Lector]:
    """The guide followed to its end, with the propiedades of `make run` and one callback that nobody took."""
    nombre = f"guia_{os.getpid()}"
    base = postgres_embebido.crear_base(nombre)
    entorno = {"API_ABIERTA": "", "CALLBACK_SECRETOS": SECRETO, "CALLBACK_ESQUEMA": "0.1,0.1"}
    with Pila(base, base, entorno) as pila, receptor() as casa:
        casa.url, casa.ruta = casa.url.replace(casa.ruta, "/api/callback"), "/api/callback"
        _sembrar(base)
        clave = pila.ejecutar("python cli.py clave crear guia --alcance administrar").strip()
        perdido = pila.pedir("/consultar/servicios", {"servicio_ids": [21], "callback_url": f"http://{CERRADO}/x"})
        hasta(lambda: pila.pedir(f"/job/{perdido['job_id']}")["callback_sent"] is False, 60)
        lector = Lector(pila, casa, clave)
        (lector.fallida,) = pila.pedir(f"/job/{perdido['job_id']}")["resultado"]
        for lugar in ORDENES:
            lector.seguir(lugar)
        lector.avisos = [recibido.json for recibido in casa.recibidos]
        yield lector
    postgres_embebido.borrar_base(nombre)


@pytest.mark.parametrize("lugar", ORDENES)
def test_cada_pedido_recibe_lo_que_la_guia_muestra(lector: Lector, lugar: int) -> None:
    respuesta = BLOQUES[lugar + 1]
    assert (respuesta.lenguaje, respuesta.que) == ("json", ""), "a cada pedido le sigue su respuesta"
    parecido(json.loads(respuesta.texto), lector.contestado[lugar])


def test_cada_json_que_no_contesta_un_pedido_es_lo_que_llega(lector: Lector) -> None:
    llegados = {bloque.que: json.loads(bloque.texto) for bloque in de("json") if bloque.que}
    finales = [aviso for aviso in lector.avisos if aviso["evento"] == "job.completed"]
    parciales = [aviso for aviso in lector.avisos if aviso["evento"] == "servicio.consultado"]
    assert llegados.keys() == {"callback", "fallida", "servicio"}
    parecido(llegados["callback"], finales[0])
    parecido(llegados["fallida"], lector.fallida)
    parecido(llegados["servicio"], min(parciales, key=lambda aviso: aviso["resultados"][0]["servicio_id"]))


def test_los_comandos_que_no_son_pedidos_andan(lector: Lector) -> None:
    secreto, escuchar = (b.texto for b in de("sh") if "curl" not in b.texto)
    TypeAdapter(Secretos).validate_python(lector.correr("bash", "-euc", secreto).strip())
    orden = f"cd {RAIZ}; exec {escuchar.strip()} --puerto 0 --responder 500,500,200 --lento 40 --json"
    with subprocess.Popen(
        ["bash", "-euc", orden], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as dicho:
        assert dicho.stdout is not None
        linea = dicho.stdout.readline()
        dicho.send_signal(signal.SIGINT)
    assert "http://127.0.0.1:" in linea


def test_los_ajustes_que_muestra_son_validos() -> None:
    minimos = {"database_url": "postgresql:///x", "broker_url": "postgresql:///x", "cifrado_claves": CIFRADO_CLAVES}
    ajustes = dict(linea.split("=", 1) for b in de("env") for linea in b.texto.splitlines())
    leidos = Settings.model_validate({**minimos, **{nombre.lower(): valor for nombre, valor in ajustes.items()}})
    assert ajustes and leidos.callback_hosts_permitidos


def correr_ts(lector: Lector, funcion: str, **llamada: Any) -> Any:
    """Call the function of the guide's TypeScript in Node."""
    (fuente,) = (b.texto for b in de("ts") if f"function {funcion}(" in b.texto)
    entrada = json.dumps({"fuente": fuente, "funcion": funcion, **llamada})
    return json.loads(lector.correr("node", str(RAIZ / "tests/node/guia.mjs"), entrada=entrada))


def test_cada_ejemplo_de_typescript_hace_lo_que_dice(lector: Lector) -> None:
    assert len(de("ts")) == 2
    # asking, twice: the same job, with its callback
    job_id = correr_ts(lector, "pedirConsulta", argumentos=[35, "uuid-200"])
    assert correr_ts(lector, "pedirConsulta", argumentos=[35, "uuid-200"]) == job_id
    assert lector.casa.esperar(job_id)[0].json["voucher_id"] == "uuid-200"
    # watching: until the end, and no more after it
    visto = correr_ts(lector, "GET", pedido={}, params={"job": job_id})
    assert visto["status"] == 200 and "event: consulta\n" in visto["texto"]
    fin = re.findall(r"event: fin\nid: (.+)", visto["texto"])
    assert (
        correr_ts(lector, "GET", pedido={"headers": {"last-event-id": fin[0]}}, params={"job": job_id})["status"] == 204
    )


def test_las_treinta_lineas_de_fetch_muestran_lo_que_se_debe(lector: Lector) -> None:
    ejemplo = RAIZ / "examples/consultar.mjs"
    assert len(ejemplo.read_text(encoding="utf-8").splitlines()) <= 30
    dicho = lector.correr("node", str(ejemplo), "36").splitlines()
    assert len(dicho) == 4 and any(linea.startswith("Edesur ") for linea in dicho)
    assert any(
        re.fullmatch(r"Metrogas [\d.]+ ARS", linea) for linea in lector.correr("node", str(ejemplo)).splitlines()
    )


def _filas(titulo: str) -> dict[str, list[str]]:
    """The rows of the table under a heading of the guide: the cells after the code, by code."""
    seccion = GUIA.split(f"\n## {titulo}\n")[1].split("\n## ")[0]
    return {
        codigo: resto.split(" | ") for codigo, resto in re.findall(r"^\| `([A-Z_0-9]+)` \| (.+) \|$", seccion, re.M)
    }


def test_la_tabla_de_fallas_esta_completa_y_dice_cuales_se_reintentan() -> None:
    filas = _filas("Si una consulta falló")
    assert list(filas) == [str(codigo) for codigo in Codigo]
    assert {c: f[1] for c, f in filas.items()} == {c: "sí" if r.reintentable else "no" for c, r in REGLAS.items()}


def test_la_tabla_de_errores_de_callback_esta_completa_y_dice_lo_que_dice_el_servicio() -> None:
    filas = _filas("Si no llegó")
    del_envio = {codigo for _, codigo, _ in FALLAS} | {codigo for codigo in POR_CENTENA.values() if codigo}
    rechazos = re.findall(r'UrlRechazada\("([A-Z_]+)"', (RAIZ / "models/destino.py").read_text())
    propios = re.findall(r'Respuesta\(None, "", None, None, "([A-Z_]+)"', (RAIZ / "actors/notificar.py").read_text())
    assert rechazos and propios
    assert set(filas) == del_envio | {*rechazos, *propios}
    for _, codigo, mensaje in FALLAS:
        assert re.sub(r"\{.*?\}", "…", mensaje) in filas[codigo][0]
    definitivas = {codigo for codigo, fila in filas.items() if fila[2] == "no"}
    assert definitivas == {*DEFINITIVAS, *rechazos, *propios}


def test_cada_enlace_lleva_a_alguna_parte() -> None:
    titulos = {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in re.findall(r"^##+ (.+)$", GUIA, re.M)}
    enlaces = re.findall(r"\]\((?!https?:)([^)]+)\)", GUIA)
    assert {e[1:] for e in enlaces if e.startswith("#")} <= titulos
    assert [e for e in enlaces if not e.startswith("#") and not (RAIZ / e).exists()] == []
