"""What is told of the empresas: which there are, and how their portals are doing."""

from typing import Any, Final

from actors.tarea import simultaneas
from models.empresa import circuitos
from models.salud import salud
from models.schemas import instante
from scrapers import SCRAPERS
from scrapers.fallas import REGLAS, Categoria

DEL_PORTAL: Final = frozenset(codigo for codigo, regla in REGLAS.items() if regla.afecta_salud)
NOMBRES: Final = frozenset(scraper.nombre for scraper in SCRAPERS.values())
NUESTRAS: Final = frozenset(codigo for codigo, regla in REGLAS.items() if regla.categoria is Categoria.INTERNO)


def listar_empresas() -> list[dict[str, Any]]:
    """Every empresa that can be consulted: names, credenciales it asks for, whether somebody checked it live."""
    return [
        {
            "empresa": scraper.nombre,
            "identificador": scraper.empresa,
            "tipo_servicio": scraper.tipo_servicio,
            "moneda": scraper.moneda,
            "credenciales": [
                {"campo": campo.nombre, "etiqueta": campo.etiqueta, "secreto": campo.secreto}
                for campo in scraper.campos
            ],
            "simultaneas": simultaneas(scraper),
            "verificado_en_vivo": scraper.verificado_en_vivo.isoformat() if scraper.verificado_en_vivo else None,
        }
        for scraper in sorted(SCRAPERS.values(), key=lambda s: s.nombre)
    ]


def salud_de_empresas() -> list[dict[str, Any]]:
    """How the portal of each empresa answered in the last 6 and 24 hours, and its circuit."""
    medidas, abiertos = salud(sorted(DEL_PORTAL), sorted(NUESTRAS)), circuitos()
    nombres = sorted({s.nombre for s in SCRAPERS.values()} | medidas.keys())
    sin_datos: dict[str, Any] = {"6h": None, "24h": None}
    return [
        {"empresa": nombre, **medidas.get(nombre, sin_datos), "circuito_abierto_hasta": instante(abiertos.get(nombre))}
        for nombre in nombres
    ]
