"""What is stored encrypted: the column, its keys, what cannot be read, and keys that change."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import filas
from cryptography.fernet import Fernet
from pila import CIFRADO_CLAVES
from psycopg.types.json import Jsonb

import models
from actors.claves import huella_de, huella_de_cuenta
from actors.tarea import Tarea
from models import Indescifrable, Propiedad, Sellado, Servicio, usar_claves
from models.cifrado import cifrar, descifrar
from models.rotacion import LOTE, cifrar_planas, columnas_cifradas, rotar
from models.secreto import clave_de_huellas
from scrapers import SCRAPERS
from scrapers.base import CLAVE
from scrapers.fallas import Codigo, Falla

CREDENCIALES = {"numero_suministro": "1", "clave": 'ñ"<&>\\ 🔑', "vacío": None}
OTRA = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def las_claves_de_siempre() -> Iterator[None]:
    """Each test begins and ends with the run's key."""
    usar_claves([CIFRADO_CLAVES])
    yield
    usar_claves([CIFRADO_CLAVES])
    clave_de_huellas.cache_clear()


def _servicio(credenciales: object = CREDENCIALES) -> int:
    with models.conexion():
        propiedad = Propiedad.create(nombre="P")
        return int(
            Servicio.create(propiedad=propiedad, empresa="Edesur", tipo_servicio="Luz", credenciales=credenciales).id
        )


def _leer(servicio_id: int) -> Servicio:
    with models.conexion():
        leido: Servicio = Servicio.get_by_id(servicio_id)
        return leido


def _guardado(servicio_id: int) -> object:
    return filas("SELECT credenciales FROM servicios WHERE id = %s", servicio_id)[0][0]


class TestLaColumna:
    def test_guarda_cifrado_y_lee_lo_mismo(self, base: str) -> None:
        uno, otro = _servicio(), _servicio()
        assert _leer(uno).credenciales == _leer(otro).credenciales == CREDENCIALES
        guardados = [str(_guardado(uno)), str(_guardado(otro))]
        assert all(g.startswith("gAAAAA") for g in guardados) and guardados[0] != guardados[1]
        assert json.dumps(CREDENCIALES["clave"])[1:-1] not in "".join(guardados)

    def test_lo_que_no_cambio_se_guarda_como_estaba(self, base: str) -> None:
        servicio = _leer(_servicio())
        antes = _guardado(servicio.id)
        with models.conexion():
            servicio.save()
        assert _guardado(servicio.id) == antes

    def test_un_objeto_plano_no_se_confunde_con_uno_cifrado(self, base: str) -> None:
        # Given what the caller's own SQL writes, even a plain value that looks encrypted
        servicio_id = _servicio()
        trampa = {"clave": cifrar("x")}
        with psycopg.connect(base) as bd:
            bd.execute("UPDATE servicios SET credenciales = %s", (Jsonb(trampa),))
        # Then it is read as it is
        assert _leer(servicio_id).credenciales == trampa
        # And after reloj's turn, the same, encrypted
        assert (cifrar_planas(), cifrar_planas()) == (1, 0)
        assert isinstance(_guardado(servicio_id), str)
        assert _leer(servicio_id).credenciales == trampa

    def test_lo_que_no_es_ni_objeto_ni_texto_lo_rechaza_la_base(self, base: str) -> None:
        servicio_id = _servicio()
        agregar = 'UPDATE servicios SET credenciales = credenciales || \'{"clave": "otra"}\' WHERE id = %s'
        with psycopg.connect(base) as bd, pytest.raises(psycopg.errors.CheckViolation):
            bd.execute(agregar, (servicio_id,))

    def test_no_se_muestra(self, base: str) -> None:
        servicio = _leer(_servicio())
        with models.conexion():
            cruda = Servicio.select().dicts().get()
        tarea = Tarea.preparar("Edesur", servicio)
        for texto in (repr(servicio), str(servicio), repr(cruda), repr(servicio.__data__), repr(tarea)):
            assert "🔑" not in texto and "gAAAAA" not in texto


