"""How a consulta can end without an amount: the published codes, what each says and whether it is tried again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Codigo(StrEnum):
    """The published `error_codigo` of a falla."""

    EMPRESA_NO_SOPORTADA = "EMPRESA_NO_SOPORTADA"
    DATOS_INCOMPLETOS = "DATOS_INCOMPLETOS"
    FORMATO_INVALIDO = "FORMATO_INVALIDO"
    CLIENTE_NO_ENCONTRADO = "CLIENTE_NO_ENCONTRADO"
    CREDENCIALES_INVALIDAS = "CREDENCIALES_INVALIDAS"
    CUENTA_BLOQUEADA = "CUENTA_BLOQUEADA"
    SEGUNDO_FACTOR_REQUERIDO = "SEGUNDO_FACTOR_REQUERIDO"
    ACCION_EN_PORTAL = "ACCION_EN_PORTAL"
    TITULAR_DISTINTO = "TITULAR_DISTINTO"
    PORTAL_CAIDO = "PORTAL_CAIDO"
    PORTAL_EN_MANTENIMIENTO = "PORTAL_EN_MANTENIMIENTO"
    PORTAL_LENTO = "PORTAL_LENTO"
    PORTAL_ERROR_PROPIO = "PORTAL_ERROR_PROPIO"
    LIMITE_DE_CONSULTAS = "LIMITE_DE_CONSULTAS"
    ACCESO_BLOQUEADO = "ACCESO_BLOQUEADO"
    CAPTCHA_REQUERIDO = "CAPTCHA_REQUERIDO"
    SESION_EXPIRADA = "SESION_EXPIRADA"
    PORTAL_CAMBIO = "PORTAL_CAMBIO"
    MONTO_ILEGIBLE = "MONTO_ILEGIBLE"
    RESULTADO_AMBIGUO = "RESULTADO_AMBIGUO"
    TOTAL_NO_COINCIDE = "TOTAL_NO_COINCIDE"
    NAVEGADOR_CAIDO = "NAVEGADOR_CAIDO"
    TIEMPO_AGOTADO = "TIEMPO_AGOTADO"
    INTERRUMPIDA = "INTERRUMPIDA"
    CANCELADA = "CANCELADA"
    ERROR_INTERNO = "ERROR_INTERNO"

    @property
    def regla(self) -> "Regla":
        """What is said and done about this code."""
        return REGLAS[self]


class Categoria(StrEnum):
    """Whose matter a falla is."""

    ENTRADA = "entrada"
    CUENTA = "cuenta"
    PORTAL = "portal"
    LECTURA = "lectura"
    INTERNO = "interno"


@dataclass(frozen=True, slots=True)
class Regla:
    """A row of the published table: the sentence, the waits (s) before each further try, the portal's health."""

    categoria: Categoria
    mensaje: str
    esperas_s: tuple[float, ...] = ()
    afecta_salud: bool = False
    reintentable: bool = False
    """Whether asking again later, by the caller, may end otherwise."""


_E, _C, _P, _L, _I = Categoria.ENTRADA, Categoria.CUENTA, Categoria.PORTAL, Categoria.LECTURA, Categoria.INTERNO
_CONFIRMAR = (2.0,)

