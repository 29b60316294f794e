"""The propiedades that `make demo` and `make run` begin with: accounts of the simulated portals."""

from collections.abc import Mapping
from typing import Any

import models
from sandbox.desenlaces import Desenlace
from sandbox.servidor import CUENTAS
from scrapers import SCRAPERS

SEMILLA: Mapping[tuple[int, str, str], tuple[tuple[int, str, Desenlace], ...]] = {
    (35, "Departamento de prueba", "Calle Simulada 1234, 5.º B"): (
        (5, "metrogas", Desenlace.VARIAS_FACTURAS),
        (8, "edenor", Desenlace.UNA_FACTURA),
        (12, "aysa", Desenlace.SIN_DEUDA),
        (13, "edesur", Desenlace.SALDO_A_FAVOR),
    ),
    (36, "Casa con problemas", "Calle Simulada 99"): (
        (20, "metrogas", Desenlace.CUENTA_INEXISTENTE),
        (21, "edesur", Desenlace.CREDENCIALES_INVALIDAS),
        (22, "edenor", Desenlace.TOTAL_NO_COINCIDE),
        (23, "aysa", Desenlace.CAPTCHA),
    ),
}
"""Propiedades of the sandbox and their servicios: id, empresa, and how its consulta ends."""


def sembrar() -> None:
    """Write the propiedades of the sandbox into an empty database."""
    with models.transaccion() as bd:
        if models.Propiedad.select().exists():
            return
        for (propiedad_id, nombre, direccion), servicios in SEMILLA.items():
            models.Propiedad.insert(id=propiedad_id, nombre=nombre, direccion=direccion).execute()
            for servicio_id, empresa, desenlace in servicios:
                models.Servicio.insert(**_servicio(servicio_id, propiedad_id, empresa, desenlace)).execute()
        for tabla in ("propiedades", "servicios"):
            bd.execute_sql(f"SELECT setval(pg_get_serial_sequence('{tabla}', 'id'), 100)")


def _servicio(servicio_id: int, propiedad_id: int, empresa: str, desenlace: Desenlace) -> dict[str, Any]:
    cuenta = next(c for c in CUENTAS[empresa].values() if c.desenlace is desenlace)
    scraper = SCRAPERS[empresa]
    return {
        "id": servicio_id,
        "propiedad": propiedad_id,
        "empresa": scraper.nombre,
        "tipo_servicio": scraper.tipo_servicio,
        "credenciales": dict(cuenta.credenciales),
    }
