"""`consultas escuchar` as an operator runs it: what it shows, what it answers, how it ends."""

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests
from pila import RAIZ
from standardwebhooks import Webhook

import cli

SECRETO = f"whsec_{base64.b64encode(b'un secreto de treinta y dos bytes').decode()}"
OTRO = f"whsec_{base64.b64encode(b'otro secreto, de hasta 64 bytes..').decode()}"
AVISO = {
    "evento": "job.completed",
    "job_id": "4f0c",
    "status": "completed",
    "resultados": [
        {"empresa": "Metrogas", "tipo_servicio": "Gas", "exito": True, "deuda": 25670.5, "moneda": "ARS"},
        {
            "empresa": "Ede\x1b[31mnor",
            "tipo_servicio": "Luz",
            "exito": False,
            "error": "No.",
            "error_codigo": "PORTAL_CAIDO",
        },
    ],
    "metadata": {"mio": 1},
}
CUERPO = json.dumps(AVISO).encode()


@dataclass
class Escuchando:
    """A running receiver: its address, its process."""

    url: str
    proceso: subprocess.Popen[str]

    def avisar(self, aviso: str = "msg_1", cuerpo: bytes = CUERPO, **cabeceras: str) -> int:
        """POST a callback signed by the reference implementation; returns the status."""
        ahora = int(time.time())
        firma = Webhook(SECRETO.removeprefix("whsec_")).sign(aviso, datetime.fromtimestamp(ahora, UTC), cuerpo.decode())
        propias = {"webhook-id": aviso, "webhook-timestamp": str(ahora), "webhook-signature": firma, **cabeceras}
        return requests.post(self.url, data=cuerpo, headers=propias, timeout=10).status_code

    def terminar(self) -> tuple[str, str]:
        """Ctrl-C; returns what it wrote to stdout and stderr after its first line."""
        self.proceso.send_signal(signal.SIGINT)
        dicho = self.proceso.communicate(timeout=20)
        assert self.proceso.returncode == 0, dicho
        return dicho


@contextmanager
def escuchando(*opciones: str, secretos: str = f"{OTRO},{SECRETO}") -> Iterator[Escuchando]:
    """Run the command during the block, without database or broker."""
    ajenas = ("DATABASE_URL", "BROKER_URL", "CIFRADO_CLAVES", "CALLBACK_HOSTS_PERMITIDOS")
    entorno: Mapping[str, str] = {k: v for k, v in os.environ.items() if k not in ajenas}
    proceso = subprocess.Popen(
        [str(RAIZ / "consultas"), "escuchar", "--puerto", "0", *opciones],
        env={**entorno, "CALLBACK_SECRETOS": secretos, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    primero = proceso.stderr if "--json" in opciones else proceso.stdout
    assert primero is not None
    try:
        linea = primero.readline()
        assert linea.startswith("Escuchando en http://127.0.0.1:"), linea + proceso.communicate(timeout=10)[1]
        yield Escuchando(linea.split()[2].rstrip("."), proceso)
    finally:
        if proceso.poll() is None:
            proceso.kill()
        proceso.communicate()


def test_se_lee_de_un_vistazo() -> None:
    with escuchando() as casa:
        assert casa.avisar(**{"x-callback-intento": "1/3"}) == 200
        assert casa.avisar(**{"x-callback-intento": "2/3"}) == 200
        assert casa.avisar("msg_2", b"nada") == 200
        salida, error = casa.terminar()
    primero, metrogas, edenor, metadata, segundo = salida.splitlines()[:5]
    assert primero[8:] == "  job.completed  job 4f0c: completed  intento 1/3  firma válida  → 200"
    assert metrogas.strip() == "Metrogas (Gas): debe 25.670,50 ARS"
    assert edenor.strip() == "Ede�[31mnor (Luz): PORTAL_CAIDO. No."
    assert metadata.strip() == 'metadata {"mio": 1}'
    assert "intento 2/3  firma válida  DUPLICADO: ya se había aceptado  → 200" in segundo
    assert "no es JSON: 4 bytes" in salida
    assert salida.endswith("Recibidos: 3 callbacks, 2 distintos.\n") and error == ""


def test_responde_en_el_orden_pedido_y_en_json() -> None:
    with escuchando("--responder", "500,410,204", "--json") as casa:
        assert [casa.avisar() for _ in range(4)] == [500, 410, 204, 204]
        salida, _ = casa.terminar()
    lineas = [json.loads(linea) for linea in salida.splitlines()]
    assert [(n["status"], n["vez"], n["duplicado"]) for n in lineas] == [
        (500, 1, False), (410, 2, False), (204, 3, False), (204, 4, True),
    ]  # fmt: skip
    assert lineas[0]["cuerpo"] == AVISO and lineas[0]["firma"] == "válida"


@pytest.mark.parametrize(
    ("cabeceras", "firma"),
    [
        ({"webhook-signature": "v1,AAAA"}, "inválida"),
        ({"webhook-signature": ""}, "ausente"),
        ({"webhook-id": "msg_otro"}, "inválida"),
        ({"webhook-timestamp": "1700000000"}, "inválida"),
        ({"webhook-timestamp": "ayer"}, "inválida"),
    ],
)
def test_una_firma_que_no_es(cabeceras: dict[str, str], firma: str) -> None:
    with escuchando("--json") as casa:
        casa.avisar(**cabeceras)
        salida, _ = casa.terminar()
    assert json.loads(salida)["firma"] == firma


def test_sin_secretos_lo_dice() -> None:
    with escuchando("--json", secretos="") as casa:
        casa.avisar()
        salida, _ = casa.terminar()
    assert json.loads(salida)["firma"] == "sin comprobar"


def test_lento_espera_y_ctrl_c_no() -> None:
    with escuchando("--lento", "300") as casa:
        with pytest.raises(requests.ReadTimeout):
            requests.post(casa.url, data=CUERPO, timeout=0.5)
        assert "job.completed" in casa.terminar()[0]


@pytest.mark.parametrize(
    ("orden", "dicho"),
    [
        ("escuchar --responder 500,x", "--responder lleva estados HTTP de 200 a 599"),
        ("escuchar --responder 99", "--responder lleva estados HTTP de 200 a 599"),
        ("escuchar --secreto whsec_corto", "CALLBACK_SECRETOS tiene que ser whsec_"),
        ("escuchar --puerto 70000", "No sirve lo que se dio como --puerto"),
    ],
)
def test_un_uso_equivocado(orden: str, dicho: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fin:
        cli.main(orden.split())
    assert fin.value.code == 2
    assert dicho in capsys.readouterr().err
