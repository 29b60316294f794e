"""How a consulta of a magic account ends. Its last two digits choose, the same in every empresa."""

from enum import Enum


class Desenlace(Enum):
    """An outcome: the last two digits of the account, what a correct scraper says, and what the portal does."""

    UNA_FACTURA = ("01", "CON_DEUDA", "Una factura impaga.")
    VARIAS_FACTURAS = ("02", "CON_DEUDA", "Tres facturas impagas, con total y detalle.")
    SIN_DEUDA = ("03", "SIN_DEUDA", "Sin deuda, dicho por el portal.")
    SALDO_A_FAVOR = ("04", "SALDO_A_FAVOR", "Saldo a favor.")
    MILLONES = ("05", "CON_DEUDA", "Un importe de siete cifras: $ 1.234.567,89.")
    CENTAVOS = ("06", "CON_DEUDA", "Centavos con cero adelante: $ 20.537,05.")
    UN_CENTAVO = ("07", "CON_DEUDA", "Debe $ 0,01.")
    ULTIMA_PAGADA = ("08", "SIN_DEUDA", "La última factura está pagada y su importe se ve.")
    SENUELOS = ("09", "CON_DEUDA", "Otros importes y otras frases alrededor de la deuda.")
    PLAN_DE_PAGOS = ("10", "CON_DEUDA", "Una cuota de plan de pagos que no suma al total.")
    DOBLE_VENCIMIENTO = ("11", "CON_DEUDA", "Segundo vencimiento con otro importe.")
    TOTAL_CERO = ("12", "SIN_DEUDA", "Sin deuda, dicho con un total de $ 0,00.")

    CUENTA_INEXISTENTE = ("20", "CLIENTE_NO_ENCONTRADO", "La cuenta no existe.")
    CREDENCIALES_INVALIDAS = ("21", "CREDENCIALES_INVALIDAS", "Usuario o clave rechazados.")
    CUENTA_BLOQUEADA = ("22", "CUENTA_BLOQUEADA", "Usuario bloqueado por intentos fallidos.")
    SEGUNDO_FACTOR = ("23", "SEGUNDO_FACTOR_REQUERIDO", "Pide un código de verificación.")
    ACCION_EN_PORTAL = ("24", "ACCION_EN_PORTAL", "Pide actualizar los datos antes de seguir.")
    TITULAR_DISTINTO = ("25", "TITULAR_DISTINTO", "Muestra una cuenta distinta de la pedida.")

    REDISENO = ("30", "PORTAL_CAMBIO", "El mismo recorrido con otros selectores y rótulos.")
    MONTO_ILEGIBLE = ("31", "MONTO_ILEGIBLE", "Un importe que no se puede leer.")
    EN_BLANCO = ("32", "RESULTADO_AMBIGUO", "Ni importe ni frase de cero.")
    CERO_Y_MONTO = ("33", "RESULTADO_AMBIGUO", "Frase de cero y un importe a la vez.")
    TOTAL_NO_COINCIDE = ("34", "TOTAL_NO_COINCIDE", "El total no es la suma del detalle.")
    SIN_TOTAL = ("35", "RESULTADO_AMBIGUO", "Hay detalle y falta el total.")
    OTRO_FORMATO = ("36", "MONTO_ILEGIBLE", "Importes con coma de miles: $ 25,670.00.")
    FILA_DUPLICADA = ("37", "TOTAL_NO_COINCIDE", "Una factura aparece dos veces en el detalle.")

    MANTENIMIENTO = ("40", "PORTAL_EN_MANTENIMIENTO", "El sitio está en mantenimiento.")
    ACCESO_BLOQUEADO = ("41", "ACCESO_BLOQUEADO", "HTTP 403, «Un momento…».")
    LIMITE = ("42", "LIMITE_DE_CONSULTAS", "HTTP 429 con Retry-After: 7.")
    ERROR_500 = ("43", "PORTAL_ERROR_PROPIO", "HTTP 500.")
    ERROR_PROPIO = ("44", "PORTAL_ERROR_PROPIO", "Un mensaje de error del portal.")
    CAPTCHA = ("45", "CAPTCHA_REQUERIDO", "Pide verificar que es un ser humano.")
    SESION_EXPIRADA = ("46", "SESION_EXPIRADA", "La sesión vence durante la consulta.")
    CORTE = ("47", "PORTAL_CAIDO", "La conexión se corta a mitad de la respuesta.")
    CAIDO = ("48", "PORTAL_CAIDO", "HTTP 503.")
    ERROR_CON_200 = ("49", "PORTAL_ERROR_PROPIO", "HTTP 200 con un error adentro.")
    ERROR_SIN_TEXTO = ("50", "RESULTADO_AMBIGUO", "Un recuadro de error vacío.")

    LENTO_10S = ("60", "CON_DEUDA", "Responde bien, a los 10 segundos.")
    SIN_FIN = ("61", "PORTAL_LENTO", "No responde nunca.")
    PAGINA_COLGADA = ("62", "PORTAL_LENTO", "La página queda en un bucle sin fin.")
    COME_MEMORIA = ("64", "NAVEGADOR_CAIDO", "La página pide memoria hasta que muere.")
    CAE_UNA_VEZ = ("63", "CON_DEUDA", "HTTP 503 la primera vez; después responde bien.")
    DIALOGOS = ("65", "CON_DEUDA", "Abre diálogos y ventanas, y después muestra la deuda.")

    def __init__(self, codigo: str, esperado: str, descripcion: str) -> None:
        self.codigo = codigo
        self.esperado = esperado
        self.descripcion = descripcion


CON_LOGIN = frozenset({Desenlace.CREDENCIALES_INVALIDAS, Desenlace.CUENTA_BLOQUEADA, Desenlace.SEGUNDO_FACTOR})
"""Outcomes that only a portal with a login has."""

_POR_CODIGO = {d.codigo: d for d in Desenlace}


def de_numero(numero: str) -> Desenlace:
    """The outcome of an account; any other ending is one unpaid bill."""
    return _POR_CODIGO.get(numero[-2:], Desenlace.UNA_FACTURA)
