"""What is stored encrypted: Fernet (AES-128-CBC and HMAC-SHA256) under the keys of CIFRADO_CLAVES, newest first."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from peewee import FieldAccessor, Node

from models.base import Json
from settings import ajustes

_claves: list[Fernet] = []


class Indescifrable(Exception):
    """A stored value that none of our keys opens."""

    def __init__(self) -> None:
        super().__init__("lo guardado no se puede descifrar: falta su clave en CIFRADO_CLAVES")


def usar_claves(claves: Sequence[str]) -> None:
    """Encrypt with the first of these keys from now on, and decrypt with any, instead of those of the settings."""
    _claves[:] = [Fernet(clave) for clave in claves]


def _llavero() -> MultiFernet:
    if not _claves:
        usar_claves(ajustes().claves_de_cifrado)
    return MultiFernet(_claves)


def cifrar(valor: Any) -> str:
    """A value of JSON as it is stored."""
    return _llavero().encrypt(json.dumps(valor).encode()).decode()


def descifrar(guardado: str) -> Any:
    """What `cifrar` was given. Raises Indescifrable."""
    try:
        return json.loads(_llavero().decrypt(guardado))
    except InvalidToken:
        raise Indescifrable from None


def recifrar(guardado: str) -> str | None:
    """The same under the newest key; None where it is already. Raises Indescifrable."""
    try:
        nuevo = _llavero().rotate(guardado).decode()
    except InvalidToken:
        raise Indescifrable from None
    try:
        _claves[0].decrypt(guardado)
    except InvalidToken:
        return nuevo
    return None


class Sellado:
    """A value as the table has it: opened where it is needed, never by showing it."""

    __slots__ = ("guardado",)

    def __init__(self, guardado: Any) -> None:
        self.guardado = guardado

    def __repr__(self) -> str:
        return "Sellado(…)"

    @property
    def cifrado(self) -> bool:
        """False for a plain object: what is encrypted is a JSON string, so neither is taken for the other."""
        return isinstance(self.guardado, str)

    def abrir(self) -> Any:
        """The value. Raises Indescifrable."""
        return descifrar(self.guardado) if self.cifrado else self.guardado


class _AlLeerlo(FieldAccessor):
    """Decrypts when the attribute is read: rows whose key is missing can still be listed."""

    def __get__(self, instance: Any, instance_type: Any = None) -> Any:
        valor = super().__get__(instance, instance_type)  # type: ignore[no-untyped-call]
        return valor.abrir() if isinstance(valor, Sellado) else valor


class Cifrado(Json):
    """JSONB that holds a JSON value encrypted, as a string. Reading the attribute decrypts: raises Indescifrable."""

    accessor_class = _AlLeerlo

    def db_value(self, value: Any) -> Any:
        """The value encrypted; one that was read and not changed, as it was."""
        if value is None or isinstance(value, Node):
            return value
        return super().db_value(value.guardado if isinstance(value, Sellado) else cifrar(value))

    def python_value(self, value: Any) -> Sellado | None:
        """What the table has, closed."""
        return None if value is None else Sellado(value)
