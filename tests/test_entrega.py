"""One callback POST against receivers of every kind: what it reports, how long it takes, what it leaves."""

import contextlib
import gzip
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receptores import (
    Certificados,
    Guion,
    Receptor,
    cabeza,
    callar,
    completa,
    cortar,
    gotear,
    inundar,
    leer_y_callar,
    responder,
    responder_sin_leer,
)

from actors.entrega import Direccion, Permitir, Resolver, Respuesta, contexto_tls, enviar

CUERPO = b'{"job_id":"d4f5a6b7","deuda":25670}'
NUESTRAS = {"User-Agent": "consultas/0.1.0", "webhook-id": "msg_1", "x-callback-intento": "1/3"}
PLAZO_S = 1.0
HOLGURA_S = 2.0  # of a busy machine; without a deadline these receivers hold us for ever
GRANDE = b"x" * 20_000_000  # more than the buffers of both sockets


def abiertos() -> Counter[str]:
    """What this process has open: files by their path, sockets and pipes by their number."""
    enlaces: Counter[str] = Counter()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own, closed by now
            enlaces[str(descriptor.readlink())] += 1
    return enlaces


@pytest.fixture(autouse=True)
def nada_queda_abierto() -> Iterator[None]:
    """No test leaves a descriptor or a thread behind: the receivers end with their blocks."""
    descriptores, hilos = abiertos(), set(threading.enumerate())
    yield
    assert abiertos() <= descriptores  # what an earlier file left may be closed meanwhile
    assert set(threading.enumerate()) <= hilos


@pytest.fixture(scope="module")
def certificados(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificados]:
    """A test CA that the sender trusts the way an operator would make it."""
    certificados = Certificados(tmp_path_factory.mktemp("certificados"))
    with pytest.MonkeyPatch.context() as entorno:
        entorno.setenv("SSL_CERT_FILE", str(certificados.ca))
        contexto_tls.cache_clear()
        yield certificados
    contexto_tls.cache_clear()


def resolver_fijo(*ips: str) -> Resolver:
    return lambda host, port: [(ip, port) for ip in ips]


def todo(host: str, ip: str, port: int) -> bool:
    return True


def enviar_bien(
    url: str, cuerpo: bytes = CUERPO, *, plazo_s: float = PLAZO_S, permitir: Permitir = todo, **opciones: Any
) -> Respuesta:
    """Send, and check what holds for every receiver: the deadline, and that nothing of ours stays open."""
    antes = threading.active_count()
    empezo = time.monotonic()
    respuesta = enviar(url, cuerpo, NUESTRAS, plazo_s=plazo_s, permitir=permitir, **opciones)
    tardo = time.monotonic() - empezo
    assert tardo < plazo_s + HOLGURA_S
    assert abs(respuesta.duracion_ms / 1000 - tardo) < HOLGURA_S
    assert (respuesta.error_codigo is None) == (respuesta.error is None)
    assert respuesta.error is None or len(respuesta.error.splitlines()) == 1
    assert threading.active_count() <= antes
    return respuesta


def entregar(guion: Guion, cuerpo: bytes = CUERPO, **opciones: Any) -> Respuesta:
    """Start a receiver, send one callback to it."""
    with Receptor(guion) as receptor:
        return enviar_bien(receptor.url, cuerpo, **opciones)


# The request


def test_it_works() -> None:
    # Given a receiver that answers 200
    with Receptor(responder(completa(200, cuerpo=b'{"ok":true}'))) as receptor:
        # When a callback is sent
        respuesta = enviar_bien(receptor.url)
    # Then it was delivered, and the answer is kept
    assert (respuesta.status_code, respuesta.error_codigo, respuesta.error) == (200, None, None)
    assert respuesta.cuerpo == '{"ok":true}'
    assert not respuesta.definitivo
    assert not respuesta.adelgazar
    assert receptor.conexiones == 1


def test_the_request_carries_exactly_our_headers_and_bytes() -> None:
    with Receptor(responder(completa(200))) as receptor:
        enviar_bien(receptor.url)
    cabecera, _, cuerpo = receptor.pedidos[0].partition(b"\r\n\r\n")
    primera, *lineas = cabecera.decode().split("\r\n")
    assert primera == "POST /aviso?x=1 HTTP/1.1"
    assert dict(linea.split(": ", 1) for linea in lineas) == {
        "Host": f"127.0.0.1:{receptor.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(CUERPO)),
        "Accept-Encoding": "identity",
        **NUESTRAS,
    }
    assert cuerpo == CUERPO


