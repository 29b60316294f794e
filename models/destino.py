"""Where a callback may go: the rules for its URL and its port, and which addresses can be opened; pure functions.

`models/schemas.py` asks when a job is created, `actors/guardia.py` when a callback is dialled; the second decides.
Which addresses are public is said by direcciones.py.
"""

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import idna

from direcciones import nunca, prohibida

URL_MAX = 2048
PUERTOS_PROHIBIDOS = frozenset(
    {22, 25, 53, 110, 143, 389, 445, 465, 587, 993, 995, 2375, 2376, 2379}
    | {3306, 5432, 5672, 6379, 9200, 11211, 15672, 25672, 27017}
)
NOMBRES_DE_ESTA_MAQUINA = {"localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"}
NOMBRE = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
ENTRE_CORCHETES = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
LOOPBACK = IPv4Address("127.0.0.1")

ABRIBLES = [
    ip_network(red)
    for red in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
        "198.18.0.0/15",  # where OrbStack puts its containers
    )
]
"""Where a private receiver lives: what CALLBACK_HOSTS_PERMITIDOS can open."""


class UrlRechazada(ValueError):
    """A callback_url that is not accepted, and its `codigo`: URL_INVALIDA, HTTPS_OBLIGATORIO or DESTINO_PROHIBIDO."""

    def __init__(self, codigo: str, mensaje: str) -> None:
        super().__init__(mensaje)
        self.codigo = codigo


def revisar_url(url: str, *, permitidos: Collection[str] = (), solo_https: bool = False) -> None:
    """Accept an absolute http(s) URL whose host, if it is an address, may be dialled. Raises UrlRechazada.

    `permitidos`: `host:port` of the private receivers that are open.
    """
    partes = _partes(url)
    host, port = _host(partes), _puerto(partes)
    if solo_https and partes.scheme != "https":
        raise UrlRechazada("HTTPS_OBLIGATORIO", "tiene que empezar con https://")
    if port in PUERTOS_PROHIBIDOS:
        raise UrlRechazada("DESTINO_PROHIBIDO", f"no puede usar el puerto {port}")
    direccion = _literal(host)
    if direccion is not None and not se_puede_marcar(host, str(direccion), port, permitidos):
        raise UrlRechazada("DESTINO_PROHIBIDO", "apunta a una dirección que no está permitida")


def se_puede_marcar(host: str, ip: str, port: int, permitidos: Collection[str]) -> bool:
    """Whether a callback for `host` may be sent to this address of it."""
    if port in PUERTOS_PROHIBIDOS:
        return False
    return not prohibida(ip) or (clave(host, port) in permitidos and _abrible(ip))


def clave(host: str, port: int) -> str:
    """`host:port` as CALLBACK_HOSTS_PERMITIDOS writes it: `web:3000`, `[::1]:3000`."""
    nombre = host.lower().removesuffix(".")
    return f"[{nombre}]:{port}" if ":" in nombre else f"{nombre}:{port}"


def _partes(url: str) -> SplitResult:
    if len(url) > URL_MAX:
        raise UrlRechazada("URL_INVALIDA", f"no puede tener más de {URL_MAX} caracteres")
    if any(c.isspace() or not c.isprintable() for c in url) or "\\" in url:
        raise UrlRechazada(
            "URL_INVALIDA", "no puede tener espacios, barras invertidas ni caracteres de control o invisibles"
        )
    try:
        url.encode()
        partes = urlsplit(url)
    except ValueError:
        raise UrlRechazada("URL_INVALIDA", "no es una URL válida") from None
    if partes.scheme not in ("http", "https"):
        raise UrlRechazada("URL_INVALIDA", "tiene que empezar con http:// o https://")
    if "@" in partes.netloc:
        raise UrlRechazada("URL_INVALIDA", "no puede llevar usuario ni clave")
    return partes


def _host(partes: SplitResult) -> str:
    """The host in ASCII, lower case; an IPv6 address without its brackets."""
    host = partes.hostname or ""
    try:
        if ENTRE_CORCHETES.fullmatch(partes.netloc):
            IPv6Address(host)
            return host
        nombre = host if host.isascii() else idna.encode(host, uts46=True).decode()  # as requests does
    except ValueError:
        nombre = ""
    if "[" in partes.netloc or not NOMBRE.fullmatch(nombre):
        raise UrlRechazada("URL_INVALIDA", "no tiene un servidor válido")
    return nombre


def _puerto(partes: SplitResult) -> int:
    try:
        puerto = partes.port
    except ValueError:
        puerto = 0
    if puerto == 0:
        raise UrlRechazada("URL_INVALIDA", "no tiene un puerto válido")
    return puerto or (443 if partes.scheme == "https" else 80)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that the host is, in any of the forms that a resolver takes (`0x7f.1`); None for a name."""
    nombre = host.removesuffix(".")
    if nombre in NOMBRES_DE_ESTA_MAQUINA or nombre.endswith(".localhost"):
        return LOOPBACK
    if ":" in host:
        return IPv6Address(host)
    try:
        return IPv4Address(socket.inet_aton(nombre))
    except OSError:
        return None


def _abrible(ip: str) -> bool:
    if nunca(ip):
        return False
    direccion = ip_address(ip)
    mapeada = direccion.ipv4_mapped if isinstance(direccion, IPv6Address) else None
    return any((mapeada or direccion) in red for red in ABRIBLES)
