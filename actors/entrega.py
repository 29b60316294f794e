"""The one place that POSTs a callback: URL, bytes, headers and a deadline in, what happened out.

Resolve the name once, ask `permitir` about every address, connect to a checked one, shake hands if it is
https, write, read the head, read a little of the body. A watchdog shuts the socket down when time is over.
"""

import calendar
import email.utils
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, cast

import requests
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from requests.exceptions import InvalidHeader, InvalidURL, MissingSchema
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationValueError, NewConnectionError
from urllib3.response import HTTPResponse

LEIDO_MAX_BYTES = 64 * 1024
GUARDADO_MAX_BYTES = 4 * 1024
LECTURA_S = 2.0  # for the body, once the status is known
RETRY_AFTER_MAX_S = 86_400.0
INFORMATIVAS_MAX = 100
CABECERAS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
Direccion = tuple[str, int] | tuple[str, int, int, int]
Resolver = Callable[[str, int], list[Direccion]]
Permitir = Callable[[str, str, int], bool]


@dataclass(frozen=True, slots=True)
class Respuesta:
    """What an attempt saw. `error_codigo` is None exactly when the receiver said 2xx."""

    status_code: int | None
    cuerpo: str  # at most 4 KiB of UTF-8, as it came: never decompressed
    location: str | None
    retry_after_s: float | None  # 0 to one day, only with 429 and 503
    error_codigo: str | None
    error: str | None  # one line
    duracion_ms: int
    definitivo: bool  # no further attempt makes sense
    adelgazar: bool  # the next attempt must carry the thin body


class DestinoProhibido(OSError):
    """`permitir` said no to one of the addresses; nothing was sent."""


URL_MALA = (InvalidURL, MissingSchema, http.client.InvalidURL, LocationValueError)
# The first row that fits the error, or one that led to it, wins; {0} is that error.
FALLAS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (DestinoProhibido, "DESTINO_PROHIBIDO", "La dirección de destino no está permitida"),
    (URL_MALA, "URL_INVALIDA", "La URL no es válida"),
    ((socket.gaierror, UnicodeError), "DNS", "No se pudo resolver el nombre del destino"),
    (TimeoutError, "TIEMPO_AGOTADO", "No respondió a tiempo"),
    (ssl.SSLCertVerificationError, "TLS", "El certificado no es válido: {0.verify_message}"),
    (ssl.SSLError, "TLS", "La conexión TLS falló: {0.strerror}"),
    (ConnectionRefusedError, "CONEXION_RECHAZADA", "Connection refused"),
    (ConnectionError, "CONEXION_CORTADA", "La conexión se cortó antes de la respuesta"),
    ((http.client.HTTPException, InvalidHeader), "RESPUESTA_INVALIDA", "La respuesta no es HTTP válido"),
    (OSError, "DESTINO_INALCANZABLE", "No se pudo llegar al destino: {0.strerror}"),
    (Exception, "RESPUESTA_INVALIDA", "La respuesta no se pudo leer"),
)
DEFINITIVAS = ("DESTINO_PROHIBIDO", "URL_INVALIDA")
POR_CENTENA = {2: None, 3: "HTTP_REDIRECCION", 4: "HTTP_4XX", 5: "HTTP_5XX"}


