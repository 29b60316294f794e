"""The state machines of jobs, consultas and callbacks under random interleavings, on a real PostgreSQL.

Hypothesis chooses what happens next; two things may happen at once. After every step nothing may be lost, doubled or
half-done; at the end of every run whatever is open is driven to its end, and everything must have ended.
`MAQUINA_CASOS=500` makes it longer.
"""

import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from conftest import a_la_vez, filas, reglas
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pila import CERRADO

import models
from models import Callback, Consulta, Fallo, Resultado, turnos
from models.reparacion import callbacks_por_despertar, por_publicar, rescatar
from models.schemas import PedidoServicios

URL = f"http://{CERRADO}/callback"
PROPIAS = ("CANCELADA", "INTERRUMPIDA", "TIEMPO_AGOTADO")
FINES = (
    Resultado(exito=True, deuda=Decimal("25670.00"), moneda="ARS"),
    Resultado(exito=True, deuda=Decimal(0), moneda="ARS", estado_deuda="SIN_DEUDA"),
    Resultado(exito=False, error="No responde.", error_codigo="PORTAL_CAIDO", reintentable=True),
    Resultado(exito=False, error="Tardó.", error_codigo="TIEMPO_AGOTADO", reintentable=True),
)
INTERRUMPIDA = Resultado(exito=False, error="Se interrumpió.", error_codigo="INTERRUMPIDA", reintentable=True)
CANCELADA = Resultado(exito=False, error="Fue cancelada.", error_codigo="CANCELADA", reintentable=True)
SIMULTANEAS = 3

Accion = Callable[[], object]


NUMERO = st.integers(0, 1000)
Eleccion = tuple[int, int, Resultado, Fallo | None]
FALLO = st.sampled_from([None, Fallo("x", 0), Fallo("x", None)])
ELECCION = st.tuples(NUMERO, NUMERO, st.sampled_from(FINES), st.sampled_from([None, Fallo("x", 0), Fallo("x", None)]))


def _reclamar_callback_de(job_id: uuid.UUID) -> tuple[Callback, int] | None:
    """Claim the callback of a job, if it owes one."""
    debidos = filas("SELECT id FROM callbacks WHERE job_id = %s", job_id)
    return models.reclamar_callback(debidos[0][0], arriendo_s=60) if debidos else None


def _vencer(tabla: str, columna: str, clave: uuid.UUID) -> None:
    """Let the lease of a row that is held run out."""
    tenida = "estado IN ('en_curso', 'enviando')"
    filas(f"UPDATE {tabla} SET {columna} = now() - interval '1 s' WHERE id = %s AND {tenida}", clave)


