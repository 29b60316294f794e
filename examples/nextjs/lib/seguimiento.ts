import "server-only";

import { almacen } from "./almacen";
import { leerJob, type Resultado } from "./consultas";

/** Cómo va una consulta: lo que la página muestra. */
export interface Seguimiento {
  propiedadId: number;
  status: "pending" | "processing" | "completed" | "failed";
  resultados: Resultado[];
  error: string | null;
  /** De dónde se supo: del callback, o de preguntar por el job mientras no llega. */
  fuente: "callback" | "job";
}

/** El aviso si ya llegó; si no, el job. null si esta aplicación no pidió ese voucher. */
export async function seguir(voucher: string): Promise<Seguimiento | null> {
  const consulta = await almacen.consulta(voucher);
  if (!consulta) return null;
  const { propiedadId, jobId } = consulta;
  const aviso = await almacen.aviso(voucher);
  if (aviso?.resultados) {
    const { status, resultados, error } = aviso;
    return { propiedadId, status, resultados, error, fuente: "callback" };
  }
  if (!jobId) return { propiedadId, status: "pending", resultados: [], error: null, fuente: "job" };
  const job = await leerJob(jobId); // también cuando el aviso llegó delgado, sin resultados
  return { propiedadId, status: job.status, resultados: job.resultado, error: job.error, fuente: "job" };
}
