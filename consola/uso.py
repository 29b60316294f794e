"""What every command of `consultas` may say about how it was used."""


class UsoIncorrecto(Exception):
    """What the operator wrote cannot be done: one Spanish sentence."""


def motivo(error: Exception) -> str:
    """Why it failed, without Python's own words."""
    return getattr(error, "strerror", None) or str(error)
