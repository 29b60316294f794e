"""Enel Chile (electricity), paid through Servipag."""

from collections.abc import Mapping

from scrapers.base import Campo
from scrapers.servipag import Servipag


class EnelChile(Servipag):
    """The identifier is `NNNNNNN-D`, and D may be K (portales.md, 2.16).

    How D is computed was not found, so any digit or K is taken and the portal decides.
    """

    empresa = "enelcl"
    nombre = "Enel Chile"
    tipo_servicio = "Electricidad"
    campos = (Campo("numero_cliente", "Número de cliente", r"[0-9]{7}[0-9Kk]", separadores=" -."),)
    categoria, compania, rotulo = "luz", "enel", "Enel"

    def validar(self, credenciales: Mapping[str, str]) -> dict[str, str]:
        """The number as `NNNNNNN-D` with a capital K, however it was written. Raises Falla."""
        numero = super().validar(credenciales)["numero_cliente"].upper()
        return {"numero_cliente": f"{numero[:-1]}-{numero[-1]}"}
