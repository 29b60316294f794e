"""Which IP addresses a name may lead to, for whatever we dial on somebody else's word: portals and callbacks.

Pure and without imports of ours, so that scrapers and actors judge by the same list. `ipaddress.is_global` is not
enough: on Python 3.11 it passes multicast, NAT64, 6to4, ::/96, SIIT and fec0::.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_PROHIBIDAS_V4 = tuple(
    ip_network(red)
    for red in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLICAS_V6 = ip_network("2000::/3")
_PROHIBIDAS_V6 = tuple(
    ip_network(red) for red in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_NUNCA = tuple(
    ip_network(red)
    for red in ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "fe80::/10", "fd00:ec2::254/128")
)
_LLEVAN_V4 = tuple(ip_network(red) for red in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
_6TO4 = ip_network("2002::/16")

Direccion = IPv4Address | IPv6Address


def _leida(ip: str) -> Direccion | None:
    """The address, a mapped one as its IPv4; None for what is not one, or has a zone."""
    try:
        direccion = ip_address(ip)
    except ValueError:
        return None
    if isinstance(direccion, IPv6Address):
        return None if direccion.scope_id is not None else direccion.ipv4_mapped or direccion
    return direccion


def _contenida(direccion: Direccion) -> Direccion:
    """The IPv4 address that a translator would dial for this one, else itself."""
    if any(direccion in red for red in _LLEVAN_V4):
        return IPv4Address(int(direccion) & 0xFFFFFFFF)
    if direccion in _6TO4:
        return IPv4Address(int(direccion) >> 80 & 0xFFFFFFFF)
    return direccion


def prohibida(ip: str) -> bool:
    """Whether an address is not a plain public one; True for a text that is not an address."""
    direccion = _leida(ip)
    if direccion is None:
        return True
    if isinstance(direccion, IPv4Address):
        return any(direccion in red for red in _PROHIBIDAS_V4)
    return direccion not in _PUBLICAS_V6 or any(direccion in red for red in _PROHIBIDAS_V6)


def nunca(ip: str) -> bool:
    """Whether no setting may open it: link-local and the metadata of clouds; True for what is not an address."""
    direccion = _leida(ip)
    return direccion is None or any(_contenida(direccion) in red for red in _NUNCA)
