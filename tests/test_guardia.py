"""The egress guard: what a callback_url may say, and that nothing is ever sent to a forbidden address."""

import socket
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError
from receptores import Receptor, completa, responder

from actors import envio, guardia
from actors.entrega import Direccion, Resolver, Respuesta, enviar
from actors.envio import enviar_vigilado
from models import destino
from models.destino import UrlRechazada, se_puede_marcar
from models.schemas import PedidoTodas
from problemas import de_validacion
from settings import ajustes

PUBLICA = "93.184.216.34"
PROHIBIDAS = [
    "127.0.0.1", "127.255.255.255", "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
    "100.127.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
    "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
    "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "100.100.100.200",
    "::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "100::1", "2002:7f00:1::", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1ff:ffff::1", "2001:db8::1", "2620:4f:8000::1", "3fff::1",
    "3fff:fff:ffff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%1", "febf::1",
    "fec0::1", "ff02::1", "ff0e::1", "basura", "", "1.2.3", "01.2.3.4",
]  # fmt: skip
PUBLICAS = [
    PUBLICA, "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
    "::ffff:93.184.216.34", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2620:4f:7fff::1",
    "2620:4f:8001::1", "2a00:1450::1", "3ffe::1",
]  # fmt: skip
"""Among them the neighbours of what is forbidden."""
DISFRACES = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0.0.0.0", "0",
    "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "a.localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "１２７．０．０．１", "127。0。0。1", "①②⑦.⓪.⓪.①", "ⓛocalhost", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]",
    "169.254.169.254", "10.0.0.1", "192.168.1.1", "100.100.100.200",
]  # fmt: skip
INVALIDAS = [
    "", "x", "//h/x", "ftp://h/x", "file:///etc/passwd", "gopher://h:70/", "javascript:alert(1)", "http:h", "http://",
    "http:///x", "http://h:0/", "http://h:99999/", "http://h:x/", "http://h:-1/", "http://h:8٠/", "http://u:p@h/",
    "http://u@h/", "http://@h/", "http://ejemplo.com\\@127.0.0.1/", "http://127.0.0.1\\@ejemplo.com/",
    "http://ejemplo.com@127.0.0.1/", "http://ejemplo.com%40127.0.0.1/", "http://ejemplo.com%2f@127.0.0.1/",
    "http://h/ x", "http://h /", " http://h/", "http://h/\n", "http://h\t.com/", "http://h/\r\nX: y", "http://h/\x00",
    "http://h/\x7f", "http://h/\u200b", "http://h/\u202e", "http://h\u00ad.com/", "http://[::1", "http://::1/",
    "http://[fe80::1%25eth0]/", "http://[::1%251]/", "http://[127.0.0.1]/", "http://[h]/", "http://[v1.x]/", "http://[::1]x/",
    "http://a[::1]/", "http://[::1:80", "http://[::1]]/", "http://[::1]:8٠/",
    "http://h%2ecom/", "http://%31%32%37.0.0.1/", "http://h/\ud800", "http://h..com/", "http://.h/", "http://*.h/",
    "http://h!/", "http://h,g/", "http://" + "a" * 64 + ".com/", "http://" + "a." * 130 + "com/", "http://xn--/ñ\\",
    "http://h/" + "x" * 2048,
]  # fmt: skip
BUENAS = [
    "https://app.ejemplo.com/api/callback?x=1#y", "http://ejemplo.com", "HTTP://EJEMPLO.COM:8080/", "http://ejemplo.com./",
    "https://ñandú.com.ar/año?q=ü", "https://xn--and-6ma2c.com.ar/", "http://ejemplo.com:/", "http://con_guion-bajo/",
    "http://ejemplo.com#@127.0.0.1/", "http://ejemplo.com/@127.0.0.1", "http://ejemplo.com?@127.0.0.1/",
    f"http://{PUBLICA}:8443/", "http://[2606:4700:4700::1111]/", "https://日本語.jp/", "http://ejemplo.com/a%20b",
]  # fmt: skip

Dejar = Callable[..., None]


