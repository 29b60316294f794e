"""The answers of GET /ready."""

from pydantic import BaseModel


class Parte(BaseModel):
    """One part of the service: whether it does its work, and a sentence about it."""

    ok: bool
    mensaje: str


class Listo(BaseModel):
    """All of them: `base_de_datos`, `broker`, `consultas`, `callbacks`, `reloj`, `navegador`."""

    listo: bool
    partes: dict[str, Parte]
