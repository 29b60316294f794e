"use server";

import { randomUUID } from "node:crypto";
import { redirect } from "next/navigation";

import { almacen } from "@/lib/almacen";
import { pedirConsulta, Rechazo } from "@/lib/consultas";

/** Pide la consulta y lleva a su página; si el servicio la rechaza, devuelve por qué. */
export async function consultar(_: string | null, formulario: FormData): Promise<string | null> {
  const propiedadId = Number(formulario.get("propiedad_id"));
  const voucher = randomUUID();
  await almacen.guardarConsulta(voucher, { propiedadId }); // antes de pedir: el aviso puede llegar enseguida
  try {
    const alta = await pedirConsulta(propiedadId, voucher);
    await almacen.guardarConsulta(voucher, { propiedadId, jobId: alta.job_id });
  } catch (error) {
    if (error instanceof Rechazo) return error.message;
    console.error(error);
    return "El servicio de consultas no responde: pruebe de nuevo en un momento.";
  }
  redirect(`/consulta/${voucher}`);
}
