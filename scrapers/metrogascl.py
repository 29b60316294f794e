"""Metrogas Chile (gas), paid through Servipag. Another empresa than Metrogas of Argentina."""

from scrapers.base import Campo
from scrapers.servipag import Servipag


class MetrogasChile(Servipag):
    """The form of its identifier was not found: 6 to 12 digits are taken, and the portal decides."""

    empresa = "metrogascl"
    nombre = "Metrogas Chile"
    tipo_servicio = "Gas"
    campos = (Campo("numero_cliente", "Número de cliente", r"[0-9]{6,12}", separadores=" -."),)
    categoria, compania, rotulo = "gas", "metrogas", "Metrogas"
