"""What is taken out in bulk: CSV that no spreadsheet runs, due dates that a calendar keeps apart, in little memory."""

import csv
import io
import json
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
from conftest import Sembrar, Web, filas
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from models import exportacion
from models.calendario import vencimientos_ics
from models.exportacion import Debida, deudas_de_hoy
from models.planilla import DE_CONSULTAS, DE_DEUDAS, deudas_csv
from models.schemas_exportacion import FiltroConsultas


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/") as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


NUEVA = """
INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token, inicios,
    intentos, en_turno, exito, deuda, moneda, estado_deuda, vencimiento, facturas, error, created_at, completed_at)
SELECT gen_random_uuid(), %s, s.id, s.propiedad_id, s.empresa, s.tipo_servicio, 'terminada', 1, 1, 1, false, %s, %s,
    'ARS', %s, %s, %s, %s, %s, %s FROM servicios s WHERE s.id = %s
"""


def _consulta(servicio_id: int, en: str, deuda: str | None = "25670.50", **mas: Any) -> None:
    """A consulta that ended then: with a deuda, or a falla."""
    job_id, momento = uuid.uuid4(), datetime.fromisoformat(en)
    filas(
        "INSERT INTO jobs (id, tipo, status, total, terminadas, created_at, limite_en)"
        " VALUES (%s, 'todas', 'completed', 1, 1, now(), now())",
        job_id,
    )
    estado = None if deuda is None else "CON_DEUDA" if Decimal(deuda) else "SIN_DEUDA"
    valores = (
        *(job_id, deuda is not None, deuda, estado, mas.get("vencimiento"), json.dumps(mas.get("facturas", []))),
        *(mas.get("error"), momento, momento, servicio_id),
    )
    filas(NUEVA, *valores)


def _csv(web: Web, ruta: str, separador: str = ",") -> list[dict[str, str]]:
    respuesta = requests.get(web.url + ruta, timeout=10)
    assert respuesta.status_code == 200, respuesta.text
    assert respuesta.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert "attachment" in respuesta.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(respuesta.content.decode("utf-8-sig"), newline=""), delimiter=separador))


def test_las_consultas_de_unos_dias_y_de_una_propiedad(web: Web, sembrar: Sembrar) -> None:
    # Given consultas of two propiedades; the last moment of the 15th in Argentina is the 16th in UTC
    una, [gas, luz] = sembrar("Metrogas", "Edenor")
    _, [agua] = sembrar("AySA")
    _consulta(gas, "2026-11-01T02:59:59Z")
    _consulta(luz, "2026-11-01T03:00:00Z", "0", vencimiento=None)
    _consulta(agua, "2026-11-16T02:59:59Z", vencimiento=date(2026, 12, 3))
    _consulta(gas, "2026-11-16T03:00:00Z", None, error="No se pudo; el portal dijo: «fuera de servicio»")
    todas = _csv(web, "/consultas.csv")
    assert tuple(todas[0]) == DE_CONSULTAS
    assert [fila["servicio_id"] for fila in todas] == [str(i) for i in (gas, luz, agua, gas)]
    falla = todas[-1]
    assert (falla["exito"], falla["deuda"]) == ("no", "") and "fuera de servicio" in falla["error"]
    # When days are asked for
    quincena = _csv(web, "/consultas.csv?desde=2026-11-01&hasta=2026-11-15")
    assert [(f["servicio_id"], f["deuda"]) for f in quincena] == [(str(luz), "0.00"), (str(agua), "25670.50")]
    # Or moments, or a propiedad
    desde = _csv(web, "/consultas.csv?desde=2026-11-16T00:00:00-03:00")
    assert [f["servicio_id"] for f in desde] == [str(gas)]
    assert {f["servicio_id"] for f in _csv(web, f"/consultas.csv?propiedad_id={una}")} == {str(gas), str(luz)}
    # And Excel in es-AR gets what it reads
    crudo = requests.get(f"{web.url}/consultas.csv?formato=excel&propiedad_id={una}", timeout=10).content
    assert crudo.startswith("\ufeff".encode()) and b"25670,50" in crudo
    assert len(_csv(web, "/consultas.csv?formato=excel", ";")) == 4


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("consulta", ["desde=ayer", "hasta=2026-11-31", "desde=2026-11-01T00:00:00", "propiedad_id=x",
                                      "formato=pdf", "otra=1", "hasta=9999-12-31"])  # fmt: skip
