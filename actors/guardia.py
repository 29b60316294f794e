"""The egress guard, for every callback, test ping and re-send: our settings applied to the rules of models/destino.py.

Our own API is reached as any other address is: by its public name, or where CALLBACK_HOSTS_PERMITIDOS opens it.
"""

from models import destino
from models.destino import UrlRechazada
from settings import ajustes

__all__ = ["UrlRechazada", "permitir", "revisar_url"]


def revisar_url(url: str) -> None:
    """Accept a URL that a callback may be asked for. Raises UrlRechazada (a ValueError with its `codigo`)."""
    destino.revisar_url(url, permitidos=ajustes().callback_hosts_permitidos, solo_https=ajustes().callback_solo_https)


def permitir(host: str, ip: str, port: int) -> bool:
    """Whether a callback for `host` may be dialled at this address of it. This one decides."""
    return destino.se_puede_marcar(host, ip, port, ajustes().callback_hosts_permitidos)
