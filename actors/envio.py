"""The one way out for whatever we POST to a receiver: judged by the guard, signed, sent once."""

from collections.abc import Mapping

from actors import guardia
from actors.entrega import Resolver, Respuesta, enviar, resolver_del_sistema
from actors.firma import cabeceras_firmadas
from settings import VERSION, ajustes


def cabeceras_de(webhook_id: str, cuerpo: bytes, propias: Mapping[str, str]) -> dict[str, str]:
    """The headers of one attempt, signed as of now; `propias` are sent beside ours, which win."""
    return {**propias, "User-Agent": f"consultas/{VERSION}", **cabeceras_firmadas(webhook_id, cuerpo)}


def enviar_vigilado(
    url: str,
    cuerpo: bytes,
    cabeceras: Mapping[str, str],
    *,
    resolver: Resolver = resolver_del_sistema,
) -> Respuesta:
    """POST `cuerpo` once with these headers, under CALLBACK_PLAZO_S. What the guard forbids ends as its outcome."""
    try:
        guardia.revisar_url(url)  # the settings may be stricter than when the job was created
    except guardia.UrlRechazada as error:
        return Respuesta(None, "", None, None, error.codigo, f"La URL {error}", 0, definitivo=True, adelgazar=False)
    return enviar(
        url,
        cuerpo,
        cabeceras,
        plazo_s=ajustes().callback_plazo_s,
        resolver=resolver,
        permitir=guardia.permitir,
    )
