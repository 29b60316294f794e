import "server-only";

import type { components } from "./api";

type Esquemas = components["schemas"];
export type Resultado = Esquemas["Resultado"];
/** El aviso del final de un job. */
export type Final = Esquemas["AvisoDeJobCompleto"] | Esquemas["AvisoDeJobFallido"];
/** Cualquiera de los que llegan al callback; `evento` dice cuál. */
export type Aviso = Final | Esquemas["AvisoDeServicio"] | Esquemas["AvisoDePrueba"];

/** Lo que el servicio contestó que no, con su frase para mostrar. */
export class Rechazo extends Error {}

/** Pide consultar una propiedad; repetido con el mismo voucher es el mismo job. */
export function pedirConsulta(propiedadId: number, voucher: string): Promise<Esquemas["JobAceptado"]> {
  const cuerpo: Esquemas["PedidoPropiedad"] = {
    propiedad_id: propiedadId,
    voucher_id: voucher,
    callback_url: new URL("/api/callback", process.env.APP_URL ?? "http://localhost:3000").href,
  };
  return pedir("/consultar/propiedad", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": voucher },
    body: JSON.stringify(cuerpo),
  });
}

export function leerJob(jobId: string): Promise<Esquemas["Job"]> {
  return pedir(`/job/${jobId}`);
}

async function pedir<T>(ruta: string, pedido: RequestInit = {}): Promise<T> {
  const cabeceras = new Headers(pedido.headers);
  if (process.env.CONSULTAS_CLAVE) cabeceras.set("Authorization", `Bearer ${process.env.CONSULTAS_CLAVE}`);
  const url = new URL(ruta, process.env.CONSULTAS_URL ?? "http://127.0.0.1:8000");
  const respuesta = await fetch(url, { ...pedido, headers: cabeceras, signal: AbortSignal.timeout(10_000) });
  const dato = await respuesta.json();
  if (!respuesta.ok) throw new Rechazo((dato as Esquemas["Problema"]).detail);
  return dato;
}
