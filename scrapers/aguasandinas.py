"""Aguas Andinas (water, Chile), paid through Servipag."""

from scrapers.base import Campo
from scrapers.servipag import Servipag


class AguasAndinas(Servipag):
    """The form of its identifier and its name in the portal's address were not found.

    6 to 12 digits are taken, and the portal decides; `aguas-andinas` is assumed. Its own site (a Liferay portlet,
    portales.md, 2.16) is another way in, not walked here.
    """

    empresa = "aguasandinas"
    nombre = "Aguas Andinas"
    tipo_servicio = "Agua"
    campos = (Campo("numero_cuenta", "Número de cuenta", r"[0-9]{6,12}", separadores=" -."),)
    categoria, compania, rotulo = "agua", "aguas-andinas", "Aguas Andinas"
