"""API keys: what they are, what the web process asks of them, and that nothing is open by accident."""

import hmac
import re
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
import requests
from conftest import Sembrar, Web, a_la_vez, filas
from pila import CIFRADO_CLAVES, RAIZ, hasta
from servidores import PostgresPrivado
from starlette.routing import Route

import api
from models import Alcance
from models.api_key import NombreEnUso, apartar, crear_clave, listar_claves, revocar, verificar
from puerta import limites
from puerta.limites import Fallidas
from puerta.rutas import Montaje, Ruta, alcance_de

CERRADA = {"API_ABIERTA": ""}
LIMITE = 100


@pytest.fixture(scope="module")
def web(base_migrada: str) -> Iterator[Web]:
    """A running web process that wants keys, and whose RabbitMQ is away."""
    entorno = {**CERRADA, "LIMITE_POR_MINUTO": str(LIMITE)}
    with Web(base_migrada, "amqp://nadie:nada@127.0.0.1:1/", entorno) as proceso:
        yield proceso
        assert "Traceback" not in (registro := proceso.registro("web")), registro[-3000:]


@pytest.fixture(autouse=True)
def vacia(base: str) -> None:
    """Every test begins without keys."""


def nueva(*alcances: str, nombre: str = "prueba") -> str:
    """The text of a new key."""
    return crear_clave(nombre, [Alcance(a) for a in alcances])[1]


def pedir(web: Web, ruta: str, clave: str | None = None, **opciones: object) -> requests.Response:
    """GET, or the `metodo` given, with a key."""
    cabeceras = {"Authorization": f"Bearer {clave}"} if clave is not None else {}
    cabeceras |= opciones.pop("headers", {})  # type: ignore[arg-type]
    metodo = str(opciones.pop("metodo", "GET"))
    return requests.request(metodo, web.url + ruta, headers=cabeceras, timeout=10, **opciones)  # type: ignore[arg-type]


def codigo(respuesta: requests.Response) -> tuple[int, str]:
    """HTTP status and code of a problem document."""
    assert respuesta.headers["Content-Type"] == "application/problem+json", respuesta.text
    return respuesta.status_code, respuesta.json()["codigo"]


class TestLaClave:
    def test_se_muestra_una_vez_y_se_guarda_solo_su_huella(self) -> None:
        clave, texto = crear_clave("nextjs", [Alcance.LEER, Alcance.CONSULTAR, Alcance.LEER])
        assert re.fullmatch(r"cns_[0-9a-f]{12}_[0-9a-f]{64}", texto)
        assert (clave.nombre, clave.alcances, clave.ultimo_uso_en) == ("nextjs", ["consultar", "leer"], None)
        guardado = str(filas("SELECT k::text FROM api_keys k"))
        assert clave.id in guardado and texto.rpartition("_")[2] not in guardado
        assert [k.id for k in listar_claves()] == [clave.id]

    def test_se_verifica_entera_y_en_tiempo_constante(self, monkeypatch: pytest.MonkeyPatch) -> None:
        comparadas = []

        def comparar(una: bytes, otra: bytes) -> bool:
            comparadas.append((len(una), len(otra)))
            return una == otra

        monkeypatch.setattr(hmac, "compare_digest", comparar)
        clave, texto = crear_clave("nextjs", [Alcance.LEER])
        hallada = verificar(texto)
        assert hallada is not None and hallada.id == clave.id
        otro_final = texto[:-1] + ("0" if texto[-1] != "0" else "1")
        desconocida = f"cns_{'0' * 12}_{texto.rpartition('_')[2]}"
        assert verificar(otro_final) is None and verificar(desconocida) is None
        assert comparadas == [(32, 32)] * 3
        for mala in ("", "x", texto + "0", texto[:-1], texto.upper(), f" {texto}", texto + "\n", "\x00", "ñ" * 81):
            assert verificar(mala) is None

    @pytest.mark.parametrize(
        ("alcances", "puede"),
        [
            (["leer"], {"leer"}),
            (["consultar"], {"consultar"}),
            (["leer", "consultar"], {"leer", "consultar"}),
            (["administrar"], {"leer", "consultar", "administrar"}),
        ],
    )
    def test_lo_que_puede_cada_alcance(self, alcances: list[str], puede: set[str]) -> None:
        clave = verificar(nueva(*alcances))
        assert clave is not None and {a for a in Alcance if clave.puede(a)} == puede

    def test_no_hay_dos_en_uso_con_el_mismo_nombre(self) -> None:
        primera = crear_clave("nextjs", [Alcance.LEER])[0]
        with pytest.raises(NombreEnUso):
            crear_clave("nextjs", [Alcance.LEER])
        assert revocar(primera.id) is not None
        assert crear_clave("nextjs", [Alcance.LEER])[0].id != primera.id

    def test_la_revocada_no_vuelve(self) -> None:
        texto = nueva("leer")
        assert revocar("otra") is None
        assert revocar("prueba") is not None
        assert verificar(texto) is None and revocar("prueba") is None

    @pytest.mark.parametrize("malos", ["{}", "{todo}", "{leer,todo}"])
    def test_la_base_no_admite_otros_alcances(self, base: str, malos: str) -> None:
        with psycopg.connect(base) as bd, pytest.raises(psycopg.errors.CheckViolation):
            orden = "INSERT INTO api_keys (id, nombre, huella, alcances, created_at, usos)"
            bd.execute(orden + " VALUES ('x', 'x', '', %s, now(), 0)", (malos,))


