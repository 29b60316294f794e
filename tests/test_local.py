"""`make demo` and `make run` as a newcomer starts them, and what is left after any end: nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests
from pila import CIFRADO_CLAVES, RAIZ, hasta
from servidores import puerto_libre

from demo import NoSePudo, aislado, con_env, pesos, revisar_puerto

NADIE = "postgresql://nadie@127.0.0.1:1/nada"
SANDBOX = "http://127.0.0.1:1"


def _entorno(carpeta: Path, **ajustes: str) -> dict[str, str]:
    return {**aislado(RAIZ / ".env.example", os.environ), "TMPDIR": str(carpeta), **ajustes}


def _correr(carpeta: Path, *orden: str, **ajustes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "local.py", *orden],
        cwd=RAIZ,
        env=_entorno(carpeta, **ajustes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _de(carpeta: Path) -> list[psutil.Process]:
    """Every process of this machine that mentions the folder in its command or its environment."""
    hallados = []
    for proceso in psutil.process_iter():
        try:
            propio = str(carpeta) in " ".join(proceso.cmdline()) or str(carpeta) in proceso.environ().values()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if propio and proceso.status() != psutil.STATUS_ZOMBIE:
            hallados.append(proceso)
    return hallados


@pytest.fixture
def carpeta(tmp_path: Path) -> Path:
    """A folder that the embedded Postgres's own user may enter."""
    for padre in (tmp_path, *tmp_path.parents):
        if padre.owner() == Path.home().owner() and padre != Path("/"):
            padre.chmod(padre.stat().st_mode | 0o011)
    return tmp_path


def test_la_demostracion_termina_bien_y_no_deja_nada(carpeta: Path) -> None:
    # Given settings of somebody's real service, which the demo must not touch
    ajenos = {"DATABASE_URL": NADIE, "BROKER_URL": NADIE, "PORT": "abc", "PORTALES_URL": "http://127.0.0.1:1"}
    hecha = _correr(carpeta, "demo", **ajenos, EMPRESA__METROGAS__URL="http://127.0.0.1:1")
    assert hecha.returncode == 0, hecha.stdout + hecha.stderr
    assert hecha.stderr == ""
    for dicho in ("Metrogas", "Edenor", "AySA", "Edesur", "webhook-id: msg_", '"voucher_id": "uuid-123"', "SIN_DEUDA"):
        assert dicho in hecha.stdout
    for dicho in ("Electricidad", "2026-", '"deuda": null'):
        assert dicho in hecha.stdout
    assert "\x1b" not in hecha.stdout
    hasta(lambda: not _de(carpeta), 10)
    assert not list(carpeta.glob("consultas-*"))


def test_una_demostracion_que_falla_dice_donde_esta_el_registro(carpeta: Path) -> None:
    hecha = _correr(carpeta, "demo", CHROMIUM_SANDBOX="tal vez")
    assert hecha.returncode == 1
    assert "Traceback" not in hecha.stderr
    (registro,) = carpeta.glob("consultas-*")
    assert hecha.stderr.strip().endswith(f"El registro quedó en {registro}.")
    assert "CHROMIUM_SANDBOX tiene que ser true o false" in registro.read_text()
    hasta(lambda: not _de(carpeta), 10)


