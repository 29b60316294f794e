"""How portals are doing: what each answer means for its empresa's circuit."""

import logging

from models import BASE_CAIDA, anotar_respuesta
from scrapers.fallas import Categoria, Codigo
from settings import ajustes

logger = logging.getLogger("consultas")

NUESTRAS = (Categoria.ENTRADA, Categoria.INTERNO)
"""Fallas that say nothing about the portal."""


def anotar_salud(empresa: str, codigo: Codigo | None) -> None:
    """Count an answer of the empresa's portal: a success (None) or how it failed."""
    if codigo is not None and codigo.regla.categoria in NUESTRAS:
        return
    config = ajustes()
    try:
        abierto_hasta = anotar_respuesta(
            empresa,
            sana=codigo is None or not codigo.regla.afecta_salud,
            umbral=config.circuito_fallas,
            espera_s=config.circuito_espera_s,
            espera_max_s=config.circuito_espera_max_s,
        )
    except BASE_CAIDA as error:
        logger.warning("No se pudo anotar la salud de %s: %s", empresa, error)
        return
    if abierto_hasta is not None:
        logger.warning("El portal de %s falla seguido: sus consultas esperan hasta %s", empresa, abierto_hasta)