@pytest.fixture
def dejar(monkeypatch: pytest.MonkeyPatch) -> Dejar:
    """Sets CALLBACK_HOSTS_PERMITIDOS, and CALLBACK_SOLO_HTTPS."""

    def con(*hosts: str, solo_https: bool = False) -> None:
        cambio = {"callback_hosts_permitidos": list(hosts), "callback_solo_https": solo_https, "callback_plazo_s": 5}
        nuevos = ajustes().model_copy(update=cambio)
        for modulo in (guardia, envio):
            monkeypatch.setattr(modulo, "ajustes", lambda: nuevos)

    con()
    return con


_oyentes: list[list[tuple[str, Any]]] = []


def _oir(evento: str, argumentos: tuple[Any, ...]) -> None:
    if _oyentes and evento in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        _oyentes[-1].append((evento, argumentos[-1] if evento == "socket.connect" else argumentos[0]))


sys.addaudithook(_oir)


@pytest.fixture
def salidas() -> Iterator[list[tuple[str, Any]]]:
    """Every connect, sendto and getaddrinfo of this process during the test."""
    _oyentes.append([])
    yield _oyentes[-1]
    _oyentes.pop()


def resolver_fijo(*ips: str) -> Resolver:
    return lambda host, port: [(ip, port) for ip in ips]


def prohibido(respuesta: Respuesta) -> bool:
    return (respuesta.error_codigo, respuesta.definitivo) == ("DESTINO_PROHIBIDO", True)


# When the job is created


@pytest.mark.usefixtures("dejar")
class TestAlCrear:
    @pytest.mark.parametrize("url", BUENAS)
    def test_lo_que_se_acepta(self, url: str) -> None:
        guardia.revisar_url(url)

    @pytest.mark.parametrize("url", INVALIDAS)
    def test_lo_que_no_es_una_url(self, url: str) -> None:
        with pytest.raises(UrlRechazada) as rechazo:
            guardia.revisar_url(url)
        assert rechazo.value.codigo == "URL_INVALIDA"

    @pytest.mark.parametrize("host", DISFRACES)
    @pytest.mark.parametrize("forma", ["http://{}/", "https://{}:8443/x", "http://{}#@ejemplo.com/"])
    def test_una_direccion_prohibida_de_cualquier_forma(self, host: str, forma: str) -> None:
        with pytest.raises(UrlRechazada) as rechazo:
            guardia.revisar_url(forma.format(host))
        assert rechazo.value.codigo == "DESTINO_PROHIBIDO"

    @pytest.mark.parametrize("port", sorted(destino.PUERTOS_PROHIBIDOS))
    def test_un_puerto_prohibido(self, port: int) -> None:
        with pytest.raises(UrlRechazada, match=f"el puerto {port}"):
            guardia.revisar_url(f"https://ejemplo.com:{port}/")

    def test_el_largo(self) -> None:
        guardia.revisar_url("https://ejemplo.com/".ljust(2048, "x"))
        with pytest.raises(UrlRechazada):
            guardia.revisar_url("https://ejemplo.com/".ljust(2049, "x"))

    def test_solo_https(self, dejar: Dejar) -> None:
        dejar("web:3000", solo_https=True)
        guardia.revisar_url("https://ejemplo.com/")
        for url in ("http://ejemplo.com/", "http://web:3000/"):
            with pytest.raises(UrlRechazada) as rechazo:
                guardia.revisar_url(url)
            assert rechazo.value.codigo == "HTTPS_OBLIGATORIO"

    def test_los_hosts_permitidos_lo_son_exactamente(self, dejar: Dejar) -> None:
        dejar("localhost:3000", "127.0.0.1:3000", "[::1]:3000", "169.254.169.254:80", "0.0.0.0:3000", "10.0.0.1:5432")
        for url in ("http://localhost:3000/", "http://LOCALHOST.:3000", "http://127.0.0.1:3000/", "http://[::1]:3000/"):
            guardia.revisar_url(url)
        for url in (
            "http://localhost/", "http://localhost:3001/", "http://127.1:3000/", "http://127.0.0.2:3000/",
            "http://169.254.169.254/", "http://0.0.0.0:3000/", "http://10.0.0.1:5432/", "http://a.localhost:3000/",
        ):  # fmt: skip
            with pytest.raises(UrlRechazada) as rechazo:
                guardia.revisar_url(url)
            assert rechazo.value.codigo == "DESTINO_PROHIBIDO", url

    @pytest.mark.parametrize(
        ("url", "codigo", "detalle"),
        [
            ("http://[::1]/", "DESTINO_PROHIBIDO", "callback_url apunta a una dirección que no está permitida."),
            ("http://h:22/", "DESTINO_PROHIBIDO", "callback_url no puede usar el puerto 22."),
            ("ftp://h/", "URL_INVALIDA", "callback_url tiene que empezar con http:// o https://."),
            (5, "DATOS_INVALIDOS", "callback_url tiene que ser un texto."),
        ],
    )
    def test_la_api_contesta_422_con_un_codigo(self, url: Any, codigo: str, detalle: str) -> None:
        with pytest.raises(ValidationError) as error:
            PedidoTodas(callback_url=url)
        problema = de_validacion(error.value)
        assert (problema.estado, problema.codigo, problema.detalle) == (422, codigo, detalle)