@pytest.mark.parametrize(("senal", "codigo"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_una_demostracion_interrumpida_no_deja_nada(carpeta: Path, senal: signal.Signals, codigo: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "local.py", "demo"],
        cwd=RAIZ,
        env=_entorno(carpeta),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as proceso:
        assert proceso.stdout is not None
        assert any(linea.startswith("202") for linea in proceso.stdout), "no empezó"
        proceso.send_signal(senal)
        _, errores = proceso.communicate(timeout=60)
    assert proceso.returncode == codigo
    assert "Traceback" not in errores
    hasta(lambda: not _de(carpeta), 20)
    assert not list(carpeta.glob("consultas-*"))


@contextmanager
def _en_marcha(carpeta: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    puerto = puerto_libre()
    proceso = subprocess.Popen(
        [sys.executable, "local.py", "run", "--puerto", str(puerto), "--carpeta", str(carpeta / "datos")],
        cwd=RAIZ,
        env=_entorno(carpeta),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert proceso.stdout is not None
    try:
        assert any("Ctrl+C detiene todo" in linea for linea in proceso.stdout), "no arrancó"
        yield proceso, f"http://127.0.0.1:{puerto}"
        proceso.communicate(timeout=60)
    finally:
        proceso.kill()
        proceso.communicate()


@pytest.mark.parametrize("senal", [signal.SIGTERM, signal.SIGKILL])
def test_run_se_detiene_y_no_deja_nada(carpeta: Path, senal: signal.Signals) -> None:
    with _en_marcha(carpeta) as (proceso, url):
        alta = requests.post(f"{url}/consultar/propiedad", json={"propiedad_id": 35}, timeout=10).json()
        hasta(lambda: requests.get(f"{url}/job/{alta['job_id']}", timeout=5).json()["progreso"]["terminadas"])
        proceso.send_signal(senal)
    assert proceso.returncode == (0 if senal is signal.SIGTERM else -signal.SIGKILL)
    # Then it ends by itself, long before its guardians would kill it: Postgres is the last to go
    hasta(lambda: not _de(carpeta), 20)
    clave = carpeta / "datos" / "cifrado.clave"
    assert clave.stat().st_mode & 0o777 == 0o600
    # and the data are there for the next run, and can be read
    with _en_marcha(carpeta) as (proceso, url):
        assert requests.get(f"{url}/job/{alta['job_id']}", timeout=5).json()["job_id"] == alta["job_id"]
        otra = requests.post(f"{url}/consultar/servicios", json={"servicio_ids": [13]}, timeout=10).json()
        hasta(lambda: requests.get(f"{url}/job/{otra['job_id']}", timeout=5).json()["completed_at"], 60)
        assert requests.get(f"{url}/job/{otra['job_id']}", timeout=5).json()["resultado"][0]["exito"]
        proceso.send_signal(signal.SIGINT)
    assert proceso.returncode == 0
    hasta(lambda: not _de(carpeta), 20)


def test_dos_run_no_comparten_los_datos_y_tras_sigkill_se_puede_repetir_enseguida(carpeta: Path) -> None:
    with _en_marcha(carpeta) as (proceso, url):
        # Given one that runs, a second one in its folder says so, and disturbs nothing
        segundo = _correr(carpeta, "run", "--puerto", str(puerto_libre()), "--carpeta", str(carpeta / "datos"))
        assert segundo.returncode == 1
        assert segundo.stderr.startswith(f"Los datos de {carpeta / 'datos'} los usa otro «local.py run»")
        assert requests.get(f"{url}/health", timeout=5).status_code == 200
        # When the first is killed
        proceso.kill()
    # Then the next one waits for what is left of it
    with _en_marcha(carpeta) as (proceso, url):
        assert requests.get(f"{url}/queue/stats", timeout=5).status_code == 200
        proceso.send_signal(signal.SIGTERM)
    hasta(lambda: not _de(carpeta), 20)


def test_un_puerto_ocupado_se_dice_en_una_frase(carpeta: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ajeno:
        puerto = ajeno.getsockname()[1]
        hecho = _correr(carpeta, "run", "--carpeta", str(carpeta / "datos"), PORT=str(puerto))
    assert hecho.returncode == 1
    frase = f"El puerto {puerto} está ocupado: elija otro, por ejemplo PORT={puerto + 1} make run."
    assert hecho.stderr.strip() == frase
    assert not (carpeta / "datos").exists()


def test_una_base_que_no_responde_se_dice_sin_traza(carpeta: Path) -> None:
    orden = ("run", "--puerto", str(puerto_libre()), "--carpeta", str(carpeta / "datos"))
    hecho = _correr(carpeta, *orden, DATABASE_URL=NADIE, PORTALES_URL=SANDBOX, CIFRADO_CLAVES=CIFRADO_CLAVES)
    assert hecho.returncode == 1
    assert hecho.stderr.strip() == "No se pudo preparar la base de datos."
    assert "No se pudo llegar a la base de datos" in hecho.stdout
    assert not (carpeta / "datos" / "pg").exists()


def test_en_una_base_ajena_no_se_guardan_deudas_inventadas(carpeta: Path) -> None:
    # Given the .env of a real service, which says nothing of portals
    hecho = _correr(
        carpeta, "run", "--carpeta", str(carpeta / "datos"), DATABASE_URL=NADIE, CIFRADO_CLAVES=CIFRADO_CLAVES
    )
    assert hecho.returncode == 1
    assert hecho.stdout == ""
    assert hecho.stderr.startswith("DATABASE_URL nombra una base y PORTALES_URL falta: ")
    assert hecho.stderr.count("\n") == 1
    assert not (carpeta / "datos").exists()


def test_una_base_ajena_sin_claves_no_se_toca(carpeta: Path) -> None:
    orden = ("run", "--puerto", str(puerto_libre()), "--carpeta", str(carpeta / "datos"))
    hecho = _correr(carpeta, *orden, DATABASE_URL=NADIE, PORTALES_URL=SANDBOX)
    assert hecho.returncode == 1
    assert "CIFRADO_CLAVES falta y es obligatoria; una nueva se hace con «./consultas cifrado nueva»." in hecho.stdout
    assert not (carpeta / "datos" / "cifrado.clave").exists()


@pytest.mark.parametrize("texto", ["abc", "0", "70000", "-1", "８０", ""])
def test_un_puerto_que_no_es_un_puerto(texto: str) -> None:
    with pytest.raises(NoSePudo, match="PORT tiene que ser un número de 1 a 65535"):
        revisar_puerto(texto)


def test_lo_que_dice_el_entorno_le_gana_a_env(tmp_path: Path) -> None:
    archivo = tmp_path / ".env"
    assert con_env(archivo, {"PORT": "1"}) == {"PORT": "1"}
    archivo.write_text("# ajustes\nPORT=2\nLOG_LEVEL=DEBUG\nDATABASE_URL=postgresql://a:b%2F$c@d/e\n")
    leido = {"PORT": "1", "LOG_LEVEL": "DEBUG", "DATABASE_URL": "postgresql://a:b%2F$c@d/e"}
    assert con_env(archivo, {"PORT": "1"}) == leido


def test_el_entorno_de_la_demostracion_no_tiene_ajustes() -> None:
    ajenos = {"DATABASE_URL": "x", "database_url": "x", "EMPRESA__AYSA__URL": "x", "WORKER_HILOS": "1", "PORT": "1"}
    propios = {"PATH": "x", "HOME": "x", "CHROMIUM_PATH": "x", "SANDBOX_CONSULTA_MS": "5"}
    assert aislado(RAIZ / ".env.example", {**ajenos, **propios}) == propios


def test_los_pesos_se_escriben_como_aqui() -> None:
    assert pesos(25670.0, "ARS") == "$ 25.670,00"
    assert pesos(0.0, "ARS") == "$ 0,00"
    assert pesos(None, None) == "—"