class TestElCupo:
    def test_nunca_se_otorga_mas_que_el_limite(self) -> None:
        # Given many processes that ask at once, in one minute of the database
        clave = crear_clave("nextjs", [Alcance.LEER])[0]
        hasta(lambda: filas("SELECT extract(second FROM now()) < 50")[0][0], 15)
        cupos = a_la_vez(lambda _: apartar(clave.id, limite=100, bloque=7), range(30))
        # Then what they got adds up to the limit exactly, and lasts for the rest of that minute
        assert sum(c.pedidos for c in cupos if c) == 100
        assert all(c is not None and 0 < c.resto_s <= 60 for c in cupos)
        assert filas("SELECT usos, ultimo_uso_en = date_trunc('minute', now()) FROM api_keys") == [(210, True)]

    def test_otro_minuto_empieza_de_nuevo(self) -> None:
        clave = crear_clave("nextjs", [Alcance.LEER])[0]
        apartar(clave.id, limite=5, bloque=5)
        filas("UPDATE api_keys SET ultimo_uso_en = ultimo_uso_en - interval '1 minute'")
        cupo = apartar(clave.id, limite=5, bloque=5)
        assert cupo is not None and cupo.pedidos == 5

    def test_el_de_una_revocada_no_existe(self) -> None:
        clave = crear_clave("nextjs", [Alcance.LEER])[0]
        revocar(clave.id)
        assert apartar(clave.id, limite=5, bloque=5) is None


PUBLICAS = {"/health", "/openapi.json", "/docs", "/docs/docs.css", "/panel"}
"""The panel asks for a key by itself."""
TODAS = [(metodo, ruta) for ruta in api.rutas if isinstance(ruta, Route) for metodo in sorted(ruta.methods or ())]


