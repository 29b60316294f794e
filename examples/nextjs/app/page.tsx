import { Formulario } from "./formulario";

export default function Inicio() {
  return (
    <>
      <h1>¿Cuánto debe una propiedad?</h1>
      <Formulario />
    </>
  );
}
