"""The receiver of callbacks that `make demo` opens: it keeps what arrives and knows how to check its signature."""

import base64
import contextlib
import hmac
import http.server
import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

Aviso = tuple[dict[str, str], bytes]


@dataclass(frozen=True)
class Casa:
    """A receiver of callbacks: its port of loopback, the secret it shares with the service, and what arrives."""

    puerto: int
    secreto: str = field(default_factory=lambda: f"whsec_{base64.b64encode(os.urandom(32)).decode()}")
    avisos: "queue.Queue[Aviso]" = field(default_factory=queue.Queue)

    @property
    def host_y_puerto(self) -> str:
        """As CALLBACK_HOSTS_PERMITIDOS writes it."""
        return f"127.0.0.1:{self.puerto}"

    def es_autentico(self, aviso: Aviso) -> bool:
        """Check the signature as a receiver has to."""
        cabeceras, crudo = aviso
        firmado = f"{cabeceras['webhook-id']}.{cabeceras['webhook-timestamp']}.".encode() + crudo
        sello = hmac.digest(base64.b64decode(self.secreto.removeprefix("whsec_")), firmado, "sha256")
        esperada = f"v1,{base64.b64encode(sello).decode()}"
        return hmac.compare_digest(esperada, cabeceras.get("webhook-signature", ""))


@contextlib.contextmanager
def receptor() -> Iterator[Casa]:
    """A receiver of callbacks on loopback during the block."""
    avisos: queue.Queue[Aviso] = queue.Queue()

    class Manejador(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            crudo = self.rfile.read(int(self.headers["Content-Length"]))
            avisos.put(({nombre.lower(): valor for nombre, valor in self.headers.items()}, crudo))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    servidor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Manejador)
    hilo = threading.Thread(target=servidor.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    hilo.start()
    try:
        yield Casa(servidor.server_port, avisos=avisos)
    finally:
        servidor.shutdown()
        servidor.server_close()
        hilo.join()
