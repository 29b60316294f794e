import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const raiz = document.getElementById('root');
const nota = texto => h('div', { class: 'MuiAlert-message' }, texto);

function formulario() {
  const campo = h('input', { name: 'suministro', class: 'MuiInputBase-input', maxlength: 8, oninput: revisar });
  const boton = h('button', { disabled: true, onclick: () => buscar(campo.value) }, 'Acceder a pagar');
  function revisar() { boton.disabled = !/^\d{8}$/.test(campo.value); }
  raiz.replaceChildren(h('h1', {}, 'Pagá tu factura'), campo, boton);
}

async function buscar(suministro) {
  const rueda = h('span', { class: 'MuiCircularProgress-root ocupado' }, 'Buscando');
  raiz.append(rueda);
  try {
    mostrar(await pedir('/api/pagos/deuda', { suministro }));
  } catch (rechazo) {
    raiz.append(h('div', { role: 'alert', class: 'aviso' }, rechazo.message));
  } finally {
    rueda.remove();
  }
}

function mostrar(resumen) {
  if (previo(resumen, raiz)) return;
  const filas = resumen.facturas.map(f => [f.nro_factura, f.periodo, f.vencimiento, f.importe]);
  raiz.replaceChildren(h('div', { 'data-testid': 'resultado' }, ...[
    h('h2', {}, `Suministro N° ${resumen.cuenta}`),
    resumen.total !== null || filas.length ? tabla({}, ['Factura', 'Período', 'Vencimiento', 'Importe'], filas) : null,
    resumen.total === null ? null : h('p', { class: 'total' }, `Total a pagar: ${resumen.total}`),
    resumen.sin_deuda ? nota('El suministro no posee facturas pendientes') : null,
    resumen.a_favor === null ? null : nota(`Tenés ${resumen.a_favor} a favor`),
  ].filter(nodo => nodo !== null)), ...alrededor(resumen).filter(nodo => nodo !== null));
}

await hidratar();
formulario();
