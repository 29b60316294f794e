"""The panel without a browser: who may come in, what a form does, what is shown and what never is."""

import hashlib
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Crear, Sembrar, fila, filas
from peewee import OperationalError
from visitante import Visitante

import models
from models import Parte, Resultado
from models.api_key import Alcance, revocar
from panel import acceso, formatos, jobs, programaciones, sesion
from panel.app import app as panel
from panel.grafico import ALTO, ANCHO, Medida, dibujar, entre
from puerta.limites import FALLIDAS_MAX, Fallidas
from settings import ajustes

ESTATICOS = Path(__file__).resolve().parent.parent / "panel" / "static"
BIEN = Resultado(
    exito=True,
    deuda=Decimal("25670.50"),
    moneda="ARS",
    estado_deuda="CON_DEUDA",
    vencimiento=date(2026, 12, 10),
    prueba={"regla": "total", "texto": "Total a pagar: $ 25.670,50"},
    evidencia=(Parte("captura", b"\x89PNG\r\n"),),
)
MAL = Resultado(
    exito=False,
    error="Metrogas mostró un error.",
    error_codigo="PORTAL_ERROR_PROPIO",
    reintentable=True,
    mensaje_portal="<script>alert(1)</script>",
    evidencia=(Parte("html", b"<p>hola</p>"),),
)


