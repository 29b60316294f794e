// The route of CALLBACKS_GUIDE.md as Next.js would call it: a JSON line in, {"modulo", "cuerpo": base64, "cabeceras"};
// the status of its answer out.
import { createInterface } from "node:readline";

for await (const linea of createInterface({ input: process.stdin })) {
  const { modulo, cuerpo, cabeceras } = JSON.parse(linea);
  const { POST } = await import(modulo);
  const pedido = new Request("http://localhost/api/callback", {
    method: "POST",
    headers: cabeceras,
    body: Buffer.from(cuerpo, "base64"),
  });
  console.error((await POST(pedido)).status);
}
