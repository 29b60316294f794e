"""The commands that ask the running service: what they show, their JSON, and the code that each ends with."""

import io
import json
import os
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Sembrar, Web, filas
from pila import CIFRADO_CLAVES, RAIZ, hasta

import cli
import models
from consola.uso import Fin
from models import Resultado
from models.api_key import Alcance, crear_clave

CERRADO = "http://127.0.0.1:9"
BIEN = Resultado(exito=True, deuda=Decimal("25670.50"), moneda="ARS", estado_deuda="CON_DEUDA")
MAL = Resultado(exito=False, error="El portal no responde.", error_codigo="PORTAL_CAIDO", reintentable=True)


@dataclass(frozen=True)
class Hecha:
    """How a command ended and what it said."""

    codigo: int
    salida: str
    errores: str

    @property
    def json(self) -> Any:
        """What it said for a program."""
        return json.loads(self.salida)


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process that asks for keys."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", {"API_ABIERTA": "0"}) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def correr(*argumentos: str) -> Hecha:
    """A command, in this process."""
    crudo = io.BytesIO()
    salida, errores = io.TextIOWrapper(crudo, encoding="utf-8", newline="", write_through=True), io.StringIO()
    with redirect_stdout(salida), redirect_stderr(errores), pytest.raises(SystemExit) as fin:
        cli.main(argumentos)
    assert "Traceback" not in errores.getvalue()
    return Hecha(int(str(fin.value.code)), crudo.getvalue().decode(), errores.getvalue())


