"""`consultas importar`: what spreadsheets save, line by line; all or nothing; twice is once; no clave is ever shown."""

import io
import json
import os
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import Sembrar, filas
from pila import CIFRADO_CLAVES, RAIZ

import cli
import models
from consola.importar import COLUMNAS
from consola.planilla import leer_planilla
from consola.uso import UsoIncorrecto

CLAVE = "s3creta;ñ"
Importar = Callable[..., "Hecha"]


@dataclass(frozen=True)
class Hecha:
    """How the command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def importar(base: str, tmp_path: Path) -> Importar:
    """Runs the command, in this process, on a file with this content."""

    def hecho(contenido: str | bytes, *argumentos: str) -> Hecha:
        archivo = tmp_path / "planilla.csv"
        archivo.write_bytes(contenido if isinstance(contenido, bytes) else contenido.encode())
        salida, errores = io.StringIO(), io.StringIO()
        with redirect_stdout(salida), redirect_stderr(errores), pytest.raises(SystemExit) as fin:
            cli.main(["importar", str(archivo), *argumentos])
        hecha = Hecha(int(str(fin.value.code)), salida.getvalue(), errores.getvalue())
        assert CLAVE not in hecha.stdout + hecha.stderr
        return hecha

    return hecho


def _escrito() -> list[tuple[Any, ...]]:
    return filas(
        "SELECT p.nombre, p.direccion, s.empresa, s.tipo_servicio, s.activo FROM servicios s"
        " JOIN propiedades p ON p.id = s.propiedad_id ORDER BY s.id"
    )


GAS = ("Depto 5.º B", "Av. Siempreviva 742", "Metrogas", "Gas", True)


def _planilla(separador: str = ",") -> str:
    return separador.join(["propiedad", "direccion", "empresa", "numero_cliente"]) + "\n" + separador.join(
        ["Depto 5.º B", "Av. Siempreviva 742", "Metrogas", "30000000001"]
    )  # fmt: skip


FORMAS: dict[str, tuple[bytes, str]] = {
    "UTF-8 con comas": (_planilla().encode(), "UTF-8"),
    "UTF-8 con BOM y punto y coma": (_planilla(";").encode("utf-8-sig"), "UTF-8"),
    "Windows-1252": (_planilla(";").replace("\n", "\r\n").encode("cp1252"), "Windows-1252"),
    "UTF-16 con tabulaciones": (_planilla("\t").encode("utf-16"), "UTF-16"),
    "sep= de Excel": (b"sep=;\r\n" + _planilla(";").encode(), "UTF-8"),
    "adornos": (_planilla().replace("direccion", "Dirección ").replace("numero_", "NÚMERO ").encode(), "UTF-8"),
    "filas vacías y espacios": ((_planilla(";") + " \n;;;\n\n").replace("Metrogas", " metrogas ").encode(), "UTF-8"),
    "comillas": (_planilla().replace("Av. Siempreviva 742", '"Av. Siempreviva 742"').encode(), "UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("forma", FORMAS)
def test_lo_que_guarda_una_planilla_se_lee(importar: Importar, forma: str) -> None:
    contenido, codificacion = FORMAS[forma]
    hecha = importar(contenido)
    assert (hecha.returncode, hecha.stdout) == (0, "Agregados: 1 propiedades y 1 servicios.\n"), hecha.stderr
    assert ("Windows-1252" in hecha.stderr) == (codificacion == "Windows-1252")
    assert _escrito() == [GAS]
    with models.conexion():
        assert models.Servicio.get().credenciales == {"numero_cliente": "30000000001"}


def test_dos_veces_es_una(importar: Importar) -> None:
    assert importar(_planilla()).returncode == 0
    # When the same account comes again, written another way, with another one
    otra = _planilla().replace("30000000001", "3000 0000-001") + "\nDepto 5.º B,,Metrogas,30000000002"
    hecha = importar(otra, "--json")
    informe = json.loads(hecha.stdout)
    assert (hecha.returncode, informe["propiedades"], informe["servicios"], informe["repetidas"]) == (0, 0, 1, [2])
    assert "Ya estaban, y quedan como están: 2 (líneas 2, 3)." in importar(otra).stdout
    assert len(_escrito()) == 2 and filas("SELECT count(*) FROM propiedades") == [(1,)]


def test_una_fila_repetida_en_el_archivo_se_agrega_una_vez(importar: Importar) -> None:
    linea = _planilla().splitlines()[1]
    assert "Ya estaban, y quedan como están: 1 (líneas 3)." in importar(f"{_planilla()}\n{linea}").stdout
    assert len(_escrito()) == 1


MALAS = (
    _planilla() + "\n"
    + ",Sin nombre,Metrogas,30000000002\n"
    + "Casa,,Fibertel,1\n"
    + '"Casa\ncon dos líneas",,Metrogas,\n'
    + "Casa,,Metrogas,3E+10\n"
    + "Casa,,Metrogas,30000000003,sobra\n"
    + "Casa,,,30000000003\n"
)  # fmt: skip
FALTAS = [
    "Línea 3: propiedad es obligatoria.",
    "Línea 4: empresa no es una que se consulte; son:",
    "Línea 5: numero_cliente es obligatorio.",
    "Línea 7: numero_cliente es un número que Excel abrevió",
    "Línea 8: fila tiene más celdas que el encabezado.",
    "Línea 9: empresa es obligatoria.",
]


def test_todo_o_nada_y_cada_falta_con_su_linea(importar: Importar) -> None:
    hecha = importar(MALAS)
    assert (hecha.returncode, _escrito()) == (1, [])
    assert hecha.stdout == "No se escribió nada: 6 filas no sirven. Con --parcial se agregan las otras.\n"
    for falta in FALTAS:
        assert falta in hecha.stderr
    assert filas("SELECT count(*) FROM propiedades") == [(0,)]


def test_parcial_agrega_las_buenas(importar: Importar) -> None:
    hecha = importar(MALAS, "--parcial")
    assert (hecha.returncode, _escrito()) == (1, [GAS])
    assert hecha.stdout == "Agregados: 1 propiedades y 1 servicios.\n"


def test_simular_dice_lo_mismo_y_no_escribe(importar: Importar) -> None:
    hecha = importar(_planilla(), "--simular")
    assert (hecha.returncode, _escrito()) == (0, [])
    assert hecha.stdout == "Simulacro, no se escribió nada. Se agregarían 1 propiedades y 1 servicios.\n"
    assert (importar(MALAS, "--simular", "--parcial").returncode, _escrito()) == (1, [])


def test_una_clave_se_guarda_cifrada_y_no_se_ve(importar: Importar) -> None:
    campos = [c for c in COLUMNAS if c in ("suministro", "email", "clave")]
    encabezado = ";".join(["propiedad", "empresa", *campos])
    valores = {"suministro": "1234567890", "email": "ana@example.com", "clave": f'"{CLAVE}"'}
    fila = ";".join(["Casa", "Edesur", *(valores[c] for c in campos)])
    hecha = importar(f"{encabezado}\n{fila}")
    assert hecha.returncode == 0, hecha.stderr
    assert CLAVE not in str(filas("SELECT credenciales FROM servicios"))
    # And one in the wrong column is not shown either
    malas = (
        f"propiedad;{CLAVE}\nx;y",
        f'propiedad;empresa;clave\nCasa;"{CLAVE}";x',
        f'propiedad;empresa;tipo_servicio\nCasa;Metrogas;"{CLAVE}"',
        f'propiedad;empresa;clave\nCasa;Metrogas;"{CLAVE}"',
    )
    for mala in malas:
        assert importar(mala).returncode in (1, 2)


def test_dos_propiedades_con_el_mismo_nombre_no_se_adivinan(importar: Importar, sembrar: Sembrar) -> None:
    sembrar("Edenor"), sembrar("Edenor")
    hecha = importar("propiedad,empresa,numero_cliente\nPrueba,Metrogas,30000000001\n")
    assert hecha.returncode == 1 and "Línea 2: propiedad hay más de una con ese nombre" in hecha.stderr
    assert len(_escrito()) == 2


NEGADOS = {
    "vacío": ("", "no tiene encabezado"),
    "sin filas": ("propiedad,empresa\n", "no tiene ninguna fila"),
    "columna desconocida": ("propiedad,empresa,dni\na,b,c", "No se conoce la columna 3 del encabezado"),
    "columna repetida": ("propiedad,empresa,Empresa\na,b,c", "repite columnas: empresa"),
    "sin empresa": ("propiedad,clave\na,b", "le faltan columnas: empresa"),
    "comillas abiertas": ('propiedad,empresa\n"a,b\n', "hay comillas mal puestas"),
    "binario": (b"PK\x03\x04\x00\x00", "no es un texto"),
}


@pytest.mark.parametrize("caso", NEGADOS)
def test_lo_que_no_es_una_planilla_se_dice(tmp_path: Path, caso: str) -> None:
    contenido, frase = NEGADOS[caso]
    archivo = tmp_path / "x.csv"
    archivo.write_bytes(contenido if isinstance(contenido, bytes) else contenido.encode())
    with pytest.raises(UsoIncorrecto, match=frase):
        leer_planilla(archivo, COLUMNAS)


def test_un_archivo_que_no_esta_termina_con_2(importar: Importar, tmp_path: Path) -> None:
    hecha = importar("x", "--nada")
    assert (hecha.returncode, hecha.stderr.count("\n")) == (2, 1)
    with pytest.raises(UsoIncorrecto, match="No se puede leer"):
        leer_planilla(tmp_path / "no-esta.csv", COLUMNAS)


def test_dos_importaciones_a_la_vez_no_duplican(base: str, tmp_path: Path) -> None:
    archivo = tmp_path / "planilla.csv"
    archivo.write_text(_planilla(), encoding="utf-8")
    entorno = {**os.environ, "DATABASE_URL": base, "BROKER_URL": base, "CIFRADO_CLAVES": CIFRADO_CLAVES}
    ordenes = [
        subprocess.Popen(
            [str(RAIZ / "consultas"), "importar", str(archivo)], env=entorno,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    dichos = [orden.communicate(timeout=60) for orden in ordenes]
    assert [orden.returncode for orden in ordenes] == [0, 0], dichos
    assert _escrito() == [GAS] and sorted("Ya estaban" in dicho for dicho, _ in dichos) == [False, True]