def test_the_environment_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given proxies that nobody answers and a netrc with a password for the receiver
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ana password secreto\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for nombre in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(nombre, "http://127.0.0.1:1")
    with Receptor(responder(completa(200, "Set-Cookie: sesion=1"))) as receptor:
        # When two callbacks are sent
        assert [enviar_bien(receptor.url).status_code for _ in range(2)] == [200, 200]
    # Then they went straight there, without password and without the cookie that came back
    assert b"uthorization" not in b"".join(receptor.pedidos)
    assert b"ookie" not in b"".join(receptor.pedidos)
    assert receptor.conexiones == 2


# The status decides


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_2xx_is_a_success(status: int) -> None:
    respuesta = entregar(responder(completa(status, "webhook-delivery: abort-message")))
    assert (respuesta.status_code, respuesta.error_codigo, respuesta.definitivo) == (status, None, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    with Receptor(responder(completa(200))) as otro:
        respuesta = entregar(responder(completa(status, f"Location: {otro.url}")))
    assert otro.conexiones == 0
    assert (respuesta.error_codigo, respuesta.error) == ("HTTP_REDIRECCION", f"HTTP {status}")
    assert respuesta.location == otro.url
    assert not respuesta.definitivo


@pytest.mark.parametrize(
    ("status", "codigo", "definitivo", "adelgazar"),
    [
        (300, "HTTP_REDIRECCION", False, False),
        (304, "HTTP_REDIRECCION", False, False),
        (400, "HTTP_4XX", False, False),
        (404, "HTTP_4XX", False, False),
        (410, "HTTP_4XX", True, False),
        (413, "HTTP_4XX", False, True),
        (429, "HTTP_4XX", False, False),
        (500, "HTTP_5XX", False, False),
        (503, "HTTP_5XX", False, False),
        (101, "RESPUESTA_INVALIDA", False, False),
        (999, "RESPUESTA_INVALIDA", False, False),
    ],
)
def test_every_other_status_is_a_failure(status: int, codigo: str, definitivo: bool, adelgazar: bool) -> None:
    respuesta = entregar(responder(completa(status, cuerpo=b"no")))
    assert (respuesta.status_code, respuesta.error_codigo) == (status, codigo)
    assert respuesta.error == f"HTTP {status}"
    assert (respuesta.definitivo, respuesta.adelgazar) == (definitivo, adelgazar)
    assert respuesta.retry_after_s is None


def test_abort_message_is_final() -> None:
    assert entregar(responder(completa(500, "Webhook-Delivery: Abort-Message "))).definitivo


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("valor", "minimo", "maximo"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        ("9" * 5000, 86_400, 86_400),
        ("Wed, 31 Dec 9999 23:59:59 GMT", 86_400, 86_400),
        ("Sun Nov  6 08:49:37 1994", 0, 0),
        ("", 500, 600),
    ],
)
def test_retry_after_is_read(status: int, valor: str, minimo: float, maximo: float) -> None:
    fecha = valor or formatdate(time.time() + 600, usegmt=True)  # now, not when the test was collected
    respuesta = entregar(responder(completa(status, f"Retry-After: {fecha}")))
    assert respuesta.retry_after_s is not None
    assert minimo <= respuesta.retry_after_s <= maximo


@pytest.mark.parametrize(
    "valor", ["", "-5", "1.5", "inf", "nan", "pronto", "²", "1e3", "5, 7", "Mon, 99 Foo 20x6 99:99:99 GMT"]
)
def test_an_absurd_retry_after_is_ignored(valor: str) -> None:
    assert entregar(responder(completa(503, f"Retry-After: {valor}"))).retry_after_s is None


def test_retry_after_counts_only_with_429_and_503() -> None:
    assert entregar(responder(completa(500, "Retry-After: 7"))).retry_after_s is None


@pytest.mark.parametrize("previas", [cabeza(100), cabeza(103, "Link: </a.css>") * 3, cabeza(102) + cabeza(100)])
def test_informative_responses_are_skipped(previas: bytes) -> None:
    assert entregar(responder(previas + completa(201))).status_code == 201


# The body of the response