# Which addresses


@pytest.mark.parametrize("ip", PUBLICAS)
def test_una_direccion_publica(ip: str) -> None:
    assert se_puede_marcar("ejemplo.com", ip, 443, ())
    assert not se_puede_marcar("ejemplo.com", ip, 22, ())


@pytest.mark.parametrize("ip", PROHIBIDAS)
def test_una_direccion_prohibida(ip: str) -> None:
    assert not se_puede_marcar("ejemplo.com", ip, 443, ())
    assert not se_puede_marcar("ejemplo.com", ip, 443, ("ejemplo.com:80", "otro.com:443"))


def test_lo_que_se_puede_abrir_y_lo_que_nunca() -> None:
    abiertas = {ip for ip in PROHIBIDAS if se_puede_marcar("web", ip, 3000, ("web:3000",))}
    assert abiertas == {
        "127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "172.16.0.0",
        "172.31.255.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "fc00::1", "fdff::1",
    }  # fmt: skip
    assert not se_puede_marcar("web", "10.0.0.1", 5432, ("web:5432",))


@given(st.ip_addresses())
def test_ninguna_direccion_especial_pasa(ip: Any) -> None:
    if se_puede_marcar("h", str(ip), 443, ()):
        assert ip_address(ip).is_global and not ip_address(ip).is_multicast


# When it is dialled


