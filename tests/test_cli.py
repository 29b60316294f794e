"""The command `consultas` as an operator runs it: what it prints, its exit codes, what it keeps and never shows."""

import json
import os
import pty
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pila import RAIZ
from sandbox_portales import Portales, de, portales

import cli
from consola.verificar import Entorno
from sandbox.cuentas import Cuenta
from sandbox.desenlaces import Desenlace as D
from scrapers import SCRAPERS
from scrapers.base import Scraper
from scrapers.fallas import Codigo, Falla
from scrapers.lectura import Lectura
from scrapers.navegador import Opciones
from scrapers.pagina import Pagina
from scrapers.secretos import OCULTO
from scrapers.verdad import Deuda
from scrapers.verificacion import Bitacora, Paso, verificar

__all__ = ["portales"]

CONSULTAS = RAIZ / "consultas"
CLAVE = de("edesur", D.UNA_FACTURA).credenciales["clave"]
AJENAS = ("DATABASE_URL", "BROKER_URL", "PORTALES_URL", "CONSULTAS_CLAVE")

Correr = Callable[..., subprocess.CompletedProcess[str]]


def _entorno(portales: Portales, **mas: str) -> dict[str, str]:
    """No database, no broker: only where the portals are."""
    return {**{k: v for k, v in os.environ.items() if k not in AJENAS}, "PORTALES_URL": portales.url, **mas}


def _argumentos(cuenta: Cuenta, *mas: str) -> list[str]:
    """The command line of a magic account, secrets left out."""
    scraper = SCRAPERS[cuenta.empresa]
    primero, *otros = [c.nombre for c in scraper.campos if not c.secreto]
    datos = [f"--dato={nombre}={cuenta.credenciales[nombre]}" for nombre in otros]
    return ["verificar", cuenta.empresa, "--numero", cuenta.credenciales[primero], *datos, *mas]


@pytest.fixture
def correr(portales: Portales, tmp_path: Path) -> Correr:
    """Runs the command from an empty folder, without a terminal."""

    def hecho(*argumentos: str, **entorno: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(CONSULTAS), *argumentos],
            cwd=tmp_path,
            env=_entorno(portales, **entorno),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return hecho


def test_una_consulta_a_la_vista(correr: Correr, tmp_path: Path) -> None:
    cuenta = de("metrogas", D.VARIAS_FACTURAS)
    hecha = correr(*_argumentos(cuenta))
    assert (hecha.returncode, hecha.stderr) == (0, ""), hecha.stdout + hecha.stderr
    assert "\x1b" not in hecha.stdout
    for verbo in ("ir", "esperar", "marco", "escribir", "pulsar", "foto"):
        assert f" s  {verbo:<9}" in hecha.stdout
    assert f"CON_DEUDA: ARS {cuenta.deuda}\nPrueba (total_igual_al_detalle): «Deuda Total: $ " in hecha.stdout
    assert "Total: " in hecha.stdout
    [carpeta] = (tmp_path / ".local" / "verificaciones").iterdir()
    assert carpeta.stat().st_mode & 0o077 == 0
    capturas = sorted(carpeta.glob("*.png"))
    assert [c.name for c in capturas[:2]] == ["01-ir.png", "02-esperar.png"]
    assert capturas[-1].name == "prueba.png"
    assert all(c.read_bytes().startswith(b"\x89PNG") for c in capturas)


def test_una_falla_termina_en_1_con_su_evidencia(correr: Correr, tmp_path: Path) -> None:
    hecha = correr(*_argumentos(de("edesur", D.TITULAR_DISTINTO), "--json", "--carpeta=aqui"), CONSULTAS_CLAVE=CLAVE)
    assert hecha.returncode == 1
    informe = json.loads(hecha.stdout)
    assert (informe["exito"], informe["error_codigo"]) == (False, "TITULAR_DISTINTO")
    assert informe["error"] == "El portal mostró una cuenta distinta de la consultada."
    assert [Path(r).name for r in informe["archivos"]] == ["falla.png", "falla.html", "falla.txt", "pagina.html"]
    assert [p["verbo"] for p in informe["pasos"]][:3] == ["ir", "esperar", "escribir"]
    assert f"{informe['duracion_s']:.2f} s" in hecha.stderr
    escritos = [r.read_text() for r in (tmp_path / "aqui").iterdir() if r.suffix != ".png"]
    assert all(CLAVE not in texto for texto in [hecha.stdout, hecha.stderr, *escritos])
    assert f"input[type=password] ← {OCULTO}" in hecha.stderr


