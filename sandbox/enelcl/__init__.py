"""Enel Chile, simulated in the family's portal: `NNNNNNN-D`; the two digits before the hyphen choose the outcome."""

from pathlib import Path

from sandbox import servipag

NOMBRE = "Enel Chile"
ENTRADA = "/paymentexpress/category/luz/company/enel"
CUENTAS = servipag.cuentas("enelcl", "30000", "numero_cliente", cierre=servipag.digito)
rutas = servipag.rutas("enelcl", ENTRADA, "Enel", Path(__file__).parent / "web" / "pago.html")