def test_the_body_that_is_kept_is_clean() -> None:
    respuesta = entregar(responder(completa(200, cuerpo=b"a\0\xff\xc3\xb1")))
    assert respuesta.cuerpo == "a\ufffdñ"


@pytest.mark.parametrize("letra", [b"a", b"\xff", b"\0", "ñ".encode()])
def test_at_most_4_kib_are_kept(letra: bytes) -> None:
    assert len(entregar(responder(completa(500, cuerpo=letra * 50_000))).cuerpo.encode()) <= 4096


@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_gzip_bomb_stays_compressed(status: int) -> None:
    bomba = gzip.compress(bytes(50_000_000))
    cabeceras = ["Content-Encoding: gzip", "Location: /otra"]
    respuesta = entregar(responder(completa(status, *cabeceras, cuerpo=bomba)))
    assert respuesta.status_code == status
    assert len(respuesta.cuerpo.encode()) <= 4096


@pytest.mark.parametrize("status", [200, 302, 500])
@pytest.mark.parametrize(
    ("cabeceras", "trozo"),
    [
        ([], b"x" * 1000),
        (["Content-Length: 99999999999"], b"x" * 1000),
        (["Transfer-Encoding: chunked"], b"400\r\n" + b"x" * 1024 + b"\r\n"),
        (["Transfer-Encoding: chunked"], b"-1\r\nx"),
    ],
)
def test_an_endless_body_is_left(status: int, cabeceras: list[str], trozo: bytes) -> None:
    respuesta = entregar(inundar(cabeza(status, "Location: /otra", *cabeceras), trozo), plazo_s=10)
    assert respuesta.status_code == status
    assert respuesta.duracion_ms < 1000


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("gotas", [repeat(b"z"), []], ids=["gotea", "calla"])
def test_a_body_that_drips_or_stalls_does_not_change_the_outcome(status: int, gotas: Iterable[bytes]) -> None:
    respuesta = entregar(gotear(cabeza(status, "Content-Length: 1000") + b"hola", gotas))
    assert respuesta.status_code == status
    assert respuesta.cuerpo.startswith("hola")


def test_a_stalled_body_does_not_take_the_whole_deadline() -> None:
    respuesta = entregar(gotear(cabeza(200) + b"hola", repeat(b"z", 15)), plazo_s=20)
    assert (respuesta.status_code, respuesta.error_codigo) == (200, None)
    assert respuesta.cuerpo.startswith("holaz")
    assert respuesta.duracion_ms < 3000


