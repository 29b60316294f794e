// Runs a TypeScript example of CALLBACKS_GUIDE.md: a JSON line in, {"fuente", "funcion", "argumentos"}, or "pedido" and
// "params" for a route of Next.js; what it gave, as JSON, out.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const exigir = createRequire(new URL("../../examples/nextjs/package.json", import.meta.url));
const ts = exigir("typescript");

const { fuente, funcion, argumentos, pedido, params } = JSON.parse(await text(process.stdin));
const opciones = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
const { outputText } = ts.transpileModule(fuente, { compilerOptions: opciones });
const modulo = await import(`data:text/javascript;base64,${Buffer.from(outputText).toString("base64")}`);
if (pedido) {
  const respuesta = await modulo[funcion](new Request("http://localhost/", pedido), { params: Promise.resolve(params) });
  console.log(JSON.stringify({ status: respuesta.status, texto: await respuesta.text() }));
} else {
  console.log(JSON.stringify(await modulo[funcion](...argumentos)));
}
