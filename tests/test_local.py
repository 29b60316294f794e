"""`make demo` and `make run` as a newcomer starts them, and what is left after any end: nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests
from pila import RAIZ, hasta
from servidores import puerto_libre


def _entorno(carpeta: Path) -> dict[str, str]:
    ajenas = ("DATABASE_URL", "BROKER_URL", "CLOUDAMQP_URL", "PORTALES_URL", "PORT")
    return {**{k: v for k, v in os.environ.items() if k not in ajenas}, "TMPDIR": str(carpeta)}


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
    hecha = subprocess.run(
        [sys.executable, "local.py", "demo"],
        cwd=RAIZ,
        env=_entorno(carpeta),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert hecha.returncode == 0, hecha.stdout + hecha.stderr
    assert hecha.stderr == ""
    for dicho in ("Metrogas", "Edenor", "AySA", "Edesur", "webhook-id: msg_", '"voucher_id": "uuid-123"', "SIN_DEUDA"):
        assert dicho in hecha.stdout
    assert "\x1b" not in hecha.stdout
    hasta(lambda: not _de(carpeta), 10)
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
    with proceso.stdout:
        for linea in proceso.stdout:
            if "Ctrl+C detiene todo" in linea:
                break
        else:
            raise AssertionError("no arrancó")
        yield proceso, f"http://127.0.0.1:{puerto}"
        proceso.stdout.read()
    proceso.wait(60)


@pytest.mark.parametrize("senal", [signal.SIGTERM, signal.SIGKILL])
def test_run_se_detiene_y_no_deja_nada(carpeta: Path, senal: signal.Signals) -> None:
    with _en_marcha(carpeta) as (proceso, url):
        alta = requests.post(f"{url}/consultar/propiedad", json={"propiedad_id": 35}, timeout=10).json()
        hasta(lambda: requests.get(f"{url}/job/{alta['job_id']}", timeout=5).json()["progreso"]["terminadas"])
        proceso.send_signal(senal)
    assert proceso.returncode == (0 if senal is signal.SIGTERM else -signal.SIGKILL)
    hasta(lambda: not _de(carpeta), 40)
    # and the data are there for the next run
    with _en_marcha(carpeta) as (proceso, url):
        assert requests.get(f"{url}/job/{alta['job_id']}", timeout=5).json()["job_id"] == alta["job_id"]
        proceso.send_signal(signal.SIGINT)
    hasta(lambda: not _de(carpeta), 40)


def test_un_puerto_ocupado_se_dice_en_una_frase(carpeta: Path) -> None:
    puerto = puerto_libre()
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", str(puerto), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
    ) as ajeno:
        hasta(lambda: any(c.laddr.port == puerto for c in psutil.Process(ajeno.pid).net_connections()), 10)
        hecho = subprocess.run(
            [sys.executable, "local.py", "run", "--puerto", str(puerto), "--carpeta", str(carpeta / "datos")],
            cwd=RAIZ,
            env=_entorno(carpeta),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        ajeno.kill()
    assert hecho.returncode == 1
    assert hecho.stderr.strip() == (
        f"El puerto {puerto} está ocupado: elija otro, por ejemplo PORT={puerto + 1} make run."
    )