def test_lo_que_no_se_entiende_es_422(web: Web, consulta: str) -> None:
    respuesta = requests.get(f"{web.url}/consultas.csv?{consulta}", timeout=10)
    assert (respuesta.status_code, respuesta.json()["codigo"]) == (422, "DATOS_INVALIDOS")


def test_las_deudas_de_hoy_son_lo_ultimo_que_se_pudo_leer(web: Web, sembrar: Sembrar) -> None:
    _, [gas, luz, agua] = sembrar("Metrogas", "Edenor", "AySA")
    _, [inactivo] = sembrar("Metrogas", activo=False)
    _consulta(gas, "2026-11-01T12:00:00Z", "100")
    _consulta(gas, "2026-11-02T12:00:00Z", "200.10")
    _consulta(gas, "2026-11-03T12:00:00Z", None, error="Falló.")
    _consulta(luz, "2026-11-03T12:00:00Z", "0")
    _consulta(inactivo, "2026-11-03T12:00:00Z", "999")
    hoy = _csv(web, "/deudas.csv")
    assert tuple(hoy[0]) == DE_DEUDAS
    assert [(f["servicio_id"], f["deuda"], f["consultada_en"]) for f in hoy] == [
        (str(gas), "200.10", "2026-11-02T12:00:00Z"),
        (str(luz), "0.00", "2026-11-03T12:00:00Z"),
        (str(agua), "", ""),
    ]


def _sin_leer(servicio_id: int, propiedad: str) -> Debida:
    return Debida(servicio_id, 1, propiedad, None, "E", "T", *[None] * 8)


def test_ninguna_celda_es_una_formula() -> None:
    malas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"a")', "\n=1"]
    lote = [_sin_leer(n, mala) for n, mala in enumerate(malas)]
    for formato, separador in (("csv", ","), ("excel", ";")):
        crudo = b"".join(deudas_csv([lote], formato)).decode("utf-8-sig")  # type: ignore[arg-type]
        leidas = list(csv.DictReader(io.StringIO(crudo, newline=""), delimiter=separador))
        assert [fila["propiedad"] for fila in leidas] == [f"'{mala}" for mala in malas]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=5))
def test_lo_escrito_se_lee_igual(textos: list[str]) -> None:
    lote = [
        Debida(n, 1, t, None, "E", "T", None, None, None, None, None, None, None, None) for n, t in enumerate(textos)
    ]
    crudo = b"".join(deudas_csv([lote], "csv")).decode()
    leidos = [fila["propiedad"] for fila in csv.DictReader(io.StringIO(crudo, newline=""))]
    assert [leido.removeprefix("'") for leido in leidos] == [texto.removeprefix("'") for texto in textos]


def _factura(vencimiento: str | None, numero: str | None = None, importe: float = 100.5) -> dict[str, Any]:
    return {"numero": numero, "periodo": "10/2026", "vencimiento": vencimiento, "importe": importe}


def _eventos(crudo: bytes) -> list[Any]:
    return list(Calendar.from_ical(crudo).walk("VEVENT"))


