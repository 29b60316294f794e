"""The SOCKS5 server between a consulta's pages and the network, alone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from scrapers import salida
from scrapers.salida import Negada, Salida, destino_de, juzgar

T = TypeVar("T")

PUBLICA, PRIVADA = "93.184.216.34", "10.0.0.5"


@pytest.mark.parametrize(
    ("url", "destino"),
    [
        ("http://Web", ("web", 80)),
        ("https://portal.test/x", ("portal.test", 443)),
        ("http://127.0.0.1:8001/metrogas", ("127.0.0.1", 8001)),
        ("http://[::1]:8001", ("::1", 8001)),
        ("https://portal.test.:444", ("portal.test", 444)),
    ],
)
def test_el_destino_de_una_url(url: str, destino: salida.Destino) -> None:
    assert destino_de(url) == destino


@pytest.mark.parametrize(
    ("direcciones", "permitido", "pasa"),
    [
        ([PUBLICA], None, True),
        ([PRIVADA], None, False),
        ([PUBLICA, PRIVADA], None, False),
        ([PRIVADA, PUBLICA], None, False),
        (["fe80::1%eth0"], None, False),
        ([PRIVADA], ("x", 80), True),
        ([PRIVADA], ("x", 81), False),
        ([PRIVADA], ("y", 80), False),
        (["169.254.169.254"], ("x", 80), False),
        (["::ffff:169.254.169.254"], ("x", 80), False),
        ([PRIVADA, "169.254.169.254"], ("x", 80), False),
    ],
)
def test_todas_las_direcciones_tienen_que_poder_abrirse(
    direcciones: list[str], permitido: salida.Destino | None, pasa: bool
) -> None:
    if pasa:
        juzgar(("x", 80), direcciones, permitido)
        return
    with pytest.raises(Negada):
        juzgar(("x", 80), direcciones, permitido)


def test_el_permiso_se_registra_una_vez(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(3):
        juzgar(("una-vez", 80), [PRIVADA], ("una-vez", 80))
    juzgar(("publica", 80), [PUBLICA], ("publica", 80))
    assert [r.getMessage().split(": ")[1] for r in caplog.records] == ["una-vez:80"]


class Eco:
    """A server that sends back what it gets, and says so when its client is done."""

    async def __aenter__(self) -> "Eco":
        self.cortadas = 0
        self._servidor = await asyncio.start_server(self._atender, "127.0.0.1", 0)
        self.puerto: int = self._servidor.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._servidor.close()

    async def _atender(self, lector: asyncio.StreamReader, escritor: asyncio.StreamWriter) -> None:
        try:
            while trozo := await lector.read(65536):
                escritor.write(trozo)
                await escritor.drain()
            escritor.write(b"adios")
            await escritor.drain()
        except ConnectionError:
            pass
        finally:
            self.cortadas += 1
            escritor.close()


def en(hacer: Callable[[], Awaitable[T]]) -> T:
    async def correr() -> T:
        async with asyncio.timeout(20):
            return await hacer()

    return asyncio.run(correr())


def pedido(host: bytes, puerto: int) -> bytes:
    return b"\5\1\0\3" + bytes([len(host)]) + host + puerto.to_bytes(2, "big")


async def pedir(
    puerto: int, mensaje: bytes, saludo: bytes = b"\5\1\0"
) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a greeting and a request at once. Returns the answer to the request, empty if there is none."""
    lector, escritor = await asyncio.open_connection("127.0.0.1", puerto)
    escritor.write(saludo + mensaje)
    respuesta = b""
    try:
        await lector.readexactly(2)
        respuesta = await lector.readexactly(10)
    except (asyncio.IncompleteReadError, ConnectionError):
        escritor.close()
    return respuesta, lector, escritor


def test_lleva_y_trae_hasta_el_final_de_cada_lado() -> None:
    async def probar() -> bytes:
        async with Eco() as eco, Salida(f"http://127.0.0.1:{eco.puerto}") as salida_:
            respuesta, lector, escritor = await pedir(salida_.puerto, pedido(b"127.0.0.1", eco.puerto))
            assert respuesta[:2] == b"\5\0"
            mucho = bytes(range(256)) * 8000

            async def mandar() -> None:
                escritor.write(mucho)
                await escritor.drain()
                escritor.write_eof()

            _, recibido = await asyncio.gather(mandar(), lector.read(-1))
            escritor.close()
            assert recibido[:-5] == mucho
            return recibido[-5:]

    assert en(probar) == b"adios"


@pytest.mark.parametrize(
    "direccion", [b"\1\x7f\0\0\1", b"\4" + bytes(15) + b"\1", b"\4" + bytes(10) + b"\xff\xff\x7f\0\0\1"]
)
def test_una_direccion_sin_nombre_se_juzga_igual(direccion: bytes) -> None:
    async def probar() -> bytes:
        async with Eco() as eco, Salida() as salida_:
            respuesta, _, escritor = await pedir(salida_.puerto, b"\5\1\0" + direccion + eco.puerto.to_bytes(2, "big"))
            escritor.close()
            return respuesta

    assert en(probar)[:2] == bytes((5, salida.NEGADA))


