"""The lab controls: how long the portals take, who visited them, and how many look-ups ran at once."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class Latencias:
    """In milliseconds, from `SANDBOX_HIDRATACION_MS`, `SANDBOX_CONSULTA_MS`, `SANDBOX_ASENTAR_MS`.

    `hidratacion`: from a page's load to its first controls. `consulta`: a look-up's answer. `asentar`: how
    long after a login the session answers 401.
    """

    hidratacion: int = 150
    consulta: int = 250
    asentar: int = 700

    @classmethod
    def del_entorno(cls) -> "Latencias":
        """The values of this process's environment, the defaults where a variable is missing."""
        puestas = {f.name: os.environ.get(f"SANDBOX_{f.name.upper()}_MS") for f in fields(cls)}
        return cls(**{nombre: int(valor) for nombre, valor in puestas.items() if valor})


@dataclass
class Laboratorio:
    """What happened since the last `reiniciar`, per empresa."""

    latencias: Latencias = field(default_factory=Latencias.del_entorno)
    visitas: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    simultaneas: Counter[str] = field(default_factory=Counter)
    maximo: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def visita(self, empresa: str, cuenta: str) -> Iterator[int]:
        """Count a look-up while it lasts. Gives how many this account has had, this one included."""
        self.visitas[empresa][cuenta] += 1
        self.simultaneas[empresa] += 1
        self.maximo[empresa] = max(self.maximo[empresa], self.simultaneas[empresa])
        try:
            yield self.visitas[empresa][cuenta]
        finally:
            self.simultaneas[empresa] -= 1

    def reiniciar(self) -> None:
        """Forget the visits; look-ups still running go on being counted as such."""
        self.visitas.clear()
        self.maximo.clear()


LABORATORIO = Laboratorio()


async def ver(request: Request) -> Response:
    """`{"visitas": {empresa: {cuenta: n}}, "simultaneas": {empresa: n}, "maximo_simultaneas": {empresa: n}}`."""
    return JSONResponse(
        {
            "visitas": LABORATORIO.visitas,
            "simultaneas": LABORATORIO.simultaneas,
            "maximo_simultaneas": LABORATORIO.maximo,
        }
    )


async def reiniciar(request: Request) -> Response:
    """Start counting anew."""
    LABORATORIO.reiniciar()
    return Response(status_code=204)


async def latencias_js(request: Request) -> Response:
    """The latencies that the pages themselves apply, as a module."""
    js = f"export const HIDRATACION_MS = {LABORATORIO.latencias.hidratacion};\n"
    return Response(js, media_type="text/javascript", headers={"Cache-Control": "no-store"})


rutas = [
    Route("/_lab/visitas", ver),
    Route("/_lab/reiniciar", reiniciar, methods=["POST"]),
    Route("/_sandbox/latencias.js", latencias_js),
]
