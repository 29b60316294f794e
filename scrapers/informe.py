"""What is told of a verificación, as JSON has it and in a few lines; and the table of empresas."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scrapers.base import Scraper
from scrapers.fallas import Falla
from scrapers.verdad import Deuda
from scrapers.verificacion import Bitacora, Verificacion

PAISES: Final = {"ARS": "Argentina", "CLP": "Chile"}
TITULOS: Final = ("Empresa", "Servicio", "País y moneda", "Credenciales", "Verificada en vivo")
MARCAS: Final = ("<!-- empresas -->", "<!-- /empresas -->")
"""What stands before and after the table in the README."""


def informe_de(scraper: Scraper, url: str, bitacora: Bitacora, verificacion: Verificacion) -> dict[str, Any]:
    """All that is told of a verificación, as JSON has it."""
    pasos = [
        {
            "verbo": paso.verbo,
            "detalle": paso.detalle,
            "inicio_s": round(paso.inicio_s, 3),
            "duracion_s": round(paso.duracion_s, 3),
            "captura": str(paso.captura) if paso.captura else None,
            "error": paso.error,
        }
        for paso in bitacora.pasos
    ]
    final = verificacion.final
    como = _de_deuda(final) if isinstance(final, Deuda) else _de_falla(final, scraper, bitacora)
    return {
        "empresa": scraper.nombre,
        "url": url,
        "exito": isinstance(final, Deuda),
        **como,
        "archivos": [str(ruta) for ruta in verificacion.archivos],
        "carpeta": str(bitacora.carpeta),
        "duracion_s": round(verificacion.duracion_s, 3),
        "pasos": pasos,
        "grabacion": None,
    }


def _de_deuda(deuda: Deuda) -> dict[str, Any]:
    return {
        "estado_deuda": str(deuda.estado),
        "deuda": str(deuda.importe),
        "moneda": deuda.moneda,
        "vencimiento": deuda.vencimiento.isoformat() if deuda.vencimiento else None,
        "saldo_a_favor": str(deuda.saldo_a_favor) if deuda.saldo_a_favor is not None else None,
        "facturas": len(deuda.facturas),
        "avisos": list(deuda.avisos),
        "prueba": {"regla": deuda.prueba.regla, "texto": deuda.prueba.texto},
    }


def _de_falla(falla: Falla, scraper: Scraper, bitacora: Bitacora) -> dict[str, Any]:
    return {
        "error_codigo": str(falla.codigo),
        "error": bitacora.oculto(falla.frase(empresa=scraper.nombre, consulta_id=bitacora.carpeta.name)),
        "detalle": bitacora.oculto(falla.detalle or falla.mensaje_portal or ""),
    }


def resumen(informe: Mapping[str, Any]) -> str:
    """How it ended, in a few lines."""
    if informe["exito"]:
        lineas = [
            f"{informe['estado_deuda']}: {informe['moneda']} {informe['deuda']}",
            f"Prueba ({informe['prueba']['regla']}): «{informe['prueba']['texto']}»",
            f"Facturas: {informe['facturas']}; vence: {informe['vencimiento'] or '—'}",
            *informe["avisos"],
        ]
        if informe["saldo_a_favor"]:
            lineas.append(f"Saldo a favor: {informe['moneda']} {informe['saldo_a_favor']}")
    else:
        lineas = [f"{informe['error_codigo']}: {informe['error']}", *filter(None, [informe["detalle"]])]
    archivos = [f"  {ruta}" for ruta in informe["archivos"]]
    return "\n".join(["", *lineas, *archivos, f"Total: {informe['duracion_s']:.2f} s; todo en {informe['carpeta']}"])


def filas(scrapers: Iterable[Scraper]) -> list[tuple[str, ...]]:
    """A row per empresa, under TITULOS, in alphabetical order."""
    return [
        (
            s.nombre,
            s.tipo_servicio,
            f"{PAISES.get(s.moneda, '—')}, {s.moneda}",
            ", ".join(campo.etiqueta for campo in s.campos),
            s.verificado_en_vivo.isoformat() if s.verificado_en_vivo else "nunca",
        )
        for s in sorted(scrapers, key=lambda s: s.nombre.casefold())
    ]


def en_tabla(scrapers: Iterable[Scraper]) -> str:
    """The empresas as a Markdown table."""
    lineas = [TITULOS, ("---",) * len(TITULOS), *filas(scrapers)]
    return "\n".join(f"| {' | '.join(linea)} |" for linea in lineas)


def con_tabla(texto: str, scrapers: Iterable[Scraper]) -> str:
    """A Markdown text with the table between its MARCAS made anew. Raises ValueError where it has none."""
    antes, abre, resto = texto.partition(MARCAS[0])
    _vieja, cierra, despues = resto.partition(MARCAS[1])
    if not abre or not cierra:
        raise ValueError(f"le faltan las marcas {' y '.join(MARCAS)}")
    return f"{antes}{abre}\n{en_tabla(scrapers)}\n{cierra}{despues}"
