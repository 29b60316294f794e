import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const zona = document.getElementById('tramite');
const dato = (rotulo, valor) => h('div', { class: 'dato' }, h('b', {}, rotulo), ' ', valor);

function formulario() {
  const contrato = h('input', { id: 'contrato' });
  const cliente = h('input', { id: 'cliente' });
  const boton = h('button', { onclick: () => consultar(contrato.value, cliente.value) }, 'Consultar');
  zona.replaceChildren(h('h1', {}, 'Consultá tus facturas'), contrato, cliente, boton);
}

async function consultar(contrato, cliente) {
  const rueda = h('div', { class: 'loader ocupado' }, 'Consultando');
  zona.append(rueda);
  try {
    mostrar(await pedir(`/api/contratos/no-ov/${contrato}/${cliente}`, {}, { apikey: 'web-sandbox' }));
  } catch (rechazo) {
    zona.append(h('div', { class: 'alerta aviso' }, rechazo.message));
  } finally {
    rueda.remove();
  }
}

function mostrar(resumen) {
  if (previo(resumen, zona)) return;
  const filas = resumen.documentos.map(f => [f.nro_factura, f.periodo, f.vencimiento, f.importe]);
  zona.replaceChildren(h('section', { id: 'documentos' }, ...[
    dato('Contrato', resumen.cuenta),
    dato('Cliente', resumen.cliente),
    resumen.total === null ? null : dato('Total adeudado', resumen.total),
    resumen.sin_deuda ? h('p', {}, 'No existen documentos pendientes de pago para el contrato.') : null,
    resumen.total !== null || filas.length ? tabla({}, ['Documento', 'Período', 'Vencimiento', 'Importe'], filas) : null,
  ].filter(nodo => nodo !== null)), ...alrededor(resumen).filter(nodo => nodo !== null));
}

await hidratar();
formulario();
