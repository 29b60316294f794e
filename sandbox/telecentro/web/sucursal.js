import { alrededor, h, hidratar, pedir, previo } from '/_sandbox/sandbox.js';

const app = document.getElementById('app');
const linea = (rotulo, valor) => h('div', { class: 'resumen' }, h('h3', {}, rotulo), h('p', {}, valor));

function ingreso() {
  const email = h('input', { name: 'email', type: 'email' });
  const clave = h('input', { name: 'password', type: 'password' });
  app.replaceChildren(h('form', { onsubmit: evento => { evento.preventDefault(); entrar(email.value, clave.value); } },
    email, clave, h('button', { type: 'submit' }, 'Ingresar')));
}

async function entrar(email, password) {
  const rueda = h('div', { class: 'animate-spin ocupado' }, 'Ingresando');
  app.append(rueda);
  try {
    const { cliente } = await pedir('/api/login', { email, password });
    mostrar(await pedir('/api/facturacion', { cliente }));
  } catch (rechazo) {
    app.append(h('div', { role: 'alert', class: 'aviso' }, rechazo.message));
  } finally {
    rueda.remove();
  }
}

const factura = (periodo, importe, vencimiento, pagada) => h('article', { class: 'factura' }, ...[
  h('h4', { class: 'periodo' }, `Factura ${periodo}`),
  h('p', { class: 'flex text-3xl font-light' }, importe),
  h('p', { class: 'text-base font-light' }, `Vence el ${vencimiento}`),
  h('span', { class: 'estado' }, pagada ? 'Pagada' : 'Pendiente'),
  pagada ? null : h('button', {}, 'Pagar'),
].filter(nodo => nodo !== null));

function mostrar(resumen) {
  if (previo(resumen, app)) return;
  app.replaceChildren(h('main', { class: 'facturacion' }, ...[
    h('p', { class: 'cliente' }, `Cliente N° ${resumen.cuenta}`),
    resumen.sin_deuda ? h('p', {}, '¡Estás al día!') : null,
    resumen.total === null ? null : linea('Total a pagar', resumen.total),
    resumen.a_favor === null ? null : linea('Saldo a favor', resumen.a_favor),
    ...resumen.facturas.map(f => factura(f.periodo, f.importe, f.vencimiento, false)),
    factura('02/2026', '$ 18.904,33', '10/03/2026', true),
  ].filter(nodo => nodo !== null)), ...alrededor(resumen).filter(nodo => nodo !== null));
}

await hidratar();
ingreso();