class TestLaPuerta:
    @pytest.mark.parametrize(("metodo", "ruta"), TODAS, ids=lambda v: v if isinstance(v, str) else v.path)
    def test_cada_ruta_pide_lo_suyo(self, web: Web, metodo: str, ruta: Ruta) -> None:
        camino = re.sub(r"\{\w+\}", "1", ruta.path)
        if ruta.alcance is None:
            assert ruta.path in PUBLICAS
            assert pedir(web, camino, metodo=metodo).status_code in (200, 307)
            return
        sin = pedir(web, camino, metodo=metodo)
        assert (sin.status_code, sin.headers["WWW-Authenticate"]) == (401, "Bearer")
        otros = [a for a in ("leer", "consultar") if a != ruta.alcance]
        corta = pedir(web, camino, nueva(*otros), metodo=metodo)
        assert corta.status_code == 403
        if metodo != "HEAD":
            assert codigo(corta) == (403, "ALCANCE_INSUFICIENTE") and f"«{ruta.alcance}»" in corta.json()["detail"]
        for nombre, alcance in (("justa", ruta.alcance), ("total", "administrar")):
            assert pedir(web, camino, nueva(alcance, nombre=nombre), metodo=metodo).status_code not in (401, 403, 500)

    def test_los_alcances_son_los_publicados(self) -> None:
        tabla = {(ruta.path, alcance_de(ruta)) for _, ruta in TODAS}
        assert all(alcance == "consultar" for ruta, alcance in tabla if "consultar/" in ruta or "/cancelar" in ruta)
        assert {ruta for ruta, alcance in tabla if alcance is None} == PUBLICAS
        publicos = [ruta.path for metodo, ruta in TODAS if metodo == "POST" and alcance_de(ruta) in (None, "leer")]
        assert publicos == []

    def test_el_readme_dice_el_alcance_de_cada_ruta(self) -> None:
        fila = re.compile(r"^\| `(GET|POST) (/\S*)` \| `?(\w+)`? \|", re.MULTILINE)
        dicho = {(m, r): a for m, r, a in fila.findall((RAIZ / "README.md").read_text(encoding="utf-8"))}
        assert {(m, r.path): str(alcance_de(r) or "none") for m, r in TODAS if m != "HEAD"}.items() >= dicho.items()
        assert len(dicho) >= 14

    def test_una_ruta_no_puede_olvidar_su_alcance(self) -> None:
        with pytest.raises(TypeError, match="alcance"):
            Ruta("/nueva", api.salud)  # type: ignore[call-arg]
        assert alcance_de(Route("/nueva", api.salud)) is Alcance.ADMINISTRAR, "ni una que no lo diga queda abierta"
        assert alcance_de(Montaje("/panel", routes=[], alcance=None)) is None
        assert all(isinstance(ruta, Ruta | Montaje) for ruta in api.rutas)

    def test_lo_que_no_existe_tampoco_se_ve_sin_clave(self, web: Web) -> None:
        clave = nueva("consultar")
        for metodo, camino, estado in (("GET", "/nada", 404), ("DELETE", "/jobs", 405), ("PATCH", "/health", 405)):
            assert codigo(pedir(web, camino, metodo=metodo)) == (401, "FALTA_CLAVE")
            assert pedir(web, camino, clave, metodo=metodo).status_code == estado

    def test_las_dos_cabeceras(self, web: Web) -> None:
        clave = nueva("leer")
        formas = [
            {"X-API-Key": clave},
            {"Authorization": f"bearer {clave}"},
            {"Authorization": f"BEARER   {clave} "},
            {"Authorization": "Basic eDp5", "X-API-Key": clave},
        ]
        for forma in formas:
            assert pedir(web, "/jobs", headers=forma).status_code == 200, forma
        for forma in ({"Authorization": clave}, {"Authorization": "Bearer"}, {"Cookie": f"clave={clave}"}, {}):
            assert codigo(pedir(web, "/jobs", headers=forma)) == (401, "FALTA_CLAVE"), forma
        assert codigo(pedir(web, f"/jobs?api_key={clave}")) == (401, "FALTA_CLAVE")
        malas = [{"X-API-Key": "otra"}, {"Authorization": "Bearer otra", "X-API-Key": clave}, {"X-API-Key": "ñ"}]
        for forma in malas:
            assert codigo(pedir(web, "/jobs", headers=forma)) == (401, "CLAVE_INVALIDA"), forma

    def test_se_usa_para_trabajar(self, web: Web, sembrar: Sembrar) -> None:
        ids = sembrar("Metrogas")[1]
        consultar, leer = nueva("consultar", nombre="una"), nueva("leer", nombre="otra")
        alta = pedir(web, "/consultar/servicios", consultar, metodo="POST", json={"servicio_ids": ids})
        assert alta.status_code == 202
        assert pedir(web, alta.headers["Location"], leer).json()["job_id"] == alta.json()["job_id"]

    def test_cada_clave_tiene_sus_idempotency_key(self, web: Web, sembrar: Sembrar) -> None:
        # Given two integrations that count their requests the same way
        uno, otro = (sembrar("metrogas")[0] for _ in range(2))
        una, otra = nueva("consultar", nombre="una"), nueva("consultar", nombre="otra")
        pedido = {"metodo": "POST", "headers": {"Idempotency-Key": "1"}}

        def alta(clave: str, propiedad_id: int) -> requests.Response:
            return pedir(web, "/consultar/propiedad", clave, json={"propiedad_id": propiedad_id}, **pedido)

        # Then neither sees the other's job, nor is in its way
        primeras = alta(una, uno), alta(otra, uno)
        assert [r.status_code for r in primeras] == [202, 202]
        assert primeras[0].json()["job_id"] != primeras[1].json()["job_id"]
        repetida = alta(una, uno)
        assert repetida.headers["Idempotent-Replayed"] == "true"
        assert repetida.json() == primeras[0].json()
        assert codigo(alta(otra, otro)) == (409, "CLAVE_EN_CONFLICTO")

    def test_revocada_deja_de_servir_en_segundos(self, web: Web) -> None:
        clave = nueva("leer")
        assert pedir(web, "/jobs", clave).status_code == 200
        revocar("prueba")
        hasta(lambda: pedir(web, "/health").ok and pedir(web, "/jobs", clave).status_code == 401, 15, cada_s=0.5)

    def test_se_anota_el_ultimo_uso(self, web: Web) -> None:
        clave = nueva("leer")
        for _ in range(5):
            assert pedir(web, "/jobs", clave).status_code == 200
        uso = "SELECT ultimo_uso_en > now() - interval '2 minutes', mod(usos, %s) FROM api_keys"
        assert filas(uso, LIMITE // 20) == [(True, 0)], "se aparta un bloque, no un pedido"

    def test_el_limite_de_cada_clave(self, web: Web) -> None:
        # Given a key that spent its minute
        gastada, otra = nueva("leer", nombre="gastada"), nueva("leer", nombre="otra")
        hasta(lambda: filas("SELECT extract(second FROM now()) < 50")[0][0], 15)
        estados = a_la_vez(lambda _: pedir(web, "/jobs", gastada).status_code, range(LIMITE + 20))
        assert (estados.count(200), estados.count(429)) == (LIMITE, 20)
        # Then it is told when to come back, and another key is not held up
        rechazo = pedir(web, "/jobs", gastada)
        assert codigo(rechazo) == (429, "LIMITE_DE_PEDIDOS")
        assert 1 <= int(rechazo.headers["Retry-After"]) <= 60
        assert pedir(web, "/jobs", otra).status_code == 200

    def test_sin_base_no_se_abre(self, web: Web, postgres_privado: PostgresPrivado) -> None:
        clave = nueva("leer")
        postgres_privado.detener()
        try:
            cerrado = pedir(web, "/jobs", clave)
            assert codigo(cerrado) == (503, "BASE_DE_DATOS_CAIDA") and cerrado.headers["Retry-After"]
            assert codigo(pedir(web, "/empresas", clave)) == (503, "BASE_DE_DATOS_CAIDA")
            assert codigo(pedir(web, "/jobs")) == (401, "FALTA_CLAVE")
            assert pedir(web, "/health").status_code == 200
        finally:
            postgres_privado.iniciar()
        assert pedir(web, "/jobs", clave).status_code == 200


class TestLasFallidas:
    def test_las_de_una_direccion_se_frenan_sin_frenar_a_quien_ya_entro(self, base: str) -> None:
        with Web(base, "amqp://nadie:nada@127.0.0.1:1/", CERRADA) as web:
            buena = nueva("leer")
            assert pedir(web, "/jobs", buena).status_code == 200
            # Given an address that sends wrong keys
            for _ in range(limites.FALLIDAS_MAX):
                assert codigo(pedir(web, "/jobs", "mala")) == (401, "CLAVE_INVALIDA")
            # Then the next ones are not even looked up
            frenada = pedir(web, "/jobs", nueva("leer", nombre="nueva"))
            assert codigo(frenada) == (429, "DEMASIADAS_CLAVES_INVALIDAS") and int(frenada.headers["Retry-After"]) <= 60
            assert pedir(web, "/jobs", buena).status_code == 200
            # and the address is the proxy's client, where the proxy is trusted (by default the one on this machine)
            ajena = {"X-Forwarded-For": "203.0.113.9"}
            assert pedir(web, "/jobs", nueva("leer", nombre="otra"), headers=ajena).status_code == 200

    def test_se_recuerdan_hasta_un_maximo(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limites, "DIRECCIONES_MAX", 10)
        fallidas = Fallidas()
        for n in range(1000):
            fallidas.anotar(f"10.0.{n // 256}.{n % 256}")
        assert len(fallidas._vistas) == 10

    def test_las_de_ipv6_se_cuentan_por_red(self) -> None:
        fallidas = Fallidas()
        for n in range(limites.FALLIDAS_MAX):
            fallidas.anotar(f"2001:db8::{n:x}")
        with pytest.raises(Exception, match="demasiadas claves"):
            fallidas.revisar("2001:db8::ffff")
        fallidas.revisar("2001:db8:0:1::1")

    def test_pasado_un_minuto_se_olvidan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fallidas = Fallidas()
        for _ in range(limites.FALLIDAS_MAX):
            fallidas.anotar("10.0.0.1")
        futuro = limites.time.monotonic() + limites.VENTANA_S + 1
        monkeypatch.setattr(limites.time, "monotonic", lambda: futuro)
        fallidas.revisar("10.0.0.1")


def test_abierta_lo_dice_al_arrancar(base: str) -> None:
    with Web(base, "amqp://nadie:nada@127.0.0.1:1/") as web:
        assert pedir(web, "/jobs").status_code == 200
        assert web.registro("web").count("API_ABIERTA está puesta") == 1


class TestLaOrden:
    @staticmethod
    def clave(base: str, *argumentos: str) -> subprocess.CompletedProcess[str]:
        entorno = {"DATABASE_URL": base, "BROKER_URL": base, "PATH": "/usr/bin:/bin", "COLUMNS": "150"}
        entorno["CIFRADO_CLAVES"] = CIFRADO_CLAVES
        orden = [str(RAIZ / "consultas"), "clave", *argumentos]
        return subprocess.run(orden, env=entorno, capture_output=True, text=True, timeout=60, check=False)

    def test_crear_listar_revocar(self, base: str) -> None:
        # When a key is made, its text alone is on stdout
        hecha = self.clave(base, "crear", "next js", "--alcance", "leer", "--alcance", "consultar")
        assert hecha.returncode == 0, hecha.stderr
        texto = hecha.stdout.strip()
        clave = verificar(texto)
        assert clave is not None and set(clave.alcances) == {"leer", "consultar"}
        assert "No se vuelve a mostrar" in hecha.stderr
        # Then the list shows it without its text, and revoking ends it
        lista = self.clave(base, "listar").stdout
        assert "next js" in lista and "nunca" in lista and texto not in lista
        assert self.clave(base, "revocar", "next js").returncode == 0
        assert verificar(texto) is None and "revocada" in self.clave(base, "listar").stdout

    @pytest.mark.parametrize(
        ("argumentos", "frase"),
        [
            (("crear", "x"), "Falta --alcance"),
            (("crear", " ", "--alcance", "leer"), "El nombre de una clave lleva"),
            (("crear", "en uso", "--alcance", "leer"), "Ya hay una clave en uso llamada «en uso»"),
            (("revocar", "nadie"), "No hay ninguna clave en uso"),
        ],
    )
    def test_lo_que_no_se_puede(self, base: str, argumentos: tuple[str, ...], frase: str) -> None:
        nueva("leer", nombre="en uso")
        hecha = self.clave(base, *argumentos)
        assert (hecha.returncode, hecha.stdout) == (
            3 if argumentos[0] == "revocar" else 2,
            "",
        ) and hecha.stderr.startswith(frase)

    def test_sin_base_dice_una_frase(self) -> None:
        hecha = self.clave("postgresql://yo:s3cr3t0@127.0.0.1:1/nada", "listar")
        assert hecha.returncode == 4 and hecha.stderr.startswith("No se pudo llegar a la base de datos")
        assert "s3cr3t0" not in hecha.stderr and hecha.stderr.count("\n") == 1
