"""CGE (electricity, Chile), paid through Servipag."""

from scrapers.base import Campo
from scrapers.servipag import Servipag


class Cge(Servipag):
    """The form of its identifier and its name in the portal's address were not found.

    6 to 12 digits are taken, and the portal decides; `cge` is assumed.
    """

    empresa = "cge"
    nombre = "CGE"
    tipo_servicio = "Electricidad"
    campos = (Campo("numero_cliente", "Número de cliente", r"[0-9]{6,12}", separadores=" -."),)
    categoria, compania, rotulo = "luz", "cge", "CGE"
