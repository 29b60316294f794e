"""The truth, in Postgres: tables, their state machines as conditional updates, and what is read from them."""

from models.alta import crear_job
from models.base import BASE_CAIDA, base_responde, bd, conexion, iniciar, transaccion
from models.callback import Callback, Fallo, Intento, anotar_intento, poner_cuerpo_delgado, reclamar_callback
from models.cierre import fracasar, guardar_consulta_deuda
from models.consulta import (
    Consulta,
    devolver,
    marcar_encoladas,
    reclamar,
    reintentar,
    renovar,
    tomar_turno,
)
from models.empresa import EstadoEmpresa, Rechazo, anotar_respuesta, rechazada, rechazar
from models.evidencia import Evidencia
from models.job import Creado, Job, Plazo, SinServicios, alcanza_el_plazo, vencidos
from models.listados import (
    CursorInvalido,
    estadisticas,
    historial,
    leer_consulta,
    leer_evidencia,
    leer_job,
    listar_jobs,
)
from models.propiedad import Propiedad, Servicio, servicios_de
from models.resultado import Parte, Resultado
from models.trabajador import Trabajador, despedir, latir

TABLAS = (Propiedad, Servicio, Job, Consulta, Evidencia, Callback, Intento, Trabajador, EstadoEmpresa, Rechazo)
"""Every table, in the order of their references."""

__all__ = [
    "BASE_CAIDA",
    "TABLAS",
    "Callback",
    "Consulta",
    "Creado",
    "CursorInvalido",
    "EstadoEmpresa",
    "Evidencia",
    "Fallo",
    "Intento",
    "Job",
    "Parte",
    "Plazo",
    "Propiedad",
    "Rechazo",
    "Resultado",
    "Servicio",
    "SinServicios",
    "Trabajador",
    "alcanza_el_plazo",
    "anotar_intento",
    "anotar_respuesta",
    "base_responde",
    "bd",
    "conexion",
    "crear_job",
    "despedir",
    "devolver",
    "estadisticas",
    "fracasar",
    "guardar_consulta_deuda",
    "historial",
    "iniciar",
    "latir",
    "leer_consulta",
    "leer_evidencia",
    "leer_job",
    "listar_jobs",
    "marcar_encoladas",
    "poner_cuerpo_delgado",
    "rechazada",
    "rechazar",
    "reclamar",
    "reclamar_callback",
    "reintentar",
    "renovar",
    "servicios_de",
    "tomar_turno",
    "transaccion",
    "vencidos",
]