@pytest.mark.parametrize(
    "resto",
    [
        b"hola",
        b"4\r\nhola\r\nzzz\r\n",
        b"4\r\nhola",
        b"4\r\nhola\r\n0\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_a_broken_body_does_not_change_the_outcome(resto: bytes) -> None:
    assert entregar(responder(cabeza(200, "Transfer-Encoding: chunked") + resto)).error_codigo is None


def test_a_rst_after_the_response_does_not_change_the_outcome() -> None:
    assert entregar(cortar(completa(200, cuerpo=b"ok"))).error_codigo is None


def test_a_large_location_is_cut() -> None:
    respuesta = entregar(responder(completa(302, "Location: /\0" + "ñ" * 10_000)))
    assert respuesta.location is not None
    assert "\0" not in respuesta.location
    assert len(respuesta.location.encode()) <= 4096


# What is not a response


CALLADOS: dict[str, Guion] = {
    "nunca responde": leer_y_callar,
    "nunca lee": callar,
    "gotea el estado": gotear(b"", repeat(b"H")),
    "gotea 100": gotear(b"", repeat(cabeza(100))),
    "gotea 103": gotear(b"", repeat(cabeza(103, "Link: </a>"))),
}


@pytest.mark.parametrize("guion", CALLADOS.values(), ids=CALLADOS)
def test_a_receiver_that_stalls_ends_at_the_deadline(guion: Guion) -> None:
    respuesta = entregar(guion)
    assert (respuesta.status_code, respuesta.error_codigo) == (None, "TIEMPO_AGOTADO")
    assert respuesta.duracion_ms >= PLAZO_S * 1000
    assert not respuesta.definitivo


@pytest.mark.parametrize(("status", "codigo"), [(200, None), (500, "HTTP_5XX")])
@pytest.mark.parametrize(
    "gotas", [repeat(b"a"), repeat(b"X-Otra: mas\r\n"), []], ids=["una cabecera", "cabeceras", "nada"]
)
def test_the_status_line_decides_though_its_headers_never_end(
    status: int, codigo: str | None, gotas: Iterable[bytes]
) -> None:
    respuesta = entregar(gotear(f"HTTP/1.1 {status} Listo\r\n".encode(), gotas))
    assert (respuesta.status_code, respuesta.error_codigo) == (status, codigo)
    assert respuesta.duracion_ms >= PLAZO_S * 1000


def test_a_receiver_that_never_reads_a_large_body_ends_at_the_deadline() -> None:
    assert entregar(callar, GRANDE).error_codigo == "TIEMPO_AGOTADO"


@pytest.mark.parametrize("cerrar", [True, False], ids=["cierra", "espera"])
def test_an_early_413_is_seen(cerrar: bool) -> None:
    respuesta = entregar(responder_sin_leer(completa(413), cerrar=cerrar), GRANDE)
    assert (respuesta.status_code, respuesta.adelgazar) == (413, True)


@pytest.mark.parametrize(
    "datos",
    [
        b"<html>HTTP/0.9</html>",
        b"\x00\xff\xfe\r\n\r\n",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"H" * 100_000,
        cabeza(100) * 200 + completa(200),
        cabeza(200, *["X: y"] * 200),
        cabeza(200, "X: " + "y" * 70_000),
        cabeza(200, "Content-Length: 5", "Content-Length: 7") + b"holahola",
        cabeza(200, "Content-Length: 5, 7") + b"holahola",
    ],
)
def test_garbage_is_an_invalid_response(datos: bytes) -> None:
    respuesta = entregar(responder(datos))
    assert (respuesta.status_code, respuesta.error_codigo) == (None, "RESPUESTA_INVALIDA")
    assert not respuesta.definitivo


@pytest.mark.parametrize("guion", [cortar(), cortar(b"HTTP/1.1 2"), responder(b"")])
def test_a_connection_that_breaks_before_the_response(guion: Guion) -> None:
    respuesta = entregar(guion)
    assert respuesta.status_code is None
    assert respuesta.error_codigo in {"CONEXION_CORTADA", "RESPUESTA_INVALIDA"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    nombre=st.sampled_from(["Set-Cookie", "Retry-After", "Content-Type", "Content-Length", "Location", "X"]),
    valor=st.binary(max_size=60),
    cuerpo=st.binary(max_size=60),
)
def test_no_bytes_make_it_raise(nombre: str, valor: bytes, cuerpo: bytes) -> None:
    entregar(responder(b"HTTP/1.1 503 No\r\n" + nombre.encode() + b": " + valor + b"\r\n\r\n" + cuerpo))
    entregar(responder(cuerpo + valor))


@pytest.mark.parametrize("trozo", [cabeza(100), cabeza(103), b"X: y\r\n", b"z" * 1000, b"\r\n"])
def test_a_flood_before_the_response_ends_soon(trozo: bytes) -> None:
    assert entregar(inundar(b"", trozo), plazo_s=10).error_codigo == "RESPUESTA_INVALIDA"
    respuesta = entregar(inundar(b"HTTP/1.1 500 No\r\n", trozo), plazo_s=10)
    assert respuesta.error_codigo in {"RESPUESTA_INVALIDA", "HTTP_5XX"}
    assert respuesta.duracion_ms < 3000


def test_a_flood_of_trailers_ends_soon() -> None:
    cabecera = cabeza(200, "Transfer-Encoding: chunked")
    assert entregar(inundar(cabecera + b"0\r\n", b"a\r\n" * 1000)).status_code == 200


# The way there


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as cerrado:
        port = cerrado.getsockname()[1]
    respuesta = enviar_bien(f"http://127.0.0.1:{port}/")
    assert (respuesta.error_codigo, respuesta.error) == ("CONEXION_RECHAZADA", "Connection refused")
    assert not respuesta.definitivo


@pytest.mark.parametrize(
    "host", ["no-existe.invalid", "a" * 70 + ".test"], ids=["no existe", "etiqueta demasiado larga"]
)
def test_a_name_that_does_not_resolve(host: str) -> None:
    respuesta = enviar_bien(f"http://{host}/", plazo_s=5)
    assert respuesta.error_codigo in {"DNS", "TIEMPO_AGOTADO"}


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "x"), UnicodeError("x")])
def test_a_resolver_that_fails(error: Exception) -> None:
    def resolver(host: str, port: int) -> list[Direccion]:
        raise error

    assert enviar_bien("http://receptor.prueba/", resolver=resolver).error_codigo == "DNS"


