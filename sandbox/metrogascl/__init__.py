"""Metrogas Chile, simulated in the family's portal."""

from pathlib import Path

from sandbox import servipag

NOMBRE = "Metrogas Chile"
ENTRADA = "/paymentexpress/category/gas/company/metrogas"
CUENTAS = servipag.cuentas("metrogascl", "3000000", "numero_cliente")
rutas = servipag.rutas("metrogascl", ENTRADA, "Metrogas", Path(__file__).parent / "web" / "pago.html")
