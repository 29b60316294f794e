"""The truth, in Postgres: tables, their state machines as conditional updates, and what is read from them."""

from models.admision import Admision, ColaLlena
from models.alta import NoReintentable, Reglas, SinServicios, crear_job, crear_reintento
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
from models.idempotencia import Clave, ClaveEnConflicto, Idempotencia, olvidar_claves
from models.job import Creado, Job, Plazo, alcanza_el_plazo, vencidos
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
from models.reuso import Reparto, por_repartir, repartir
from models.trabajador import Trabajador, despedir, latir

TABLAS = (
    Propiedad,
    Servicio,
    Job,
    Consulta,
    Evidencia,
    Callback,
    Intento,
    Trabajador,
    EstadoEmpresa,
    Rechazo,
    Idempotencia,
)
"""Every table, in the order of their references."""

__all__ = [
    "BASE_CAIDA",
    "TABLAS",
    "Admision",
    "Callback",
    "Clave",
    "ClaveEnConflicto",
    "ColaLlena",
    "Consulta",
    "Creado",
    "CursorInvalido",
    "EstadoEmpresa",
    "Evidencia",
    "Fallo",
    "Idempotencia",
    "Intento",
    "Job",
    "NoReintentable",
    "Parte",
    "Plazo",
    "Propiedad",
    "Rechazo",
    "Reglas",
    "Reparto",
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
    "crear_reintento",
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
    "olvidar_claves",
    "poner_cuerpo_delgado",
    "por_repartir",
    "rechazada",
    "rechazar",
    "reclamar",
    "reclamar_callback",
    "reintentar",
    "renovar",
    "repartir",
    "servicios_de",
    "tomar_turno",
    "transaccion",
    "vencidos",
]