def test_a_name_without_addresses() -> None:
    assert enviar_bien("http://receptor.prueba/", resolver=resolver_fijo()).error_codigo == "DNS"


def test_a_slow_resolver_ends_at_the_deadline() -> None:
    soltar, hilos = threading.Event(), []

    def resolver(host: str, port: int) -> list[Direccion]:
        hilos.append(threading.current_thread())
        soltar.wait(10)
        return [("127.0.0.1", port)]

    respuesta = enviar("http://receptor.prueba/", CUERPO, NUESTRAS, plazo_s=PLAZO_S, resolver=resolver, permitir=todo)
    soltar.set()
    hilos[0].join()
    assert respuesta.error_codigo == "TIEMPO_AGOTADO"
    assert PLAZO_S * 1000 <= respuesta.duracion_ms < (PLAZO_S + HOLGURA_S) * 1000


def test_the_time_of_the_resolver_counts() -> None:
    def resolver(host: str, port: int) -> list[Direccion]:
        time.sleep(PLAZO_S / 2)
        return [("127.0.0.1", port)]

    assert entregar(leer_y_callar, resolver=resolver).error_codigo == "TIEMPO_AGOTADO"


def test_the_next_address_is_tried_and_the_name_is_resolved_once() -> None:
    veces: list[str] = []

    def resolver(host: str, port: int) -> list[Direccion]:
        veces.append(host)
        return [("127.0.0.9", port), ("127.0.0.1", port)]

    with Receptor(responder(completa(200))) as receptor:
        respuesta = enviar_bien(f"http://receptor.prueba:{receptor.port}/", resolver=resolver)
    assert respuesta.status_code == 200
    assert veces == ["receptor.prueba"]
    assert f"Host: receptor.prueba:{receptor.port}\r\n".encode() in receptor.pedidos[0]


def test_an_unreachable_address() -> None:
    respuesta = enviar_bien("http://receptor.prueba/", resolver=resolver_fijo("255.255.255.255"))
    assert respuesta.error_codigo == "DESTINO_INALCANZABLE"


@pytest.mark.parametrize("ips", [("127.0.0.1", "10.0.0.1"), ("10.0.0.1", "127.0.0.1")])
def test_one_forbidden_address_forbids_the_target(ips: tuple[str, ...]) -> None:
    # Given a name with a good address, where somebody listens, and a forbidden one
    preguntas: list[tuple[str, str, int]] = []

    def permitir(host: str, ip: str, port: int) -> bool:
        preguntas.append((host, ip, port))
        return ip != "10.0.0.1"

    with Receptor(responder(completa(200))) as receptor:
        # When a callback is sent
        url = f"http://receptor.prueba:{receptor.port}/"
        respuesta = enviar_bien(url, resolver=resolver_fijo(*ips), permitir=permitir)
    # Then nobody was called, and nobody will be
    assert receptor.conexiones == 0
    assert (respuesta.error_codigo, respuesta.definitivo) == ("DESTINO_PROHIBIDO", True)
    assert ("receptor.prueba", "10.0.0.1", receptor.port) in preguntas


def test_permitted_addresses_are_dialled() -> None:
    with Receptor(responder(completa(200))) as receptor:
        url = f"http://receptor.prueba:{receptor.port}/"
        respuesta = enviar_bien(url, resolver=resolver_fijo("127.0.0.1"))
    assert respuesta.status_code == 200


@pytest.mark.parametrize(
    "url", ["", "ftp://receptor.prueba/", "http://", "receptor.prueba", "http://[::1", "http://a:x/"]
)
def test_a_bad_url_is_final(url: str) -> None:
    respuesta = enviar_bien(url, resolver=resolver_fijo("127.0.0.1"))
    assert (respuesta.error_codigo, respuesta.definitivo) == ("URL_INVALIDA", True)


# TLS


def test_tls_is_checked_against_the_name_whatever_the_address(certificados: Certificados) -> None:
    tls = certificados.contexto("bueno", "DNS:receptor.prueba")
    with Receptor(responder(completa(200)), tls) as receptor:
        url = f"https://receptor.prueba:{receptor.port}/"
        respuesta = enviar_bien(url, plazo_s=5, resolver=resolver_fijo("127.0.0.1"))
    assert (respuesta.status_code, respuesta.error) == (200, None)
    assert receptor.nombres_sni == ["receptor.prueba"]