@pytest.fixture
def servicio(web: Web, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find the service, with a key that may do everything."""
    _, clave = crear_clave("prueba", [Alcance.ADMINISTRAR])
    monkeypatch.setenv("CONSULTAS_URL", web.url)
    monkeypatch.setenv("CONSULTAS_API_KEY", clave)


def _terminar(*resultados: Resultado) -> None:
    """End the consultas that wait, in the order of their servicios, as a worker does."""
    pendientes = hasta(lambda: filas("SELECT id FROM consultas_deuda WHERE estado = 'pendiente' ORDER BY servicio_id"))
    for (consulta_id,), resultado in zip(pendientes, resultados, strict=True):
        consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=10)
        assert consulta is not None
        models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)


@pytest.mark.usefixtures("servicio")
def test_consultar_y_esperar(sembrar: Sembrar) -> None:
    # Given a propiedad whose consultas end while the command waits
    propiedad_id, _ = sembrar("Metrogas", "Edenor")
    obrero = threading.Thread(target=_terminar, args=(BIEN, BIEN))
    obrero.start()
    hecha = correr("consultar", "propiedad", str(propiedad_id), "--esperar", "--plazo", "30", "--voucher-id", "v-1")
    obrero.join()
    # Then it shows what is owed, as people in Argentina write it
    assert (hecha.codigo, hecha.errores) == (Fin.BIEN, "")
    for texto in ("terminado, 2 de 2", "Voucher: v-1", "Metrogas", "$\xa025.670,50", "Total: $\xa051.341,00"):
        assert texto in hecha.salida, hecha.salida


@pytest.mark.usefixtures("servicio")
def test_una_consulta_que_falla_termina_con_1_y_se_reintenta(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas", "Edenor")
    obrero = threading.Thread(target=_terminar, args=(BIEN, MAL))
    obrero.start()
    hecha = correr("consultar", "servicios", *map(str, ids), "--esperar", "--json")
    obrero.join()
    assert (hecha.codigo, hecha.json["status"], len(hecha.json["resultado"])) == (Fin.FALLA, "completed", 2)
    job_id = hecha.json["job_id"]
    vista = correr("job", job_id)
    assert vista.codigo == Fin.FALLA and "PORTAL_CAIDO: El portal no responde." in vista.salida
    # When what failed is tried again, there is another job with that alone
    reintento = correr("job", job_id, "--reintentar", "--json")
    assert (reintento.codigo, reintento.json["reintento_de"]) == (Fin.BIEN, job_id)
    assert reintento.json["progreso"]["total"] == 1
    # And when that is cancelled, it has ended
    cancelado = correr("job", reintento.json["job_id"], "--cancelar", "--json")
    assert (cancelado.codigo, cancelado.json["status"]) == (Fin.BIEN, "failed")
    de_nuevo = correr("job", reintento.json["job_id"], "--cancelar")
    assert (de_nuevo.codigo, de_nuevo.errores.count("\n")) == (Fin.RECHAZADO, 1)
    assert "ya había terminado" in de_nuevo.errores


@pytest.mark.usefixtures("servicio")
def test_sin_esperar_dice_el_job_y_los_lista(sembrar: Sembrar) -> None:
    _, [servicio_id] = sembrar("Metrogas")
    hecha = correr("consultar", "todas")
    job_id = hecha.salida.strip()
    assert (hecha.codigo, str(uuid.UUID(job_id))) == (Fin.BIEN, job_id)
    omitida = correr("consultar", "servicios", str(servicio_id), "999")
    assert (omitida.codigo, omitida.errores) == (Fin.BIEN, "Se omite el servicio 999: inexistente.\n")
    lista = correr("jobs", "--status", "pending", "--limite", "1")
    assert (lista.codigo, job_id in lista.salida) == (Fin.BIEN, False) and "Hay más: --cursor " in lista.errores
    cursor = lista.errores.split()[-1]
    assert job_id in correr("jobs", "--limite", "1", "--cursor", cursor).salida
    assert [j["job_id"] for j in correr("jobs", "--propiedad", "999", "--json").json["jobs"]] == []


@pytest.mark.usefixtures("servicio")
def test_un_plazo_vencido_no_cancela_nada(sembrar: Sembrar) -> None:
    sembrar("Metrogas")
    hecha = correr("consultar", "todas", "--esperar", "--plazo", "1")
    assert hecha.codigo == Fin.NO_RESPONDE and "sigue en marcha" in hecha.errores
    assert filas("SELECT status FROM jobs") == [("pending",)]


@pytest.mark.usefixtures("servicio")
def test_los_callbacks_que_fallaron_se_ven_y_se_reenvian(sembrar: Sembrar) -> None:
    # Given a callback that failed for good
    _, [servicio_id] = sembrar("Metrogas")
    job_id = correr("consultar", "servicios", str(servicio_id), "--callback-url", f"{CERRADO}/x").salida.strip()
    _terminar(BIEN)
    filas(
        "UPDATE callbacks SET estado = 'fallido', intentos = 3, error = 'Connection refused',"
        " proximo_intento_en = NULL, terminado_en = now()"
    )
    filas("UPDATE jobs SET callback_sent = false, callback_error = 'Connection refused'")
    lista = correr("callbacks")
    assert lista.codigo == Fin.BIEN and job_id in lista.salida and "Connection refused" in lista.salida
    assert "Falla del aviso: Connection refused" in correr("job", job_id).salida
    # When it is sent again: first as a rehearsal, then with all, then by itself
    assert correr("callbacks", "--reenviar", "--simular").salida == "Fallaron 1: se intentarían de nuevo.\n"
    assert correr("callbacks", "--reenviar", "--json").json["programados"] == 1
    filas("UPDATE callbacks SET estado = 'fallido', proximo_intento_en = NULL")
    assert correr("callbacks", "--reenviar", "--job", job_id).codigo == Fin.BIEN
    assert correr("callbacks", "--json").json["callbacks"] == []
    otra = correr("callbacks", "--reenviar", "--job", str(uuid.uuid4()))
    assert (otra.codigo, "no existe" in otra.errores) == (Fin.NO_EXISTE, True)


@pytest.mark.usefixtures("servicio")
def test_exportar(sembrar: Sembrar, tmp_path: Path) -> None:
    sembrar("Metrogas")
    correr("consultar", "todas")
    _terminar(BIEN)
    deudas = correr("exportar", "deudas")
    assert deudas.codigo == Fin.BIEN and "25670.50,ARS" in deudas.salida and deudas.salida.count("\r\n") == 2
    archivo = tmp_path / "consultas.csv"
    escrito = correr("exportar", "consultas", "--excel", "--salida", str(archivo), "--json")
    assert escrito.json == {"archivo": str(archivo), "bytes": archivo.stat().st_size}
    assert archivo.read_text(encoding="utf-8-sig").splitlines()[1].count(";") == 15
    assert list(tmp_path.iterdir()) == [archivo]
    assert correr("exportar", "vencimientos").salida.startswith("BEGIN:VCALENDAR\r\n")
    mal = correr("exportar", "consultas", "--desde", "ayer", "--salida", str(tmp_path / "otro.csv"))
    assert (mal.codigo, "desde" in mal.errores, list(tmp_path.iterdir())) == (Fin.RECHAZADO, True, [archivo])
    assert correr("exportar", "deudas", "--salida", str(tmp_path / "no" / "x")).codigo == Fin.USO


@pytest.mark.usefixtures("servicio")
def test_cada_final_tiene_su_codigo_y_una_frase(monkeypatch: pytest.MonkeyPatch) -> None:
    casos: list[tuple[tuple[str, ...], Fin, str]] = [
        (("consultar", "propiedad", "999"), Fin.NO_EXISTE, "La propiedad 999 no existe."),
        (("job", str(uuid.uuid4())), Fin.NO_EXISTE, "no existe"),
        (("consultar", "todas"), Fin.RECHAZADO, "No hay servicios activos"),
        (("consultar", "todas", "--callback-url", "http://10.0.0.1/"), Fin.RECHAZADO, "callback_url"),
        (("consultar", "propiedad", "x"), Fin.USO, "PROPIEDAD_ID"),
        (("consultar", "propiedad"), Fin.USO, "Falta PROPIEDAD_ID"),
        (("consultar", "todas", "--plazo", "5"), Fin.USO, "--esperar"),
        (("job", "11"), Fin.USO, "JOB_ID"),
        (("jobs", "--status", "roto"), Fin.USO, "--status"),
        (("jobs", "--url", "ftp://x"), Fin.USO, "http://"),
        (("jobs", "--url", CERRADO), Fin.NO_RESPONDE, "no responde"),
        (("exportar", "deudas", "--json"), Fin.USO, "--salida"),
        (("jobs", "--api-key", "ck_inventada"), Fin.RECHAZADO, "CONSULTAS_API_KEY"),
        (("nada",), Fin.USO, "No se entiende"),
    ]
    for argumentos, codigo, frase in casos:
        hecha = correr(*argumentos)
        assert (hecha.codigo, hecha.salida, hecha.errores.count("\n")) == (codigo, "", 1), (argumentos, hecha)
        assert frase in hecha.errores, (argumentos, hecha.errores)
    monkeypatch.delenv("CONSULTAS_API_KEY")
    assert correr("jobs").codigo == Fin.RECHAZADO


def _consultas(*argumentos: str, **entorno: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(RAIZ / "consultas"), *argumentos], env={**os.environ, **entorno},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_migrar_pone_la_base_al_dia(base: str) -> None:
    hecha = _consultas("migrar", "--json", DATABASE_URL=base, BROKER_URL=base, CIFRADO_CLAVES=CIFRADO_CLAVES)
    assert (hecha.returncode, json.loads(hecha.stdout)) == (Fin.BIEN, {"aplicadas": []}), hecha.stderr
    caida = _consultas("migrar", DATABASE_URL="postgresql://yo:s3cr3t0@127.0.0.1:1/nada")
    assert (caida.returncode, caida.stdout, caida.stderr.count("\n")) == (Fin.NO_RESPONDE, "", 1)
    assert "s3cr3t0" not in caida.stderr


def test_el_shell_completa_las_ordenes() -> None:
    hecha = _consultas(_CONSULTAS_COMPLETE="complete_bash", COMP_WORDS="consultas con", COMP_CWORD="1")
    assert hecha.stdout.split() == ["consultar"]
