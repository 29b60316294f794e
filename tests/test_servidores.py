"""The private servers start, keep their data over a restart, and leave nothing behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pika
import psutil
import psycopg
import pytest
import servidores
from pila import RAIZ
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado

# A run that starts every server, says where, and waits to be killed. Arguments: this folder.
CORRIDA = """
import sys, time
sys.path.insert(0, sys.argv[1])
from servidores import PostgresEmbebido, PostgresPrivado, RabbitPrivado
for clase in (PostgresPrivado, PostgresEmbebido, RabbitPrivado):
    print(clase().iniciar().carpeta, flush=True)
time.sleep(120)
"""


def procesos_de(carpeta: Path) -> list[psutil.Process]:
    """The living processes that work in a folder or were told of it, the Erlang helpers included."""
    hallados = []
    for proceso in psutil.process_iter(["cmdline", "cwd", "status"]):
        datos = proceso.info
        palabras = [*(datos["cmdline"] or []), datos["cwd"] or ""]
        if datos["status"] != psutil.STATUS_ZOMBIE and any(str(carpeta) in palabra for palabra in palabras):
            hallados.append(proceso)
    return hallados


def escribir(url: str) -> None:
    with psycopg.connect(url) as conexion:
        conexion.execute("CREATE TABLE prueba AS SELECT 7 AS dato")


def leer(url: str) -> object:
    with psycopg.connect(url) as conexion:
        return conexion.execute("SELECT dato FROM prueba").fetchall()


def enviar(url: str) -> None:
    """Publish one durable message, confirmed."""
    conexion = pika.BlockingConnection(pika.URLParameters(url))
    canal = conexion.channel()
    canal.confirm_delivery()
    canal.queue_declare("prueba", durable=True)
    canal.basic_publish("", "prueba", b"dato", pika.BasicProperties(delivery_mode=2))
    conexion.close()


def recibir(url: str) -> object:
    conexion = pika.BlockingConnection(pika.URLParameters(url))
    _, _, cuerpo = conexion.channel().basic_get("prueba", auto_ack=True)
    conexion.close()
    return cuerpo


@pytest.mark.parametrize("modo", ["fast", "immediate", "kill"])
def test_postgres_privado_conserva(postgres_privado: PostgresPrivado, modo: servidores.Modo) -> None:
    url = postgres_privado.crear_base(f"datos_{modo}")
    escribir(url)
    postgres_privado.reiniciar(modo)
    assert leer(url) == [(7,)]
    postgres_privado.borrar_base(f"datos_{modo}")


def test_postgres_embebido_conserva(postgres_embebido: PostgresEmbebido) -> None:
    url = postgres_embebido.crear_base("datos")
    escribir(url)
    postgres_embebido.reiniciar()
    assert leer(url) == [(7,)]
    postgres_embebido.borrar_base("datos")


def test_rabbit_privado_conserva_los_mensajes(rabbit_privado: RabbitPrivado) -> None:
    url = rabbit_privado.crear_vhost("datos")
    enviar(url)
    rabbit_privado.ctl("eval", "mnesia:sync_log().")  # else a queue declared a moment ago dies with the server
    rabbit_privado.reiniciar("kill")
    assert recibir(url) == b"dato"


def test_cada_modulo_tiene_su_base(base_url_postgres: str) -> None:
    escribir(base_url_postgres)
    assert leer(base_url_postgres) == [(7,)]


@pytest.mark.parametrize("clase", [PostgresPrivado, PostgresEmbebido, RabbitPrivado])
def test_cerrar_no_deja_nada(clase: type[servidores.Servidor]) -> None:
    with clase() as servidor:
        assert len(procesos_de(servidor.carpeta)) > 3
    assert procesos_de(servidor.carpeta) == []
    assert not servidor.carpeta.exists()


def test_una_corrida_muerta_no_deja_nada() -> None:
    orden = [sys.executable, "-c", CORRIDA, str(Path(__file__).parent)]
    with subprocess.Popen(orden, stdout=subprocess.PIPE, text=True) as corrida:
        assert corrida.stdout is not None
        carpetas = [Path(corrida.stdout.readline().strip()) for _ in range(3)]
        assert all(procesos_de(carpeta) for carpeta in carpetas)
        corrida.kill()
    limite = time.monotonic() + 20
    while any(carpeta.exists() or procesos_de(carpeta) for carpeta in carpetas):
        assert time.monotonic() < limite, [procesos_de(carpeta) for carpeta in carpetas]
        time.sleep(0.1)


def test_si_falta_un_programa_lo_dice() -> None:
    with pytest.raises(FileNotFoundError, match=r"hay que correr ./preparar\.sh test"):
        servidores.buscar_programa("/usr/lib/no-existe-*/programa")


@pytest.mark.parametrize(("es_root", "esta", "crea"), [(True, False, True), (True, True, False), (False, False, False)])
def test_el_usuario_del_embebido_se_crea_antes_y_una_vez(tmp_path: Path, es_root: bool, esta: bool, crea: bool) -> None:
    # Given a machine where somebody is root or not, and pgserver is there or not
    anotado = tmp_path / "creado"
    programas = {
        "id": f'[ "$1" = -u ] && echo {0 if es_root else 1000} || exit {0 if esta else 1}',
        "useradd": f'echo "$@" >>{anotado}',
    }
    for nombre, cuerpo in programas.items():
        (tmp_path / nombre).write_text(f"#!/bin/sh\n{cuerpo}\n")
        (tmp_path / nombre).chmod(0o755)
    # When what is missing is installed
    entorno = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run([RAIZ / "preparar.sh"], env=entorno, check=True, timeout=120)
    # Then the embedded PostgreSQL finds its user, and its processes need not race to add it
    assert (anotado.read_text().split()[-1:] if anotado.exists() else []) == ["pgserver"] * crea
