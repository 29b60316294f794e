"""The web process before strangers: headers, hosts, odd requests, and clients that take their time."""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse

import pytest
import requests
from conftest import Crear, Sembrar, Web, filas
from pila import hasta
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from puerta.cabeceras import Cabeceras, completar
from puerta.pedidos import host_permitido

NADIE = "amqp://nadie:nada@127.0.0.1:1/"
PLAZO_S = 1
POST = b"POST /consultar/todas HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process that gives a request little time to arrive."""
    with Web(base_migrada, NADIE, {"PEDIDO_PLAZO_S": str(PLAZO_S)}) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def conectar(web: Web, dicho: bytes) -> socket.socket:
    """A connection on which this was said."""
    conexion = socket.create_connection(("127.0.0.1", web.puerto), timeout=20)
    conexion.sendall(dicho)
    return conexion


def leer(conexion: socket.socket) -> bytes:
    """What comes until the other side closes; TimeoutError if it does not."""
    dicho = b""
    with suppress(ConnectionResetError):
        while trozo := conexion.recv(65536):
            dicho += trozo
    return dicho


def crudo(web: Web, dicho: bytes) -> bytes:
    """The answer to raw bytes, then the end of the connection."""
    with conectar(web, dicho) as conexion:
        return leer(conexion)


def estado(respuesta: bytes) -> int:
    return int(respuesta.split(b" ", 2)[1])


