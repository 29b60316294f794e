// Walks the panel with a real Chromium: opens every page, touches every action, and listens for anything amiss.
// argv[2]: JSON with url, clave, chromium, capturas (a folder, or null), paginas. Prints `MIRANDO <job>` once it watches
// a job, and at the end one line of JSON: { problemas, capturas }.
import fs from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const { url, clave, chromium, capturas, paginas } = JSON.parse(process.argv[2]);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const problemas = [];
let donde = "";
const anotar = (que) => problemas.push(`${donde}: ${que}`);

const navegador = await puppeteer.launch({
  executablePath: chromium, headless: "shell", args: ["--no-sandbox", "--disable-dev-shm-usage"], protocolTimeout: 120000,
});
const pagina = await navegador.newPage();
pagina.setDefaultTimeout(60000);
pagina.on("console", (m) => {
  const esperado = m.text().includes("status of 422"); // a form that was refused
  if (["error", "warn", "warning"].includes(m.type()) && !esperado) anotar(`consola: ${m.text()}`);
});
pagina.on("pageerror", (e) => anotar(`error: ${e.message}`));
pagina.on("response", (r) => r.status() >= 500 && anotar(`HTTP ${r.status()} ${r.url()}`));
await pagina.exposeFunction("avisarCsp", (que) => anotar(`CSP: ${que}`));
await pagina.evaluateOnNewDocument(() => {
  addEventListener("securitypolicyviolation", (e) => window.avisarCsp(`${e.violatedDirective} ${e.blockedURI}`));
});

const MODOS = [["claro", "light", 1280], ["oscuro", "dark", 1280], ["telefono", "light", 390], ["telefono-oscuro", "dark", 390]];

async function revisar(nombre) {
  await pagina.evaluate(axe);
  for (const [modo, esquema, ancho] of MODOS) {
    donde = `${nombre} (${modo})`;
    await pagina.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: esquema }, { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    await pagina.setViewport({ width: ancho, height: 800, deviceScaleFactor: capturas ? 0.8 : 1 });
    const { violations } = await pagina.evaluate(() => axe.run({ resultTypes: ["violations"] }));
    for (const v of violations) anotar(`axe ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 150)).join(" | ")}`);
    const sobra = await pagina.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (sobra > 0) anotar(`se desborda ${sobra} px`);
    if (capturas) await pagina.screenshot({ path: `${capturas}/${nombre}-${modo}.png` });
  }
  await pagina.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await pagina.setViewport({ width: 1280, height: 800 });
}

async function ir(ruta) {
  donde = ruta;
  await pagina.goto(url + ruta, { waitUntil: "load" });
}
const texto = () => pagina.evaluate(() => document.body.innerText);
async function decir(que) {
  if (!(await texto()).includes(que)) anotar(`falta «${que}»`);
}
async function escribir(campos) {
  for (const [selector, valor] of Object.entries(campos)) await pagina.locator(selector).fill(valor);
}
// Clicks what has this text and waits for the page that it leads to.
async function tocar(que) {
  donde = `${new URL(pagina.url()).pathname}, «${que}»`;
  const hallado = await pagina.$(`::-p-xpath(//main//*[self::a or self::button][normalize-space()="${que}"])`);
  if (!hallado) return anotar("no está");
  await Promise.all([pagina.waitForNavigation({ waitUntil: "load" }), hallado.evaluate((e) => e.click())]);
}
async function confirmar(abre, si) {
  await pagina.$eval(`::-p-xpath(//summary[normalize-space()="${abre}"])`, (e) => e.click());
  await tocar(si);
}

await ir("/panel/jobs");
await revisar("entrar");
await escribir({ "#c-clave": clave });
await tocar("Entrar");
for (const [nombre, ruta] of Object.entries(paginas)) {
  await ir(ruta);
  await pagina.$$eval("main details:not(.confirmar)", (todos) => todos.slice(0, 1).forEach((d) => { d.open = true; }));
  await revisar(nombre);
}

