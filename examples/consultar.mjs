// Pide una consulta y espera su resultado preguntando: node examples/consultar.mjs 35
// CONSULTAS_URL y CONSULTAS_CLAVE dicen dónde está el servicio y con qué clave se le pide.
const { CONSULTAS_URL = "http://127.0.0.1:8000", CONSULTAS_CLAVE } = process.env;
const abierto = ["pending", "processing"];

async function pedir(ruta, opciones = {}) {
  const headers = { "Content-Type": "application/json", ...opciones.headers };
  if (CONSULTAS_CLAVE) headers.Authorization = `Bearer ${CONSULTAS_CLAVE}`;
  const respuesta = await fetch(new URL(ruta, CONSULTAS_URL), { ...opciones, headers });
  const dato = await respuesta.json();
  if (!respuesta.ok) throw new Error(`${dato.codigo}: ${dato.detail}`);
  return dato;
}

const { job_id } = await pedir("/consultar/propiedad", {
  method: "POST",
  headers: { "Idempotency-Key": crypto.randomUUID() },
  body: JSON.stringify({ propiedad_id: Number(process.argv[2] ?? 35) }),
});

let job;
while (abierto.includes((job = await pedir(`/job/${job_id}`)).status)) {
  await new Promise((seguir) => setTimeout(seguir, 1000));
}
for (const { empresa, exito, deuda, moneda, error } of job.resultado) {
  console.log(empresa, exito ? `${deuda} ${moneda}` : error);
}
