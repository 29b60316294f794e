"""`consultas archivar`: what is old leaves the database for files, and nothing is lost on the way."""

import gzip
import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import Crear, Sembrar, filas
from test_estados import URL, guardar, reclamada
from test_historia import HECHA, entregar, envejecer, quedan
from test_ordenes import correr

from consola import archivar
from consola.uso import Fin
from models.historia import DE_CADA_JOB, archivar_historia
from settings import ajustes

TABLAS = [modelo._meta.table_name for modelo, _ in DE_CADA_JOB]  # type: ignore[attr-defined]


def todo() -> dict[str, list[Any]]:
    """Every row of what belongs to jobs."""
    return {tabla: filas(f"SELECT * FROM {tabla} ORDER BY id") for tabla in TABLAS}


def leidas(carpeta: Path) -> list[dict[str, Any]]:
    return [json.loads(linea) for a in sorted(carpeta.glob("*.gz")) for linea in gzip.open(a, "rt", encoding="utf-8")]


@pytest.fixture
def viejo(sembrar: Sembrar, crear: Crear) -> uuid.UUID:
    """A job that ended a hundred days ago, its callback delivered, with what is awkward in JSON."""
    _, ids = sembrar("metrogas", "edenor")
    creado = crear(ids, callback_url=URL, callback_metadata={"nota": "«ñ»\n\u2028"}, callback_headers={"X-Clave": "z"})
    for consulta_id in creado.consulta_ids:
        assert guardar(reclamada(consulta_id), HECHA)
    filas("UPDATE jobs SET callback_metadata = %s", '{"a":\n "ñ"}')  # as another program may write it
    entregar(creado.job_id, None)
    envejecer(creado.job_id)
    return creado.job_id


def test_lo_archivado_se_puede_volver_a_poner_igual(viejo: uuid.UUID, base: str, tmp_path: Path) -> None:
    # Given what the database has of an old job
    filas("UPDATE jobs SET callback_headers = NULL")  # the one thing that is not archived
    antes = todo()
    assert [len(antes[tabla]) for tabla in TABLAS] == [1, 2, 1, 1, 2]
    # When it is archived
    hecha = correr("archivar", "--dias", "99", "--carpeta", str(tmp_path / "a"), "--evidencia", "--json")
    [archivo] = (tmp_path / "a").iterdir()
    assert hecha.json == {"jobs": 1, "archivos": [str(archivo)]}
    # Then it is gone, and its file, which only its owner reads, gives every row back
    assert todo() == {tabla: [] for tabla in TABLAS}
    assert archivo.stat().st_mode & 0o777 == 0o600
    with psycopg.connect(base) as bd:
        for linea in leidas(tmp_path / "a"):
            tabla, fila = linea["tabla"], json.dumps(linea["fila"])
            bd.execute(f"INSERT INTO {tabla} SELECT * FROM json_populate_record(NULL::{tabla}, %s)", (fila,))
    assert todo() == antes


def test_ni_credenciales_ni_cabeceras_ni_evidencia_si_no_se_pide(viejo: uuid.UUID, tmp_path: Path) -> None:
    assert correr("archivar", "--dias", "99", "--carpeta", str(tmp_path)).codigo == Fin.BIEN
    lineas = leidas(tmp_path)
    assert Counter(linea["tabla"] for linea in lineas) == {
        "jobs": 1, "consultas_deuda": 2, "callbacks": 1, "callback_intentos": 1,
    }  # fmt: skip
    assert "callback_headers" not in lineas[0]["fila"] and lineas[0]["fila"]["id"] == str(viejo)
    assert quedan("servicios") == 2


def test_lo_que_no_se_pudo_guardar_sigue_en_la_base(viejo: uuid.UUID, tmp_path: Path) -> None:
    # Given a disk that fills up after the first line
    antes = todo()

    def lleno(primero: uuid.UUID, lineas: Any) -> None:
        next(lineas)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        archivar_historia(99, lleno, evidencia=True)
    assert todo() == antes
    # And a folder that cannot be
    (tmp_path / "a").write_text("no es una carpeta")
    hecha = correr("archivar", "--dias", "99", "--carpeta", str(tmp_path / "a"))
    assert hecha.codigo == Fin.FALLA and "No se puede escribir" in hecha.errores
    assert todo() == antes


def test_nada_se_borra_hasta_que_el_archivo_esta_entero(
    viejo: uuid.UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that the last step before deleting fails
    antes = todo()

    def falla(carpeta: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as m:
        m.setattr(archivar, "_fijar", falla)
        assert correr("archivar", "--dias", "99", "--carpeta", str(tmp_path)).codigo == Fin.FALLA
    # Then everything is in both places, and once more in the files after a second go; never in none
    assert todo() == antes and len(leidas(tmp_path)) == 5
    assert correr("archivar", "--dias", "99", "--carpeta", str(tmp_path)).codigo == Fin.BIEN
    assert quedan() == 0 and len(leidas(tmp_path)) == 10


def test_lo_abierto_lo_reciente_y_lo_que_se_debe_queda(
    viejo: uuid.UUID, sembrar: Sembrar, crear: Crear, tmp_path: Path
) -> None:
    _, ids = sembrar("aysa")
    envejecer(crear(ids).job_id, 1000)
    filas("UPDATE callbacks SET estado = 'pendiente'")
    assert correr("archivar", "--dias", "1", "--carpeta", str(tmp_path), "--json").json == {"jobs": 0, "archivos": []}
    assert correr("archivar", "--dias", "101", "--carpeta", str(tmp_path), "--json").json["jobs"] == 0
    assert quedan() == 2


def test_de_a_tandas_cada_job_una_vez(sembrar: Sembrar, crear: Crear, tmp_path: Path) -> None:
    _, ids = sembrar("metrogas")
    jobs = set()
    for _ in range(5):
        creado = crear(ids)
        guardar(reclamada(creado.consulta_ids[0]), HECHA)
        envejecer(creado.job_id)
        jobs.add(str(creado.job_id))
    escritas: list[str] = []

    def juntar(primero: uuid.UUID, lineas: Any) -> None:
        escritas.extend(lineas)

    tandas = [archivar_historia(1, juntar, evidencia=False, jobs=2) for _ in range(4)]
    assert tandas == [2, 2, 1, 0]
    leidos = [json.loads(linea) for linea in escritas]
    assert Counter(x["fila"]["id"] for x in leidos if x["tabla"] == "jobs") == dict.fromkeys(jobs, 1)


def test_con_un_reloj_que_borra_antes_se_niega(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archivar, "ajustes", lambda: ajustes().model_copy(update={"historia_dias": 30}))
    hecha = correr("archivar", "--dias", "30", "--carpeta", str(tmp_path))
    assert (hecha.codigo, hecha.errores) == (
        Fin.USO, "HISTORIA_DIAS dice 30: reloj borraría antes lo que se quiere archivar. Va vacía.\n",
    )  # fmt: skip
