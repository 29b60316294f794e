import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const el = id => document.getElementById(id);
const ver = (id, visible) => el(id).classList.toggle('oculto', !visible);
const partida = () => el('fldPartida').value;

function revisar() {
  el('btnConsultar').disabled = !/^\d{7}$/.test(partida()) || partida() !== el('fldPartida2').value;
}

async function consultar() {
  ver('procesando', true);
  try {
    mostrar(await pedir('/Empadronados/json/GetPosicionesImpagas', { partida: partida() }));
  } catch (rechazo) {
    el('mensajeError').textContent = rechazo.message;
    ver('containerError', true);
  } finally {
    ver('procesando', false);
  }
}

function mostrar(resumen) {
  if (previo(resumen, el('containerDatos'))) { ver('containerDatos', true); return; }
  const filas = resumen.facturas.map(f => [f.periodo.slice(3), f.periodo.slice(0, 2), 'Cuota mensual', f.vencimiento, f.importe]);
  const anual = ['2026', '00', 'Cuota anual', '10/02/2026', '$ 312.000,00'];
  el('containerDatos').replaceChildren(...[
    h('h3', { id: 'datosPartida' }, `Partida: ${resumen.cuenta}`),
    resumen.sin_deuda ? h('p', {}, 'La partida no registra deuda.') : null,
    resumen.total === null && !filas.length ? null
      : tabla({ id: 'tbody' }, ['Año', 'Cuota', 'Concepto', 'Vencimiento', 'Saldo'], [...filas, anual]),
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
