"""Which addresses are public: each range at both of its ends, and just outside."""

from ipaddress import IPv4Network, ip_address, ip_network

import pytest

from direcciones import nunca, prohibida

RANGOS_V4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "168.63.129.16/32",
]
RANGOS_V6 = ["2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48"]
AFUERA_V6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:7f00:1",
    "::ffff:0:808:808",
    "64:ff9b::808:808",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002:7f00:1::",
    "4000::",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
]
NO_SON = [
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "8.8.8.08",
    "8.8.8.8:80",
    "8.8.8.8/32",
    " 8.8.8.8",
    "8.8.8.8\n",
    "8.8.8.٨",
    "[2606:4700::1111]",
    "2606:4700::1111%eth0",
    "::ffff:8.8.8.8%1",
    "256.0.0.1",
]
PUBLICAS = [
    "1.1.1.1",
    "8.8.8.8",
    "168.63.129.15",
    "168.63.129.17",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]


@pytest.mark.parametrize("rango", [*RANGOS_V4, *RANGOS_V6])
def test_un_rango_prohibido_lo_es_entero_y_termina_donde_dice(rango: str) -> None:
    red = ip_network(rango)
    assert prohibida(str(red[0]))
    assert prohibida(str(red[-1]))
    assert prohibida(str(red[red.num_addresses // 2]))
    vecinas = [ip_address(int(red[0]) - 1)] if int(red[0]) else []
    assert not any(prohibida(str(vecina)) for vecina in [*vecinas, ip_address(int(red[-1]) + 1)])
    if isinstance(red, IPv4Network):
        assert prohibida(f"::ffff:{red[0]}")
        assert prohibida(f"::ffff:{red[-1]}")


@pytest.mark.parametrize("ip", ["224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255", *AFUERA_V6])
def test_lo_que_no_es_publico_esta_prohibido(ip: str) -> None:
    assert prohibida(ip)


@pytest.mark.parametrize("ip", NO_SON)
def test_lo_que_no_es_una_direccion_no_se_abre(ip: str) -> None:
    assert prohibida(ip)
    assert nunca(ip)


@pytest.mark.parametrize("ip", PUBLICAS)
def test_una_publica_se_abre(ip: str) -> None:
    assert not prohibida(ip)
    assert not nunca(ip)


def test_una_ipv4_dentro_de_ipv6_se_juzga_como_ipv4() -> None:
    assert not prohibida("::ffff:8.8.8.8")
    assert prohibida("::ffff:10.0.0.1")
    assert prohibida("::ffff:7f00:1")


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
    ],
)
def test_nunca_se_abre_aunque_se_pida(ip: str) -> None:
    assert nunca(ip)
    assert prohibida(ip)


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "10.0.0.5", "172.17.0.2", "192.168.1.1", "fd12::1", "100.64.0.1"])
def test_una_privada_comun_se_puede_permitir(ip: str) -> None:
    assert prohibida(ip)
    assert not nunca(ip)


def test_lo_prohibido_es_mas_que_lo_que_la_biblioteca_llama_no_global() -> None:
    muestra = [f"{a}.{b}.0.1" for a in range(256) for b in (0, 64, 88, 168, 254)]
    assert all(prohibida(ip) for ip in muestra if not ip_address(ip).is_global)
