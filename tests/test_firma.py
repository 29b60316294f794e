"""The signature, checked by the libraries that receivers use, and the body, rewritten by Node byte for byte."""

import base64
import json
import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from actors import firma
from actors.firma import cabeceras_firmadas
from models.json_estable import bytes_estables
from settings import ajustes

RAIZ = Path(__file__).resolve().parent.parent
NODE = RAIZ / "tests/node"
NUEVO, VIEJO, AJENO = (f"whsec_{base64.b64encode(bytes([n]) * (24 + n)).decode()}" for n in (0, 1, 40))
CUERPO = bytes_estables({"job_id": "d4f5a6b7", "deuda": 25670.0, "mensaje": "«Ñandú» 🧾 \u2028 </script>"})


def preguntar_a_node(pedidos: list[dict[str, Any]]) -> list[dict[str, bool]]:
    """What one Node process says of each."""
    lineas = "\n".join(json.dumps({**p, "cuerpo": base64.b64encode(p["cuerpo"]).decode()}) for p in pedidos)
    dicho = subprocess.run(
        ["node", "receptor.js"], cwd=NODE, input=lineas, capture_output=True, text=True, timeout=120, check=False
    )
    assert dicho.returncode == 0, dicho.stderr
    return [json.loads(linea) for linea in dicho.stdout.splitlines()]


