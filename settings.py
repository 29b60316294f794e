"""Every environment variable of the service: read once, typed, validated at start.

Imports nothing of ours. A wrong value stops the start with one sentence that names the variable.
"""

import base64
import re
import sys
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import pika
import psycopg2
from psycopg2.extensions import parse_dsn
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

ESQUEMAS_POSTGRES = ("postgres", "postgresql")
ESQUEMAS_BROKER = ("amqp", "amqps", *ESQUEMAS_POSTGRES)
SEMANA_S = 7 * 86_400
VERSION: str = tomllib.loads((Path(__file__).parent / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "version"
]
SECRETOS = Path("/run/secrets")
"""Where a setting may be a file of its name, in either case: what the environment says wins."""
FORMA_DE_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
NUEVA_CLAVE = "una nueva se hace con «./consultas cifrado nueva»"
PREFIJO_SECRETO = "whsec_"
HOST_Y_PUERTO = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):0*([1-9][0-9]{0,4})")


def _url_de(*esquemas: str) -> AfterValidator:
    """A validator for a secret URL with one of these schemes."""

    def validar(valor: SecretStr) -> SecretStr:
        url = valor.get_secret_value()
        if url.partition("://")[0] not in esquemas:
            raise ValueError(f"tiene que empezar con {' o '.join(e + '://' for e in esquemas)}")
        try:
            motivo = _defecto(url)
        except (ValueError, TypeError, OSError, psycopg2.ProgrammingError):  # their own words would show the password
            motivo = "no es una URL válida"
        if motivo:
            raise ValueError(motivo)
        return valor

    return AfterValidator(validar)


def _defecto(url: str) -> str | None:
    """What is wrong with a URL of Postgres or of RabbitMQ, if its driver does not say so by raising."""
    if url.startswith("postgres"):
        puertos = str(parse_dsn(url).get("port", "")).split(",")
        return None if all(puerto == "" or puerto.isdecimal() for puerto in puertos) else "no es una URL válida"
    if urlsplit(url).username and urlsplit(url).password is None:
        return "tiene usuario y no clave: se escribe amqp://usuario:clave@host/vhost"
    pika.URLParameters(url)
    return None


def _claves(valor: SecretStr) -> SecretStr:
    """Keys of Fernet: 32 random bytes in URL-safe base64, each once."""
    claves = [clave.strip() for clave in valor.get_secret_value().split(",")]
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=", clave) for clave in claves):
        raise ValueError(
            f"tiene que ser una clave, o varias separadas por comas con la más nueva primero; {NUEVA_CLAVE}"
        )
    if len(set(claves)) < len(claves):
        raise ValueError("repite una clave")
    return SecretStr(",".join(claves))


def _host(valor: str) -> str:
    if valor != "*" and not FORMA_DE_HOST.fullmatch(valor.lower()):
        raise ValueError("lleva nombres como api.ejemplo.com o *.ejemplo.com, sin puerto, separados por comas")
    return valor.lower()


Host = Annotated[str, AfterValidator(_host)]


def _lista(valor: object) -> object:
    """Read `1,2,60` as a list."""
    return [parte.strip() for parte in valor.split(",")] if isinstance(valor, str) else valor


def _sin_vacios(valor: object) -> object:
    return [parte for parte in valor if parte != ""] if isinstance(valor, list) else valor


def _secreto(valor: SecretStr) -> SecretStr:
    """A secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes, exactly."""
    prefijo, escrito = valor.get_secret_value()[:6], valor.get_secret_value()[6:]
    try:
        bytes_ = base64.b64decode(escrito, validate=True)
    except ValueError:
        bytes_ = b""
    if prefijo != PREFIJO_SECRETO or not 24 <= len(bytes_) <= 64 or base64.b64encode(bytes_).decode() != escrito:
        raise ValueError(
            "tiene que ser whsec_ seguido del base64 de 24 a 64 bytes (lo que dice «openssl rand -base64 32»),"
            " o varios separados por comas"
        )
    return valor


