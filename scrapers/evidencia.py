"""What is kept of a consulta that failed: how the page looked, without secrets and within limits."""

from collections.abc import Iterable
from dataclasses import dataclass

OCULTO = "•••"


@dataclass(frozen=True, slots=True)
class Evidencia:
    """A screenshot (PNG), the HTML, the final URL and the last console and network lines."""

    url: str = ""
    captura: bytes | None = None
    html: str | None = None
    consola: str = ""
    red: str = ""

    def saneada(self, secretos: Iterable[str], max_bytes: int) -> "Evidencia":
        """The same with every secret masked and each part at most `max_bytes` long (a larger PNG is dropped)."""
        ocultar = [s for s in secretos if s]

        def limpiar(texto: str) -> str:
            for secreto in ocultar:
                texto = texto.replace(secreto, OCULTO)
            return texto.encode(errors="replace")[:max_bytes].decode(errors="ignore")

        captura = self.captura if self.captura and len(self.captura) <= max_bytes else None
        html = limpiar(self.html) if self.html is not None else None
        return Evidencia(limpiar(self.url), captura, html, limpiar(self.consola), limpiar(self.red))
