"""Writing servicios: what their empresa asks for is checked before anything is kept."""

from collections.abc import Mapping
from typing import Any

import models.propiedad
from models.schemas_propiedades import CambioDeServicio, NuevoServicio
from scrapers import SCRAPERS, de_empresa
from scrapers.base import Campo, Scraper
from scrapers.fallas import Codigo, Falla


class CredencialesInvalidas(Exception):
    """What an empresa asks for and was not given; `errores` by field, as problem documents carry them."""

    def __init__(self, errores: list[dict[str, str]]) -> None:
        super().__init__(" ".join(f"{e['campo']} {e['mensaje']}." for e in errores))
        self.errores = errores


def crear_servicio(datos: NuevoServicio) -> dict[str, Any] | None:
    """Write a servicio; None for an unknown propiedad. Raises CredencialesInvalidas."""
    scraper = de_empresa(datos.empresa)
    if scraper is None:
        conocidas = ", ".join(sorted(s.nombre for s in SCRAPERS.values()))
        raise CredencialesInvalidas(
            [{"campo": "empresa", "mensaje": f"«{datos.empresa}» no es una empresa que se consulte; son: {conocidas}"}]
        )
    return models.propiedad.crear_servicio(
        datos.propiedad_id,
        empresa=scraper.nombre,
        tipo_servicio=scraper.tipo_servicio,
        credenciales=_revisadas(scraper, datos.credenciales),
        activo=datos.activo,
    )


def cambiar_servicio(servicio_id: int, cambio: CambioDeServicio) -> dict[str, Any] | None:
    """Change a servicio, keeping what is not named; None when unknown. Raises CredencialesInvalidas."""

    def fundir(empresa: str, guardadas: Mapping[str, str]) -> dict[str, str]:
        scraper = de_empresa(empresa)
        if scraper is None:
            mensaje = f"no se pueden cambiar: «{empresa}» no es una empresa que se consulte"
            raise CredencialesInvalidas([{"campo": "credenciales", "mensaje": mensaje}])
        conocidas = {campo.nombre: guardadas[campo.nombre] for campo in scraper.campos if campo.nombre in guardadas}
        return _revisadas(scraper, conocidas | cambio.credenciales)

    return models.propiedad.cambiar_servicio(
        servicio_id, activo=cambio.activo, fundir=fundir if cambio.credenciales else None
    )


def _revisadas(scraper: Scraper, credenciales: dict[str, str]) -> dict[str, str]:
    """The same credenciales, if they are what the empresa asks for."""
    pedidos = [campo.nombre for campo in scraper.campos]
    errores = [
        _error(nombre, f"no es un dato que pida {scraper.nombre}; pide: {', '.join(pedidos)}")
        for nombre in credenciales
        if nombre not in pedidos
    ]
    errores += [error for campo in scraper.campos if (error := _falta(campo, credenciales))]
    if errores:
        raise CredencialesInvalidas(errores)
    return credenciales


def _falta(campo: Campo, credenciales: Mapping[str, str]) -> dict[str, str] | None:
    try:
        campo.leer(credenciales)
    except Falla as falla:
        ausente = falla.codigo is Codigo.DATOS_INCOMPLETOS
        return _error(campo.nombre, "es obligatorio" if ausente else "no tiene la forma que usa la empresa")
    return None


def _error(campo: str, mensaje: str) -> dict[str, str]:
    return {"campo": f"credenciales.{campo}", "mensaje": mensaje}