class TestSinLaClave:
    def test_el_servicio_se_lista_y_su_consulta_termina_en_falla(
        self, base: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given a row under a key that this process does not have
        servicio_id = _servicio()
        usar_claves([OTRA])
        # When it is read
        servicio = _leer(servicio_id)
        # Then only its credenciales cannot be
        assert servicio.empresa == "Edesur"
        with pytest.raises(Indescifrable, match="falta su clave en CIFRADO_CLAVES"):
            _ = servicio.credenciales
        # And its consulta is a falla that says so in the log
        tarea = Tarea.preparar("Edesur", servicio)
        assert tarea.imposible is not None and tarea.imposible.codigo is Codigo.ERROR_INTERNO
        assert f"Servicio {servicio_id} de Edesur: lo guardado no se puede descifrar" in caplog.text

    @pytest.mark.parametrize(
        "roto",
        ["", "hola", "gAAAAA", cifrar("x")[:-2], json.dumps({"clave": "x"})],
        ids=["nada", "texto", "principio", "cortado", "otro json"],
    )
    def test_lo_que_no_es_nuestro_no_se_lee(self, roto: str) -> None:
        with pytest.raises(Indescifrable):
            Sellado(roto).abrir()
        assert not roto or roto not in repr(Sellado(roto))


class TestRotacion:
    def test_todo_pasa_a_la_clave_nueva_y_se_sigue_leyendo(self, base: str) -> None:
        # Given more rows than a batch, one of them new and one plain
        with models.transaccion():
            propiedad = Propiedad.create(nombre="P")
            datos = {"propiedad": propiedad, "empresa": "E", "tipo_servicio": "T"}
            Servicio.insert_many([{**datos, "credenciales": {"n": n}} for n in range(LOTE + 5)]).execute()
        usar_claves([OTRA, CIFRADO_CLAVES])
        nueva = _servicio({"n": -1})
        with psycopg.connect(base) as bd:
            bd.execute("UPDATE servicios SET credenciales = '{\"n\": 0}' WHERE id = 1")
        # When they are rotated, twice
        primera, segunda = rotar(), rotar()
        # Then each is encrypted once, and the old key is not needed any more
        cuentas = [{c.columna: (c.cifradas, c.al_dia, c.ilegibles) for c in vez} for vez in (primera, segunda)]
        assert cuentas[0]["servicios.credenciales"] == (LOTE + 5, 1, [])
        assert cuentas[1]["servicios.credenciales"] == (0, LOTE + 6, [])
        usar_claves([OTRA])
        with models.conexion():
            leidas = {s.id: s.credenciales["n"] for s in Servicio.select()}
        assert sorted(leidas.values()) == list(range(-1, LOTE + 5)) and leidas[nueva] == -1

    def test_lo_ilegible_queda_y_se_cuenta(self, base: str) -> None:
        servicio_id = _servicio()
        antes = _guardado(servicio_id)
        usar_claves([OTRA])
        (cuenta,) = [c for c in rotar() if c.columna == "servicios.credenciales"]
        assert (cuenta.cifradas, cuenta.al_dia, cuenta.ilegibles) == (0, 0, [servicio_id])
        assert _guardado(servicio_id) == antes

    def test_encuentra_todas_las_columnas(self, base: str) -> None:
        nombres = {f"{tabla._meta.table_name}.{campo.name}" for tabla, campo in columnas_cifradas()}
        assert nombres >= {"servicios.credenciales", "secretos.valor"}

    def test_lo_rechazado_sigue_rechazado(self, base: str) -> None:
        # Given a rejected clave
        pedido = {"numero_suministro": "1", "email": "ana@example.com", "clave": "x"}
        scraper = SCRAPERS["edesur"]
        antes, cuenta = huella_de(scraper, pedido), huella_de_cuenta(scraper, pedido)
        assert cuenta is not None
        models.rechazar(antes, cuenta)
        # When the keys have been rotated and another process reads it
        usar_claves([OTRA, CIFRADO_CLAVES])
        rotar()
        usar_claves([OTRA])
        clave_de_huellas.cache_clear()
        # Then it has the same fingerprint
        assert (huella_de(scraper, pedido), huella_de_cuenta(scraper, pedido)) == (antes, cuenta)
        assert models.rechazos_de(cuenta) == [antes]

    def test_la_huella_depende_de_una_clave_que_esta_cifrada(self, base: str) -> None:
        pedido = {"numero_suministro": "1", "email": "ana@example.com", "clave": "x"}
        una, cuenta = huella_de(SCRAPERS["edesur"], pedido), huella_de_cuenta(SCRAPERS["edesur"], pedido)
        ((guardada,),) = filas("SELECT valor FROM secretos WHERE nombre = 'huellas'")
        assert len(descifrar(guardada)) == 64
        filas("DELETE FROM secretos")
        clave_de_huellas.cache_clear()
        assert huella_de(SCRAPERS["edesur"], pedido) != una
        assert huella_de_cuenta(SCRAPERS["edesur"], pedido) != cuenta


def test_se_rechaza_la_misma_clave_de_la_misma_cuenta(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Visitado(Exception):
        """The portal would have been visited."""

    def visitar(*_: Any, **__: Any) -> None:
        raise Visitado

    def preparada(**otro: str) -> Tarea:
        credenciales = {"suministro": "310000101", "email": "ana@example.com", "clave": "x", **otro}
        return Tarea.preparar("Edesur", models.Servicio(id=1, credenciales=credenciales))

    monkeypatch.setattr("actors.tarea.raspar", visitar)
    # When a portal rejected a clave
    preparada().rechazar()
    # Then it is not tried again, from whichever servicio, and another clave or another account is
    for otro in ({}, {"suministro": "310000102"}):
        with pytest.raises(Falla, match="rechazadas"):
            preparada(**otro).ejecutar()
    for otro in ({"clave": "y"}, {"email": "eva@example.com"}):
        with pytest.raises(Visitado):
            preparada(**otro).ejecutar()
    # And so where an earlier release did not note whose it was
    filas("UPDATE rechazos SET cuenta = NULL")
    with pytest.raises(Falla, match="rechazadas"):
        preparada().ejecutar()
    with pytest.raises(Visitado):
        preparada(clave="y").ejecutar()


def test_donde_entra_el_numero_de_cuenta_cada_uno_es_otro(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a portal that asks for the account number and a clave alone
    scraper = SCRAPERS["edesur"]
    monkeypatch.setattr(type(scraper), "campos", (scraper.campos[0], CLAVE))
    uno, otro = ({"suministro": numero, "clave": "x"} for numero in ("310000101", "310000102"))
    # Then two accounts with one clave are two, of which one may be rejected
    assert huella_de_cuenta(scraper, uno) != huella_de_cuenta(scraper, otro)
    assert huella_de(scraper, uno) != huella_de(scraper, otro)