def _host_y_puerto(valor: str) -> str:
    """`web:3000`, in lower case."""
    hallado = HOST_Y_PUERTO.fullmatch(valor.lower())
    if hallado is None or int(hallado[2]) > 65535:
        raise ValueError(f"tiene que ser host:puerto, o varios separados por comas, y dice «{valor}»")
    return f"{hallado[1]}:{hallado[2]}"


Listado = (NoDecode, BeforeValidator(_lista))
"""Values separated by commas."""


Secretos = Annotated[list[Annotated[SecretStr, AfterValidator(_secreto)]], *Listado]
"""Those that sign callbacks, newest first."""


class AjustesEmpresa(BaseModel):
    """What may be set for one empresa: `EMPRESA__METROGAS__URL=...`, `EMPRESA__METROGAS__SIMULTANEAS=1`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    url: str | None = Field(None, pattern=r"^https?://", description="Base URL of the portal.")
    simultaneas: int | None = Field(None, ge=1, le=100, description="Consultas at the same time.")
    plazo_s: float | None = Field(None, gt=0, le=600, description="Longest time of one consulta, in seconds.")
    pausa_s: float | None = Field(None, ge=0, le=60, description="Seconds between the starts of two consultas.")


class Settings(BaseSettings):
    """The settings, one attribute per environment variable (upper case)."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__",
        env_ignore_empty=True,
        secrets_dir=SECRETOS if SECRETOS.is_dir() else None,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    database_url: Annotated[SecretStr, _url_de(*ESQUEMAS_POSTGRES)]
    broker_url: Annotated[SecretStr, _url_de(*ESQUEMAS_BROKER)] | None = None
    cloudamqp_url: Annotated[SecretStr, _url_de("amqp", "amqps")] | None = None
    cifrado_claves: Annotated[SecretStr, AfterValidator(_claves)]

    db_conexiones: int = Field(10, ge=1, le=500)
    db_espera_s: float = Field(5, gt=0, le=60)

    port: int = Field(8000, ge=1, le=65535)
    cuerpo_max_bytes: int = Field(64 * 1024, ge=1024, le=10 * 1024 * 1024)
    servicios_max: int = Field(500, ge=1, le=100_000)
    api_abierta: bool = False
    hosts_permitidos: Annotated[list[Annotated[str, AfterValidator(_host)]], BeforeValidator(_sin_vacios), *Listado] = (
        Field(["*"], min_length=1, max_length=100)
    )
    pedido_plazo_s: float = Field(10, gt=0, le=300)
    limite_por_minuto: int = Field(600, ge=1, le=1_000_000)

    chromium_path: Path | None = None
    chromium_sandbox: bool | None = None
    chromium_consultas_max: int = Field(200, ge=1)
    chromium_vida_s: float = Field(3600, ge=10, le=SEMANA_S)

    portales_url: str | None = Field(None, pattern=r"^https?://")
    empresa: dict[str, AjustesEmpresa] = Field(default_factory=dict)

    consulta_plazo_s: float = Field(90, gt=0, le=1200)
    consulta_arriendo_s: float = Field(20, ge=2, le=300)
    consulta_inicios_max: int = Field(3, ge=1, le=20)
    circuito_fallas: int = Field(5, ge=1, le=1000)
    circuito_espera_s: float = Field(60, gt=0, le=3600)
    circuito_espera_max_s: float = Field(900, gt=0, le=86_400)
    reintentos_escala: float = Field(1, gt=0, le=100)
    job_plazo_s: float = Field(1800, gt=0, le=SEMANA_S)
    job_plazo_por_consulta_s: float = Field(15, ge=0, le=86_400)
    cola_max: int = Field(20_000, ge=1, le=10_000_000)
    cola_antiguedad_max_s: float = Field(3600, ge=1, le=SEMANA_S)

    callback_esquema: Annotated[list[float], BeforeValidator(_sin_vacios), *Listado] = Field([1, 2], max_length=20)
    callback_plazo_s: float = Field(30, gt=0, le=300)
    callback_secretos: Secretos = Field([], max_length=10)
    callback_hosts_permitidos: Annotated[list[Annotated[str, AfterValidator(_host_y_puerto)]], *Listado] = []
    callback_solo_https: bool = False

    reloj_periodo_s: float = Field(2, gt=0, le=60)
    reloj_republicar_s: float = Field(300, ge=5, le=86_400)
    evidencia_dias: int = Field(30, ge=1, le=3650)
    historia_dias: int | None = Field(None, ge=1, le=36_500)
    evidencia_max_bytes: int = Field(512 * 1024, ge=10_000)
    log_formato: Literal["texto", "json"] = "texto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _con_broker(self) -> Self:
        if self.broker_url is None and self.cloudamqp_url is None:
            raise ValueError("Falta BROKER_URL (o CLOUDAMQP_URL)")
        if any(espera <= 0 or espera > SEMANA_S for espera in self.callback_esquema):
            raise ValueError("CALLBACK_ESQUEMA: cada espera va de más de 0 a 604800 segundos")
        return self

    @property
    def broker(self) -> str:
        """The broker's URL, secret: never log it."""
        elegida = self.broker_url or self.cloudamqp_url
        assert elegida is not None
        return elegida.get_secret_value()

    @property
    def broker_es_postgres(self) -> bool:
        """Whether the broker is Postgres itself (chosen by the URL's scheme)."""
        return urlsplit(self.broker).scheme in ESQUEMAS_POSTGRES

    @property
    def claves_de_cifrado(self) -> list[str]:
        """The keys of what is stored encrypted, newest first, secret: never log them."""
        return self.cifrado_claves.get_secret_value().split(",")

    @property
    def callback_intentos(self) -> int:
        """How often a callback is tried: one more than the waits between attempts."""
        return len(self.callback_esquema) + 1

    def de_empresa(self, empresa: str) -> AjustesEmpresa:
        """What was set for the empresa with this identifier, e.g. `metrogas`."""
        return self.empresa.get(empresa, AjustesEmpresa())


