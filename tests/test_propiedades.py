"""Propiedades and servicios over JSON: written, changed, listed; credenciales go in and never come out."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from conftest import Sembrar, Web, fila, filas

import models

CLAVE = "s3creta-ñ"


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process."""
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/") as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]
        assert CLAVE not in registro


def _pedir(web: Web, metodo: str, ruta: str, dato: Any, estado: int) -> Any:
    respuesta = requests.request(metodo, web.url + ruta, json=dato, timeout=5)
    assert respuesta.status_code == estado, respuesta.text
    assert CLAVE not in respuesta.text
    return respuesta.json()


@pytest.mark.usefixtures("base")
def test_una_propiedad_se_crea_se_cambia_y_se_lista(web: Web) -> None:
    una = _pedir(web, "POST", "/propiedades", {"nombre": " Depto 5.º B ", "direccion": "Calle 100%"}, 201)
    assert (una["nombre"], una["direccion"]) == ("Depto 5.º B", "Calle 100%")
    otra = _pedir(web, "POST", "/propiedades", {"nombre": "Otra"}, 201)
    ruta = f"/propiedades/{una['propiedad_id']}"
    assert _pedir(web, "PATCH", ruta, {"nombre": "Depto"}, 200)["direccion"] == "Calle 100%"
    assert _pedir(web, "PATCH", ruta, {"direccion": None}, 200)["direccion"] is None
    pagina = web.pedir("/propiedades?limit=1")
    assert [p["propiedad_id"] for p in pagina["propiedades"]] == [otra["propiedad_id"]]
    segunda = web.pedir(f"/propiedades?limit=1&cursor={pagina['next_cursor']}")
    assert [p["nombre"] for p in segunda["propiedades"]] == ["Depto"] and segunda["next_cursor"] is None
    assert [p["nombre"] for p in web.pedir("/propiedades?q=depT")["propiedades"]] == ["Depto"]
    assert web.pedir("/propiedades?q=%25")["propiedades"] == []


@pytest.mark.usefixtures("base")
def test_un_servicio_guarda_lo_que_pide_su_empresa_y_no_lo_devuelve(web: Web) -> None:
    propiedad_id = _pedir(web, "POST", "/propiedades", {"nombre": "P"}, 201)["propiedad_id"]
    credenciales = {"suministro": "1234567890", "email": "a@ejemplo.com", "clave": CLAVE}
    campos = {
        c["campo"] for e in web.pedir("/empresas")["empresas"] if e["empresa"] == "Edesur" for c in e["credenciales"]
    }
    primero = next(iter(campos - {"email", "clave"}))
    credenciales = {primero: "1234567890", "email": "a@ejemplo.com", "clave": CLAVE}
    pedido = {"propiedad_id": propiedad_id, "empresa": "edesur", "credenciales": credenciales}
    servicio = _pedir(web, "POST", "/servicios", pedido, 201)
    assert set(servicio) == {"servicio_id", "propiedad_id", "empresa", "tipo_servicio", "activo"}
    assert (servicio["empresa"], servicio["tipo_servicio"], servicio["activo"]) == ("Edesur", "Electricidad", True)
    # When one of its credenciales changes
    ruta = f"/servicios/{servicio['servicio_id']}"
    _pedir(web, "PATCH", ruta, {"credenciales": {"email": "b@ejemplo.com"}}, 200)
    # Then the others stay
    guardado = fila(models.Servicio, servicio["servicio_id"])
    assert guardado.credenciales == {**credenciales, "email": "b@ejemplo.com"}
    # And a servicio that is not active is not consulted
    assert _pedir(web, "PATCH", ruta, {"activo": False}, 200)["activo"] is False
    assert web.pedir(f"/servicios/propiedad/{propiedad_id}")["servicios"] == []


NEGADOS = {
    "empresa desconocida": ({"empresa": "Fibertel"}, "empresa", "Metrogas"),
    "sin número": ({"credenciales": {}}, "credenciales.numero_cliente", "es obligatorio"),
    "con letras": ({"credenciales": {"numero_cliente": "x-1"}}, "credenciales.numero_cliente", "forma"),
    "dato ajeno": ({"credenciales": {"pin": "1"}}, "credenciales.pin", "no es un dato que pida Metrogas"),
    "no es texto": ({"credenciales": {"numero_cliente": 7}}, "credenciales.numero_cliente", "texto"),
    "con nulo": ({"credenciales": {"numero_cliente": "1\x00"}}, "credenciales.numero_cliente", "nulo"),
}


@pytest.mark.parametrize("caso", NEGADOS)
def test_lo_que_no_sirve_se_niega_diciendo_el_campo(web: Web, sembrar: Sembrar, caso: str) -> None:
    propiedad_id, _ = sembrar("Edenor")
    cambio, campo, motivo = NEGADOS[caso]
    pedido = {
        "propiedad_id": propiedad_id,
        "empresa": "Metrogas",
        "credenciales": {"numero_cliente": "30000000001"},
        **cambio,
    }
    problema = _pedir(web, "POST", "/servicios", pedido, 422)
    assert problema["errores"][0]["campo"] == campo and motivo in problema["errores"][0]["mensaje"]
    assert filas("SELECT count(*) FROM servicios") == [(1,)]


@pytest.mark.usefixtures("base")
def test_lo_que_no_existe_es_404(web: Web) -> None:
    credenciales = {"numero_cliente": "30000000001"}
    nuevo = {"propiedad_id": 999, "empresa": "Metrogas", "credenciales": credenciales}
    assert _pedir(web, "POST", "/servicios", nuevo, 404)["codigo"] == "PROPIEDAD_INEXISTENTE"
    assert _pedir(web, "PATCH", "/servicios/999", {"activo": True}, 404)["codigo"] == "SERVICIO_INEXISTENTE"
    assert _pedir(web, "PATCH", "/propiedades/999", {"nombre": "x"}, 404)["codigo"] == "PROPIEDAD_INEXISTENTE"


def test_un_cambio_que_no_sirve_deja_todo_como_estaba(web: Web, sembrar: Sembrar) -> None:
    _, [servicio_id] = sembrar("Metrogas")
    antes = filas("SELECT credenciales, activo FROM servicios")
    problema = _pedir(
        web, "PATCH", f"/servicios/{servicio_id}", {"credenciales": {"numero_cliente": "no"}, "activo": False}, 422
    )
    assert problema["codigo"] == "DATOS_INVALIDOS"
    assert filas("SELECT credenciales, activo FROM servicios") == antes
