"""What `dramatiq actors` loads: the broker first, then every actor."""

from actors.broker import broker
from actors.consultar import consultar, publicar
from actors.notificar import notificar
from actors.registro import configurar_registro

__all__ = ["broker", "configurar_registro", "consultar", "notificar", "publicar"]
