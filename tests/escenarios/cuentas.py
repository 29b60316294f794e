"""What must hold once all is quiet again, whatever died when: counted in the database, at the receiver, in /proc."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psycopg
from pila import PROCESOS, Pila, Receptor, hasta

DETENER_S = 30
"""Heroku's time from SIGTERM to SIGKILL."""
CONEXIONES_DE_UN_PROCESO = 10 + 16
"""DB_CONEXIONES, and the pool of the Postgres broker."""

AUDITORIA = """
CREATE TABLE auditoria (consulta_id UUID NOT NULL);
CREATE FUNCTION auditar() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO auditoria VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER auditar_altas AFTER INSERT ON consultas_deuda
    FOR EACH ROW WHEN (NEW.estado = 'terminada') EXECUTE FUNCTION auditar();
CREATE TRIGGER auditar_cambios AFTER UPDATE ON consultas_deuda
    FOR EACH ROW WHEN (NEW.estado = 'terminada' AND
        (OLD.estado, OLD.exito, OLD.deuda, OLD.error_codigo, OLD.completed_at)
        IS DISTINCT FROM (NEW.estado, NEW.exito, NEW.deuda, NEW.error_codigo, NEW.completed_at))
    EXECUTE FUNCTION auditar()
"""


def vigilar(url: str) -> None:
    """From now on the database writes down every outcome that a consulta is given, later ones too."""
    with psycopg.connect(url) as bd:
        bd.execute(AUDITORIA)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Cuentas:
    """The figures of a stack. What a receiver got is of its own callbacks, all else of the whole database."""

    aceptados: int
    aceptados_perdidos: int
    jobs: int
    jobs_abiertos: int
    jobs_mal_contados: int
    consultas: int
    consultas_abiertas: int
    finales: int
    consultas_con_otro_final: int
    callbacks_debidos: int
    enviados: int
    fallidos: int
    posts: int
    posts_sin_intento: int
    recibidos_dos_veces: int
    """Callbacks that a receiver accepted more than once: all with the same webhook-id."""
    en_transaccion: int
    conexiones: int
    navegadores_de_mas: int


def contar(pila: Pila, casa: Receptor, aceptados: Sequence[str]) -> Cuentas:
    """Count now. `aceptados`: the ids of the jobs that were answered with 202."""
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:

        def numero(orden: str, *valores: object) -> int:
            fila = bd.execute(orden, valores).fetchone()  # type: ignore[arg-type]
            assert fila is not None
            return int(fila[0])

        intentos = dict(bd.execute("SELECT webhook_id, intentos FROM callbacks WHERE url = %s", (casa.url,)).fetchall())
        recibidos = list(casa.recibidos)
        posts = Counter(r.cabeceras["webhook-id"] for r in recibidos)
        acogidos = Counter(r.cabeceras["webhook-id"] for r in recibidos if r.estado < 300)
        return Cuentas(
            aceptados=len(aceptados),
            aceptados_perdidos=len(aceptados)
            - numero("SELECT count(*) FROM jobs WHERE id = ANY(%s::uuid[])", list(aceptados)),
            jobs=numero("SELECT count(*) FROM jobs"),
            jobs_abiertos=numero("SELECT count(*) FROM jobs WHERE completed_at IS NULL"),
            jobs_mal_contados=numero(
                "SELECT count(*) FROM jobs j WHERE total <> terminadas OR total <> (SELECT count(*)"
                " FROM consultas_deuda c WHERE c.job_id = j.id AND c.estado = 'terminada')"
            ),
            consultas=numero("SELECT count(*) FROM consultas_deuda"),
            consultas_abiertas=numero("SELECT count(*) FROM consultas_deuda WHERE estado <> 'terminada'"),
            finales=numero("SELECT count(*) FROM auditoria"),
            consultas_con_otro_final=numero(
                "SELECT count(*) FROM (SELECT 1 FROM auditoria GROUP BY consulta_id HAVING count(*) > 1) otra"
            ),
            callbacks_debidos=numero("SELECT count(*) FROM jobs WHERE callback_url IS NOT NULL"),
            enviados=numero("SELECT count(*) FROM callbacks WHERE estado = 'enviado'"),
            fallidos=numero("SELECT count(*) FROM callbacks WHERE estado = 'fallido'"),
            posts=len(recibidos),
            posts_sin_intento=sum(max(veces - int(intentos.get(cual, 0)), 0) for cual, veces in posts.items()),
            recibidos_dos_veces=sum(1 for veces in acogidos.values() if veces > 1),
            en_transaccion=numero(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%%' AND now() - state_change > interval '2 s'"
            ),
            conexiones=conexiones(bd),
            navegadores_de_mas=len(pila.perfiles()) - len(pila.obreros("worker")),
        )


def conexiones(bd: psycopg.Connection) -> int:
    """How many connections others hold to this database."""
    fila = bd.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone()
    assert fila is not None
    return int(fila[0])


def revisar(pila: Pila, casa: Receptor, aceptados: Sequence[str], *, dobles: int = 0, plazo_s: float = 90) -> Cuentas:
    """Wait until all is quiet and hold what must be true then; `dobles`: how many callbacks may come twice.

    Only a callback killed between the receiver's 2xx and our write may.
    """

    def quieto() -> Cuentas | None:
        cuentas = contar(pila, casa, aceptados)
        resueltos = cuentas.enviados + cuentas.fallidos == cuentas.callbacks_debidos
        libre = cuentas.navegadores_de_mas <= 0 and cuentas.en_transaccion == 0
        return cuentas if cuentas.jobs_abiertos == 0 and resueltos and libre else None

    try:
        hasta(quieto, plazo_s, 0.2)
    except AssertionError:
        raise AssertionError(f"no se aquietó: {asdict(contar(pila, casa, aceptados))}") from None
    cuentas = contar(pila, casa, aceptados)  # again: what was counted first may have changed before the last
    assert cuentas.aceptados_perdidos == 0, cuentas
    assert cuentas.jobs_mal_contados == cuentas.consultas_abiertas == 0, cuentas
    assert cuentas.finales == cuentas.consultas and cuentas.consultas_con_otro_final == 0, cuentas
    assert cuentas.posts_sin_intento == 0 and cuentas.recibidos_dos_veces <= dobles, cuentas
    assert cuentas.conexiones <= CONEXIONES_DE_UN_PROCESO * len(PROCESOS), cuentas
    return cuentas


def assert_nada_queda(pila: Pila) -> None:
    """Stop every process as Heroku does: in time, and without leaving a browser, a profile or a connection."""
    for nombre in pila.en_marcha():
        assert pila.terminar_dyno(nombre) < DETENER_S, f"{nombre} no terminó a tiempo"
    hasta(lambda: not pila.de_chromium() and not pila.perfiles(), 5)
    with psycopg.connect(pila.entorno["DATABASE_URL"]) as bd:
        hasta(lambda: conexiones(bd) == 0, 10)