REGLAS: Final[Mapping[Codigo, Regla]] = {
    Codigo.EMPRESA_NO_SOPORTADA: Regla(_E, "Todavía no consultamos a esta empresa."),
    Codigo.DATOS_INCOMPLETOS: Regla(_E, "Falta el número de cliente o el usuario de este servicio."),
    Codigo.FORMATO_INVALIDO: Regla(_E, "El número de cliente no tiene el formato que usa {empresa}."),
    Codigo.CLIENTE_NO_ENCONTRADO: Regla(_C, "{empresa} no encuentra el número de cliente informado."),
    Codigo.CREDENCIALES_INVALIDAS: Regla(
        _C, "{empresa} rechazó el usuario o la clave. No se volverá a intentar hasta que se actualicen."
    ),
    Codigo.CUENTA_BLOQUEADA: Regla(_C, "{empresa} bloqueó el acceso por intentos fallidos."),
    Codigo.SEGUNDO_FACTOR_REQUERIDO: Regla(_C, "{empresa} pide un código de verificación."),
    Codigo.ACCION_EN_PORTAL: Regla(_C, "{empresa} pide completar un paso en su sitio."),
    Codigo.TITULAR_DISTINTO: Regla(_L, "El portal mostró una cuenta distinta de la consultada.", afecta_salud=True),
    Codigo.PORTAL_CAIDO: Regla(_P, "El sitio de {empresa} no responde.", (5, 20), True, True),
    Codigo.PORTAL_EN_MANTENIMIENTO: Regla(_P, "{empresa} está en mantenimiento.", (30,), True, True),
    Codigo.PORTAL_LENTO: Regla(_P, "El sitio de {empresa} tardó demasiado en responder.", (5,), True, True),
    Codigo.PORTAL_ERROR_PROPIO: Regla(
        _P, "{empresa} mostró un error en su propio sitio: «{mensaje_portal}».", (5,), True, True
    ),
    Codigo.LIMITE_DE_CONSULTAS: Regla(_P, "{empresa} limitó la cantidad de consultas.", (30, 60), True, True),
    Codigo.ACCESO_BLOQUEADO: Regla(
        _P, "{empresa} bloqueó el acceso automático desde este servidor.", afecta_salud=True
    ),
    Codigo.CAPTCHA_REQUERIDO: Regla(
        _P, "{empresa} pide una verificación que requiere a una persona.", afecta_salud=True
    ),
    Codigo.SESION_EXPIRADA: Regla(_P, "La sesión en {empresa} venció durante la consulta.", (1,), reintentable=True),
    Codigo.PORTAL_CAMBIO: Regla(_L, "El sitio de {empresa} cambió y no se pudo leer la deuda.", _CONFIRMAR, True, True),
    Codigo.MONTO_ILEGIBLE: Regla(
        _L, "Se encontró un importe que no se pudo interpretar: «{texto}».", afecta_salud=True
    ),
    Codigo.RESULTADO_AMBIGUO: Regla(
        _L, "La página no permite afirmar si hay deuda; no se informa importe.", _CONFIRMAR, True, True
    ),
    Codigo.TOTAL_NO_COINCIDE: Regla(
        _L, "El total del portal no coincide con el detalle de facturas.", _CONFIRMAR, True, True
    ),
    Codigo.NAVEGADOR_CAIDO: Regla(_I, "Falló el navegador interno.", (0.5, 2), reintentable=True),
    Codigo.TIEMPO_AGOTADO: Regla(_I, "La consulta superó el tiempo máximo.", reintentable=True),
    Codigo.INTERRUMPIDA: Regla(_I, "La consulta se interrumpió y se volvió a encolar.", reintentable=True),
    Codigo.CANCELADA: Regla(_I, "La consulta fue cancelada.", reintentable=True),
    Codigo.ERROR_INTERNO: Regla(_I, "Ocurrió un error inesperado. Referencia: {consulta_id}.", (2,), reintentable=True),
}
"""The published table. `esperas_s` has one wait for each further try, so "3 tries" is two waits."""


TEXTO_MAX = 300
"""Characters kept of what a portal or a script said."""


class Falla(Exception):
    """An expected end of a consulta without an amount.

    `mensaje_portal` is what the portal itself said, as shown; `texto` is the amount that could not be read;
    `esperar_s` is the portal's own Retry-After, in seconds.
    """

    def __init__(
        self,
        codigo: Codigo,
        *,
        mensaje_portal: str | None = None,
        texto: str | None = None,
        esperar_s: float | None = None,
        detalle: str | None = None,
    ) -> None:
        super().__init__(f"{codigo}: {detalle or mensaje_portal or texto or codigo.regla.mensaje}")
        self.codigo = codigo
        self.mensaje_portal = mensaje_portal
        self.texto = texto
        self.esperar_s = esperar_s
        self.detalle = detalle
        """For the log and the evidence, not for the caller: which selector, which step."""

    def oculta(self, ocultar: Callable[[str], str]) -> "Falla":
        """The same without secrets: `ocultar` masks them in a text."""

        def limpio(texto: str | None) -> str | None:
            return None if texto is None else ocultar(texto)[:TEXTO_MAX]

        return Falla(
            self.codigo,
            mensaje_portal=limpio(self.mensaje_portal),
            texto=limpio(self.texto),
            esperar_s=self.esperar_s,
            detalle=limpio(self.detalle),
        )

    def frase(self, *, empresa: str, consulta_id: str) -> str:
        """The published Spanish sentence of this falla."""
        return self.codigo.regla.mensaje.format(
            empresa=empresa,
            consulta_id=consulta_id,
            mensaje_portal=self.mensaje_portal or "sin texto",
            texto=self.texto or "",
        )


def espera_siguiente(codigo: Codigo, intentos: int, esperar_s: float | None = None) -> float | None:
    """Seconds to wait before another try after `intentos` tries that ended with this code; None: no more.

    The portal's Retry-After (s) lengthens the wait, never shortens it.
    """
    esperas = codigo.regla.esperas_s
    if intentos > len(esperas):
        return None
    return max(esperas[intentos - 1], esperar_s or 0)