def test_la_clave_se_pregunta_sin_mostrarla(portales: Portales, tmp_path: Path) -> None:
    # Given a terminal
    nuestro, suyo = pty.openpty()
    orden = [str(CONSULTAS), *_argumentos(de("edesur", D.SIN_DEUDA))]
    proceso = subprocess.Popen(
        orden, cwd=tmp_path, env=_entorno(portales), stdin=suyo, stdout=suyo, stderr=suyo, start_new_session=True
    )
    os.close(suyo)
    # When the operator answers the question
    dicho = b""
    while b"Clave (no se muestra): " not in dicho:  # the space comes once nothing is echoed
        dicho += os.read(nuestro, 4096)
    os.write(nuestro, f"{CLAVE}\n".encode())
    try:
        while leido := os.read(nuestro, 4096):
            dicho += leido
    except OSError:  # the end of a terminal
        pass
    os.close(nuestro)
    # Then it is a good clave, and nobody saw it
    assert proceso.wait(120) == 0, dicho.decode()
    assert b"SIN_DEUDA" in dicho
    assert CLAVE.encode() not in dicho


MALOS = {
    "": "Usage:",
    "otra": "No se entiende la orden",
    "verificar": "Falta EMPRESA",
    "verificar metrogas": "Falta --numero",
    "verificar metrogas --numero": "La opción --numero no existe o le falta su valor",
    "verificar metrogas --cuenta 1": "La opción --cuenta no existe",
    "verificar nadie --numero 1": "No conozco la empresa «nadie»: las que hay son ag",
    "verificar metrogas --numero 12": "El número de cliente no tiene el formato que usa Metrogas.",
    "verificar metrogas --numero 30000000001 --dato x=1": "Metrogas admite solo --numero",
    "verificar metrogas --numero 30000000001 --url ftp://x": "tiene que empezar con http://",
    "verificar metrogas --numero 30000000001 --grabar ../x": "El nombre de una grabación",
    "verificar metrogas --numero 30000000001 --carpeta /dev/null/x": "No se puede escribir en /dev/null/x",
    "verificar edesur --numero 300000001": "Falta --dato email=…",
    "verificar edesur --numero 300000001 --dato clave=abc": "la clave se pregunta",
    "verificar edesur --numero 300000001 --dato email=a@b.com": "Falta la clave: use una terminal, o la variable",
    "empresas --escribir no-hay.md": "No se puede reescribir la tabla de no-hay.md",
}


