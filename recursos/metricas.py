"""GET /metrics: what Prometheus scrapes, computed from Postgres, so that every web process says the same.

docs/operacion.md explains each metric; names and labels are published: additions only.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from actors.empresas import NOMBRES
from actors.publicador import publicador
from documento.operacion import Operacion, documentar
from models import metricas
from models.totales import BORDES_CALLBACK_S, BORDES_CONSULTA_S, BORDES_JOB_S, SUMA
from recursos.reciente import Reciente
from settings import VERSION

COLAS = ("consultas", "callbacks", "reloj")
OTRA = "otra"
"""Every empresa that has no scraper: a servicio may name any."""

CONTADORES: dict[str, tuple[str, str, str | None, tuple[str, ...]]] = {
    "terminadas": ("consultas_terminadas", "Consultas terminadas: EXITO, o el código de la falla.", "codigo", ()),
    "reutilizadas": ("consultas_reutilizadas", "Consultas terminadas con el resultado de otra.", None, ()),
    "jobs_terminados": ("consultas_jobs_terminados", "Jobs terminados.", "status", ("completed", "failed")),
    "callbacks_terminados": (
        "consultas_callbacks_terminados",
        "Callbacks terminados.",
        "estado",
        ("enviado", "fallido"),
    ),
    "callback_intentos": (
        "consultas_callback_intentos",
        "Intentos de callback: ENVIADO, o el código del error.",
        "resultado",
        ("ENVIADO",),
    ),
    "navegador_arranques": ("consultas_navegador_arranques", "Veces que arrancó Chromium.", None, ("",)),
    "navegador_fallas": ("consultas_navegador_fallas", "Veces que Chromium no abrió una página.", None, ("",)),
    "arriendos_vencidos": (
        "consultas_arriendos_vencidos",
        "Consultas que dejó un worker que murió.",
        "destino",
        ("devuelta", "terminada"),
    ),
    "reparaciones": ("consultas_reloj_reparaciones", "Lo que reloj encontró y arregló.", "reparacion", ()),
}
"""By the name of the total: the public name, what it is, its label, and the values that are told from the start."""

HISTOGRAMAS = {
    "duracion": ("consultas_duracion_seconds", "Duración de una consulta al portal.", BORDES_CONSULTA_S),
    "job_duracion": ("consultas_job_duracion_seconds", "De que se pide un job a que termina.", BORDES_JOB_S),
    "callback_duracion": ("consultas_callback_duracion_seconds", "Un intento de callback.", BORDES_CALLBACK_S),
}
POR_EMPRESA = ("terminadas", "reutilizadas", "duracion")
"""The totals with a label `empresa`."""

Filas = Sequence[tuple[str, str, int]]
"""Of one total: empresa, key, value."""


class _Recolector(Collector):
    """Turns one look at the database into metric families."""

    def collect(self) -> Iterator[Metric]:
        yield _medidor("info", "La versión de este proceso web; vale 1.", ["version"], [((VERSION,), 1)])
        lectura = metricas.leer()
        por_nombre: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for nombre, empresa, clave, valor in lectura.totales:
            por_nombre[nombre].append((empresa, clave, valor))
        for nombre in CONTADORES:
            yield _contador(nombre, por_nombre[nombre])
        for nombre in HISTOGRAMAS:
            yield _histograma(nombre, por_nombre[nombre])
        yield from _ahora(lectura)
        yield from _procesos(lectura)


def _de_empresa(empresa: str) -> str:
    return empresa if empresa in NOMBRES else OTRA


def _contador(nombre: str, filas: Filas) -> Metric:
    publico, ayuda, etiqueta, conocidas = CONTADORES[nombre]
    etiquetas = [*(["empresa"] if nombre in POR_EMPRESA else []), *([etiqueta] if etiqueta else [])]
    cuentas: Counter[tuple[str, ...]] = Counter()
    for empresa, clave, valor in [*(("", conocida, 0) for conocida in conocidas), *filas]:
        valores: dict[str | None, str] = {"empresa": _de_empresa(empresa), etiqueta: clave}
        cuentas[tuple(valores[e] for e in etiquetas)] += valor
    return _familia(CounterMetricFamily(publico, ayuda, labels=etiquetas), cuentas.items())


def _histograma(nombre: str, filas: Filas) -> Metric:
    publico, ayuda, bordes = HISTOGRAMAS[nombre]
    por_empresa = nombre in POR_EMPRESA
    familia = HistogramMetricFamily(publico, ayuda, labels=["empresa"] if por_empresa else [])
    celdas: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for empresa, clave, valor in filas:
        celdas[(_de_empresa(empresa),) if por_empresa else ()][clave] += valor
    for etiquetas, cuentas in celdas.items():
        acumuladas = itertools.accumulate(cuentas[str(numero)] for numero in range(len(bordes) + 1))
        cubetas = [(f"{borde:g}", n) for borde, n in zip((*bordes, float("inf")), acumuladas, strict=True)]
        familia.add_metric(etiquetas, [(b.replace("inf", "+Inf"), n) for b, n in cubetas], cuentas[SUMA] / 1000)
    return familia


def _familia(
    familia: CounterMetricFamily | GaugeMetricFamily, muestras: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    for etiquetas, valor in sorted(muestras):
        familia.add_metric(etiquetas, valor)
    return familia


def _medidor(
    nombre: str, ayuda: str, etiquetas: Sequence[str], muestras: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    return _familia(GaugeMetricFamily(f"consultas_{nombre}", ayuda, labels=etiquetas), muestras)


def _ahora(lectura: metricas.Lectura) -> Iterator[Metric]:
    """What waits and runs now."""
    abiertas: Counter[tuple[str, ...]] = Counter()
    for (empresa, estado), cuantas in lectura.consultas.items():
        abiertas[_de_empresa(empresa), estado] += cuantas
    por_estado: Counter[str] = Counter()
    for (_, estado), cuantas in abiertas.items():
        por_estado[estado] += cuantas
    en_espera = {
        "consultas": por_estado["pendiente"] + por_estado["en_turno"],
        "callbacks": lectura.callbacks["pendiente"],
    }
    yield _medidor("abiertas", "Consultas sin terminar.", ["empresa", "estado"], abiertas.items())
    yield _medidor("jobs_abiertos", "Jobs sin terminar.", ["status"], _por(lectura.jobs))
    yield _medidor("callbacks_abiertos", "Callbacks sin terminar.", ["estado"], _por(lectura.callbacks))
    yield _medidor("cola_en_espera", "Lo que espera que lo atiendan.", ["cola"], _por(en_espera))
    yield _medidor(
        "cola_antiguedad_seconds", "Cuánto hace que espera lo más viejo.", ["cola"], _por(lectura.antiguedad_s)
    )
    abiertos = {nombre: float(nombre in lectura.circuitos_abiertos) for nombre in NOMBRES}
    yield _medidor("circuito_abierto", "1: el portal falla seguido y se lo deja.", ["empresa"], _por(abiertos))
    if lectura.contado_hasta is not None:
        yield _medidor(
            "contado_hasta_timestamp_seconds",
            "Lo que terminó hasta entonces está en los contadores.",
            [],
            [((), lectura.contado_hasta.timestamp())],
        )


def _por(valores: dict[str, int] | dict[str, float]) -> list[tuple[tuple[str, ...], float]]:
    return [((clave,), valor) for clave, valor in valores.items()]


def _procesos(lectura: metricas.Lectura) -> Iterator[Metric]:
    """What the processes say of themselves."""
    vivos, hilos, latido = dict.fromkeys(COLAS, 0), dict.fromkeys(COLAS, 0), dict[str, float]()
    memoria, demora = 0, dict[str, float]()
    pendientes = {"web": publicador.pendientes}
    for proceso in lectura.procesos:
        cola = proceso.colas if proceso.colas in COLAS else OTRA
        latido[cola] = min(proceso.visto_hace_s, latido.get(cola, proceso.visto_hace_s))
        if not proceso.vivo:
            continue
        vivos[cola] = vivos.get(cola, 0) + 1
        hilos[cola] = hilos.get(cola, 0) + proceso.hilos
        memoria += proceso.medidas.get("navegador_bytes", 0)
        demora[cola] = max(proceso.medidas.get("bucle_s", 0.0), demora.get(cola, 0.0))
        pendientes[cola] = pendientes.get(cola, 0) + proceso.medidas.get("por_publicar", 0)
    yield _medidor("trabajadores", "Procesos vivos.", ["cola"], _por(vivos))
    yield _medidor("trabajadores_hilos", "Lo que pueden hacer a la vez.", ["cola"], _por(hilos))
    yield _medidor("latido_antiguedad_seconds", "Desde el último latido de alguno.", ["cola"], _por(latido))
    yield _medidor("navegador_memoria_bytes", "Memoria propia de todos los Chromium.", [], [((), memoria)])
    yield _medidor("bucle_demora_seconds", "Lo que tardó en responder el bucle más lento.", ["cola"], _por(demora))
    yield _medidor("publicador_pendientes", "Tandas por publicar en el broker.", ["proceso"], _por(pendientes))


_registro = CollectorRegistry(auto_describe=False)
_registro.register(_Recolector())


ultimas = Reciente(lambda: generate_latest(_registro), vigencia_s=1)


@documentar(
    Operacion(
        "Métricas",
        "estado",
        {200: ("text/plain",)},
        "Formato de texto de Prometheus; los nombres, en docs/operacion.md.",
    )
)
async def metricas_prometheus(request: Request) -> Response:
    """GET /metrics: Prometheus's text format."""
    return Response(await run_in_threadpool(ultimas), media_type=CONTENT_TYPE_LATEST)
