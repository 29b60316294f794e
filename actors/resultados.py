"""From what a scraper gave to what is saved."""

import uuid
from typing import Any

from models import Parte, Resultado
from models.schemas import numero
from scrapers.evidencia import Evidencia
from scrapers.fallas import Codigo, Falla
from scrapers.verdad import Deuda, Factura


def _factura(factura: Factura) -> dict[str, Any]:
    return {
        "numero": factura.numero,
        "periodo": factura.periodo,
        "vencimiento": factura.vencimiento.isoformat() if factura.vencimiento else None,
        "importe": numero(factura.importe),
    }


def de_deuda(deuda: Deuda, *, duracion_ms: int) -> Resultado:
    """A consulta that succeeded."""
    return Resultado(
        exito=True,
        deuda=deuda.importe,
        moneda=deuda.moneda,
        estado_deuda=deuda.estado,
        saldo_a_favor=deuda.saldo_a_favor,
        vencimiento=deuda.vencimiento,
        facturas=[_factura(f) for f in deuda.facturas],
        avisos=deuda.avisos,
        prueba={"regla": deuda.prueba.regla, "texto": deuda.prueba.texto},
        duracion_ms=duracion_ms,
        evidencia=[Parte("captura", deuda.prueba.captura)] if deuda.prueba.captura else [],
    )


def sin_importe(codigo: Codigo) -> Resultado:
    """The end of consultas that no portal answered: only the code's own sentence."""
    regla = codigo.regla
    return Resultado(exito=False, error=regla.mensaje, error_codigo=codigo, reintentable=regla.reintentable)


def de_falla(
    falla: Falla, evidencia: Evidencia | None, *, empresa: str, consulta_id: uuid.UUID, duracion_ms: int | None = None
) -> Resultado:
    """A consulta that ended with a falla: never an amount."""
    partes = []
    if evidencia is not None:
        partes = [
            Parte("captura", evidencia.captura or b""),
            Parte("html", (evidencia.html or "").encode()),
            Parte("url", evidencia.url.encode()),
            Parte("consola", evidencia.consola.encode()),
            Parte("red", evidencia.red.encode()),
        ]
    return Resultado(
        exito=False,
        error=falla.frase(empresa=empresa, consulta_id=str(consulta_id)),
        error_codigo=falla.codigo,
        reintentable=falla.codigo.regla.reintentable,
        mensaje_portal=falla.mensaje_portal,
        duracion_ms=duracion_ms,
        evidencia=partes,
    )
