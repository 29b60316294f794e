import { alrededor, BASE, h, hidratar, pedir, previo } from '/_sandbox/sandbox.js';

const el = id => document.getElementById(id);
const ver = (id, visible) => el(id).classList.toggle('oculto', !visible);
const partida = () => el('fldPartida').value;

function revisar() {
  el('btnConsultar').disabled = !/^\d{7}$/.test(partida()) || partida() !== el('fldPartida2').value;
}

async function consultar() {
  ver('procesando', true);
  try {
    const datos = await pedir('/Empadronados/json/GetPosicionesImpagas', { partida: partida() });
    if (datos.reto) document.body.append(h('iframe', { src: `${BASE}/recaptcha/bframe` }));
    else mostrar(datos);
  } catch (rechazo) {
    el('mensajeError').textContent = rechazo.message;
    ver('containerError', true);
  } finally {
    ver('procesando', false);
  }
}

const fila = (cuota, concepto) => h('tr', {},
  [cuota.anio, cuota.cuota, concepto, cuota.vencimiento, cuota.saldoTotal].map(celda => h('td', {}, celda)));

function mostrar(resumen) {
  if (previo(resumen, el('containerDatos'))) { ver('containerDatos', true); return; }
  const titulos = ['Año', 'Cuota', 'Concepto', 'Vencimiento', 'Saldo'].map(titulo => h('th', {}, titulo));
  const filas = [...resumen.result.map(cuota => fila(cuota, 'Cuota mensual')), fila(resumen.anual, 'Cuota anual')];
  el('containerDatos').replaceChildren(...[
    h('h3', { id: 'datosPartida' }, `Partida: ${resumen.cuenta}`),
    resumen.sin_deuda ? h('p', {}, 'La partida no registra deuda.') : null,
    resumen.total === null && !resumen.result.length ? null
      : h('table', {}, h('thead', {}, h('tr', {}, titulos)), h('tbody', { id: 'tbody' }, filas)),
    resumen.total === null ? null : h('p', { id: 'totalDeudas' }, `Total de deudas: ${resumen.total}`),
  ].filter(nodo => nodo !== null));
  el('alrededor').replaceChildren(...alrededor(resumen).filter(nodo => nodo !== null));
  ver('containerDatos', true);
}

await hidratar();
for (const id of ['fldPartida', 'fldPartida2']) el(id).addEventListener('input', revisar);
el('btnConsultar').addEventListener('click', consultar);
ver('procesando', false);
ver('formulario', true);