class Maquina(RuleBasedStateMachine):
    """What may happen to a handful of servicios, and what must always be true."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[uuid.UUID] = []
        self.reclamadas: list[Consulta] = []
        self.callbacks: list[tuple[Callback, int]] = []
        self.terminadas: dict[uuid.UUID, tuple[Any, ...]] = {}
        self.cerrados: dict[uuid.UUID, tuple[Any, ...]] = {}
        self.cuerpos: dict[uuid.UUID, bytes] = {}

    @initialize()
    def vaciar(self) -> None:
        filas("TRUNCATE jobs, empresas, idempotencias, servicios, propiedades RESTART IDENTITY CASCADE")
        filas("INSERT INTO propiedades (nombre, created_at) VALUES ('P', now())")
        servicios = [
            {"propiedad": 1, "empresa": empresa, "tipo_servicio": "X", "credenciales": {}}
            for empresa in ("metrogas", "metrogas", "edenor", "aysa")
        ]
        with models.conexion():
            models.Servicio.insert_many(servicios).execute()

    @rule(
        ids=st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
        avisa=st.booleans(),
        antiguedad=st.sampled_from([None, None, 10]),
        clave=st.sampled_from([None, None, "k-1", "k-2"]),
    )
    def pedir(self, ids: list[int], avisa: bool, antiguedad: int | None, clave: str | None) -> None:
        pedido = PedidoServicios(servicio_ids=ids, callback_url=URL if avisa else None, max_antiguedad_min=antiguedad)
        suya = models.Clave.de(clave, pedido.model_dump()) if clave else None
        try:
            creado = models.crear_job(pedido, reglas(), suya)
        except models.ClaveEnConflicto:
            return
        if creado.repetido:
            assert creado.job_id in self.jobs
        else:
            self.jobs.append(creado.job_id)

    def _abiertas(self) -> list[uuid.UUID]:
        return [
            f[0]
            for f in filas(
                "SELECT id FROM consultas_deuda WHERE estado <> 'terminada' ORDER BY created_at, servicio_id, id"
            )
        ]

    def _reclamar(self, consulta_id: uuid.UUID) -> None:
        consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=SIMULTANEAS)
        if consulta is not None:
            self.reclamadas.append(consulta)

    def _accion(self, eleccion: Eleccion) -> Accion:
        """One thing that some process may do now. What is drawn does not depend on what is there, to be repeatable."""
        que, cual, fin, fallo = eleccion
        posibles: list[Accion] = [
            lambda: rescatar(5, inicios_max=3, resultado=INTERRUMPIDA),
            lambda: por_publicar(5, gracia_s=0, perdida_s=0),
            lambda: callbacks_por_despertar(5, gracia_s=0, perdida_s=0),
            lambda: models.tomar_turno("metrogas"),
            lambda: turnos.dar_turnos(CERRADO),
            self._repartir,
        ]
        if pendientes := self._abiertas():
            elegida = pendientes[cual % len(pendientes)]
            posibles += [lambda: self._reclamar(elegida)] * 4
        if self.reclamadas:
            consulta = self.reclamadas[-1 - cual % len(self.reclamadas)]
            posibles += [
                *[lambda: self._guardar(consulta, fin)] * 3,
                lambda: models.reintentar(consulta.id, consulta.token, espera_s=0, error_codigo="PORTAL_CAIDO"),
                lambda: models.devolver(consulta.id, consulta.token),
                lambda: models.renovar(consulta.id, consulta.token, arriendo_s=60),
            ]
        if self.jobs:
            job_id = self.jobs[-1 - cual % len(self.jobs)]
            posibles += [
                lambda: models.fracasar(job_id, error="Cancelado.", resultado=CANCELADA),
                lambda: self._reintentar(job_id),
                *[lambda: self._reclamar_callback(job_id)] * 2,
            ]
        if self.callbacks:
            callback, _ = self.callbacks[-1 - cual % len(self.callbacks)]
            posibles += [lambda: self._anotar(callback, fallo)] * 3
        return posibles[que % len(posibles)]

    def _guardar(self, consulta: Consulta, fin: Resultado) -> None:
        """Whoever held it last, and nobody else, may end a consulta."""
        if models.guardar_consulta_deuda(consulta.id, consulta.token, fin)["guardado"]:
            assert filas("SELECT token FROM consultas_deuda WHERE id = %s", consulta.id) == [(consulta.token,)]

    def _anotar(self, callback: Callback, fallo: Fallo | None) -> None:
        if models.anotar_intento(callback, fallo) and (fallo is None or fallo.espera_s is None):
            assert filas("SELECT token FROM callbacks WHERE id = %s", callback.id) == [(callback.token,)]

    def _repartir(self) -> None:
        for origen_id in models.por_repartir(10):
            models.repartir(origen_id, PROPIAS)

    def _reintentar(self, job_id: uuid.UUID) -> None:
        try:
            creado = models.crear_reintento(job_id, reglas())
        except models.SinServicios:
            return
        assert creado is not None
        if not creado.repetido:
            self.jobs.append(creado.job_id)

    def _reclamar_callback(self, job_id: uuid.UUID) -> None:
        reclamado = _reclamar_callback_de(job_id)
        if reclamado is not None:
            self.callbacks.append(reclamado)

    @rule(eleccion=ELECCION)
    def pasa_algo(self, eleccion: Eleccion) -> None:
        self._accion(eleccion)()

    @rule(una=ELECCION, otra=ELECCION)
    def pasan_dos_cosas_a_la_vez(self, una: Eleccion, otra: Eleccion) -> None:
        a_la_vez(lambda hacer: hacer(), [self._accion(una), self._accion(otra)])

    @rule(cual=NUMERO, fin=st.sampled_from(FINES))
    def muere_un_worker_y_vuelve(self, cual: int, fin: Resultado) -> None:
        """Its lease runs out, another may take its consulta, and then it comes back and saves."""
        if self.reclamadas:
            consulta = self.reclamadas[-1 - cual % len(self.reclamadas)]
            _vencer("consultas_deuda", "arrendada_hasta", consulta.id)
            rescatar(5, inicios_max=3, resultado=INTERRUMPIDA)
            self._reclamar(consulta.id)
            self._guardar(consulta, fin)

    @rule(cual=NUMERO, fallo=FALLO)
    def muere_quien_avisa_y_vuelve(self, cual: int, fallo: Fallo | None) -> None:
        if self.callbacks:
            callback, _ = self.callbacks[-1 - cual % len(self.callbacks)]
            _vencer("callbacks", "arrendado_hasta", callback.id)
            self._reclamar_callback(callback.job_id)
            self._anotar(callback, fallo)

    @invariant()
    def lo_terminado_no_cambia(self) -> None:
        for consulta_id, *resto in filas(
            "SELECT id, exito, deuda, error_codigo, completed_at, origen_id FROM consultas_deuda"
            " WHERE estado = 'terminada'"
        ):
            assert self.terminadas.setdefault(consulta_id, tuple(resto)) == tuple(resto)
        for job_id, *resto in filas("SELECT id, status, error, completed_at FROM jobs WHERE completed_at IS NOT NULL"):
            assert self.cerrados.setdefault(job_id, tuple(resto)) == tuple(resto)
        assert len(filas("SELECT 1 FROM consultas_deuda WHERE estado = 'terminada'")) == len(self.terminadas)
        assert len(filas("SELECT 1 FROM jobs WHERE status IN ('completed', 'failed')")) == len(self.cerrados)

    @invariant()
    def cada_job_cuenta_bien_y_se_cierra_con_la_ultima(self) -> None:
        malos = filas(
            "SELECT j.id FROM jobs j JOIN consultas_deuda c ON c.job_id = j.id GROUP BY j.id HAVING j.total <> count(*)"
            " OR j.terminadas <> count(*) FILTER (WHERE c.estado = 'terminada')"
            " OR (j.terminadas = j.total) <> (j.status IN ('completed', 'failed'))"
        )
        assert malos == []
        assert {f[0] for f in filas("SELECT id FROM jobs")} == set(self.jobs)

    @invariant()
    def un_callback_por_job_cerrado_con_su_cuerpo(self) -> None:
        debidos = filas("SELECT id FROM jobs WHERE completed_at IS NOT NULL AND callback_url IS NOT NULL ORDER BY id")
        assert filas("SELECT job_id FROM callbacks ORDER BY job_id") == debidos
        for callback_id, cuerpo in filas("SELECT id, cuerpo FROM callbacks"):
            assert self.cuerpos.setdefault(callback_id, bytes(cuerpo)) == bytes(cuerpo)
        assert not filas(
            "SELECT 1 FROM callbacks c JOIN jobs j ON j.id = c.job_id"
            " WHERE (j.callback_sent IS NOT NULL) <> (c.estado IN ('enviado', 'fallido'))"
            " OR j.callback_sent <> (c.estado = 'enviado')"
            " OR c.intentos <> (SELECT count(*) FROM callback_intentos i WHERE i.callback_id = c.id)"
        )

    @invariant()
    def ninguna_empresa_recibe_de_mas(self) -> None:
        assert not filas(
            "SELECT empresa FROM consultas_deuda WHERE estado = 'en_curso' GROUP BY 1 HAVING count(*) > %s", SIMULTANEAS
        )
        assert not filas("SELECT 1 FROM consultas_deuda WHERE estado = 'en_curso' AND origen_id IS NOT NULL")

    @invariant()
    def un_receptor_no_ocupa_mas_que_su_parte(self) -> None:
        """Without a live worker that is one attempt at a time. Who waits has not been announced, and is not lost."""
        assert len(filas("SELECT 1 FROM callbacks WHERE estado = 'enviando' AND arrendado_hasta >= now()")) <= 1
        assert not filas(
            "SELECT 1 FROM callbacks WHERE en_turno AND (estado <> 'pendiente' OR encolado_en IS NOT NULL)"
        )

    def teardown(self) -> None:
        """Whatever is open can be driven to its end by what reloj and the workers do."""
        for _ in range(200):
            filas("UPDATE consultas_deuda SET arrendada_hasta = now() - interval '1 s' WHERE estado = 'en_curso'")
            rescatar(50, inicios_max=3, resultado=INTERRUMPIDA)
            self._repartir()
            for empresa in ("metrogas", "edenor", "aysa"):
                models.tomar_turno(empresa)
            for consulta_id, _ in por_publicar(50, gracia_s=-1, perdida_s=0):
                consulta = models.reclamar(consulta_id, arriendo_s=60, simultaneas=SIMULTANEAS)
                if consulta is not None:
                    models.guardar_consulta_deuda(consulta.id, consulta.token, FINES[0])
            if not self._abiertas():
                break
        assert self._abiertas() == []
        filas("UPDATE callbacks SET arrendado_hasta = now() - interval '1 s' WHERE estado = 'enviando'")
        for job_id in self.jobs:
            reclamado = _reclamar_callback_de(job_id)
            if reclamado is not None:
                models.anotar_intento(reclamado[0], None)
        self.cada_job_cuenta_bien_y_se_cierra_con_la_ultima()
        self.lo_terminado_no_cambia()
        self.un_callback_por_job_cerrado_con_su_cuerpo()
        assert not filas("SELECT 1 FROM callbacks WHERE estado NOT IN ('enviado', 'fallido')")


@pytest.mark.usefixtures("base")
def test_nada_se_pierde_ni_se_dobla_pase_lo_que_pase() -> None:
    run_state_machine_as_test(
        Maquina,
        settings=settings(
            max_examples=int(os.environ.get("MAQUINA_CASOS", "25")),
            stateful_step_count=30,
            deadline=timedelta(seconds=60),
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # two things at once cannot be shrunk
        ),
    )
