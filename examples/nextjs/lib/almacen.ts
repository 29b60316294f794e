import "server-only";

import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";

import type { Final } from "./consultas";

/** Una consulta que pidió esta aplicación; `jobId` falta hasta que el servicio contesta. */
export interface Consulta {
  propiedadId: number;
  jobId?: string;
}

/** Lo que la aplicación recuerda. En producción, dos tablas de su base. */
export interface Almacen {
  guardarConsulta(voucher: string, consulta: Consulta): Promise<void>;
  consulta(voucher: string): Promise<Consulta | null>;
  /** Falso si ese webhook-id ya estaba. */
  guardarAviso(webhookId: string, aviso: Final): Promise<boolean>;
  aviso(voucher: string): Promise<Final | null>;
}

/** Un archivo por cosa: sirve para un servidor con disco, no para Vercel. */
class Carpeta implements Almacen {
  constructor(private readonly raiz: string) {}

  guardarConsulta(voucher: string, consulta: Consulta): Promise<void> {
    return this.escribir("consulta", voucher, consulta);
  }

  consulta(voucher: string): Promise<Consulta | null> {
    return this.leer("consulta", voucher);
  }

  async guardarAviso(webhookId: string, aviso: Final): Promise<boolean> {
    if (await this.leer("webhook", webhookId)) return false;
    await this.escribir("aviso", aviso.voucher_id ?? webhookId, aviso);
    try {
      await writeFile(this.archivo("webhook", webhookId), "true", { flag: "wx" }); // de dos a la vez, uno
      return true;
    } catch (error) {
      if (codigo(error) !== "EEXIST") throw error;
      return false;
    }
  }

  aviso(voucher: string): Promise<Final | null> {
    return this.leer("aviso", voucher);
  }

  private async escribir(tipo: string, clave: string, dato: unknown): Promise<void> {
    await mkdir(this.raiz, { recursive: true });
    const provisorio = this.archivo("provisorio", randomUUID());
    await writeFile(provisorio, JSON.stringify(dato));
    await rename(provisorio, this.archivo(tipo, clave));
  }

  private archivo(tipo: string, clave: string): string {
    return `${this.raiz}/${tipo}-${encodeURIComponent(clave)}.json`;
  }

  private async leer<T>(tipo: string, clave: string): Promise<T | null> {
    try {
      return JSON.parse(await readFile(this.archivo(tipo, clave), "utf8"));
    } catch (error) {
      if (codigo(error) !== "ENOENT" && codigo(error) !== "ENAMETOOLONG") throw error;
      return null;
    }
  }
}

function codigo(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

export const almacen: Almacen = new Carpeta(process.env.DATOS ?? ".datos");
