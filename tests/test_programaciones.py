"""Scheduled consultas: when they are due, that each moment makes one job whoever dies, and how they are managed."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from conftest import Sembrar, Web, a_la_vez, filas, reglas
from hypothesis import given
from hypothesis import strategies as st
from pila import hasta

import models
from models.programacion import correr, programaciones_vencidas
from models.recurrencia import Recurrencia
from models.schemas_programaciones import ZONA

ZONAS = ("America/Argentina/Buenos_Aires", "America/Santiago", "Europe/Madrid", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTOS = st.integers(1_230_000_000, 1_925_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
"""From 2008 to 2031."""
RECURRENCIAS = st.builds(
    Recurrencia,
    st.lists(st.integers(1, 31), min_size=1, max_size=4),
    st.times().map(lambda hora: hora.replace(second=0, microsecond=0)),
    st.sampled_from(ZONAS),
)


def _oraculo(regla: Recurrencia, desde: datetime, dias: int) -> list[datetime]:
    """Day after day: is it one of the days, or the last day of a month that lacks one?"""
    momentos = set()
    dia = desde.date() - timedelta(days=3)
    for _ in range(dias + 6):
        ultimo = (dia + timedelta(days=1)).month != dia.month
        if dia.day in regla.dias or (ultimo and any(pedido > dia.day for pedido in regla.dias)):
            momentos.add(datetime.combine(dia, regla.hora, ZoneInfo(regla.zona)).astimezone(UTC))
        dia += timedelta(days=1)
    return sorted(m for m in momentos if desde < m <= desde + timedelta(days=dias))


@given(RECURRENCIAS, MOMENTOS)
def test_los_momentos_son_los_de_quien_mira_dia_por_dia(regla: Recurrencia, desde: datetime) -> None:
    esperados = _oraculo(regla, desde, 100)
    assert regla.entre(desde, desde + timedelta(days=100)) == esperados
    assert regla.proximas(desde, 3) == esperados[:3]
    assert regla.siguiente(desde) == esperados[0]


@given(RECURRENCIAS, MOMENTOS)
def test_cada_momento_ocurre_una_vez_y_a_su_hora(regla: Recurrencia, desde: datetime) -> None:
    momentos = regla.entre(desde, desde + timedelta(days=400))
    assert momentos == sorted(set(momentos))
    locales = [m.astimezone(ZoneInfo(regla.zona)) for m in momentos]
    # Once a day at most, and never away from its hour by more than the clocks were moved
    assert len({m.date() for m in locales}) == len(locales)
    assert all(m.replace(tzinfo=None).time() == regla.hora or m.fold or _salto(m) for m in locales)


def _salto(momento: datetime) -> bool:
    """Whether the clocks were moved within a day of this moment."""
    return momento.utcoffset() != (momento.astimezone(UTC) - timedelta(days=1)).astimezone(momento.tzinfo).utcoffset()


CASOS: dict[str, tuple[list[int], str, str, str, list[str]]] = {
    "el 1 y el 15 a las 9": ([1, 15], "09:00", ZONA, "2026-11-24T00:00Z", ["2026-12-01T12:00Z", "2026-12-15T12:00Z"]),
    "el 31 en febrero": ([31], "09:00", ZONA, "2026-02-01T00:00Z", ["2026-02-28T12:00Z", "2026-03-31T12:00Z"]),
    "el 31 en un bisiesto": ([31], "09:00", ZONA, "2028-02-01T00:00Z", ["2028-02-29T12:00Z"]),
    "30 y 31 en febrero": ([30, 31], "09:00", ZONA, "2026-02-01T00:00Z", ["2026-02-28T12:00Z", "2026-03-30T12:00Z"]),
    "una hora que no existe": ([29], "02:30", "Europe/Madrid", "2026-03-01T00:00Z", ["2026-03-29T01:30Z"]),
    "una hora que ocurre dos veces": (
        [25], "02:30", "Europe/Madrid", "2026-10-01T00:00Z", ["2026-10-25T00:30Z", "2026-11-25T01:30Z"],
    ),
    "un día que no existe": (
        [30, 31], "09:00", "Pacific/Apia", "2011-12-01T00:00Z", ["2011-12-30T19:00Z", "2012-01-29T19:00Z"],
    ),
    "el mismo instante no se repite": ([1], "09:00", ZONA, "2026-12-01T12:00Z", ["2027-01-01T12:00Z"]),
}  # fmt: skip


@pytest.mark.parametrize("caso", CASOS)
def test_un_momento_dificil(caso: str) -> None:
    dias, hora, zona, desde, esperados = CASOS[caso]
    regla = Recurrencia(dias, time.fromisoformat(hora), zona)
    hallados = regla.proximas(datetime.fromisoformat(desde), len(esperados))
    assert hallados == [datetime.fromisoformat(e) for e in esperados]


def _programar(servicio_ids: list[int] | None, hace: timedelta = timedelta(minutes=1), **mas: Any) -> int:
    """A programacion of every day at this hour that fell due so long ago."""
    vencida = datetime.now(UTC).replace(second=0, microsecond=0) - hace
    valores: dict[str, Any] = {"dias": list(range(1, 32)), "hora": f"{vencida:%H:%M}", "zona": "UTC", **mas}
    with models.conexion():
        nueva = models.Programacion.create(
            nombre="P", servicio_ids=servicio_ids, gracia_min=1440, proxima_en=vencida, **valores
        )
        return int(nueva.id)


def _desenlaces() -> list[str]:
    return [d for (d,) in filas("SELECT desenlace FROM ocurrencias ORDER BY prevista_en")]


def test_lo_debido_hace_un_job_y_pasa_al_momento_siguiente(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas", "Edenor")
    programacion_id = _programar(ids, voucher_id="v", callback_url="http://127.0.0.1:9/", callback_metadata={"b": 1})
    [debida] = programaciones_vencidas(10)
    hecha = correr(debida, reglas())
    assert hecha is not None and hecha[1] is not None
    [job] = filas("SELECT id, tipo, voucher_id, callback_url, callback_metadata, total FROM jobs")
    assert job == (hecha[1].job_id, "servicios", "v", "http://127.0.0.1:9/", {"b": 1}, 2)
    assert filas("SELECT job_id, desenlace FROM ocurrencias") == [(job[0], "creada")]
    # And nothing is due any more
    assert programaciones_vencidas(10) == [] and correr(programacion_id, reglas()) is None
    [(proxima,)] = filas("SELECT proxima_en > now() AND proxima_en < now() + interval '1 day' FROM programaciones")
    assert proxima


def test_las_cabeceras_secretas_pasan_al_job_sin_abrirse(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    _programar(ids, callback_url="http://127.0.0.1:9/", callback_headers={"X-Clave": "sésamo"})
    [debida] = programaciones_vencidas(10)
    assert correr(debida, reglas()) is not None
    [(programada, del_job)] = filas("SELECT p.callback_headers, j.callback_headers FROM programaciones p, jobs j")
    assert programada == del_job and "samo" not in str(del_job)


def test_mientras_el_anterior_sigue_abierto_se_omite(sembrar: Sembrar) -> None:
    # Given yesterday's job, which has not ended
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids)
    primera = correr(programacion_id, reglas())
    assert primera is not None and primera[1] is not None
    filas("UPDATE programaciones SET proxima_en = now() - interval '1 second'")
    # When the next one is due
    segunda = correr(programacion_id, reglas())
    # Then it is skipped, and says because of which job
    assert segunda is not None and segunda[1] is None
    assert str(primera[1].job_id) in str(segunda[0].detalle)
    assert _desenlaces() == ["creada", "omitida"]
    # And once that job has ended, the one after it runs
    filas("UPDATE jobs SET status = 'completed'")
    filas("UPDATE programaciones SET proxima_en = now() - interval '1 millisecond'")
    assert correr(programacion_id, reglas()) is not None
    assert _desenlaces() == ["creada", "omitida", "creada"]


def test_tras_una_caida_se_corre_la_ultima_y_las_otras_quedan_como_perdidas(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids, timedelta(days=3, minutes=5))
    assert correr(programacion_id, reglas()) is not None
    assert _desenlaces() == ["perdida", "perdida", "perdida", "creada"]
    assert filas("SELECT count(*) FROM jobs") == [(1,)]


def test_pasada_la_gracia_no_se_corre(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids, timedelta(hours=3))
    filas("UPDATE programaciones SET gracia_min = 60")
    hecha = correr(programacion_id, reglas())
    assert hecha is not None and hecha[1] is None
    assert (_desenlaces(), filas("SELECT count(*) FROM jobs")) == (["perdida"], [(0,)])


def test_sin_nada_que_consultar_queda_dicho_y_sigue(sembrar: Sembrar) -> None:
    propiedad_id, _ = sembrar("Metrogas", activo=False)
    programacion_id = _programar(None, propiedad_id=propiedad_id)
    hecha = correr(programacion_id, reglas())
    assert hecha is not None and "no tiene servicios activos" in str(hecha[0].detalle)
    assert _desenlaces() == ["rechazada"] and programaciones_vencidas(10) == []


def test_sin_lugar_en_la_cola_sigue_debida(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids)
    with pytest.raises(models.ColaLlena):
        correr(programacion_id, reglas(cola_max=0))
    assert (_desenlaces(), programaciones_vencidas(10)) == ([], [programacion_id])


def test_muchos_relojes_a_la_vez_hacen_un_job_de_cada_momento(sembrar: Sembrar) -> None:
    _, ids = sembrar(*["Metrogas"] * 8)
    programadas = [_programar([servicio_id]) for servicio_id in ids]
    hechas = a_la_vez(lambda p: correr(p, reglas()), programadas * 5)
    assert sum(hecha is not None for hecha in hechas) == len(ids)
    assert filas("SELECT count(*), count(DISTINCT programacion_id) FROM ocurrencias") == [(8, 8)]
    assert filas("SELECT count(*) FROM jobs") == [(8,)]


@pytest.mark.parametrize("tabla", ["jobs", "consultas_deuda", "ocurrencias", "programaciones"])
def test_quien_muere_a_mitad_no_deja_nada_y_otro_lo_hace(sembrar: Sembrar, tabla: str) -> None:
    """The database drops the connection as it writes to each table, as when the process is killed there."""
    # Given a reloj that dies in the middle
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids)
    filas("CREATE FUNCTION morir() RETURNS trigger LANGUAGE plpgsql AS"
          " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'")  # fmt: skip
    filas(f"CREATE TRIGGER morir AFTER INSERT OR UPDATE ON {tabla} FOR EACH ROW EXECUTE FUNCTION morir()")
    with suppress(*models.BASE_CAIDA):
        assert correr(programacion_id, reglas()) is None
    # Then nothing of it is left
    filas("DROP FUNCTION morir CASCADE")
    assert filas("SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM ocurrencias)") == [(0, 0)]
    # And the next one makes it
    assert correr(programacion_id, reglas()) is not None
    assert (_desenlaces(), filas("SELECT count(*) FROM jobs")) == (["creada"], [(1,)])


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", {"SERVICIOS_MAX": "3"}) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


def _pedir(web: Web, metodo: str, ruta: str, estado: int, dato: Any = None) -> Any:
    respuesta = requests.request(metodo, web.url + ruta, json=dato, timeout=5)
    assert respuesta.status_code == estado, respuesta.text
    return respuesta.json() if respuesta.content else None


@pytest.mark.usefixtures("base")
def test_se_programa_se_cambia_se_pausa_y_se_borra(web: Web) -> None:
    # Given the old cron: days 1 and 15 at 09:00
    pedido = {
        "nombre": "Quincena", "todas": True, "dias": [15, 1, 1], "hora": "09:00", "callback_url": "http://127.0.0.1:9/",
        "callback_headers": {"X-Clave": "sésamo".encode().hex()}, "callback_metadata": {"b": 1, "a": 2},
        "voucher_id": "v",
    }  # fmt: skip
    nueva = _pedir(web, "POST", "/programaciones", 201, pedido)
    ruta = f"/programaciones/{nueva['programacion_id']}"
    assert (nueva["dias"], nueva["zona"], nueva["activa"], nueva["gracia_min"]) == ([1, 15], ZONA, True, 1440)
    assert nueva["callback_headers"] == {"X-Clave": "••••"} and list(nueva["callback_metadata"]) == ["b", "a"]
    assert len(nueva["proximas"]) == 5 and nueva["proximas"][0] == nueva["proxima_en"]
    locales = [datetime.fromisoformat(p).astimezone(ZoneInfo(ZONA)) for p in nueva["proximas"]]
    assert {(m.day, m.hour, m.minute) for m in locales} == {(1, 9, 0), (15, 9, 0)}
    assert _pedir(web, "GET", ruta, 200) == nueva
    # When it is paused, nothing is due; what else it is stays
    pausada = _pedir(web, "PATCH", ruta, 200, {"activa": False})
    assert (pausada["proxima_en"], pausada["proximas"], pausada["dias"]) == (None, [], [1, 15])
    # And when it goes on, it does from now
    seguida = _pedir(web, "PATCH", ruta, 200, {"activa": True})
    assert seguida["proximas"] == nueva["proximas"]
    # A change of name alone moves nothing; one of the hour does
    assert _pedir(web, "PATCH", ruta, 200, {"nombre": "Otra"})["proximas"] == nueva["proximas"]
    cambiada = _pedir(web, "PATCH", ruta, 200, {"hora": "10:30", "callback_url": None})
    assert (cambiada["nombre"], cambiada["callback_headers"], cambiada["callback_url"]) == ("Otra", None, None)
    assert {datetime.fromisoformat(p).astimezone(ZoneInfo(ZONA)).time() for p in cambiada["proximas"]} == {time(10, 30)}
    assert _pedir(web, "DELETE", ruta, 204) is None
    assert _pedir(web, "DELETE", ruta, 404)["codigo"] == "PROGRAMACION_INEXISTENTE"
    for metodo, dato in (("GET", None), ("PATCH", {"nombre": "x"})):
        assert _pedir(web, metodo, ruta, 404, dato)["codigo"] == "PROGRAMACION_INEXISTENTE"


def test_la_lista_trae_las_ultimas_con_su_job(web: Web, sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    primera, segunda = _programar(ids), _programar(None)
    hecha = correr(primera, reglas())
    assert hecha is not None and hecha[1] is not None
    pagina = _pedir(web, "GET", "/programaciones?limit=1", 200)
    assert [p["programacion_id"] for p in pagina["programaciones"]] == [segunda]
    otra = _pedir(web, "GET", f"/programaciones?limit=1&cursor={pagina['next_cursor']}", 200)
    [vista] = otra["programaciones"]
    assert otra["next_cursor"] is None and vista["servicio_ids"] == ids and vista["todas"] is False
    [ultima] = vista["ultimas"]
    assert (ultima["desenlace"], ultima["job_id"], ultima["status"]) == ("creada", str(hecha[1].job_id), "pending")


NEGADAS: dict[str, tuple[dict[str, Any], str]] = {
    "nada que consultar": ({"todas": False}, "exactamente una"),
    "dos cosas que consultar": ({"servicio_ids": [1]}, "exactamente una"),
    "una propiedad que no existe": ({"todas": False, "propiedad_id": 999}, "la propiedad 999 no existe"),
    "servicios que no existen": ({"todas": False, "servicio_ids": [998, 999]}, "no existen: 998, 999"),
    "demasiados servicios": ({"todas": False, "servicio_ids": [1, 2, 3, 4]}, "hasta 3"),
    "un día 32": ({"dias": [32]}, "31 o menos"),
    "ningún día": ({"dias": []}, "no puede estar vac"),
    "una hora de reloj de arena": ({"hora": "24:00"}, "forma esperada"),
    "una zona inventada": ({"zona": "America/Rosario_Norte"}, "zona horaria de IANA"),
    "una zona con camino": ({"zona": "../../etc/passwd"}, "zona horaria de IANA"),
    "cabeceras sin callback": ({"callback_headers": {"a": "b"}, "callback_url": None}, "necesita callback_url"),
    "un destino prohibido": ({"callback_url": "http://10.0.0.1/"}, "callback_url"),
    "un campo de más": ({"cron": "0 9 1,15 * *"}, "no es un campo conocido"),
}


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("caso", NEGADAS)
def test_lo_que_no_se_puede_programar_se_niega(web: Web, caso: str) -> None:
    cambio, frase = NEGADAS[caso]
    pedido = {"nombre": "P", "todas": True, "dias": [1], "hora": "09:00"}
    problema = _pedir(web, "POST", "/programaciones", 422, {**pedido, **cambio})
    assert frase in problema["detail"]
    # And a good one is not changed into it
    buena = _pedir(web, "POST", "/programaciones", 201, pedido)
    _pedir(web, "PATCH", f"/programaciones/{buena['programacion_id']}", 422, cambio)
    assert _pedir(web, "GET", f"/programaciones/{buena['programacion_id']}", 200) == buena


@pytest.mark.usefixtures("base")
def test_un_nulo_no_borra_lo_obligatorio(web: Web) -> None:
    buena = _pedir(web, "POST", "/programaciones", 201, {"nombre": "P", "todas": True, "dias": [1], "hora": "09:00"})
    ruta = f"/programaciones/{buena['programacion_id']}"
    for campo in ("nombre", "dias", "hora", "zona", "activa", "gracia_min"):
        _pedir(web, "PATCH", ruta, 422, {campo: None})


def test_los_relojes_de_verdad_hacen_uno_de_cada_momento(base: str, sembrar: Sembrar) -> None:
    # Given two relojes at work, with no broker to publish to
    _, ids = sembrar("Metrogas", "Edenor")
    with Web(base, "amqp://nadie:nada@127.0.0.1:1/", {"RELOJ_PERIODO_S": "0.2"}) as pila:
        for nombre in ("reloj", "otro"):
            pila._lanzar_orden(nombre, pila.ordenes["reloj"])
        # When something falls due, again and again
        for veces in range(1, 4):
            for servicio_id in ids:
                _programar([servicio_id], timedelta(minutes=veces))
            hasta(lambda debidas=2 * veces: filas("SELECT count(*) FROM jobs") == [(debidas,)])
        # Then each moment has made one job
        hasta(lambda: not programaciones_vencidas(10))
    assert filas("SELECT count(*), count(DISTINCT job_id) FROM ocurrencias WHERE desenlace = 'creada'") == [(6, 6)]
    assert filas("SELECT count(*) FROM jobs") == [(6,)]


def test_un_job_borrado_no_traba_la_siguiente(sembrar: Sembrar) -> None:
    _, ids = sembrar("Metrogas")
    programacion_id = _programar(ids)
    hecha = correr(programacion_id, reglas())
    assert hecha is not None and hecha[1] is not None
    filas("DELETE FROM jobs WHERE id = %s", hecha[1].job_id)
    filas("UPDATE programaciones SET proxima_en = now()")
    segunda = correr(programacion_id, reglas())
    assert segunda is not None and isinstance(segunda[1] and segunda[1].job_id, uuid.UUID)


def test_el_dia_de_la_zona_no_es_el_de_utc() -> None:
    regla = Recurrencia([1], time(22, 0), ZONA)
    assert regla.siguiente(datetime(2026, 11, 24, tzinfo=UTC)) == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    assert date(2026, 12, 1).day in regla.dias
