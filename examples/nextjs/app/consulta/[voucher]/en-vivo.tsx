"use client";

import { useEffect, useState } from "react";

import type { Resultado } from "@/lib/consultas";
import type { Seguimiento } from "@/lib/seguimiento";

const CADA_MS = 1500;
const ESTADOS = { pending: "En espera…", processing: "Consultando…", completed: "Terminada", failed: "Sin terminar" };

/** Muestra la consulta y pregunta por ella hasta que termina. */
export function EnVivo({ voucher, inicial }: { voucher: string; inicial: Seguimiento }) {
  const [seguimiento, cambiar] = useState(inicial);
  const abierta = seguimiento.status === "pending" || seguimiento.status === "processing";

  useEffect(() => {
    if (!abierta) return;
    const reloj = setInterval(async () => {
      const respuesta = await fetch(`/api/consulta/${voucher}`).catch(() => null);
      if (respuesta?.ok) cambiar(await respuesta.json());
    }, CADA_MS);
    return () => clearInterval(reloj);
  }, [abierta, voucher]);

  return (
    <>
      <p role="status">{ESTADOS[seguimiento.status]}</p>
      {seguimiento.error && <p className="falla">{seguimiento.error}</p>}
      <table>
        <tbody>
          {seguimiento.resultados.map((resultado) => (
            <Fila key={resultado.consulta_id} {...resultado} />
          ))}
        </tbody>
      </table>
      {!abierta && <p><small>Lo avisó el {seguimiento.fuente}. <a href="/">Otra consulta</a></small></p>}
    </>
  );
}

function Fila({ empresa, tipo_servicio, exito, deuda, moneda, error }: Resultado) {
  const importe = new Intl.NumberFormat("es-AR", { style: "currency", currency: moneda ?? "ARS" });
  return (
    <tr>
      <th scope="row">{empresa} <small>{tipo_servicio}</small></th>
      {exito ? <td className="importe">{importe.format(deuda!)}</td> : <td className="falla">{error}</td>}
    </tr>
  );
}