def resolver_del_sistema(host: str, port: int) -> list[Direccion]:
    """Every address of the host, in the order of the system. Raises socket.gaierror or UnicodeError."""
    return [cast(Direccion, info[4]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def contexto_tls() -> ssl.SSLContext:
    """Trusts the roots of the system (`SSL_CERT_FILE` moves them) and of certifi. Takes tens of ms: once."""
    contexto = ssl.create_default_context()
    contexto.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    contexto.set_alpn_protocols(["http/1.1"])
    return contexto


@dataclass
class _Intento:
    """One attempt: its clock, how it dials, and what it holds open until `pila` unwinds."""

    fin: float  # of time.monotonic()
    resolver: Resolver
    permitir: Permitir
    pila: ExitStack
    empezo: float = field(default_factory=time.monotonic)
    copia: socket.socket = field(init=False)
    respuesta: HTTPResponse = field(init=False)

    @property
    def duracion_ms(self) -> int:
        return round((time.monotonic() - self.empezo) * 1000)

    def quedan(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none."""
        if (segundos := self.fin - time.monotonic()) <= 0:
            raise TimeoutError("deadline")
        return segundos

    def marcar(self, host: str, port: int) -> socket.socket:
        """A connected socket under watch; the addresses share the time. Raises OSError, DestinoProhibido too."""
        direcciones = self._resolver_a_tiempo(host, port)
        if not all(self.permitir(host, direccion[0], direccion[1]) for direccion in direcciones):
            raise DestinoProhibido(host)
        error: OSError = socket.gaierror(socket.EAI_NONAME, "no addresses")
        for indice, direccion in enumerate(direcciones):
            try:
                return self._conectar(direccion, self.quedan() / (len(direcciones) - indice))
            except OSError as fallo:
                error = fallo
        raise error

    def _conectar(self, direccion: Direccion, segundos: float) -> socket.socket:
        familia = socket.AF_INET6 if ":" in direccion[0] else socket.AF_INET
        enchufe = self.pila.enter_context(socket.socket(familia))
        enchufe.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What is buffered can still be read after the shutdown: keep it short.
        enchufe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LEIDO_MAX_BYTES)
        enchufe.settimeout(segundos)
        enchufe.connect(direccion)
        enchufe.settimeout(self.quedan() + 1)  # the watchdog comes first
        # A copy: TLS takes over the original, and the number of a closed one is reused.
        self.copia = self.pila.enter_context(enchufe.dup())
        self.vigilar(self.quedan())
        return enchufe

    def vigilar(self, segundos: float) -> None:
        """Shut the socket down in so many seconds, whatever it is busy with, unless `pila` unwinds first."""
        vigia = threading.Timer(segundos, self._cortar)
        vigia.start()
        self.pila.callback(vigia.join)
        self.pila.callback(vigia.cancel)

    def _cortar(self) -> None:
        with suppress(OSError):
            self.copia.shutdown(socket.SHUT_RDWR)

    def _resolver_a_tiempo(self, host: str, port: int) -> list[Direccion]:
        """Resolve in a thread of its own: getaddrinfo cannot be cancelled, only left behind."""
        hallado: Future[list[Direccion]] = Future()

        def preguntar() -> None:
            try:
                hallado.set_result(self.resolver(host, port))
            except Exception as error:
                hallado.set_exception(error)

        hilo = threading.Thread(target=preguntar, name="callback-dns", daemon=True)
        hilo.start()
        hilo.join(self.quedan())
        return hallado.result(timeout=0)


class _SinInformativas(http.client.HTTPResponse):
    """Skips every 1xx before the response (RFC 9110, 15.2); http.client skips 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(INFORMATIVAS_MAX):
            linea: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if linea[1] == http.client.SWITCHING_PROTOCOLS or not 100 <= linea[1] < 200:
                return linea
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("too many 1xx")


class _Conexion(HTTPConnection):
    response_class = _SinInformativas

    def __init__(self, *args: Any, intento: _Intento, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intento = intento

    def _new_conn(self) -> socket.socket:
        try:
            return self.intento.marcar(self._dns_host, self.port)
        except OSError as error:
            # urllib3 would take a bare ECONNRESET for a receiver that answers early.
            raise NewConnectionError(self, str(error)) from error

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        self.intento.respuesta = super().getresponse()
        return self.intento.respuesta


class _ConexionTLS(_Conexion, HTTPSConnection):
    def connect(self) -> None:
        tls = contexto_tls().wrap_socket(self._new_conn(), server_hostname=self.host)
        self.sock = self.intento.pila.enter_context(tls)
        self.is_verified = True

    def request(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().request(*args, **kwargs)
        except ssl.SSLError as error:
            # After this error urllib3 still reads: the receiver may have answered before the end.
            raise BrokenPipeError from error


class _Reserva(HTTPConnectionPool):
    ConnectionCls = _Conexion


class _ReservaTLS(HTTPSConnectionPool):
    ConnectionCls = _ConexionTLS


def enviar(
    url: str,
    cuerpo: bytes,
    cabeceras: Mapping[str, str],
    *,
    permitir: Permitir,
    plazo_s: float = 30.0,
    resolver: Resolver = resolver_del_sistema,
) -> Respuesta:
    """POST `cuerpo` once and say what happened, within `plazo_s` seconds whatever network and receiver do.

    `permitir(host, ip, port)` is asked about every address of the name; one refusal and nothing is dialled.
    """
    with ExitStack() as pila:
        intento = _Intento(time.monotonic() + plazo_s, resolver, permitir, pila)
        adaptador = HTTPAdapter()
        clases = {"http": partial(_Reserva, intento=intento), "https": partial(_ReservaTLS, intento=intento)}
        adaptador.poolmanager.pool_classes_by_scheme = clases
        # No Session: it reads proxies, netrc, cookies, and the body of a redirect even when not following it.
        try:
            pedido = requests.Request("POST", url, {**cabeceras, **CABECERAS}, data=cuerpo).prepare()
            with adaptador.send(pedido, stream=True, timeout=plazo_s + 1) as recibida:
                return _leida(recibida, intento)
        # Arbitrary bytes reach the parsers of http.client and email: any error of theirs is an outcome.
        except Exception as error:
            return _fallida(error, intento)


def _leida(recibida: requests.Response, intento: _Intento) -> Respuesta:
    """The outcome once the head is there. The status decides; what comes of the body is for the log."""
    cuerpo = bytearray()
    with suppress(Exception):
        intento.vigilar(LECTURA_S)
        while trozo := intento.respuesta.read1(max(0, LEIDO_MAX_BYTES - len(cuerpo))):
            cuerpo += trozo
    status, cabeceras = recibida.status_code, recibida.headers
    codigo = POR_CENTENA.get(status // 100, "RESPUESTA_INVALIDA")
    abandonar = cabeceras.get("webhook-delivery", "").strip().lower() == "abort-message"
    return Respuesta(
        status_code=status,
        cuerpo=_texto(cuerpo),
        location=_texto(cabeceras.get("Location", "").encode("latin-1")) or None,
        retry_after_s=_retry_after(cabeceras.get("Retry-After", "")) if status in (429, 503) else None,
        error_codigo=codigo,
        error=f"HTTP {status}" if codigo else None,
        duracion_ms=intento.duracion_ms,
        definitivo=codigo is not None and (status == 410 or abandonar),
        adelgazar=status == 413,
    )


def _texto(datos: bytes | bytearray) -> str:
    """Text that Postgres takes: no NUL, no invalid UTF-8, not too long."""
    texto = datos.decode("utf-8", "replace").replace("\0", "").encode()
    return texto[:GUARDADO_MAX_BYTES].decode("utf-8", "ignore")


def _retry_after(valor: str) -> float | None:
    """Seconds from a number or an HTTP-date, always GMT (RFC 9110, 10.2.3); None if it is neither."""
    segundos = float(valor) if valor.isdecimal() else None
    with suppress(ValueError, OverflowError):
        if segundos is None and (fecha := email.utils.parsedate(valor)):
            segundos = calendar.timegm(fecha) - time.time()
    return None if segundos is None else min(max(segundos, 0.0), RETRY_AFTER_MAX_S)


def _fallida(error: Exception, intento: _Intento) -> Respuesta:
    """The outcome of an attempt that got no response."""
    causas: list[BaseException] = [TimeoutError("deadline")] if time.monotonic() >= intento.fin else []
    causa: BaseException | None = error
    while causa is not None:
        causas.insert(0, causa)
        causa = causa.__cause__ or (None if causa.__suppress_context__ else causa.__context__)
    codigo, texto = next(
        (codigo, mensaje.format(causa))
        for tipos, codigo, mensaje in FALLAS
        for causa in causas
        if isinstance(causa, tipos)
    )
    return Respuesta(None, "", None, None, codigo, texto, intento.duracion_ms, codigo in DEFINITIVAS, False)