EN_ESPANOL = {
    "missing": "falta y es obligatoria",
    "int_parsing": "tiene que ser un número entero",
    "float_parsing": "tiene que ser un número",
    "bool_parsing": "tiene que ser true o false",
    "greater_than": "tiene que ser mayor que {gt}",
    "greater_than_equal": "tiene que ser {ge} o más",
    "less_than": "tiene que ser menor que {lt}",
    "less_than_equal": "tiene que ser {le} o menos",
    "literal_error": "tiene que ser {expected}",
    "string_pattern_mismatch": "no tiene la forma esperada ({pattern})",
    "too_long": "tiene demasiados valores (máximo {max_length})",
    "too_short": "no puede estar vacío",
    "extra_forbidden": "no es un ajuste conocido",
    "finite_number": "tiene que ser un número finito",
    "model_type": "no es un ajuste: se escribe, por ejemplo, EMPRESA__METROGAS__URL",
}


def explicar(error: ValidationError) -> str:
    """The first problem of a failed validation as one Spanish sentence naming the variable."""
    primero = error.errors(include_url=False, include_input=False)[0]
    variable = "__".join(parte for parte in primero["loc"] if isinstance(parte, str)).upper()
    contexto = primero.get("ctx", {})
    if primero["type"] == "value_error":
        motivo = str(contexto["error"])
        return f"Configuración inválida: {variable + ' ' if variable else ''}{motivo}."
    motivo = EN_ESPANOL.get(primero["type"], primero["msg"]).format(**contexto).replace(" or ", " o ")
    if variable == "CIFRADO_CLAVES":
        motivo += f"; {NUEVA_CLAVE}"
    return f"Configuración inválida: {variable} {motivo}."


@lru_cache(maxsize=1)
def ajustes() -> Settings:
    """The settings of this process. A wrong value ends the process with one sentence on stderr."""
    try:
        return Settings()
    except ValidationError as error:
        print(explicar(error), file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
    except OSError as error:
        print(f"Configuración inválida: no se puede leer {error.filename}.", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
    except SettingsError:
        print("Configuración inválida: EMPRESA no es un JSON válido.", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None
