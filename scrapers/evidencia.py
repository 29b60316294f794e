"""What is kept of a consulta that failed: how the page looked, without secrets and within limits."""

from dataclasses import dataclass

from scrapers.secretos import Mascara

COLA = 5000
"""Characters at a cut among which there may be half a secret."""
LINEA = 500
"""Characters kept of a line of console or network."""


@dataclass(frozen=True, slots=True)
class Evidencia:
    """A screenshot (PNG), the HTML, the final URL and the last console and network lines."""

    url: str = ""
    captura: bytes | None = None
    html: str | None = None
    consola: str = ""
    red: str = ""

    def saneada(self, mascara: Mascara, max_bytes: int) -> "Evidencia":
        """The same with every secret masked and each part at most `max_bytes` long (a larger PNG is dropped)."""

        def limpiar(texto: str) -> str:
            if len(texto) > 2 * max_bytes:
                texto = mascara.ocultar(texto[: 2 * max_bytes])[:-COLA]
            return mascara.ocultar(texto).encode(errors="replace")[:max_bytes].decode(errors="ignore")

        def por_lineas(texto: str) -> str:
            return limpiar("\n".join(linea[:LINEA] for linea in mascara.ocultar(texto).split("\n")))

        captura = self.captura if self.captura and len(self.captura) <= max_bytes else None
        html = limpiar(self.html) if self.html is not None else None
        return Evidencia(limpiar(self.url), captura, html, por_lineas(self.consola), por_lineas(self.red))
