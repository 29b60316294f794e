"""The truth, in Postgres: tables, their state machines as conditional updates, and what is read from them."""

from models.admision import Admision, ColaLlena
from models.alta import NoReintentable, Reglas, SinServicios, crear_job, crear_reintento
from models.api_key import Alcance, ApiKey
from models.base import BASE_CAIDA, base_responde, bd, conexion, iniciar, transaccion
from models.callback import (
    Callback,
    Fallo,
    Intento,
    anotar_intento,
    cabeceras_propias,
    poner_cuerpo_delgado,
)
from models.cierre import fracasar, guardar_consulta_deuda
from models.cifrado import Cifrado, Indescifrable, Sellado, usar_claves
from models.consulta import (
    Consulta,
    devolver,
    marcar_encoladas,
    reintentar,
    renovar,
)
from models.cuentas import CuentaDeJobs
from models.empresa import EstadoEmpresa, Rechazo, anotar_respuesta, rechazar, rechazos_de
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
from models.programacion import Ocurrencia, Programacion
from models.propiedad import Propiedad, Servicio, servicios_de
from models.reclamo import reclamar
from models.reenvio import que_impide, reenviar, reenviar_varios
from models.resultado import Parte, Resultado
from models.reuso import Reparto, por_repartir, repartir
from models.secreto import Secreto, con_clave
from models.seguimiento import intentos_de, listar_callbacks
from models.siguiente import lo_que_sigue, tomar_turno
from models.totales import Total, TotalesHasta
from models.trabajador import Trabajador, despedir, latir
from models.turnos import reclamar_callback

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
    Total,
    TotalesHasta,
    ApiKey,
    Secreto,
    Programacion,
    Ocurrencia,
    CuentaDeJobs,
)
"""Every table, in the order of their references."""

__all__ = [
    "BASE_CAIDA",
    "TABLAS",
    "Admision",
    "Alcance",
    "ApiKey",
    "Callback",
    "Cifrado",
    "Clave",
    "ClaveEnConflicto",
    "ColaLlena",
    "Consulta",
    "Creado",
    "CuentaDeJobs",
    "CursorInvalido",
    "EstadoEmpresa",
    "Evidencia",
    "Fallo",
    "Idempotencia",
    "Indescifrable",
    "Intento",
    "Job",
    "NoReintentable",
    "Ocurrencia",
    "Parte",
    "Plazo",
    "Programacion",
    "Propiedad",
    "Rechazo",
    "Reglas",
    "Reparto",
    "Resultado",
    "Secreto",
    "Sellado",
    "Servicio",
    "SinServicios",
    "Total",
    "TotalesHasta",
    "Trabajador",
    "alcanza_el_plazo",
    "anotar_intento",
    "anotar_respuesta",
    "base_responde",
    "bd",
    "cabeceras_propias",
    "con_clave",
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
    "intentos_de",
    "latir",
    "leer_consulta",
    "leer_evidencia",
    "leer_job",
    "listar_callbacks",
    "listar_jobs",
    "lo_que_sigue",
    "marcar_encoladas",
    "olvidar_claves",
    "poner_cuerpo_delgado",
    "por_repartir",
    "que_impide",
    "rechazar",
    "rechazos_de",
    "reclamar",
    "reclamar_callback",
    "reenviar",
    "reenviar_varios",
    "reintentar",
    "renovar",
    "repartir",
    "servicios_de",
    "tomar_turno",
    "transaccion",
    "usar_claves",
    "vencidos",
]
