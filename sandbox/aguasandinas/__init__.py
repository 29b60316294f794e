"""Aguas Andinas, simulated in the family's portal."""

from pathlib import Path

from sandbox import servipag

NOMBRE = "Aguas Andinas"
ENTRADA = "/paymentexpress/category/agua/company/aguas-andinas"
CUENTAS = servipag.cuentas("aguasandinas", "300000", "numero_cuenta")
rutas = servipag.rutas("aguasandinas", ENTRADA, "Aguas Andinas", Path(__file__).parent / "web" / "pago.html")
