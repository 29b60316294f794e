"use client";

import { useActionState } from "react";

import { consultar } from "./acciones";

export function Formulario() {
  const [error, accion, enviando] = useActionState(consultar, null);
  return (
    <>
      <form action={accion}>
        <label>
          Número de propiedad
          <input name="propiedad_id" type="number" min="1" defaultValue="35" required />
        </label>
        <button disabled={enviando}>Consultar</button>
      </form>
      {error && <p className="falla" role="alert">{error}</p>}
    </>
  );
}
