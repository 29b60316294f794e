"""The fingerprints of what logs in: whose account it is, and which credenciales of it a portal rejected."""

import hashlib

from models import con_clave
from scrapers.base import Scraper


def huella_de_cuenta(scraper: Scraper, pedido: dict[str, str]) -> str | None:
    """Fingerprint of who logs in, without the clave; None for a portal without a login. Raises Indescifrable."""
    quien = scraper.quien(pedido)
    return None if quien is None else con_clave("\x00".join((f"{scraper.empresa}:", *quien)))


def huella_de(scraper: Scraper, pedido: dict[str, str]) -> str:
    """Fingerprint of all that logs in, slow to guess from (scrypt, about 10 ms). Raises Indescifrable."""
    dato = "\x00".join(scraper.usuario(pedido)).encode("utf-8", "surrogatepass")
    sal = f"consultas:{scraper.empresa}".encode()
    lenta = hashlib.scrypt(dato, salt=sal, n=4096, r=8, p=1, dklen=24).hex()
    return con_clave(f"{scraper.empresa}:{lenta}")