@pytest.mark.usefixtures("dejar")
class TestAlMarcar:
    @pytest.mark.parametrize("ip", PROHIBIDAS)
    def test_ningun_paquete_sale_hacia_una_direccion_prohibida(self, ip: str, salidas: list[Any]) -> None:
        # Given a name that resolves to it alone, and beside a public one in both orders
        for ips in ([ip], [PUBLICA, ip], [ip, PUBLICA]):
            respuesta = enviar_vigilado("http://receptor.prueba/", b"{}", {}, resolver=resolver_fijo(*ips))
            # Then nothing is sent, and there will be no other attempt
            assert prohibido(respuesta)
        assert salidas == []

    @pytest.mark.parametrize("host", [d for d in DISFRACES if d != "a.localhost"])
    def test_ni_por_una_url_que_nadie_reviso(self, host: str, salidas: list[Any]) -> None:
        # Given somebody who listens on loopback, and a URL that only the dial judges, resolved by the system
        with Receptor(responder(completa(200))) as receptor:
            url = f"http://{host}:{receptor.port}/"
            respuesta = enviar(url, b"{}", {}, plazo_s=5, permitir=guardia.permitir)
            assert respuesta.error_codigo in ("DESTINO_PROHIBIDO", "DNS", "URL_INVALIDA")
        # Then it sees nobody
        assert receptor.conexiones == 0
        assert [salida for salida in salidas if salida[0] != "socket.getaddrinfo"] == []

    def test_nuestra_propia_api_se_alcanza_solo_si_se_permite(self, dejar: Dejar, salidas: list[Any]) -> None:
        with Receptor(responder(completa(200))) as api:
            url = f"http://api.prueba:{api.port}/consultar/todas"
            resolver = resolver_fijo("127.0.0.1")
            assert prohibido(enviar_vigilado(url, b"{}", {}, resolver=resolver))
            assert (api.conexiones, salidas) == (0, [])
            dejar(f"api.prueba:{api.port}")
            assert enviar_vigilado(url, b"{}", {}, resolver=resolver).status_code == 200
        assert salidas == [("socket.connect", ("127.0.0.1", api.port))]

    def test_un_permiso_es_de_un_host_y_un_puerto(self, dejar: Dejar) -> None:
        with Receptor(responder(completa(200))) as receptor:
            dejar(f"web:{receptor.port}")
            for host, ip, sale in (
                ("web", "127.0.0.1", True),
                ("WEB.", "127.0.0.1", True),
                ("web2", "127.0.0.1", False),
            ):
                url = f"http://{host}:{receptor.port}/"
                respuesta = enviar_vigilado(url, b"{}", {}, resolver=resolver_fijo(ip))
                assert (respuesta.status_code == 200, prohibido(respuesta)) == (sale, not sale)
        assert prohibido(enviar_vigilado("http://web:1/", b"{}", {}, resolver=resolver_fijo("127.0.0.1")))

    def test_un_nombre_permitido_no_lleva_a_los_metadatos_de_la_nube(self, dejar: Dejar, salidas: list[Any]) -> None:
        dejar("web:3000")
        for ip in (
            "169.254.169.254",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "fe80::1",
            "::ffff:a9fe:a9fe",
        ):
            assert prohibido(enviar_vigilado("http://web:3000/", b"{}", {}, resolver=resolver_fijo(ip)))
        assert salidas == []

    def test_un_nombre_que_cambia_entre_la_revision_y_el_llamado(self, dejar: Dejar, salidas: list[Any]) -> None:
        # Given a name that answers well once, and from then on with a forbidden address where somebody listens
        with Receptor(responder(completa(200))) as bueno:
            dejar(f"cambiante.prueba:{bueno.port}")
            respuestas = iter([["127.0.0.1"], ["169.254.169.254"]])

            def resolver(host: str, port: int) -> list[Direccion]:
                return [(ip, port) for ip in next(respuestas)]

            url = f"http://cambiante.prueba:{bueno.port}/"
            # When two attempts are made
            primero = enviar_vigilado(url, b"{}", {}, resolver=resolver)
            segundo = enviar_vigilado(url, b"{}", {}, resolver=resolver)
        # Then the first went where it was checked, asked once, and the second was judged anew
        assert primero.status_code == 200
        assert prohibido(segundo)
        assert salidas == [("socket.connect", ("127.0.0.1", bueno.port))]

    def test_ajustes_mas_estrictos_valen_para_lo_ya_creado(self, dejar: Dejar, salidas: list[Any]) -> None:
        dejar(solo_https=True)
        respuesta = enviar_vigilado("http://ejemplo.com/", b"{}", {}, resolver=resolver_fijo(PUBLICA))
        assert (respuesta.error_codigo, respuesta.definitivo) == ("HTTPS_OBLIGATORIO", True)
        assert respuesta.error == "La URL tiene que empezar con https://"
        assert salidas == []


TROZOS = st.sampled_from([
    "http://", "https://", "HTTP:", "//", "/", "\\", "@", "#", "?", ":", "::", "[", "]", "[::1]", "%", "%2f", "%00",
    ".", "..", "127.0.0.1", "0x7f", "ejemplo.com", "localhost", "u:p", "80", "8443", "１", "。", "ñ", "ß", "É",
    "\u0130", "_", "-", " ", "\t", "\u200b", "xn--", ";", ",", "*", "&", "=", "~", "'", "ﬁ", "℀", "㎭",
])  # fmt: skip


@hypothesis_settings(max_examples=1500, deadline=None)
@given(st.lists(TROZOS, max_size=9).map("".join), st.sampled_from(["", "http://", "https://ejemplo.com", "http://a:1"]))
def test_el_host_que_se_revisa_es_el_que_se_resuelve(texto: str, principio: str) -> None:
    # Given any URL that is accepted
    url = principio + texto
    try:
        destino.revisar_url(url)
    except UrlRechazada:
        return
    partes = destino._partes(url)
    # When the sender reads it with its own parser
    vistos: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[Direccion]:
        vistos.append((host.lower(), port))
        raise socket.gaierror(socket.EAI_NONAME, "x")

    respuesta = enviar(url, b"{}", {}, plazo_s=5, resolver=resolver, permitir=guardia.permitir)
    # Then it asks for the host and port that were judged, or for none
    assert vistos == [(destino._host(partes), destino._puerto(partes))] or respuesta.error_codigo == "URL_INVALIDA"
