import { after } from "next/server";

import { almacen } from "@/lib/almacen";
import { verificar } from "@/lib/firma";

const CUERPO_MAX = 2_000_000; // el servicio manda hasta 1 MB

export async function POST(pedido: Request): Promise<Response> {
  if (Number(pedido.headers.get("content-length")) > CUERPO_MAX) return new Response(null, { status: 413 });
  const cuerpo = await pedido.text(); // nunca pedido.json(): la firma es del texto tal como llegó
  const aviso = verificar(cuerpo, pedido.headers);
  if (!aviso) return new Response("La firma no es válida", { status: 401 });
  if (aviso.evento !== "job.completed" && aviso.evento !== "job.failed") return new Response(null, { status: 204 });
  if (!aviso.voucher_id || !(await almacen.consulta(aviso.voucher_id))) {
    return new Response("No conozco ese voucher", { status: 404 });
  }
  const nuevo = await almacen.guardarAviso(pedido.headers.get("webhook-id")!, aviso);
  if (nuevo) {
    // Lo que tarda (un correo, otra API), después de contestar: el servicio espera 30 segundos como mucho.
    after(() => console.log("Aviso %s: %s", aviso.job_id, aviso.status));
  }
  return new Response(null, { status: nuevo ? 204 : 200 });
}
