"""A new job: its row and its consultas, in one transaction."""

import uuid

from models.base import transaccion
from models.consulta import Consulta
from models.job import Creado, Job, Plazo, limite, servicios_para
from models.schemas import Pedido, PedidoPropiedad, PedidoServicios


def crear_job(pedido: Pedido, plazo: Plazo) -> Creado:
    """Write a job and a consulta for each active servicio of the request. Raises SinServicios: nothing is written."""
    propiedad_id = pedido.propiedad_id if isinstance(pedido, PedidoPropiedad) else None
    servicio_ids = pedido.servicio_ids if isinstance(pedido, PedidoServicios) else None
    tipo = "propiedad" if propiedad_id is not None else "servicios" if servicio_ids is not None else "todas"
    with transaccion():
        servicios, omitidos = servicios_para(propiedad_id, servicio_ids)
        propiedades = {s.propiedad_id for s in servicios}
        if tipo == "servicios" and len(propiedades) == 1:
            propiedad_id = propiedades.pop()
        job_id = uuid.uuid4()
        Job.insert(
            id=job_id,
            tipo=tipo,
            propiedad_id=propiedad_id,
            voucher_id=pedido.voucher_id,
            callback_url=pedido.callback_url,
            total=len(servicios),
            limite_en=limite(plazo, len(servicios)),
        ).execute()
        consulta_ids = tuple(uuid.uuid4() for _ in servicios)
        filas = [
            {
                "id": consulta_id,
                "job": job_id,
                "servicio": s.id,
                "propiedad_id": s.propiedad_id,
                "empresa": s.empresa,
                "tipo_servicio": s.tipo_servicio,
            }
            for consulta_id, s in zip(consulta_ids, servicios, strict=True)
        ]
        for desde in range(0, len(filas), 1000):
            Consulta.insert_many(filas[desde : desde + 1000]).execute()
    return Creado(job_id, propiedad_id, consulta_ids, tuple(omitidos))
