"""The running service, over HTTP, as the commands use it."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import requests
import typer

from consola.uso import Fin, Terminar, UsoIncorrecto

URL = "http://127.0.0.1:8000"
CONECTAR_S, LEER_S = 5, 60

Url = Annotated[str, typer.Option(envvar="CONSULTAS_URL", help="Dónde responde el servicio.")]
Clave = Annotated[
    str | None,
    typer.Option(
        "--api-key", envvar="CONSULTAS_API_KEY", help="La clave de la API; mejor en la variable que en la orden."
    ),
]
CODIGOS = {404: Fin.NO_EXISTE, 408: Fin.NO_RESPONDE, 502: Fin.NO_RESPONDE, 503: Fin.NO_RESPONDE, 504: Fin.NO_RESPONDE}


class Remoto:
    """The service at a URL, with an API key."""

    def __init__(self, url: str, clave: str | None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsoIncorrecto(f"La dirección del servicio tiene que empezar con http:// o https://, y es «{url}».")
        self.url = url.rstrip("/")
        self._sesion = requests.Session()
        self._sesion.trust_env = False  # no .netrc, no proxy: the key goes to this URL alone
        if clave:
            if not (clave.isascii() and clave.isprintable()) or " " in clave:
                raise UsoIncorrecto("CONSULTAS_API_KEY no es una clave de la API.")
            self._sesion.headers["Authorization"] = f"Bearer {clave}"

    def pedir(self, metodo: str, ruta: str, dato: Any = None, **consulta: Any) -> Any:
        """The JSON that the service answers. Raises Terminar."""
        respuesta = self._enviar(metodo, ruta, dato, consulta)
        try:
            return respuesta.json()
        except requests.JSONDecodeError:
            raise Terminar(Fin.NO_RESPONDE, f"En {self.url} responde otra cosa, no Consultas.") from None

    def bajar(self, ruta: str, **consulta: Any) -> Iterator[bytes]:
        """What the service answers, as it comes. Raises Terminar."""
        respuesta = self._enviar("GET", ruta, None, consulta, de_a_poco=True)
        try:
            yield from respuesta.iter_content(64 * 1024)
        except requests.RequestException:
            raise Terminar(Fin.NO_RESPONDE, "La descarga se cortó: lo escrito no está completo.") from None

    def _enviar(
        self, metodo: str, ruta: str, dato: Any, consulta: dict[str, Any], *, de_a_poco: bool = False
    ) -> requests.Response:
        parametros = {nombre: valor for nombre, valor in consulta.items() if valor is not None}
        try:
            respuesta = self._sesion.request(
                metodo,
                self.url + ruta,
                json=dato,
                params=parametros,
                timeout=(CONECTAR_S, LEER_S),
                stream=de_a_poco,
                allow_redirects=False,
            )
        except requests.Timeout:
            raise Terminar(Fin.NO_RESPONDE, f"El servicio en {self.url} no respondió a tiempo.") from None
        except (requests.RequestException, ValueError):
            mensaje = f"El servicio no responde en {self.url}: ¿está en marcha? Otra dirección se da con --url."
            raise Terminar(Fin.NO_RESPONDE, mensaje) from None
        if not respuesta.ok or respuesta.is_redirect:
            raise Terminar(CODIGOS.get(respuesta.status_code, Fin.RECHAZADO), _frase(respuesta))
        return respuesta


def _frase(respuesta: requests.Response) -> str:
    """Why the service refused, in its own words."""
    try:
        detalle = str(respuesta.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"El servicio respondió {respuesta.status_code}, sin decir por qué."
    if respuesta.status_code == 401:
        return f"{detalle} La clave se da en CONSULTAS_API_KEY."
    return detalle


def decir_json(dato: Any) -> None:
    """Print it for a program."""
    typer.echo(json.dumps(dato, ensure_ascii=False, indent=2))
