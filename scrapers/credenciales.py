"""Checking the credenciales of a servicio before anything is kept: what its empresa asks for, and in which form."""

from collections.abc import Mapping

from scrapers.base import Campo, Scraper
from scrapers.fallas import Codigo, Falla


class CredencialesInvalidas(Exception):
    """What an empresa asks for and was not given; `errores` by field, as problem documents carry them."""

    def __init__(self, errores: list[dict[str, str]]) -> None:
        super().__init__(" ".join(f"{e['campo']} {e['mensaje']}." for e in errores))
        self.errores = errores


def revisadas(scraper: Scraper, credenciales: Mapping[str, str]) -> dict[str, str]:
    """The same credenciales, if they are what the empresa asks for. Raises CredencialesInvalidas."""
    pedidos = [campo.nombre for campo in scraper.campos]
    errores = [
        _error(nombre, f"no es un dato que pida {scraper.nombre}; pide: {', '.join(pedidos)}")
        for nombre in credenciales
        if nombre not in pedidos
    ]
    errores += [error for campo in scraper.campos if (error := _falta(campo, credenciales))]
    if errores:
        raise CredencialesInvalidas(errores)
    return dict(credenciales)


def cuenta_de(scraper: Scraper, credenciales: Mapping[str, str]) -> str | None:
    """The account number, as the portal writes it; None where it has not its form."""
    try:
        return scraper.campos[0].leer(credenciales)
    except Falla:
        return None


def _falta(campo: Campo, credenciales: Mapping[str, str]) -> dict[str, str] | None:
    try:
        campo.leer(credenciales)
    except Falla as falla:
        ausente = falla.codigo is Codigo.DATOS_INCOMPLETOS
        return _error(campo.nombre, "es obligatorio" if ausente else "no tiene la forma que usa la empresa")
    return None


def _error(campo: str, mensaje: str) -> dict[str, str]:
    return {"campo": f"credenciales.{campo}", "mensaje": mensaje}