@pytest.fixture(autouse=True)
def sin_claves_malas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has sent a wrong key."""
    monkeypatch.setattr(acceso, "fallidas", Fallidas())


@pytest.fixture
def visita(base: str) -> Visitante:
    """Somebody who administers."""
    return Visitante().entrar()


def _terminar(consulta_id: uuid.UUID, resultado: Resultado) -> None:
    consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=99)
    assert consulta is not None
    models.guardar_consulta_deuda(consulta.id, consulta.token, resultado)


def _fallar_callback(job_id: uuid.UUID) -> models.Callback:
    [(callback_id,)] = filas("SELECT id FROM callbacks WHERE job_id = %s", job_id)
    reclamado = models.reclamar_callback(callback_id, arriendo_s=60)
    assert reclamado is not None
    fallo = models.Fallo("HTTP 500", None)
    models.anotar_intento(reclamado[0], fallo, status_code=500, respuesta="<h1>¡ay!</h1>")
    return reclamado[0]


class TestEntrar:
    @pytest.mark.usefixtures("base")
    @pytest.mark.parametrize("ruta", ["/panel/jobs", f"/panel/jobs/{uuid.UUID(int=1)}/vivo", "/panel/claves"])
    def test_sin_clave_se_pide(self, ruta: str) -> None:
        respuesta = Visitante().pedir("GET", ruta)
        assert respuesta.status_code == 303 and respuesta.headers["location"] == f"/panel/entrar?a={ruta}"

    @pytest.mark.usefixtures("base")
    def test_ninguna_ruta_que_muestra_o_cambia_algo_es_publica(self) -> None:
        afuera = Visitante()
        for ruta in panel.routes:
            camino = "/panel" + re.sub(r"{\w+}", "1", getattr(ruta, "path", ""))
            if camino in ("/panel/", "/panel/entrar", "/panel/salir", "/panel/static"):
                continue
            metodo = "POST" if "POST" in getattr(ruta, "methods", ()) else "GET"
            respuesta = afuera.pedir(metodo, camino)
            assert respuesta.status_code == 303 and "/panel/entrar" in respuesta.headers["location"], camino

    @pytest.mark.usefixtures("base")
    def test_una_clave_que_no_sirve_no_entra(self) -> None:
        for clave in ("", "hola", f"cns_{'0' * 12}_{'0' * 64}"):
            respuesta = Visitante().enviar("/panel/entrar", {"clave": clave}, desde="/panel/entrar")
            assert respuesta.status_code == 401 and "no existe o fue revocada" in respuesta.text

    @pytest.mark.usefixtures("base")
    def test_la_cookie_no_la_lee_nadie_mas(self) -> None:
        seguro = Visitante("https://consultas")
        puesta = seguro.pedir("GET", "/panel/entrar").headers["set-cookie"]
        assert all(parte in puesta for parte in ("HttpOnly", "SameSite=lax", "Secure", "Path=/panel"))
        assert "Secure" not in Visitante().pedir("GET", "/panel/entrar").headers["set-cookie"]

    @pytest.mark.parametrize("destino", ["https://malo.ejemplo/", "//malo.ejemplo", "/panel//malo", "/jobs", "\\malo"])
    def test_despues_de_entrar_no_se_va_a_otro_sitio(self, visita: Visitante, destino: str) -> None:
        respuesta = visita.enviar("/panel/entrar", {"clave": "x", "a": destino})
        assert 'name="a" value="/panel/jobs"' in respuesta.text

    def test_una_clave_revocada_termina_su_sesion_en_el_acto(self, visita: Visitante) -> None:
        visita.ver("/panel/jobs")
        revocar(visita.clave_id)
        visita.ver("/panel/jobs", 303)

    def test_salir_termina_la_sesion_del_navegador(self, visita: Visitante) -> None:
        assert visita.enviar("/panel/salir").status_code == 303
        visita.ver("/panel/jobs", 303)

    def test_una_cookie_retocada_no_es_de_nadie(self, visita: Visitante) -> None:
        buena = visita.galletitas["consultas_panel"]
        for mala in (
            buena[:-1] + ("0" if buena[-1] != "0" else "1"),
            "x",
            "",
            "a.b.c.d",
            f"{visita.clave_id}.9999999999.s.x",
        ):
            otra = Visitante()
            otra.galletitas.set("consultas_panel", mala, domain="consultas.local", path="/panel")
            otra.ver("/panel/jobs", 303)

    @pytest.mark.usefixtures("base")
    def test_muchas_claves_malas_hacen_esperar(self) -> None:
        afuera = Visitante()
        estados = [
            afuera.enviar("/panel/entrar", {"clave": "x"}, desde="/panel/entrar") for _ in range(FALLIDAS_MAX + 1)
        ]
        assert [r.status_code for r in estados] == [401] * FALLIDAS_MAX + [429]
        assert int(estados[-1].headers["Retry-After"]) > 0


class TestModoAbierto:
    @pytest.mark.usefixtures("base")
    def test_no_se_entra_y_el_panel_lo_dice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sesion, "ajustes", lambda: ajustes().model_copy(update={"api_abierta": True}))
        cualquiera = Visitante()
        assert "Modo abierto" in cualquiera.ver("/panel/jobs")
        cualquiera.ver("/panel/entrar", 303)
        # But not even there does another site do anything
        assert cualquiera.enviar("/panel/propiedades", {"nombre": "P", "csrf": ""}).status_code == 403
        assert cualquiera.enviar("/panel/propiedades", {"nombre": "P"}).status_code == 303


class TestFormularios:
    def test_sin_su_token_o_desde_otro_sitio_no_se_hace_nada(self, visita: Visitante) -> None:
        ajeno = Visitante().entrar().csrf("/panel/claves")
        for token in ("", "x", ajeno):
            respuesta = visita.enviar("/panel/propiedades", {"nombre": "P", "csrf": token})
            assert respuesta.status_code == 403 and "FORMULARIO" not in respuesta.text
        for origen, estado in (("http://malo.ejemplo", 403), ("null", 403), ("http://consultas", 303)):
            visita.cabeceras["Origin"] = origen
            assert visita.enviar("/panel/propiedades", {"nombre": "P"}).status_code == estado
        assert filas("SELECT count(*) FROM propiedades") == [(1,)]

    def test_cada_alcance_ve_y_puede_lo_suyo(self, base: str, sembrar: Sembrar, crear: Crear) -> None:
        propiedad_id, ids = sembrar("Metrogas")
        creado = crear(ids)
        lector = Visitante().entrar(Alcance.LEER)
        assert "Cancelar" not in lector.ver(f"/panel/jobs/{creado.job_id}")
        assert "Consultar ahora" not in lector.ver(f"/panel/propiedades/{propiedad_id}")
        assert lector.enviar(f"/panel/jobs/{creado.job_id}/cancelar", desde="/panel/jobs").status_code == 403
        lector.ver("/panel/claves", 403)
        quien_pide = Visitante().entrar(Alcance.LEER, Alcance.CONSULTAR)
        assert "Cancelar" in quien_pide.ver(f"/panel/jobs/{creado.job_id}")
        assert quien_pide.enviar("/panel/propiedades", {"nombre": "P"}, desde="/panel/jobs").status_code == 403
        Visitante().entrar(Alcance.CONSULTAR).ver("/panel/jobs", 403)

    def test_un_formulario_mal_escrito_se_niega(self, visita: Visitante) -> None:
        for cuerpo, estado in ((b"\xff=1", 400), (b"&".join(b"a=1" for _ in range(200)), 400), (b"x" * 70_000, 413)):
            assert visita.pedir("POST", "/panel/propiedades", content=cuerpo).status_code == estado


class TestPropiedadesYServicios:
    def test_de_la_propiedad_al_job(self, visita: Visitante) -> None:
        # Given a new propiedad
        ida = visita.enviar("/panel/propiedades", {"nombre": "Depto <b>5.º B</b>", "direccion": "Calle 1"})
        ruta = ida.headers["location"].partition("?")[0]
        assert "agréguele sus servicios" in visita.ver(ida.headers["location"])
        assert "&lt;b&gt;5.º B&lt;/b&gt;" in visita.ver("/panel/propiedades")
        # When a servicio is added with what its empresa asks for
        campos = visita.ver(f"{ruta}/servicios/campos?empresa=edesur")
        assert all(etiqueta in campos for etiqueta in ("Número de suministro", "E-mail", "Clave", 'type="password"'))
        datos = {
            "empresa": "edesur",
            "credenciales.suministro": "1234567",
            "credenciales.email": "a@ejemplo.com",
            "credenciales.clave": "s3creta",
        }
        assert visita.enviar(f"{ruta}/servicios", datos).status_code == 303
        # Then nothing shows it again, and what is left empty stays
        [(servicio_id,)] = filas("SELECT id FROM servicios")
        for pagina in (visita.ver(ruta), visita.ver(f"/panel/servicios/{servicio_id}")):
            assert not any(v in pagina for v in ("1234567", "a@ejemplo.com", "s3creta"))
        cambio = {"credenciales.email": "b@ejemplo.com", "credenciales.clave": "", "credenciales.suministro": ""}
        assert visita.enviar(f"/panel/servicios/{servicio_id}", cambio).status_code == 303
        guardadas = fila(models.Servicio, servicio_id).credenciales
        assert guardadas == {"suministro": "1234567", "email": "b@ejemplo.com", "clave": "s3creta"}
        # And asking leads to its job, and a servicio that is off is not asked
        pedido = visita.enviar(f"{ruta}/consultar")
        assert pedido.headers["location"].startswith("/panel/jobs/")
        visita.enviar(f"/panel/servicios/{servicio_id}/activo", {"activo": "0"})
        assert "no se consulta" in visita.ver(ruta)
        assert visita.enviar(f"{ruta}/consultar").status_code == 422
        visita.enviar(f"/panel/servicios/{servicio_id}/activo", {"activo": "1"})
        visita.enviar(f"{ruta}/desactivar")
        assert filas("SELECT activo FROM servicios") == [(False,)]

    def test_lo_que_falta_se_dice_junto_al_campo_y_la_clave_no_vuelve(
        self, visita: Visitante, sembrar: Sembrar
    ) -> None:
        propiedad_id, _ = sembrar("Metrogas")
        datos = {"empresa": "edesur", "credenciales.suministro": "12-x", "credenciales.clave": "s3creta"}
        respuesta = visita.enviar(f"/panel/propiedades/{propiedad_id}/servicios", datos)
        assert respuesta.status_code == 422 and "s3creta" not in respuesta.text and 'value="12-x"' in respuesta.text
        assert respuesta.text.count('aria-invalid="true"') == 2
        assert visita.enviar("/panel/propiedades", {"nombre": " "}).status_code == 422

    def test_cambiar_una_propiedad(self, visita: Visitante, sembrar: Sembrar) -> None:
        propiedad_id, _ = sembrar("Metrogas")
        assert 'value="Prueba"' in visita.ver(f"/panel/propiedades/{propiedad_id}/editar")
        visita.enviar(f"/panel/propiedades/{propiedad_id}", {"nombre": "Otra", "direccion": ""})
        assert filas("SELECT nombre, direccion FROM propiedades") == [("Otra", None)]


class TestProgramaciones:
    def test_de_la_primera_a_ninguna(self, visita: Visitante, sembrar: Sembrar) -> None:
        propiedad_id, _ = sembrar("Metrogas")
        # Given nothing is scheduled, and an example says how
        assert "días 1 y 15 a las 09:00" in visita.ver("/panel/programaciones")
        # When a propiedad is scheduled from its page
        desde = f"/panel/programaciones/nueva?propiedad_id={propiedad_id}"
        assert desde in visita.ver(f"/panel/propiedades/{propiedad_id}")
        assert f'value="{propiedad_id}" selected' in visita.ver(desde)
        datos = _programacion(propiedad_id, callback_url="http://app.ejemplo.com/callback", voucher_id="v-7")
        ida = visita.enviar("/panel/programaciones", datos)
        ruta = ida.headers["location"].partition("?")[0]
        # Then its page, its propiedad's and the list say what it does and when
        for pagina in (visita.ver(ruta), visita.ver(f"/panel/propiedades/{propiedad_id}")):
            assert "los días 1 y 15 de cada mes a las 09:00" in pagina and "Quincena &lt;b&gt;" in pagina
        assert visita.ver(ruta).count("<li><time") == 5
        assert f'href="/panel/propiedades/{propiedad_id}">Prueba</a>' in visita.ver("/panel/programaciones")
        # And an edit takes away what was left empty
        assert 'value="1, 15"' in visita.ver(f"{ruta}/editar")
        assert visita.enviar(ruta, {**_programacion(0), "que": "todas", "dias": "31"}).status_code == 303
        campos = "propiedad_id, dias, callback_url, voucher_id"
        assert filas(f"SELECT {campos} FROM programaciones") == [(None, [31], None, None)]
        # And it is paused, goes on, and is deleted once it was asked about
        visita.enviar(f"{ruta}/activa", {"activa": "0"})
        assert "no hay ninguna" in visita.ver(ruta) and "En pausa" in visita.ver("/panel/programaciones")
        visita.enviar(f"{ruta}/activa", {"activa": "1"})
        assert filas("SELECT proxima_en IS NOT NULL FROM programaciones") == [(True,)]
        assert "Sí, borrarla" in visita.ver(f"{ruta}/borrar")
        assert visita.enviar(f"{ruta}/borrar").headers["location"] == "/panel/programaciones?hecho=borrada"
        visita.ver(ruta, 404)
        for camino in (ruta, f"{ruta}/activa", f"{ruta}/borrar"):
            assert visita.enviar(camino).status_code == 404

    def test_lo_que_paso_cada_vez_se_ve_con_su_motivo(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("Metrogas", "Edenor")
        creado = crear(ids)
        with models.conexion():
            programacion = models.Programacion.create(
                nombre="P", servicio_ids=ids, dias=[1], hora="09:00", zona="UTC", gracia_min=1, activa=False
            )
            for n, desenlace in enumerate(("creada", "omitida", "perdida", "rechazada")):
                models.Ocurrencia.create(
                    programacion=programacion,
                    prevista_en=datetime(2026, 1, 1 + n, tzinfo=UTC),
                    desenlace=desenlace,
                    detalle=None if n == 0 else f"Motivo {n}.",
                    job=None if n else creado.job_id,
                )
        ruta = f"/panel/programaciones/{programacion.id}"
        pagina = visita.ver(ruta)
        for dicho in ("Creada", "Omitida", "Motivo 1.", "Perdida", "Motivo 2.", "Rechazada", "Motivo 3."):
            assert dicho in pagina
        assert f"/panel/jobs/{creado.job_id}" in pagina and "a las 09:00, hora de UTC" in pagina
        assert "Motivo 3." in visita.ver("/panel/programaciones")
        # And the servicios that the API chose stay chosen
        assert "Los 2 servicios" in visita.ver(f"{ruta}/editar")
        assert visita.enviar(ruta, {**_programacion(0), "que": "servicios"}).status_code == 303
        assert filas("SELECT servicio_ids, nombre FROM programaciones") == [(ids, "Quincena <b>")]

    @pytest.mark.parametrize(
        ("datos", "dicho"),
        [
            ({"nombre": ""}, "Nombre lleva de 1 a 200 caracteres."),
            ({"dias": "1, 32"}, "Días del mes lleva números del 1 al 31, separados por comas."),
            ({"dias": "lunes"}, "Días del mes lleva números del 1 al 31, separados por comas."),
            ({"dias": ""}, "Días del mes lleva números del 1 al 31, separados por comas."),
            ({"hora": "25:00"}, "Hora va de 00:00 a 23:59."),
            ({"zona": "Marte"}, "Zona horaria no es una zona horaria de IANA"),
            ({"callback_url": "ftp://x"}, "Dirección del callback "),
            ({"propiedad_id": ""}, "Elija una propiedad que exista."),
            ({"propiedad_id": "999"}, "Elija una propiedad que exista."),
        ],
    )
    def test_lo_que_esta_mal_se_dice_junto_al_campo(
        self, visita: Visitante, sembrar: Sembrar, datos: dict[str, str], dicho: str
    ) -> None:
        respuesta = visita.enviar("/panel/programaciones", {**_programacion(sembrar("Metrogas")[0]), **datos})
        assert respuesta.status_code == 422 and dicho in respuesta.text
        assert respuesta.text.count('aria-invalid="true"') == 1
        assert filas("SELECT count(*) FROM programaciones") == [(0,)]

    def test_quien_lee_las_ve_y_no_las_toca(self, visita: Visitante, sembrar: Sembrar) -> None:
        datos = _programacion(sembrar("Metrogas")[0])
        ruta = visita.enviar("/panel/programaciones", datos).headers["location"].partition("?")[0]
        lector = Visitante().entrar(Alcance.LEER, Alcance.CONSULTAR)
        for pagina in (lector.ver(ruta), lector.ver("/panel/programaciones")):
            assert "Quincena" in pagina and not any(p in pagina for p in ("Pausar", "Borrar", "Nueva programación"))
        for camino in ("/panel/programaciones/nueva", f"{ruta}/editar", f"{ruta}/borrar"):
            lector.ver(camino, 403)
        for camino in ("/panel/programaciones", ruta, f"{ruta}/activa", f"{ruta}/borrar"):
            assert lector.enviar(camino, desde="/panel/jobs").status_code == 403
            assert visita.enviar(camino, {"csrf": "x"}).status_code == 403

    def test_paginas_y_muchas_propiedades(
        self, visita: Visitante, sembrar: Sembrar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(programaciones, "POR_PAGINA", 2)
        monkeypatch.setattr(programaciones, "PROPIEDADES_MAX", 1)
        for n in range(3):
            visita.enviar("/panel/programaciones", _programacion(sembrar("Metrogas")[0], nombre=f"P{n}"))
        [siguiente] = re.findall(r'rel="next" href="([^"]+)"', visita.ver("/panel/programaciones"))
        assert "P0" in visita.ver(siguiente) and "P1" not in visita.ver(siguiente)
        assert 'name="propiedad_id" type="number"' in visita.ver("/panel/programaciones/nueva")


def _programacion(propiedad_id: int, **mas: str) -> dict[str, str]:
    """The form of one."""
    datos = {"nombre": "Quincena <b>", "que": "propiedad", "propiedad_id": str(propiedad_id), "dias": "15, 1"}
    return {**datos, "hora": "09:00", "zona": "America/Argentina/Buenos_Aires", **mas}


class TestJobs:
    def test_filtros_busqueda_y_paginas(
        self, visita: Visitante, sembrar: Sembrar, crear: Crear, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "POR_PAGINA", 2)
        propiedad_id, ids = sembrar("Metrogas")
        creados = [crear(ids, voucher_id=f"v-{n}") for n in range(5)]
        vistos, ruta = [], "/panel/jobs"
        while ruta:
            pagina = visita.ver(ruta)
            vistos += re.findall(r'href="/panel/jobs/([0-9a-f-]{36})"', pagina)
            siguiente = re.search(r'rel="next" href="([^"]+)"', pagina)
            ruta = siguiente[1].replace("&amp;", "&") if siguiente else ""
        assert vistos == [str(c.job_id) for c in reversed(creados)]
        assert visita.ver("/panel/jobs?q=v-3&status=&callback=").count("v-3") >= 2
        assert "Ningún job coincide" in visita.ver("/panel/jobs?callback=fallido")
        for buscado, destino in (
            (creados[0].job_id, f"/panel/jobs/{creados[0].job_id}"),
            (creados[0].consulta_ids[0], f"/panel/consultas/{creados[0].consulta_ids[0]}"),
            (propiedad_id, f"/panel/jobs?propiedad_id={propiedad_id}"),
        ):
            respuesta = visita.pedir("GET", "/panel/jobs", params={"q": str(buscado)})
            assert respuesta.headers["location"] == destino
        visita.ver("/panel/jobs?status=otro", 422)
        visita.ver("/panel/jobs?cursor=zzz", 422)

    def test_un_job_de_punta_a_punta(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        _, ids = sembrar("Metrogas", "Edenor")
        creado = crear(ids)
        ruta = f"/panel/jobs/{creado.job_id}"
        assert f'sse-connect="{ruta}/eventos"' in visita.ver(ruta)
        _terminar(creado.consulta_ids[0], BIEN)
        assert "1 de 2" in visita.ver(f"{ruta}/vivo")
        _terminar(creado.consulta_ids[1], MAL)
        pagina = visita.ver(ruta)
        assert (
            "sse-connect" not in pagina and "$\xa025.670,50" in pagina and "Reintentar las que fallaron (1)" in pagina
        )
        # When what failed is tried again
        otro = visita.enviar(f"{ruta}/reintentar")
        assert otro.status_code == 303 and "vuelven a intentarse" in visita.ver(otro.headers["location"])
        # Then the new job can be cancelled, once
        nuevo = otro.headers["location"].partition("?")[0]
        assert visita.enviar(f"{nuevo}/cancelar").status_code == 303
        assert visita.enviar(f"{nuevo}/cancelar").status_code == 409
        assert visita.enviar(f"{ruta}/reintentar").status_code in (303, 409)

    def test_los_eventos_llegan_con_la_cookie(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        creado = crear(sembrar("Metrogas")[1])
        _terminar(creado.consulta_ids[0], BIEN)
        assert "event: fin" in visita.ver(f"/panel/jobs/{creado.job_id}/eventos")

    @pytest.mark.parametrize("ruta", ["jobs", "consultas"])
    def test_lo_que_no_existe(self, visita: Visitante, ruta: str) -> None:
        assert "No encontrado" in visita.ver(f"/panel/{ruta}/{uuid.UUID(int=7)}", 404)
        visita.ver(f"/panel/{ruta}/x", 422)


class TestCallbacks:
    def test_los_intentos_se_ven_y_el_que_fallo_se_reenvia(
        self, visita: Visitante, sembrar: Sembrar, crear: Crear
    ) -> None:
        # Given a callback that failed
        creado = crear(sembrar("Metrogas")[1], callback_url="http://app.ejemplo.com/callback")
        ruta = f"/panel/jobs/{creado.job_id}"
        assert "se crea cuando el job termina" in visita.ver(ruta)
        _terminar(creado.consulta_ids[0], BIEN)
        callback = _fallar_callback(creado.job_id)
        # When somebody looks at it
        pagina = visita.ver(ruta)
        assert "HTTP 500" in pagina and "&lt;h1&gt;¡ay!&lt;/h1&gt;" in pagina
        assert '"deuda":25670.5' in visita.ver(f"{ruta}/callbacks/{callback.id}")
        visita.ver(f"{ruta}/callbacks/{uuid.UUID(int=7)}", 404)
        assert str(creado.job_id) in visita.ver("/panel/callbacks")
        # Then it can be sent again, alone
        assert visita.enviar(f"{ruta}/callbacks/{callback.id}/reenviar").status_code == 303
        assert fila(models.Callback, callback.id).estado == "pendiente"
        assert visita.enviar(f"{ruta}/callbacks/{callback.id}/reenviar").status_code == 409

    def test_muchos_se_reenvian_despues_de_verlos(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        assert "Ningún callback falló" in visita.ver("/panel/callbacks")
        _, ids = sembrar(*["Metrogas"] * 3)
        for servicio_id in ids:
            creado = crear([servicio_id], callback_url="http://app.ejemplo.com/callback")
            _terminar(creado.consulta_ids[0], BIEN)
            _fallar_callback(creado.job_id)
        pedido = {"desde": "2026-01-01", "host": "app.ejemplo.com", "por_minuto": "30"}
        vistos = visita.enviar("/panel/callbacks/reenviar", pedido)
        assert "3 callbacks para reenviar" in vistos.text and "Reenviar ahora" in vistos.text
        assert filas("SELECT DISTINCT estado FROM callbacks") == [("fallido",)]
        hechos = visita.enviar("/panel/callbacks/reenviar", {**pedido, "hacer": "1"})
        assert "3 callbacks vuelven a enviarse" in hechos.text
        assert filas("SELECT DISTINCT estado FROM callbacks") == [("pendiente",)]
        for malo in ({"desde": "ayer"}, {"desde": "2026-01-01", "por_minuto": "0"}):
            assert visita.enviar("/panel/callbacks/reenviar", malo).status_code == 422


class TestConsultas:
    def test_la_prueba_y_la_evidencia_se_ven_sin_que_nada_corra(
        self, visita: Visitante, sembrar: Sembrar, crear: Crear
    ) -> None:
        _, ids = sembrar("Metrogas", "Edenor")
        bien, mal = crear(ids).consulta_ids
        _terminar(bien, BIEN)
        _terminar(mal, MAL)
        pagina = visita.ver(f"/panel/consultas/{bien}")
        assert "Total a pagar: $ 25.670,50" in pagina and "Total que muestra el portal." in pagina
        captura = visita.pedir("GET", f"/panel/consultas/{bien}/evidencia/captura")
        assert captura.headers["content-type"] == "image/png"
        pagina = visita.ver(f"/panel/consultas/{mal}")
        assert "<script>alert" not in pagina and "&lt;script&gt;alert" in pagina
        html = visita.pedir("GET", f"/panel/consultas/{mal}/evidencia/html")
        assert html.headers["content-type"].startswith("text/plain")
        assert "sandbox" in html.headers["content-security-policy"]

    def test_la_historia_de_una_propiedad(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        propiedad_id, ids = sembrar("Metrogas", "Edenor")
        for _ in range(3):
            for consulta_id in crear(ids).consulta_ids:
                _terminar(consulta_id, BIEN)
        pagina = visita.ver(f"/panel/propiedades/{propiedad_id}")
        assert pagina.count('role="img"') == 2 and pagina.count('class="punto"') == 6
        assert "$\xa051.341,00" in pagina  # the last of each
        assert "Responde" in visita.ver("/panel/empresas")


class TestClaves:
    def test_una_clave_se_muestra_una_vez_y_se_revoca(self, visita: Visitante) -> None:
        hecha = visita.enviar("/panel/claves", {"nombre": "nextjs", "alcance-consultar": "1"})
        [texto] = re.findall(r"cns_[0-9a-f]{12}_[0-9a-f]{64}", hecha.text)
        lista = visita.ver("/panel/claves")
        assert texto not in lista and "nextjs" in lista
        assert visita.enviar(f"/panel/claves/{texto.split('_')[1]}/revocar").status_code == 303
        assert visita.enviar(f"/panel/claves/{texto.split('_')[1]}/revocar").status_code == 404
        assert "Revocada" in visita.ver("/panel/claves")

    def test_lo_que_falta(self, visita: Visitante) -> None:
        for datos in (
            {"nombre": ""},
            {"nombre": "sin alcance"},
            {"nombre": f"visita {id(visita)}", "alcance-leer": "1"},
        ):
            assert visita.enviar("/panel/claves", datos).status_code == 422


class TestPaginas:
    def test_cumplen_la_csp_sin_nada_en_linea(self, visita: Visitante, sembrar: Sembrar, crear: Crear) -> None:
        propiedad_id, ids = sembrar("Metrogas")
        creado = crear(ids)
        _terminar(creado.consulta_ids[0], BIEN)
        for ruta in ("jobs", f"jobs/{creado.job_id}", f"propiedades/{propiedad_id}", "empresas", "claves", "nada"):
            respuesta = visita.pedir("GET", f"/panel/{ruta}")
            assert respuesta.headers["content-security-policy"].startswith("default-src 'self'")
            assert respuesta.headers["cache-control"] == "no-store"
            assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]* src=)", respuesta.text), ruta

    def test_lo_que_servimos_es_lo_publicado_en_npm(self) -> None:
        huellas = {ruta.name: hashlib.sha256(ruta.read_bytes()).hexdigest() for ruta in ESTATICOS.glob("*.min.js")}
        assert huellas == {
            "htmx-2.0.11.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
            "htmx-ext-sse-2.2.4.min.js": "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136",
        }
        assert "Zero-Clause BSD" in (ESTATICOS / "LICENCIAS.txt").read_text(encoding="utf-8")

    def test_lo_estatico_se_guarda_en_el_navegador(self, visita: Visitante) -> None:
        [ruta] = re.findall(r'href="(/panel/static/panel.css\?v=\w+)"', visita.ver("/panel/jobs"))
        assert "immutable" in visita.pedir("GET", ruta).headers["cache-control"]
        visita.ver("/panel/static/../app.py", 404)

    def test_errores_con_la_misma_cara(self, visita: Visitante, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "Esta página no existe." in visita.ver("/panel/nada", 404)
        visita.ver("/panel/jobs/x/cancelar", 405)

        def caida(*_: object) -> None:
            raise OperationalError("adiós")

        monkeypatch.setattr(jobs, "resumir_jobs", caida)
        respuesta = visita.pedir("GET", "/panel/jobs")
        assert (respuesta.status_code, respuesta.headers["Retry-After"]) == (503, "5")
        assert "No se perdió nada" in respuesta.text and "adiós" not in respuesta.text
        monkeypatch.setattr(jobs, "resumir_jobs", lambda *_: 1 / 0)
        assert "ya quedó registrado" in visita.ver("/panel/jobs", 500).lower()


IMPORTES = {
    ("25670", "ARS"): "$\xa025.670,00",
    ("1234567.89", "ARS"): "$\xa01.234.567,89",
    ("0", "ARS"): "$\xa00,00",
    ("25670", "CLP"): "CLP\xa025.670",
    ("1.5", "USD"): "USD\xa01,50",
}


@pytest.mark.parametrize(("caso", "escrito"), IMPORTES.items())
def test_importes_como_se_escriben_aca(caso: tuple[str, str], escrito: str) -> None:
    assert formatos.importe(Decimal(caso[0]), caso[1]) == escrito


def test_momentos_y_duraciones() -> None:
    noche = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    assert (formatos.momento(noche), formatos.iso(noche)) == ("31/12/2025 22:30", "2026-01-01T01:30:00Z")
    assert [formatos.duracion(ms) for ms in (None, 850, 4200, 185_000)] == [
        "—",
        "850\xa0ms",
        "4,2\xa0s",
        "3\xa0min 5\xa0s",
    ]
    assert [formatos.porcentaje(p) for p in (None, 1.0, 0.995)] == ["—", "100\xa0%", "99,5\xa0%"]


def test_el_grafico_cabe_en_su_marco() -> None:
    ahora = datetime(2026, 11, 24, tzinfo=UTC)
    medidas = [Medida(ahora - timedelta(days=30 * n), Decimal(n * 1000), date(2026, 12, 10)) for n in range(12)][::-1]
    grafico = dibujar(medidas, "ARS", *entre(medidas, ahora))
    assert grafico is not None and len(grafico.puntos) == 12 and len(grafico.vencimientos) == 1
    assert all(0 <= p.x <= ANCHO and 0 <= p.y <= ALTO for p in (*grafico.puntos, *grafico.vencimientos))
    assert grafico.tope == "$\xa011.000,00" and dibujar([], None, ahora, ahora) is None
    unica = dibujar([Medida(ahora, Decimal(0))], "ARS", ahora, ahora)
    assert unica is not None and unica.puntos[0].y == ALTO - 22
