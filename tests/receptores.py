"""Receivers of callbacks that misbehave, on raw sockets: each on its own port of 127.0.0.1.

A guion is what the receiver does with one connection. `Receptor` runs it for every connection, one after
another, and ends with the `with` block: it closes what is open, so a guion may block or loop for ever.
"""

import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

Guion = Callable[["Receptor", socket.socket], None]


class Receptor:
    """A listening socket and its thread. Steps: accept, TLS when `tls` is given, guion, close, again."""

    def __init__(self, guion: Guion, tls: ssl.SSLContext | None = None) -> None:
        self.guion = guion
        self.tls = tls
        self.conexiones = 0
        self.pedidos: list[bytes] = []
        self.nombres_sni: list[str | None] = []
        self.fin = threading.Event()
        self._abierta: socket.socket | None = None
        self._escucha = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._escucha.getsockname()[1]
        self._hilo = threading.Thread(target=self._atender, name="receptor")

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/aviso?x=1"

    def __enter__(self) -> Self:
        self._hilo.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fin.set()
        for enchufe in (self._escucha, self._abierta):
            if enchufe is not None:
                with suppress(OSError):
                    enchufe.shutdown(socket.SHUT_RDWR)
        self._hilo.join(10)
        assert not self._hilo.is_alive()
        self._escucha.close()

    def _atender(self) -> None:
        while not self.fin.is_set():
            try:
                conexion, _ = self._escucha.accept()
            except OSError:
                return
            # Else Nagle holds a response back behind the TLS tickets, and a RST then drops it.
            conexion.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.conexiones += 1
            with conexion, suppress(OSError):
                self._abierta = conexion.dup()
                with self._abierta:
                    self._servir(conexion)

    def _servir(self, conexion: socket.socket) -> None:
        if self.tls is None:
            return self.guion(self, conexion)
        self.tls.sni_callback = lambda enchufe, nombre, contexto: self.nombres_sni.append(nombre)
        with self.tls.wrap_socket(conexion, server_side=True) as segura:
            return self.guion(self, segura)

    def leer_pedido(self, conexion: socket.socket) -> bytes:
        """Read one request up to its Content-Length and keep it."""
        pedido = bytearray()
        while b"\r\n\r\n" not in pedido:
            pedido += self._recibir(conexion)
        cabeza, _, cuerpo = bytes(pedido).partition(b"\r\n\r\n")
        largo = next(int(n[15:]) for n in cabeza.lower().split(b"\r\n") if n.startswith(b"content-length:"))
        while len(cuerpo) < largo:
            cuerpo += self._recibir(conexion)
        self.pedidos.append(cabeza + b"\r\n\r\n" + cuerpo)
        return cuerpo

    def _recibir(self, conexion: socket.socket) -> bytes:
        if not (trozo := conexion.recv(65536)):
            raise ConnectionResetError("the sender left")
        return trozo


def cabeza(status: int, *cabeceras: str) -> bytes:
    """A status line and headers, the empty line included."""
    return "\r\n".join([f"HTTP/1.1 {status} Listo", *cabeceras, "", ""]).encode("latin-1")


def completa(status: int, *cabeceras: str, cuerpo: bytes = b"") -> bytes:
    """A whole response with its Content-Length."""
    return cabeza(status, f"Content-Length: {len(cuerpo)}", *cabeceras) + cuerpo


def responder(datos: bytes) -> Guion:
    """Read the request, send these bytes, close."""

    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        receptor.leer_pedido(conexion)
        conexion.sendall(datos)

    return guion


def gotear(principio: bytes, gotas: Iterable[bytes], cada_s: float = 0.1) -> Guion:
    """Read the request, send the beginning, then a drop at a time; silent and open after the last."""

    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        receptor.leer_pedido(conexion)
        conexion.sendall(principio)
        for gota in gotas:
            if receptor.fin.wait(cada_s):
                return
            conexion.sendall(gota)
        receptor.fin.wait()

    return guion


def inundar(principio: bytes, trozo: bytes) -> Guion:
    """Read the request, send the beginning, then the same bytes for ever, as fast as they go."""

    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        receptor.leer_pedido(conexion)
        conexion.sendall(principio)
        while not receptor.fin.is_set():
            conexion.sendall(trozo)

    return guion


def callar(receptor: Receptor, conexion: socket.socket) -> None:
    """Accept and neither read nor write."""
    receptor.fin.wait()


def leer_y_callar(receptor: Receptor, conexion: socket.socket) -> None:
    """Read the request and never answer."""
    receptor.leer_pedido(conexion)
    receptor.fin.wait()


def cortar(principio: bytes = b"") -> Guion:
    """Read the request, send the beginning of a response, end the connection with a RST."""

    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        receptor.leer_pedido(conexion)
        conexion.sendall(principio)
        conexion.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return guion


def responder_sin_leer(datos: bytes, *, cerrar: bool) -> Guion:
    """Answer after the first bytes of the request, as to a body that is too large; close or hold the line."""

    def guion(receptor: Receptor, conexion: socket.socket) -> None:
        conexion.recv(1024)
        conexion.sendall(datos)
        if not cerrar:
            receptor.fin.wait()

    return guion


class Certificados:
    """A test CA and certificates of it, made with the openssl command in a folder."""

    def __init__(self, carpeta: Path) -> None:
        self.carpeta = carpeta
        self.ca = self._autofirmado("ca", "DNS:ca.prueba")

    def contexto(self, nombre: str, alternativo: str, *, dias: int = 2) -> ssl.SSLContext:
        """A server's context with a certificate of the CA; `dias=-1` has expired."""
        clave, pedido, certificado = (self.carpeta / f"{nombre}.{tipo}" for tipo in ("key", "csr", "pem"))
        self._openssl("req", "-new", *self._nueva(clave, alternativo), "-out", str(pedido))
        firma = ["-CA", str(self.ca), "-CAkey", str(self.ca.with_suffix(".key")), "-CAcreateserial"]
        opciones = ["-copy_extensions", "copy", "-days", str(dias), "-out", str(certificado)]
        self._openssl("x509", "-req", "-in", str(pedido), *firma, *opciones)
        return self._servidor(certificado, clave)

    def contexto_autofirmado(self, nombre: str, alternativo: str) -> ssl.SSLContext:
        """A server's context with a certificate that nobody signed."""
        certificado = self._autofirmado(nombre, alternativo)
        return self._servidor(certificado, certificado.with_suffix(".key"))

    def _autofirmado(self, nombre: str, alternativo: str) -> Path:
        clave, certificado = self.carpeta / f"{nombre}.key", self.carpeta / f"{nombre}.pem"
        opciones = self._nueva(clave, alternativo)
        self._openssl("req", "-x509", "-days", "2", *opciones, "-out", str(certificado))
        return certificado

    def _nueva(self, clave: Path, alternativo: str) -> list[str]:
        llave = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(clave)]
        return [*llave, "-subj", "/CN=prueba", "-addext", f"subjectAltName={alternativo}"]

    def _openssl(self, *argumentos: str) -> None:
        subprocess.run(["openssl", *argumentos], check=True, capture_output=True)

    def _servidor(self, certificado: Path, clave: Path) -> ssl.SSLContext:
        contexto = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexto.load_cert_chain(certificado, clave)
        return contexto
