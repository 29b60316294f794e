import "server-only";

import { Webhook } from "standardwebhooks";

import type { Aviso } from "./consultas";

/**
 * El aviso, si lo firmó el servicio con alguno de CALLBACK_SECRETOS hace menos de 5 minutos; si no, null.
 * `cuerpo` es el texto tal como llegó: la firma es de esos bytes.
 */
export function verificar(cuerpo: string, cabeceras: Headers): Aviso | null {
  const secretos = (process.env.CALLBACK_SECRETOS ?? "").split(",").filter(Boolean);
  if (secretos.length === 0) throw new Error("Falta CALLBACK_SECRETOS");
  for (const secreto of secretos) {
    try {
      return new Webhook(secreto).verify(cuerpo, Object.fromEntries(cabeceras)) as Aviso;
    } catch {
      continue;
    }
  }
  return null;
}
