"""GET /ready: whether the service can do its work now."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from documento.operacion import Operacion, documentar
from models.listo import mirar
from models.schemas_operacion import Listo
from recursos.pedido import responder
from recursos.reciente import Reciente

ultimo = Reciente(mirar, vigencia_s=2)


@documentar(
    Operacion(
        "Si el servicio puede trabajar",
        "estado",
        {200: Listo, 503: Listo},
        "Cada parte, con una frase. 503 si alguna no anda.",
    )
)
async def listo(request: Request) -> Response:
    """200 when every part works, else 503; the parts and a sentence about each."""
    visto = await run_in_threadpool(ultimo)
    return responder(visto.model_dump(), 200 if visto.listo else 503, {} if visto.listo else {"Retry-After": "5"})