@pytest.mark.parametrize("orden", MALOS)
def test_un_uso_equivocado_termina_en_2_con_una_frase(
    orden: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSULTAS_CLAVE", raising=False)
    with pytest.raises(SystemExit) as fin:
        cli.main(orden.split())
    assert fin.value.code == 2
    salida, error = capsys.readouterr()
    assert MALOS[orden] in salida + error
    assert len(error.splitlines()) == (0 if orden == "" else 1)


def test_una_carpeta_con_archivos_no_se_mezcla(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "01-ir.png").touch()
    with pytest.raises(SystemExit):
        cli.main(["verificar", "metrogas", "--numero", "30000000001", "--carpeta", str(tmp_path)])
    assert "ya tiene archivos" in capsys.readouterr().err


def test_un_ajuste_malo_se_dice_por_su_nombre(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPRESA__METROGAS__URL", "metrogas.com")
    with pytest.raises(SystemExit) as fin:
        cli.main(["verificar", "metrogas", "--numero", "30000000001"])
    assert fin.value.code == 2
    assert "EMPRESA__METROGAS__URL no tiene la forma esperada" in capsys.readouterr().err


def test_la_direccion_es_la_propia_la_comun_o_la_real(monkeypatch: pytest.MonkeyPatch) -> None:
    metrogas = SCRAPERS["metrogas"]
    monkeypatch.delenv("PORTALES_URL", raising=False)
    assert Entorno().url_de(metrogas) == metrogas.url
    monkeypatch.setenv("PORTALES_URL", "http://127.0.0.1:1/")
    assert Entorno().url_de(metrogas) == "http://127.0.0.1:1/metrogas"
    monkeypatch.setenv("EMPRESA__METROGAS__URL", "http://127.0.0.1:2")
    assert Entorno().url_de(metrogas) == "http://127.0.0.1:2"


def test_las_empresas_tambien_como_json(correr: Correr) -> None:
    hecha = correr("empresas", "--json")
    assert hecha.returncode == 0, hecha.stderr
    assert {fila["Empresa"] for fila in json.loads(hecha.stdout)} == {s.nombre for s in SCRAPERS.values()}


class _Anotados:
    """A Testigo that only counts what it is told."""

    def __init__(self) -> None:
        self.empezados: list[Paso] = []
        self.terminados: list[Paso] = []
        self.empieza = self.empezados.append
        self.termina = self.terminados.append


def _observar(
    portales: Portales, scraper: Scraper, pedido: Mapping[str, str], carpeta: Path, plazo_s: float = 30
) -> tuple[Deuda | Falla, Bitacora]:
    testigo = _Anotados()
    bitacora = Bitacora(carpeta, scraper.secretos(pedido), testigo)
    url = f"{portales.url}/{scraper.empresa}"
    tarea = verificar(scraper, pedido, url=url, plazo_s=plazo_s, bitacora=bitacora, opciones=Opciones())
    verificacion = portales.correr(tarea)
    assert testigo.terminados == bitacora.pasos
    assert len(testigo.empezados) == len(bitacora.pasos)
    return verificacion.final, bitacora


def test_una_espera_por_tramos_es_un_solo_paso(portales: Portales, tmp_path: Path) -> None:
    # Given a portal that never answers, and a scraper that asks it again every second
    impaciente = type("Impaciente", (type(SCRAPERS["metrogas"]),), {"espera_s": 2.5})()
    final, bitacora = _observar(portales, impaciente, de("metrogas", D.SIN_FIN).credenciales, tmp_path)
    # Then its wait is one step, the last, with its reason and without a picture of its own
    assert isinstance(final, Falla)
    assert final.codigo is Codigo.PORTAL_LENTO
    *buenos, ultimo = bitacora.pasos
    assert [p.verbo for p in buenos] == ["ir", "esperar", "marco", "esperar", "escribir", "pulsar"]
    assert (ultimo.verbo, ultimo.captura) == ("esperar", None)
    assert 2.4 < ultimo.duracion_s < 30
    assert ultimo.error is not None
    assert ultimo.error.startswith("PORTAL_LENTO")
    assert bitacora.lectura is None


def test_lo_que_corta_el_plazo_queda_a_medias(portales: Portales, tmp_path: Path) -> None:
    # Given a scraper that waits for what never comes
    async def navegar(scraper: Scraper, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        await pagina.ir("/consulta-y-paga-tu-saldo/")
        await pagina.esperar("#nunca", hasta_s=60)
        return await pagina.foto()

    paciente = type("Paciente", (type(SCRAPERS["metrogas"]),), {"navegar": navegar})()
    pedido = de("metrogas", D.UNA_FACTURA).credenciales
    # When its time is over
    final, bitacora = _observar(portales, paciente, pedido, tmp_path, plazo_s=6)
    # Then that step is told, and that it did not end
    assert isinstance(final, Falla)
    assert final.codigo is Codigo.TIEMPO_AGOTADO
    assert [(p.detalle, p.error) for p in bitacora.pasos[1:]] == [("#nunca", "quedó a medias")]


def test_ninguna_captura_muestra_la_clave(portales: Portales, tmp_path: Path) -> None:
    # Given a scraper that writes the clave where anybody can read it
    async def navegar(scraper: Scraper, pagina: Pagina, pedido: Mapping[str, str]) -> Lectura:
        await pagina.ir("/login")
        await pagina.esperar("input[type=email]")
        await pagina.escribir("input[type=email]", pedido["clave"])
        await pagina.escribir("input[type=email]", "nada")
        raise Falla(Codigo.PORTAL_CAMBIO)

    torpe = type("Torpe", (type(SCRAPERS["edesur"]),), {"navegar": navegar})()
    _final, bitacora = _observar(portales, torpe, de("edesur", D.UNA_FACTURA).credenciales, tmp_path)
    # Then that step has no picture, and its line no clave
    con = {p.detalle: p.captura is not None for p in bitacora.pasos}
    assert con[f"input[type=email] ← {OCULTO}"] is False
    assert con["input[type=email] ← nada"] is True


def test_dice_su_version_la_de_pyproject(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fin:
        cli.main(["--version"])
    proyecto = tomllib.loads((Path(cli.__file__).parent / "pyproject.toml").read_text())["project"]
    assert (fin.value.code, capsys.readouterr().out) == (0, f"consultas {proyecto['version']}\n")
