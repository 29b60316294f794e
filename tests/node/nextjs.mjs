// examples/nextjs as somebody uses it: node nextjs.mjs '{"url", "propiedad_id", "chromium"}'. Prints the first state that
// the page shows; when it has ended, as JSON, its rows and what went wrong in the browser.
import puppeteer from "puppeteer-core";

const { url, propiedad_id, chromium } = JSON.parse(process.argv[2]);
const navegador = await puppeteer.launch({
  executablePath: chromium, headless: "shell", args: ["--no-sandbox", "--disable-dev-shm-usage"], protocolTimeout: 120000,
});
try {
  const pagina = await navegador.newPage();
  pagina.setDefaultTimeout(60000);
  const quejas = [];
  pagina.on("pageerror", (error) => quejas.push(String(error)));
  pagina.on("console", (dicho) => dicho.type() === "error" && quejas.push(dicho.text()));
  await pagina.goto(url, { waitUntil: "networkidle0" });
  await pagina.$eval("input[type=number]", (campo, valor) => (campo.value = valor), propiedad_id);
  await pagina.click("button");
  await pagina.waitForSelector("[role=status]");
  console.log(await pagina.$eval("[role=status]", (estado) => estado.textContent));
  await pagina.waitForFunction(() => document.querySelector("[role=status]").textContent === "Terminada");
  const filas = await pagina.$$eval("tr", (todas) => todas.map((fila) => fila.innerText));
  console.log(JSON.stringify({ filas, quejas }));
} finally {
  await navegador.close();
}
