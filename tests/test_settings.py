"""The settings: right values, one sentence for each wrong one, and secrets that never print."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pila import CIFRADO_CLAVES
from pydantic import ValidationError

import settings
from settings import Settings, ajustes

RAIZ = Path(__file__).resolve().parent.parent
SECRETO = "s3cr3t0"
FIRMA = f"whsec_{SECRETO}{'A' * 25}"
BASE = {
    "DATABASE_URL": f"postgresql://yo:{SECRETO}@db.ejemplo.com/consultas",
    "BROKER_URL": f"amqps://yo:{SECRETO}@mq.ejemplo.com/v",
    "CIFRADO_CLAVES": CIFRADO_CLAVES,
}
FORMA_DE_CLAVES = "CIFRADO_CLAVES tiene que ser una clave, o varias separadas por comas con la más nueva primero"

Leer = Callable[..., Settings]

MALOS = [
    ({"DATABASE_URL": ""}, "DATABASE_URL falta y es obligatoria"),
    ({"DATABASE_URL": f"mysql://yo:{SECRETO}@h/b"}, "DATABASE_URL tiene que empezar con postgres:// o postgresql://"),
    ({"DATABASE_URL": SECRETO}, "DATABASE_URL tiene que empezar con"),
    ({"DATABASE_URL": f"postgresql://yo:{SECRETO}%zz@h/b"}, "DATABASE_URL no es una URL válida"),
    ({"DATABASE_URL": f"postgresql://yo:{SECRETO}@h:puerto/b"}, "DATABASE_URL no es una URL válida"),
    ({"BROKER_URL": ""}, "Falta BROKER_URL (o CLOUDAMQP_URL)"),
    ({"BROKER_URL": f"redis://:{SECRETO}@h"}, "BROKER_URL tiene que empezar con amqp:// o amqps:// o postgres://"),
    ({"BROKER_URL": f"amqp://yo:{SECRETO}@h:puerto/"}, "BROKER_URL no es una URL válida"),
    ({"BROKER_URL": f"amqp://{SECRETO}@h/"}, "BROKER_URL tiene usuario y no clave"),
    ({"BROKER_URL": f"amqp://yo:{SECRETO}@h/?heartbeat=x"}, "BROKER_URL no es una URL válida"),
    ({"BROKER_URL": f"amqps://yo:{SECRETO}@h/?ssl_options=3"}, "BROKER_URL no es una URL válida"),
    ({"CLOUDAMQP_URL": f"postgresql://yo:{SECRETO}@h/b"}, "CLOUDAMQP_URL tiene que empezar con amqp://"),
    (
        {"CIFRADO_CLAVES": ""},
        "CIFRADO_CLAVES falta y es obligatoria; una nueva se hace con «./consultas cifrado nueva»",
    ),
    ({"CIFRADO_CLAVES": SECRETO}, FORMA_DE_CLAVES),
    ({"CIFRADO_CLAVES": f"{CIFRADO_CLAVES},"}, FORMA_DE_CLAVES),
    ({"CIFRADO_CLAVES": f"{CIFRADO_CLAVES[:-2]}_="}, FORMA_DE_CLAVES),
    ({"CIFRADO_CLAVES": f"{CIFRADO_CLAVES} {CIFRADO_CLAVES}"}, FORMA_DE_CLAVES),
    ({"CIFRADO_CLAVES": f"{CIFRADO_CLAVES}, {CIFRADO_CLAVES}"}, "CIFRADO_CLAVES repite una clave"),
    ({"DB_CONEXIONES": "0"}, "DB_CONEXIONES tiene que ser 1 o más"),
    ({"DB_CONEXIONES": "501"}, "DB_CONEXIONES tiene que ser 500 o menos"),
    ({"DB_CONEXIONES": "diez"}, "DB_CONEXIONES tiene que ser un número entero"),
    ({"DB_ESPERA_S": "0"}, "DB_ESPERA_S tiene que ser mayor que 0"),
    ({"DB_ESPERA_S": "nan"}, "DB_ESPERA_S tiene que ser un número finito"),
    ({"PORT": "65536"}, "PORT tiene que ser 65535 o menos"),
    ({"PORT": "80.5"}, "PORT tiene que ser un número entero"),
    ({"CUERPO_MAX_BYTES": "10"}, "CUERPO_MAX_BYTES tiene que ser 1024 o más"),
    ({"SERVICIOS_MAX": "-1"}, "SERVICIOS_MAX tiene que ser 1 o más"),
    ({"API_ABIERTA": "quizás"}, "API_ABIERTA tiene que ser true o false"),
    ({"HOSTS_PERMITIDOS": "https://api.ejemplo.com"}, "HOSTS_PERMITIDOS lleva nombres como api.ejemplo.com"),
    ({"HOSTS_PERMITIDOS": "api.ejemplo.com:80"}, "HOSTS_PERMITIDOS lleva nombres"),
    ({"HOSTS_PERMITIDOS": ","}, "HOSTS_PERMITIDOS no puede estar vacío"),
    ({"PEDIDO_PLAZO_S": "0"}, "PEDIDO_PLAZO_S tiene que ser mayor que 0"),
    ({"LIMITE_POR_MINUTO": "0"}, "LIMITE_POR_MINUTO tiene que ser 1 o más"),
    ({"CHROMIUM_SANDBOX": "quizás"}, "CHROMIUM_SANDBOX tiene que ser true o false"),
    ({"CHROMIUM_CONSULTAS_MAX": "0"}, "CHROMIUM_CONSULTAS_MAX tiene que ser 1 o más"),
    ({"CHROMIUM_VIDA_S": "inf"}, "CHROMIUM_VIDA_S tiene que ser un número finito"),
    ({"PORTALES_URL": "sandbox:9000"}, "PORTALES_URL no tiene la forma esperada"),
    ({"EMPRESA": "metrogas"}, "EMPRESA no es un JSON válido"),
    ({"EMPRESA__METROGAS": "x"}, "EMPRESA__METROGAS no es un ajuste"),
    ({"EMPRESA__METROGAS__URL": "ftp://x"}, "EMPRESA__METROGAS__URL no tiene la forma esperada"),
    ({"EMPRESA__METROGAS__SIMULTANEAS": "0"}, "EMPRESA__METROGAS__SIMULTANEAS tiene que ser 1 o más"),
    ({"EMPRESA__METROGAS__PLAZO_S": "nan"}, "EMPRESA__METROGAS__PLAZO_S tiene que ser un número finito"),
    ({"EMPRESA__METROGAS__OTRA": "1"}, "EMPRESA__METROGAS__OTRA no es un ajuste conocido"),
    ({"EMPRESA__METROGAS__PAUSA_S": "-1"}, "EMPRESA__METROGAS__PAUSA_S tiene que ser 0.0 o más"),
    ({"CIRCUITO_FALLAS": "0"}, "CIRCUITO_FALLAS tiene que ser 1 o más"),
    ({"CIRCUITO_ESPERA_S": "0"}, "CIRCUITO_ESPERA_S tiene que ser mayor que 0"),
    ({"CIRCUITO_ESPERA_MAX_S": "1e9"}, "CIRCUITO_ESPERA_MAX_S tiene que ser 86400.0 o menos"),
    ({"CONSULTA_PLAZO_S": "1201"}, "CONSULTA_PLAZO_S tiene que ser 1200.0 o menos"),
    ({"CONSULTA_ARRIENDO_S": "1"}, "CONSULTA_ARRIENDO_S tiene que ser 2.0 o más"),
    ({"CONSULTA_INICIOS_MAX": "0"}, "CONSULTA_INICIOS_MAX tiene que ser 1 o más"),
    ({"REINTENTOS_ESCALA": "0"}, "REINTENTOS_ESCALA tiene que ser mayor que 0"),
    ({"JOB_PLAZO_S": "inf"}, "JOB_PLAZO_S tiene que ser un número finito"),
    ({"JOB_PLAZO_S": "1e300"}, "JOB_PLAZO_S tiene que ser 604800.0 o menos"),
    ({"JOB_PLAZO_POR_CONSULTA_S": "-1"}, "JOB_PLAZO_POR_CONSULTA_S tiene que ser 0.0 o más"),
    ({"COLA_MAX": "0"}, "COLA_MAX tiene que ser 1 o más"),
    ({"COLA_ANTIGUEDAD_MAX_S": "0"}, "COLA_ANTIGUEDAD_MAX_S tiene que ser 1.0 o más"),
    ({"CALLBACK_ESQUEMA": "1,dos"}, "CALLBACK_ESQUEMA tiene que ser un número"),
    ({"CALLBACK_ESQUEMA": "1,0"}, "CALLBACK_ESQUEMA: cada espera va de más de 0"),
    ({"CALLBACK_ESQUEMA": "nan"}, "CALLBACK_ESQUEMA tiene que ser un número finito"),
    ({"CALLBACK_ESQUEMA": ",".join("1" * 21)}, "CALLBACK_ESQUEMA tiene demasiados valores (máximo 20)"),
    ({"CALLBACK_PLAZO_S": "301"}, "CALLBACK_PLAZO_S tiene que ser 300.0 o menos"),
    *(
        ({"CALLBACK_SECRETOS": malo}, "CALLBACK_SECRETOS tiene que ser whsec_ seguido del base64 de 24 a 64 bytes")
        for malo in (
            SECRETO,
            ",",
            f"{FIRMA},",
            f",{FIRMA}",
            f"{FIRMA} {FIRMA}",
            f"{FIRMA};{FIRMA}",
            f"{FIRMA}=",
            f"{FIRMA}\n=",
            FIRMA.upper(),
            FIRMA.removeprefix("whsec_"),
            f"whpk_{'A' * 32}",
            "whsec_",
            f"whsec_{'A' * 28}",
            f"whsec_{'A' * 88}",
            f"whsec_{'-_' * 16}",
            f"whsec_{'A' * 33}B==",
            f"whsec_{'ñ' * 32}",
        )
    ),
    ({"CALLBACK_SECRETOS": ",".join([FIRMA] * 11)}, "CALLBACK_SECRETOS tiene demasiados valores (máximo 10)"),
    *(
        ({"CALLBACK_HOSTS_PERMITIDOS": malo}, "CALLBACK_HOSTS_PERMITIDOS tiene que ser host:puerto")
        for malo in (
            "web",
            "web:",
            ":3000",
            "web:0",
            "web:65536",
            "*:3000",
            "web:*",
            "http://web:3000",
            "web:3000,",
            "web:3000 otro:1",
            "10.0.0.0/8:80",
            "::1:3000",
            "web:٣",
            "u@web:3000",
        )
    ),
    ({"CALLBACK_SOLO_HTTPS": "tal vez"}, "CALLBACK_SOLO_HTTPS tiene que ser true o false"),
    ({"RELOJ_PERIODO_S": "0"}, "RELOJ_PERIODO_S tiene que ser mayor que 0"),
    ({"RELOJ_REPUBLICAR_S": "1"}, "RELOJ_REPUBLICAR_S tiene que ser 5.0 o más"),
    ({"HISTORIA_DIAS": "0"}, "HISTORIA_DIAS tiene que ser 1 o más"),
    ({"EVIDENCIA_DIAS": "0"}, "EVIDENCIA_DIAS tiene que ser 1 o más"),
    ({"EVIDENCIA_MAX_BYTES": "1"}, "EVIDENCIA_MAX_BYTES tiene que ser 10000 o más"),
    ({"LOG_FORMATO": "xml"}, "LOG_FORMATO tiene que ser 'texto' o 'json'"),
    ({"LOG_LEVEL": "TODO"}, "LOG_LEVEL tiene que ser 'DEBUG', 'INFO', 'WARNING' o 'ERROR'"),
    ({"LOG_FORMATO": "xml"}, "LOG_FORMATO tiene que ser 'texto' o 'json'"),
]


@pytest.fixture
def leer(monkeypatch: pytest.MonkeyPatch) -> Leer:
    """The settings of an environment: the two obligatory ones and what is given."""

    def de(**entorno: str) -> Settings:
        for nombre, valor in {**BASE, **entorno}.items():
            monkeypatch.setenv(nombre, valor)
        return settings.ajustes.__wrapped__()

    return de


def test_alcanza_con_la_base_y_el_broker(leer: Leer) -> None:
    leidos = leer()
    assert (leidos.broker, leidos.broker_es_postgres) == (BASE["BROKER_URL"], False)
    assert (leidos.port, leidos.callback_esquema, leidos.callback_intentos) == (8000, [1, 2], 3)
    assert leidos.de_empresa("metrogas") == settings.AjustesEmpresa()


def test_se_leen_los_valores(leer: Leer) -> None:
    leidos = leer(
        CALLBACK_ESQUEMA=" 1, 2.5 ,60 ", CHROMIUM_SANDBOX="false", CHROMIUM_PATH="/x/chromium", LOG_LEVEL="DEBUG",
        HOSTS_PERMITIDOS="API.ejemplo.com, *.ejemplo.com,[::1]",
        EMPRESA__METROGAS__URL="https://portal.ejemplo.com", EMPRESA__METROGAS__SIMULTANEAS="1", PORT="",
    )  # fmt: skip
    assert (leidos.callback_esquema, leidos.callback_intentos) == ([1, 2.5, 60], 4)
    assert (leidos.chromium_sandbox, leidos.chromium_path) == (False, Path("/x/chromium"))
    assert leidos.de_empresa("metrogas").url == "https://portal.ejemplo.com"
    assert leidos.de_empresa("metrogas").simultaneas == 1
    assert leidos.hosts_permitidos == ["api.ejemplo.com", "*.ejemplo.com", "[::1]"]
    assert leidos.port == 8000, "una variable vacía es como ninguna"


def test_los_ajustes_de_los_callbacks(leer: Leer) -> None:
    otra = f"whsec_{'A' * 86}=="
    leidos = leer(
        CALLBACK_SECRETOS=f" {FIRMA} , {otra}", CALLBACK_HOSTS_PERMITIDOS="Web:3000, [::1]:080", CALLBACK_SOLO_HTTPS="1"
    )
    assert [secreto.get_secret_value() for secreto in leidos.callback_secretos] == [FIRMA, otra]
    assert FIRMA not in repr(leidos)
    assert (leidos.callback_hosts_permitidos, leidos.callback_solo_https) == (["web:3000", "[::1]:80"], True)
    assert leer(CALLBACK_SECRETOS="").callback_secretos == []


def test_sin_esperas_hay_un_solo_intento(leer: Leer) -> None:
    assert leer(CALLBACK_ESQUEMA=",").callback_intentos == 1


def test_cloudamqp_sirve_cuando_no_hay_broker_url(leer: Leer) -> None:
    cloud = f"amqps://yo:{SECRETO}@otro.ejemplo.com/v"
    assert leer(CLOUDAMQP_URL=cloud).broker == BASE["BROKER_URL"]
    assert leer(CLOUDAMQP_URL=cloud, BROKER_URL="").broker == cloud


@pytest.mark.parametrize("esquema", ["postgres", "postgresql"])
def test_el_esquema_de_la_url_elige_postgres_como_broker(leer: Leer, esquema: str) -> None:
    assert leer(BROKER_URL=f"{esquema}://h/b").broker_es_postgres


@pytest.mark.parametrize("url", ["postgresql:///b?host=/var/run/pg", "postgresql://a:1,b:2/b", "postgres://yo:@/b"])
def test_se_aceptan_las_formas_de_una_url_de_postgres(leer: Leer, url: str) -> None:
    assert leer(DATABASE_URL=url).database_url.get_secret_value() == url


@pytest.mark.parametrize(("entorno", "frase"), MALOS, ids=lambda v: ",".join(v) if isinstance(v, dict) else "")
def test_un_valor_equivocado_detiene_el_arranque_con_una_frase(
    leer: Leer, capsys: pytest.CaptureFixture[str], entorno: dict[str, str], frase: str
) -> None:
    with pytest.raises(SystemExit) as fin:
        leer(**entorno)
    salida = capsys.readouterr()
    assert fin.value.code == 2
    assert salida.err.startswith(f"Configuración inválida: {frase}")
    assert salida.err.count("\n") == 1 and salida.err.endswith(".\n")
    assert SECRETO not in salida.err + salida.out


def test_cada_ajuste_con_limites_tiene_su_prueba() -> None:
    libres = {"CHROMIUM_PATH"}
    probados = {nombre.partition("__")[0] for entorno, _ in MALOS for nombre in entorno}
    assert probados == {campo.upper() for campo in Settings.model_fields} - libres


ARRANQUES = [
    ["python", "-m", "models.migrar"],
    ["python", "-m", "actors.reloj"],
    ["uvicorn", "api:app", "--port", "0", "--ws", "none"],
    ["dramatiq", "actors", "-Q", "consultas", "-p", "1", "-t", "1", "--skip-logging"],
]


@pytest.mark.parametrize("orden", ARRANQUES, ids=lambda orden: " ".join(orden[:3]))
def test_cada_proceso_termina_con_la_frase_y_sin_traza(orden: list[str]) -> None:
    # Given a process of the Procfile with a wrong setting
    entorno = {**os.environ, **BASE, "DB_CONEXIONES": "muchas", "PYTHONPATH": str(RAIZ)}
    # When it starts
    programa = str(Path(sys.executable).parent / orden[0])
    hecho = subprocess.run([programa, *orden[1:]], cwd=RAIZ, env=entorno, capture_output=True, text=True, timeout=60)
    # Then it ends at once with the sentence; Dramatiq's master adds a line of its own
    assert hecho.returncode == 2
    dicho = re.sub(r"Worker with PID \d+ exited unexpectedly .*? Shutting down\.\.\.", "", hecho.stderr)
    assert dicho.strip() == "Configuración inválida: DB_CONEXIONES tiene que ser un número entero."
    assert SECRETO not in hecho.stdout


def test_los_secretos_no_se_imprimen(leer: Leer) -> None:
    leidos = leer(CLOUDAMQP_URL=f"amqp://yo:{SECRETO}@h/")
    for texto in (repr(leidos), str(leidos), repr(leidos.model_dump()), leidos.model_dump_json(), f"{leidos!s:>3}"):
        assert SECRETO not in texto


def test_los_secretos_no_estan_en_los_errores() -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate({"database_url": f"mysql://yo:{SECRETO}@h", "broker_url": f"x://{SECRETO}"})
    assert SECRETO not in str(error.value) + repr(error.value)


def test_se_leen_una_sola_vez_y_no_cambian() -> None:
    assert ajustes() is ajustes()
    with pytest.raises(ValidationError):
        ajustes().port = 1


def test_un_ajuste_puede_ser_un_archivo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given secrets as files, as Docker and Kubernetes mount them
    for nombre in ("DATABASE_URL", "BROKER_URL", "CIFRADO_CLAVES"):
        monkeypatch.delenv(nombre, raising=False)
    (tmp_path / "database_url").write_text("postgresql://yo@aca/consultas\n")
    (tmp_path / "CLOUDAMQP_URL").write_text("amqp://yo:clave@aca/")
    (tmp_path / "cifrado_claves").write_text(f"{CIFRADO_CLAVES}\n")
    # When an empty variable stands beside them, then the file is read; one with a value wins
    monkeypatch.setenv("CIFRADO_CLAVES", "")
    leidos = Settings(_secrets_dir=tmp_path)
    assert leidos.claves_de_cifrado == [CIFRADO_CLAVES]
    assert leidos.broker == "amqp://yo:clave@aca/"
    monkeypatch.setenv("DATABASE_URL", "postgresql://otra@alla/consultas")
    assert Settings(_secrets_dir=tmp_path).database_url.get_secret_value() == "postgresql://otra@alla/consultas"


def test_un_archivo_que_no_se_puede_leer_se_dice(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def ilegible() -> Settings:
        raise PermissionError(13, "Permission denied", "/run/secrets/cifrado_claves")

    monkeypatch.setattr(settings, "Settings", ilegible)
    ajustes.cache_clear()
    with pytest.raises(SystemExit):
        ajustes()
    assert capsys.readouterr().err == "Configuración inválida: no se puede leer /run/secrets/cifrado_claves.\n"