@pytest.mark.parametrize(
    ("saludo", "mensaje"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + bytes(80), b""),
        (b"\4\1\0\x50\x7f\0\0\1x\0" + bytes(90), b""),
        (b"\5\1\0", b"\5\2\0\1\x7f\0\0\1\0\x50"),
        (b"\5\1\0", b"\5\3\0\1\x7f\0\0\1\0\x50"),
        (b"\5\1\0", b"\5\1\0\2\x7f\0\0\1\0\x50"),
        (b"\5\1\0", pedido("ñ".encode(), 80)),
    ],
)
def test_lo_que_no_es_un_pedido_se_corta(saludo: bytes, mensaje: bytes) -> None:
    async def probar() -> bytes:
        async with Salida() as salida_:
            respuesta, _, escritor = await pedir(salida_.puerto, mensaje, saludo)
            escritor.close()
            return respuesta

    assert en(probar) == b""


@pytest.mark.parametrize("host", [b"", b"no-existe.invalid", b"a" * 255, b"a..b", b"0" * 200])
def test_un_nombre_que_no_lleva_a_nada_se_niega(host: bytes) -> None:
    async def probar() -> tuple[bytes, list[str]]:
        notas: list[str] = []
        async with Salida() as salida_:
            salida_.anotar = notas.append
            respuesta, _, escritor = await pedir(salida_.puerto, pedido(host, 80))
            escritor.close()
            return respuesta, notas

    respuesta, notas = en(probar)
    assert respuesta[1] in (salida.NEGADA, salida.INALCANZABLE)
    assert len(notas) == 1


def test_un_nombre_no_cambia_durante_la_consulta(monkeypatch: pytest.MonkeyPatch) -> None:
    respuestas = iter([[PUBLICA], [PRIVADA], [PRIVADA]])
    marcadas: list[list[str]] = []

    async def resolver(host: str, hilos: object) -> list[str]:
        return next(respuestas)

    async def conectar(direcciones: list[str], puerto: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        marcadas.append(direcciones)
        raise ConnectionRefusedError

    monkeypatch.setattr(salida, "resolver", resolver)
    monkeypatch.setattr(salida, "conectar", conectar)

    async def probar() -> bytes:
        async with Salida() as una, Salida() as otra:
            dichas = [(await pedir(s.puerto, pedido(b"cambia.test", 80))) for s in (una, una, otra)]
            for _, _, escritor in dichas:
                escritor.close()
            return bytes(respuesta[1] for respuesta, _, _ in dichas)

    # the checked address is what is dialled; the next consulta asks again and is refused
    assert en(probar) == bytes((salida.INALCANZABLE, salida.INALCANZABLE, salida.NEGADA))
    assert marcadas == [[PUBLICA], [PUBLICA]]


def test_de_varias_direcciones_sirve_la_que_responde() -> None:
    async def probar() -> bytes:
        async with Eco() as eco:
            lector, escritor = await salida.conectar(["127.255.255.1", "::1", "127.0.0.1"], eco.puerto)
            escritor.write(b"hola")
            leido = await lector.readexactly(4)
            escritor.close()
            return leido

    assert en(probar) == b"hola"


def test_al_terminar_no_queda_ni_puerto_ni_conexion_ni_hilo() -> None:
    async def probar() -> None:
        async with Eco() as eco:
            async with Salida(f"http://127.0.0.1:{eco.puerto}") as salida_:
                _, lector, escritor = await pedir(salida_.puerto, pedido(b"127.0.0.1", eco.puerto))
                mudo, callado = await asyncio.open_connection("127.0.0.1", salida_.puerto)
            assert await lector.read(-1) == b""
            assert await mudo.read(-1) == b""
            while not eco.cortadas:
                await asyncio.sleep(0.01)
            for abierto in (escritor, callado):
                abierto.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", salida_.puerto)
            assert len(asyncio.all_tasks()) == 1
            while any(hilo.name.startswith("nombres") for hilo in threading.enumerate()):
                await asyncio.sleep(0.01)

    en(probar)


def test_demasiadas_conexiones_a_la_vez_se_cortan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salida, "CONEXIONES_MAX", 2)

    async def probar() -> bytes:
        async with Salida() as salida_:
            abiertas = [await asyncio.open_connection("127.0.0.1", salida_.puerto) for _ in range(3)]
            cortada = await abiertas[2][0].read(-1)
            for _, escritor in abiertas:
                escritor.close()
            return cortada

    assert en(probar) == b""


def test_solo_escucha_en_loopback() -> None:
    async def probar() -> list[str]:
        async with Salida() as salida_:
            return [enchufe.getsockname()[0] for enchufe in salida_._servidor.sockets]

    assert en(probar) == ["127.0.0.1"]
