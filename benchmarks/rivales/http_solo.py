"""(e) The portal's HTTP calls without a browser: its page, the login, the look-up. What no browser can reach."""

import requests

from rivales.lotes import ENTRADA, Cuenta, EnHilos


class Rival(EnHilos):
    def bloqueado(self, cuenta: Cuenta) -> tuple[str, str]:
        with requests.Session() as sesion:
            sesion.get(f"{self.base}{ENTRADA}", timeout=30).raise_for_status()
            credenciales = {"email": cuenta.email, "password": cuenta.clave}
            ingreso = sesion.post(f"{self.base}/telecentro/api/login", json=credenciales, timeout=30)
            resumen = sesion.post(f"{self.base}/telecentro/api/facturacion", json=ingreso.json(), timeout=30).json()
            return f"Cliente N° {resumen['cuenta']}", resumen["total"]