@pytest.fixture
def secretos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two active secrets, the newest first."""
    dos = ajustes().model_copy(update={"callback_secretos": [SecretStr(NUEVO), SecretStr(VIEJO)]})
    monkeypatch.setattr(firma, "ajustes", lambda: dos)


def test_sin_secretos_no_hay_firma() -> None:
    assert set(cabeceras_firmadas("msg_1", CUERPO)) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.usefixtures("secretos")
class TestFirma:
    def test_una_por_secreto_la_mas_nueva_primero_y_con_la_hora_del_intento(self) -> None:
        cabeceras = cabeceras_firmadas("msg_1", CUERPO)
        assert abs(time.time() - int(cabeceras["webhook-timestamp"])) < 60
        momento = datetime.fromtimestamp(int(cabeceras["webhook-timestamp"]), UTC)
        esperadas = [Webhook(secreto).sign("msg_1", momento, CUERPO.decode()) for secreto in (NUEVO, VIEJO)]
        assert cabeceras["webhook-signature"] == " ".join(esperadas)

    @pytest.mark.parametrize("secreto", [NUEVO, VIEJO])
    def test_la_verifica_quien_tiene_cualquiera_de_los_secretos(self, secreto: str) -> None:
        cabeceras = cabeceras_firmadas("msg_1", CUERPO)
        assert Webhook(secreto).verify(CUERPO, cabeceras) == json.loads(CUERPO)
        (node,) = preguntar_a_node([{"cuerpo": CUERPO, "cabeceras": cabeceras, "secreto": secreto}])
        assert node == {"estable": True, "verificado": True, "reescrito": True}

    def test_nada_cambiado_se_verifica(self) -> None:
        buenas = cabeceras_firmadas("msg_1", CUERPO)
        cambios: list[tuple[bytes, dict[str, str], str]] = [
            (CUERPO.replace(b"25670", b"25671"), buenas, NUEVO),
            (CUERPO + b" ", buenas, NUEVO),
            (CUERPO, {**buenas, "webhook-id": "msg_2"}, NUEVO),
            (CUERPO, {**buenas, "webhook-timestamp": str(int(buenas["webhook-timestamp"]) - 1)}, NUEVO),
            (CUERPO, {**buenas, "webhook-signature": buenas["webhook-signature"].lower()}, NUEVO),
            (CUERPO, buenas, AJENO),
        ]
        for cuerpo, cabeceras, secreto in cambios:
            with pytest.raises(WebhookVerificationError):
                Webhook(secreto).verify(cuerpo, cabeceras)
        pedidos = [{"cuerpo": c, "cabeceras": h, "secreto": s} for c, h, s in cambios]
        assert [dicho["verificado"] for dicho in preguntar_a_node(pedidos)] == [False] * len(cambios)


@pytest.mark.usefixtures("secretos")
def test_la_ruta_de_la_guia_acepta_lo_firmado_y_nada_mas(tmp_path: Path) -> None:
    # Given the example of the guide, as a module beside its library
    (ejemplo,) = re.findall(r"```js\n(.*?)```", (RAIZ / "CALLBACKS_GUIDE.md").read_text(), re.DOTALL)
    (tmp_path / "route.mjs").write_text(ejemplo)
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    # When it gets a callback, one that was changed on its way and one without a signature
    buenas = cabeceras_firmadas("msg_1", CUERPO)
    casos = [(CUERPO, buenas), (CUERPO.replace(b"25670", b"0"), buenas), (CUERPO, cabeceras_firmadas("msg_2", b""))]
    pedidos = [
        {"modulo": str(tmp_path / "route.mjs"), "cuerpo": base64.b64encode(cuerpo).decode(), "cabeceras": cabeceras}
        for cuerpo, cabeceras in casos
    ]
    dicho = subprocess.run(
        ["node", "ruta.mjs"], cwd=NODE, env={**os.environ, "CALLBACK_SECRETO": NUEVO}, check=True,
        input="\n".join(map(json.dumps, pedidos)), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert dicho.stderr.split() == ["204", "401", "401"]
    assert dicho.stdout.startswith("msg_1 d4f5a6b7")


NUMEROS = [
    0.0, -0.0, 25670.0, 25670.5, 0.1, 0.07, 1e-5, 1e-6, 9.99e-7, 1e-7, 1.5e-10, 5e-324, 1e15, 1e16, 2.0**53,
    1.2345678901234568e17, 1.2345678901234568e20, 9.9e20, 1e21, 1e22, 1.7976931348623157e308, -1e-7, -1e21, 0.1 + 0.2,
    99999999999999.99,
]  # fmt: skip
CLAVES = [
    "__proto__", "constructor", "toString", "", "0", "1", "10", "2", "007", "-1", "1.5", "4294967294", "4294967295",
    "4294967296", "99999999999", "1e3", " 1", "a", "ñ", "\u2028", "\ud800", "٣", "job_id",
]  # fmt: skip
LETRAS = [
    *map(chr, range(0x80)),
    *"ñÑ€“”\u00ad\u2028\u2029\ufeff\uffff\u0080🧾👩‍👦",
    "\ud800",
    "\udfff",
    "\ud83d\ude00",
    "\\u0041",
]


def inventar(azar: random.Random, hondura: int = 0) -> Any:
    """Any JSON that could be in a callback."""
    forma = azar.randrange(9 if hondura < 4 else 6)
    if forma < 2:
        return "".join(azar.choices(LETRAS, k=azar.randrange(12)))
    if forma == 2:
        return azar.choice([*NUMEROS, azar.uniform(-1e6, 1e6), azar.random() ** 40, azar.randrange(10**14) / 100])
    if forma == 3:
        return azar.choice([azar.randint(-(2**53) + 1, 2**53 - 1), azar.randrange(1000)])
    if forma < 6:
        return azar.choice([None, True, False])
    if forma == 6:
        return [inventar(azar, hondura + 1) for _ in range(azar.randrange(5))]
    claves = [*azar.sample(CLAVES, azar.randrange(8)), str(azar.randrange(2**34))]
    return {clave: inventar(azar, hondura + 1) for clave in azar.sample(claves, len(claves))}


def test_node_reescribe_cinco_mil_cuerpos_sin_cambiar_un_byte() -> None:
    semilla = random.randrange(sys.maxsize)
    print(f"semilla: {semilla}")
    azar = random.Random(semilla)
    datos = [{"job_id": str(n), "deuda": n / 4, "metadata": inventar(azar)} for n in range(5000)]
    cuerpos = [bytes_estables(dato) for dato in datos]
    dichos = preguntar_a_node([{"cuerpo": cuerpo} for cuerpo in cuerpos])
    assert len(dichos) == len(cuerpos)
    malos = [cuerpo for cuerpo, dicho in zip(cuerpos, dichos, strict=True) if not dicho["estable"]]
    assert malos == []


def test_lo_escrito_es_el_mismo_dato() -> None:
    azar = random.Random(7)
    for dato in (inventar(azar) for _ in range(500)):
        igual = json.loads(json.dumps(dato), parse_int=float)  # pairs of surrogates united
        assert json.loads(bytes_estables(dato), parse_int=float) == igual


@pytest.mark.parametrize("malo", [float("nan"), float("inf"), -float("inf")])
def test_lo_que_json_no_tiene_no_se_escribe(malo: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        bytes_estables({"deuda": malo})


def test_un_entero_que_javascript_no_tiene_se_escribe_entero() -> None:
    assert bytes_estables([2**63 - 1]) == b"[9223372036854775807]"
