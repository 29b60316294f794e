// What a Node receiver makes of a callback: a JSON line in for each, {"cuerpo": base64, "cabeceras"?, "secreto"?};
// a JSON line out, {"estable", "verificado", "reescrito"}.
const { Webhook } = require("standardwebhooks");
const lineas = require("readline").createInterface({ input: process.stdin });

function verifica(secreto, cuerpo, cabeceras) {
  try {
    new Webhook(secreto).verify(cuerpo, cabeceras);
    return true;
  } catch (error) {
    return false;
  }
}

lineas.on("line", (linea) => {
  const { cuerpo, cabeceras, secreto } = JSON.parse(linea);
  const bytes = Buffer.from(cuerpo, "base64");
  const texto = bytes.toString("utf8");
  const reescrito = JSON.stringify(JSON.parse(texto));
  const dicho = { estable: Buffer.from(reescrito, "utf8").equals(bytes) };
  if (secreto) {
    dicho.verificado = verifica(secreto, texto, cabeceras);
    dicho.reescrito = verifica(secreto, reescrito, cabeceras);
  }
  console.log(JSON.stringify(dicho));
});