await ir("/panel/propiedades");
await tocar("Nueva propiedad");
await escribir({ "#c-nombre": "Depto de la prueba", "#c-direccion": "Calle Simulada 7" });
await tocar("Crear propiedad");
await decir("agréguele sus servicios");
await tocar("Agregar servicio");
await pagina.select("#empresa", "edesur");
await pagina.waitForSelector("#campos input[type=password]");
await revisar("servicio");
const CAMPO = (nombre) => `[name="credenciales.${nombre}"]`;
await escribir({ [CAMPO("suministro")]: "1", [CAMPO("email")]: "a@ejemplo.com", [CAMPO("clave")]: "s3creta" });
await tocar("Agregar servicio");
await decir("no tiene la forma");
await revisar("servicio-con-error");
await escribir({ [CAMPO("suministro")]: "1234567", [CAMPO("clave")]: "s3creta" });
await tocar("Agregar servicio");
await decir("El servicio quedó agregado.");
await tocar("Editar"); // of the propiedad
await tocar("Guardar");
await pagina.$eval('main td a[href^="/panel/servicios/"]', (e) => e.click());
await pagina.waitForSelector("h2");
await pagina.waitForFunction(() => location.pathname.startsWith("/panel/servicios/"));
await revisar("servicio-editar");
await tocar("Guardar");
await decir("quedaron guardados");

await tocar("Consultar ahora");
await pagina.evaluate(() => { window.misma = true; });
await pagina.waitForSelector("#vivo");
await revisar("job-en-curso");
console.log(`MIRANDO ${new URL(pagina.url()).pathname.split("/").pop()}`);
donde = "el job mientras corre";
await pagina.waitForFunction(() => document.querySelector("h1 .estado")?.innerText.includes("Terminado"));
await pagina.waitForFunction(() => document.querySelector("#anuncio").textContent.includes("1 de 1"));
if (!(await pagina.evaluate(() => window.misma))) anotar("la página se recargó");
await revisar("job-terminado");
await tocar("Reintentar las que fallaron (1)");
await decir("vuelven a intentarse");
await confirmar("Cancelar", "Sí, cancelar el job");
await decir("fue cancelado");
await pagina.$eval('.datos a[href^="/panel/propiedades/"]', (e) => e.click());
await pagina.waitForFunction(() => location.pathname.startsWith("/panel/propiedades/"));
await confirmar("Desactivar", "Sí, desactivar todo");
await decir("ya no se consulta");

await ir("/panel/programaciones");
await tocar("Nueva programación");
await revisar("programacion-nueva");
await escribir({ "#c-nombre": "La de la prueba", "#c-dias": "1, 32" });
await pagina.select("#c-propiedad_id", "2");
await tocar("Crear programación");
await decir("Días del mes lleva números del 1 al 31");
await revisar("programacion-con-error");
await escribir({ "#c-dias": "1, 15" });
await tocar("Crear programación");
await decir("La programación quedó creada.");
await decir("los días 1 y 15 de cada mes a las 09:00");
await tocar("Editar");
await tocar("Guardar");
await tocar("Pausar");
await decir("quedó en pausa");
await tocar("Reanudar");
await tocar("Borrar…");
await revisar("programacion-borrar");
await tocar("Sí, borrarla");
await decir("quedó borrada");

await ir(paginas.job);
await tocar("Reenviar");
await decir("El callback vuelve a enviarse.");
await ir("/panel/callbacks");
await pagina.$eval("#desde", (e) => { e.value = "2020-01-01"; });
await tocar("Ver cuáles son");
await revisar("callbacks-reenvio");
await tocar("Reenviar ahora");
await decir("vuelven a enviarse");
await ir("/panel/claves");
await escribir({ "#c-nombre": "otra" });
await pagina.locator('[name="alcance-leer"]').click();
await tocar("Crear clave");
await decir("Cópiela ahora");
await revisar("clave-nueva");
await tocar("Ya la copié");
await confirmar("Revocar…", "Sí, revocarla");
await decir("quedó revocada");
await ir("/panel/jobs");
await escribir({ "#q": "no existe" });
await tocar("Filtrar");
await decir("Ningún job coincide");
await Promise.all([pagina.waitForNavigation(), pagina.$eval(".quien button", (e) => e.click())]);
await decir("La sesión quedó cerrada.");

await navegador.close();
console.log(JSON.stringify({ problemas }));
