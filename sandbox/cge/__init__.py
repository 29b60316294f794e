"""CGE, simulated in the family's portal."""

from pathlib import Path

from sandbox import servipag

NOMBRE = "CGE"
ENTRADA = "/paymentexpress/category/luz/company/cge"
CUENTAS = servipag.cuentas("cge", "30000000", "numero_cliente")
rutas = servipag.rutas("cge", ENTRADA, "CGE", Path(__file__).parent / "web" / "pago.html")
