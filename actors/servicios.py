"""Writing servicios: what their empresa asks for is checked before anything is kept."""

from collections.abc import Mapping
from typing import Any

import models.propiedad
from models.schemas_propiedades import CambioDeServicio, NuevoServicio
from scrapers import SCRAPERS, de_empresa
from scrapers.credenciales import CredencialesInvalidas, revisadas

__all__ = ["CredencialesInvalidas", "cambiar_servicio", "crear_servicio"]


def crear_servicio(datos: NuevoServicio) -> dict[str, Any] | None:
    """Write a servicio; None for an unknown propiedad. Raises CredencialesInvalidas."""
    scraper = de_empresa(datos.empresa)
    if scraper is None:
        conocidas = ", ".join(sorted(s.nombre for s in SCRAPERS.values()))
        mensaje = f"«{datos.empresa}» no es una empresa que se consulte; son: {conocidas}"
        raise CredencialesInvalidas([{"campo": "empresa", "mensaje": mensaje}])
    return models.propiedad.crear_servicio(
        datos.propiedad_id,
        empresa=scraper.nombre,
        tipo_servicio=scraper.tipo_servicio,
        credenciales=revisadas(scraper, datos.credenciales),
        activo=datos.activo,
    )


def cambiar_servicio(servicio_id: int, cambio: CambioDeServicio) -> dict[str, Any] | None:
    """Change a servicio, keeping what is not named; None when unknown. Raises CredencialesInvalidas."""

    def fundir(empresa: str, guardadas: Mapping[str, str]) -> dict[str, str]:
        scraper = de_empresa(empresa)
        if scraper is None:
            mensaje = f"no se pueden cambiar: «{empresa}» no es una empresa que se consulte"
            raise CredencialesInvalidas([{"campo": "credenciales", "mensaje": mensaje}])
        conocidos = {campo.nombre: guardadas[campo.nombre] for campo in scraper.campos if campo.nombre in guardadas}
        return revisadas(scraper, conocidos | cambio.credenciales)

    return models.propiedad.cambiar_servicio(
        servicio_id, activo=cambio.activo, fundir=fundir if cambio.credenciales else None
    )
