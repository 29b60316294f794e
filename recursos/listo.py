"""GET /ready: whether the service can do its work now."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from models.listo import mirar
from recursos.pedido import responder
from recursos.reciente import Reciente

ultimo = Reciente(mirar, vigencia_s=2)


async def listo(request: Request) -> Response:
    """200 when every part works, else 503; the parts and a sentence about each."""
    visto = await run_in_threadpool(ultimo)
    return responder(visto.model_dump(), 200 if visto.listo else 503)