def test_a_certificate_for_an_address(certificados: Certificados) -> None:
    with Receptor(responder(completa(200)), certificados.contexto("ip", "IP:127.0.0.1")) as receptor:
        assert enviar_bien(receptor.url, plazo_s=5).status_code == 200
    assert receptor.nombres_sni == [None]


def test_bad_certificates_are_refused(certificados: Certificados) -> None:
    malos = {
        "wrong": certificados.contexto("otro", "DNS:otro.prueba"),
        "expired": certificados.contexto("vencido", "IP:127.0.0.1", dias=-1),
        "self-signed": certificados.contexto_autofirmado("autofirmado", "IP:127.0.0.1"),
    }
    for motivo, tls in malos.items():
        with Receptor(responder(completa(200)), tls) as receptor:
            respuesta = enviar_bien(receptor.url, plazo_s=5)
        assert respuesta.error_codigo == "TLS", motivo
        assert "certificado" in (respuesta.error or "")
        assert not respuesta.definitivo
        assert receptor.pedidos == []


def test_a_stalled_handshake_ends_at_the_deadline() -> None:
    with Receptor(callar) as receptor:
        respuesta = enviar_bien(receptor.url.replace("http", "https"))
    assert respuesta.error_codigo == "TIEMPO_AGOTADO"
    assert respuesta.duracion_ms >= PLAZO_S * 1000


def test_a_receiver_without_tls() -> None:
    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        conexion.recv(1024)
        conexion.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Receptor(guion) as receptor:
        assert enviar_bien(receptor.url.replace("http", "https")).error_codigo == "TLS"


@pytest.mark.parametrize(
    ("guion", "cuerpo", "esperado"),
    [
        (leer_y_callar, CUERPO, (None, "TIEMPO_AGOTADO")),
        (callar, GRANDE, (None, "TIEMPO_AGOTADO")),
        (gotear(b"", repeat(b"H")), CUERPO, (None, "TIEMPO_AGOTADO")),
        (gotear(b"", repeat(cabeza(100))), CUERPO, (None, "TIEMPO_AGOTADO")),
        (gotear(cabeza(200) + b"hola", repeat(b"z")), CUERPO, (200, None)),
        (inundar(cabeza(200), b"x" * 1000), CUERPO, (200, None)),
        (responder_sin_leer(completa(413), cerrar=True), GRANDE, (413, "HTTP_4XX")),
        (responder_sin_leer(completa(413), cerrar=False), GRANDE, (413, "HTTP_4XX")),
        (cortar(completa(200)), CUERPO, (200, None)),
        (cortar(), CUERPO, (None, "CONEXION_CORTADA")),
        (responder(b"basura\r\n"), CUERPO, (None, "RESPUESTA_INVALIDA")),
    ],
)
def test_the_same_receivers_behind_tls(
    certificados: Certificados, guion: Guion, cuerpo: bytes, esperado: tuple[int | None, str | None]
) -> None:
    with Receptor(guion, certificados.contexto("ip", "IP:127.0.0.1")) as receptor:
        respuesta = enviar_bien(receptor.url, cuerpo, plazo_s=1)
    assert (respuesta.status_code, respuesta.error_codigo) == esperado


def test_the_tls_context_is_built_once() -> None:
    assert contexto_tls() is contexto_tls()


# The caller


def test_an_interrupt_passes_and_leaves_nothing_open() -> None:
    class Interrupcion(BaseException):
        """As Dramatiq's TimeLimitExceeded."""

    def permitir(host: str, ip: str, port: int) -> bool:
        raise Interrupcion

    with pytest.raises(Interrupcion):
        enviar("http://127.0.0.1:9/", CUERPO, NUESTRAS, permitir=permitir)


def test_twenty_at_once() -> None:
    with Receptor(responder(completa(200))) as receptor:
        respuestas: list[Respuesta] = []
        uno = partial(enviar, receptor.url, CUERPO, NUESTRAS, plazo_s=5, permitir=todo)
        hilos = [threading.Thread(target=lambda: respuestas.append(uno())) for _ in range(20)]
        for hilo in hilos:
            hilo.start()
        for hilo in hilos:
            hilo.join()
    assert [respuesta.status_code for respuesta in respuestas] == [200] * 20
