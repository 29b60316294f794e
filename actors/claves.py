"""The fingerprint by which rejected credenciales are remembered: slow to guess from, and only with our keys."""

import hashlib

from models import con_clave
from scrapers.base import Scraper


def huella_de(scraper: Scraper, pedido: dict[str, str]) -> str | None:
    """Fingerprint of what logs in (scrypt, about 10 ms); None for a portal without a login. Raises Indescifrable."""
    usuario = scraper.usuario(pedido)
    if usuario is None:
        return None
    dato = "\x00".join(usuario).encode("utf-8", "surrogatepass")
    sal = f"consultas:{scraper.empresa}".encode()
    lenta = hashlib.scrypt(dato, salt=sal, n=4096, r=8, p=1, dklen=24).hex()
    return con_clave(f"{scraper.empresa}:{lenta}")