def test_los_vencimientos_son_los_de_las_facturas_impagas(web: Web, sembrar: Sembrar) -> None:
    _, [gas, luz, agua, cable] = sembrar("Metrogas", "Edenor", "AySA", "Telecentro")
    filas("UPDATE propiedades SET nombre = 'Depto 5.º; «B»,\n' || repeat('muy largo ', 20)")
    # Given facturas of which one is no longer owed, a deuda without detail, one paid, and one without a date
    _consulta(gas, "2026-11-01T12:00:00Z", "1", facturas=[_factura("2026-11-05", "vieja")])
    _consulta(gas, "2026-11-10T12:00:00Z", "201", facturas=[_factura("2026-12-03", "A1"), _factura("2026-12-20", "A2")])
    _consulta(luz, "2026-11-10T12:00:00Z", "25670.50", vencimiento=date(2026, 12, 9))
    _consulta(agua, "2026-11-10T12:00:00Z", "0", vencimiento=date(2026, 12, 9))
    _consulta(cable, "2026-11-10T12:00:00Z", "10", facturas=[_factura(None, "sin fecha")])
    # When the calendar is asked for, twice
    primera, segunda = (requests.get(f"{web.url}/vencimientos.ics", timeout=10) for _ in range(2))
    assert primera.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert primera.content == segunda.content
    # Then it is as RFC 5545 wants it: lines of 75 bytes at most that end in CRLF
    lineas = primera.content.split(b"\r\n")
    assert all(len(linea) <= 75 and b"\n" not in linea for linea in lineas) and lineas[-1] == b""
    eventos = _eventos(primera.content)
    assert [e["dtstart"].dt for e in eventos] == [date(2026, 12, 3), date(2026, 12, 20), date(2026, 12, 9)]
    assert all(e["dtstamp"].dt == datetime(2026, 11, 10, 12, tzinfo=UTC) for e in eventos)
    assert len({e["uid"] for e in eventos}) == 3
    assert "25.670,50" in eventos[2]["summary"] and "«B»,\nmuy largo" in eventos[2]["summary"]
    # And when the portal moves the date of a factura, its event moves
    _consulta(gas, "2026-11-12T12:00:00Z", "201", facturas=[_factura("2026-12-04", "A1")])
    [movida, _] = _eventos(requests.get(f"{web.url}/vencimientos.ics", timeout=10).content)
    assert (movida["uid"], movida["dtstart"].dt) == (eventos[0]["uid"], date(2026, 12, 4))


def test_dos_facturas_iguales_son_dos_eventos() -> None:
    ahora = datetime(2026, 11, 10, tzinfo=UTC)
    facturas = [_factura("2026-12-03"), _factura("2026-12-03")]
    debida = Debida(
        1, 1, "P", None, "E", "T", uuid.uuid4(), ahora, Decimal(2), "ARS", "CON_DEUDA", None, None, facturas
    )
    eventos = _eventos(b"".join(vencimientos_ics([[debida]])))
    assert len({e["uid"] for e in eventos}) == 2


@pytest.mark.usefixtures("base")
def test_un_calendario_vacio_es_un_calendario(web: Web) -> None:
    crudo = requests.get(f"{web.url}/vencimientos.ics", timeout=10).content
    assert (_eventos(crudo), crudo.count(b"BEGIN:VCALENDAR"), crudo.count(b"END:VCALENDAR")) == ([], 1, 1)


def test_los_lotes_no_pierden_ni_repiten_nada(sembrar: Sembrar, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given consultas that ended at the same moment, read three at a time
    monkeypatch.setattr(exportacion, "LOTE", 3)
    _, ids = sembrar(*["Metrogas"] * 7)
    for servicio_id in ids:
        _consulta(servicio_id, "2026-11-01T12:00:00Z")
    hechas = [h.consulta_id for lote in exportacion.consultas_hechas(FiltroConsultas()) for h in lote]
    assert len(hechas) == len(set(hechas)) == 7
    assert [d.servicio_id for lote in deudas_de_hoy() for d in lote] == ids


def test_la_memoria_no_crece_con_las_consultas(sembrar: Sembrar) -> None:
    # Given nine batches
    _, [servicio_id] = sembrar("Metrogas")
    _consulta(servicio_id, "2026-11-01T12:00:00Z")
    filas("INSERT INTO consultas_deuda (id, job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, token,"
          " inicios, intentos, en_turno, exito, deuda, created_at,"
          " completed_at)"
          " SELECT gen_random_uuid(), job_id, servicio_id, propiedad_id, empresa, tipo_servicio, estado, 1, 1, 1,"
          " false, true, n, now(), now() FROM consultas_deuda, generate_series(1, 9000) n")  # fmt: skip
    lotes = exportacion.consultas_hechas(FiltroConsultas())
    # When they are read, the first batches and then the others
    tracemalloc.start()
    try:
        cuantas = sum(len(next(lotes)) for _ in range(3))
        tracemalloc.reset_peak()
        desde = tracemalloc.get_traced_memory()[1]
        cuantas += sum(len(lote) for lote in lotes)
        pico = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Then no more than about one batch is ever in memory
    assert cuantas == 9_001
    assert pico - desde < 2**21
