"""The answers of GET /ready."""

from pydantic import Field

from models.schemas_job import Respuesta


class Parte(Respuesta):
    """One part of the service: whether it does its work, and a sentence about it."""

    ok: bool = Field(description="Si anda.", examples=[True])
    mensaje: str = Field(description="Cómo está.", examples=["Responde."])


class Listo(Respuesta):
    """All of them: `base_de_datos`, `broker`, `consultas`, `callbacks`, `reloj`, `navegador`."""

    listo: bool = Field(description="Si anda todo.", examples=[True])
    version: str = Field(description="La del servicio.", examples=["1.2.3"])
    partes: dict[str, Parte] = Field(
        description="Cada parte.", examples=[{"broker": {"ok": True, "mensaje": "Responde."}}]
    )