class TestLasCabeceras:
    @pytest.mark.parametrize("ruta", ["/health", "/jobs", "/nada", "/jobs?limit=x"])
    def test_las_tiene_cada_respuesta(self, web: Web, ruta: str) -> None:
        cabeceras = requests.get(web.url + ruta, timeout=5).headers
        assert cabeceras["X-Content-Type-Options"] == "nosniff"
        assert cabeceras["X-Frame-Options"] == "DENY"
        assert cabeceras["Referrer-Policy"] == "same-origin"
        assert cabeceras["Cache-Control"] == "no-store"
        assert cabeceras["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "Strict-Transport-Security" not in cabeceras and "Server" not in cabeceras

    def test_https_se_le_cree_al_proxy_de_confianza_y_a_nadie_mas(self, web: Web, base: str) -> None:
        detras = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        assert requests.get(web.url + "/health", headers=detras, timeout=5).headers["Strict-Transport-Security"]
        with Web(base, NADIE, {"FORWARDED_ALLOW_IPS": "10.0.0.0/8, 192.0.2.1"}) as otra:
            respuesta = requests.get(otra.url + "/health", headers=detras, timeout=5)
            assert "Strict-Transport-Security" not in respuesta.headers
            assert "203.0.113.9" not in otra.registro("web")

    def test_una_pagina_carga_solo_lo_propio_y_lo_que_diga_queda(self) -> None:
        pagina = MutableHeaders({"content-type": "text/html; charset=utf-8", "cache-control": "max-age=60"})
        completar(pagina, segura=False)
        politica = pagina["content-security-policy"]
        assert politica.startswith("default-src 'self';") and "unsafe-inline" not in politica
        assert pagina["cache-control"] == "max-age=60"

    def test_una_falla_nuestra_es_un_500_sin_detalles(self, caplog: pytest.LogCaptureFixture) -> None:
        dichos: list[Message] = []

        async def rota(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("s3cr3t0")

        async def anotar(mensaje: Message) -> None:
            dichos.append(mensaje)

        async def nada() -> Message:
            return {"type": "http.disconnect"}

        pedido = {"type": "http", "method": "GET", "path": "/x", "scheme": "http"}
        asyncio.run(Cabeceras(rota)(pedido, nada, anotar))
        assert dichos[0]["status"] == 500 and dict(dichos[0]["headers"])[b"x-content-type-options"] == b"nosniff"
        assert b"ERROR_INTERNO" in dichos[1]["body"] and b"s3cr3t0" not in dichos[1]["body"]
        assert "s3cr3t0" in caplog.text


class TestLosHosts:
    @pytest.mark.parametrize(
        ("host", "bien"),
        [
            ("api.ejemplo.com", True),
            ("API.Ejemplo.com:8443", True),
            ("uno.otro.com", True),
            ("otro.com", False),
            ("[::1]", True),
            ("[::1]:8000", True),
            ("malo.com", False),
            ("api.ejemplo.com.malo.com", False),
            ("maloapi.ejemplo.com", False),
            ("malo.com#api.ejemplo.com", False),
            ("", False),
            ("[", False),
        ],
    )
    def test_cuales(self, host: str, bien: bool) -> None:
        assert host_permitido(host, ["api.ejemplo.com", "*.otro.com", "[::1]"]) is bien
        assert host_permitido(host, ["*"])

    def test_otro_no_se_atiende_y_health_si(self, base: str) -> None:
        with Web(base, NADIE, {"HOSTS_PERMITIDOS": "api.ejemplo.com"}) as web:
            assert requests.get(web.url + "/jobs", headers={"Host": "api.ejemplo.com:80"}, timeout=5).ok
            ajeno = requests.get(web.url + "/jobs", timeout=5)
            assert (ajeno.status_code, ajeno.json()["codigo"]) == (400, "HOST_NO_PERMITIDO")
            assert ajeno.headers["X-Content-Type-Options"] == "nosniff"
            assert requests.get(web.url + "/health", timeout=5).ok


RAROS = [
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"OPTIONS /jobs HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"TRACE /jobs HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"HEAD /jobs HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    (b"PROPFIND /jobs HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"CONNECT otro.com:443 HTTP/1.1\r\nHost: otro.com\r\n\r\n", 404),
    (b"GET http://otro.com/jobs HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /nada HTTP/1.1\r\nHost: [::1\r\n\r\n", 404),
    (b"GET /jobs/ HTTP/1.1\r\nHost: [\r\n\r\n", 307),
    (b"GET /jobs HTTP/1.0\r\n\r\n", 200),
    (b"GET /jobs HTTP/1.1\r\n\r\n", 400),
    (b"GET /job/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 422),
    (b"GET /job/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", 422),
    (b"GET /job/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 422),
    (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /jobs?%00=%zz&%ff HTTP/1.1\r\nHost: x\r\n\r\n", 422),
    (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /jobs?a=" + b"x" * 15_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 422),
    (b"GET /jobs\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /jobs HTTP/1.1\r\nHost: x\r\nX-A: \x00\r\n\r\n", 400),
    (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    (POST + b"Content-Length: -1\r\n\r\n{}", 400),
    (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
    (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
]


class TestLoRaro:
    @pytest.mark.parametrize(("pedido", "esperado"), RAROS, ids=lambda v: repr(v)[:60])
    def test_tiene_una_respuesta_corta_y_sin_detalles(self, web: Web, pedido: bytes, esperado: int) -> None:
        respuesta = crudo(web, pedido.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        assert estado(respuesta) == esperado, respuesta
        assert not re.search(rb"Traceback|File \"|<html|Error\b", respuesta)

    @pytest.mark.parametrize("partes", [1, 3, 200], ids=lambda n: f"en {n}")
    @pytest.mark.parametrize("donde", ["dirección", "cabecera", "muchas"])
    def test_una_cabeza_enorme_no_pasa(self, web: Web, partes: int, donde: str) -> None:
        larga = {"dirección": b"/jobs?a=" + b"x" * 40_000}.get(donde, b"/jobs")
        otras = {"cabecera": b"X-A: " + b"x" * 40_000, "muchas": b"\r\n".join([b"X-A: 123"] * 4000)}.get(donde, b"X: y")
        cabeza = b"GET " + larga + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + otras + b"\r\n\r\n"
        tramo = len(cabeza) // partes + 1
        with conectar(web, b"") as conexion:
            with suppress(ConnectionError):
                for desde in range(0, len(cabeza), tramo):
                    conexion.sendall(cabeza[desde : desde + tramo])
            respuesta = leer(conexion)
        assert respuesta == b"" or estado(respuesta) in (400, 431), respuesta[:200]
        assert b"Traceback" not in respuesta

    def test_se_puede_seguir_en_la_misma_conexion(self, web: Web) -> None:
        pedido = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        ultimo = pedido.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        assert crudo(web, pedido * 3 + ultimo).count(b"200 OK") == 4


LENTOS = {
    "callado": b"",
    "a medias en la cabeza": b"GET /health HTTP/1.1\r\nHost: x\r\n",
    "a medias en la segunda": b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /hea",
    "cuerpo que nadie leyó": b"POST /nada HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
}


class TestLosLentos:
    @pytest.mark.parametrize("dicho", LENTOS.values(), ids=list(LENTOS))
    def test_se_cortan(self, web: Web, dicho: bytes) -> None:
        # Given a client that goes on a byte at a time, so that something comes always
        with conectar(web, dicho) as conexion:
            conexion.settimeout(0.2)
            respuesta = b""

            def cortada() -> bool:
                nonlocal respuesta
                try:
                    if dicho:
                        conexion.sendall(b"x")
                    trozo = conexion.recv(65536)
                except TimeoutError:
                    return False
                except ConnectionError:
                    return True
                respuesta += trozo
                return trozo == b""

            # Then its connection ends, and nobody else's
            hasta(cortada, 20)
        assert requests.get(web.url + "/health", timeout=5).ok

    def test_un_cuerpo_lento_es_un_408(self, web: Web) -> None:
        respuesta = crudo(web, POST + b"Content-Length: 2000\r\n\r\n{")
        assert estado(respuesta) == 408 and b"CUERPO_DEMASIADO_LENTO" in respuesta
        assert b"connection: close" in respuesta.lower()

    def test_una_pausa_entre_pedidos_no_es_lentitud(self, web: Web) -> None:
        pedido = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        with conectar(web, pedido) as conexion:
            assert _estado(conexion) == 200
            # Given another connection, opened later and cut for its slowness
            assert crudo(web, b"GET") == b""
            # Then this one still serves
            conexion.sendall(pedido)
            assert _estado(conexion) == 200

    def test_una_respuesta_que_nadie_lee_no_retiene_la_conexion(self, web: Web, sembrar: Sembrar, crear: Crear) -> None:
        # Given an answer larger than what the kernel takes over
        (consulta_id,) = crear(sembrar("Metrogas")[1]).consulta_ids
        orden = "INSERT INTO evidencias (consulta_id, tipo, contenido, created_at)"
        filas(orden + " VALUES (%s, 'captura', decode(repeat('00', 12000000), 'hex'), now())", consulta_id)
        # When its client does not read it
        pedido = f"GET /consulta/{consulta_id}/evidencia/captura HTTP/1.1\r\nHost: x\r\n\r\n"
        with conectar(web, pedido.encode()) as conexion:
            assert conexion.recv(15) == b"HTTP/1.1 200 OK"
            nuestro = conexion.getsockname()[1]
            # Then the process lets go of it
            hasta(lambda: nuestro not in _puertos(web), 20)


def _estado(conexion: socket.socket) -> int:
    """The status of an answer, read to its end."""
    respuesta = HTTPResponse(conexion)
    respuesta.begin()
    respuesta.read()
    return respuesta.status


def _puertos(web: Web) -> set[int]:
    """The ports of the clients that the process has a connection with."""
    return {c.raddr.port for c in web.proceso("web").net_connections() if c.raddr}


def test_con_demasiadas_conexiones_se_dice_503_y_se_corta_lo_que_sobra(base: str) -> None:
    with Web(base, NADIE, {"CONEXIONES_MAX": "5"}) as web:
        abiertas = [conectar(web, b"") for _ in range(80)]
        try:
            # The silent ones past the margin are cut at once
            hasta(lambda: sum(_cortada(c) for c in abiertas) >= 25, 20)
            respuesta = crudo(web, b"GET /jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert respuesta == b"" or estado(respuesta) == 503
        finally:
            for conexion in abiertas:
                conexion.close()
        hasta(lambda: requests.get(web.url + "/jobs", timeout=5).ok, 20)
    assert filas("SELECT count(*) FROM jobs") == [(0,)]


def _cortada(conexion: socket.socket) -> bool:
    conexion.settimeout(0.001)
    try:
        return conexion.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
