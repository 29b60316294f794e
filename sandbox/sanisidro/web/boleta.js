import { alrededor, h, hidratar, pedir, previo } from '/_sandbox/sandbox.js';

const zona = document.getElementById('boleta');
const TITULOS = ['', 'Año', 'Cuota', 'Vencimiento', 'Concepto', 'Importe', 'Recargo', 'Total'];

const celda = texto => h('td', { role: 'gridcell' }, texto);
const fila = celdas => h('tr', { class: 'dx-row dx-data-row', role: 'row' }, celdas.map(celda));

function grilla(resumen) {
  const cuotas = resumen.facturas.map(f => {
    const [mes, anio] = f.periodo.split('/');
    return f.codigo === 'PP' ? null
      : fila(['☐', anio, mes, f.vencimiento, 'Tasa por servicios', f.importe, '$ 0,00', f.importe]);
  });
  // What is not owed now: the year in one payment, and the instalments to come.
  const anual = fila(['☐', '2026', 'ANUAL', '10/03/2026', 'Pago anual', '$ 412.300,00', '$ 0,00', '$ 412.300,00']);
  const futura = fila(['☐', '2026', '11', '10/11/2026', 'Tasa por servicios', '$ 41.300,00', '$ 0,00', '$ 41.300,00']);
  return h('table', { class: 'dx-datagrid', role: 'grid' },
    h('thead', {}, h('tr', { class: 'dx-header-row' }, TITULOS.map(t => h('td', { role: 'columnheader' }, t)))),
    h('tbody', {}, anual, cuotas, futura));
}

function mostrar(resumen) {
  if (previo(resumen, zona)) return;
  const total = resumen.total === null ? null : h('p', { class: 'total' },
    h('span', { class: 'rotulo' }, `Total exigible al ${resumen.dia}`), ' ', h('b', { class: 'monto' }, resumen.total));
  zona.replaceChildren(...[
    h('h2', { class: 'encabezado' }, `Partida N° ${resumen.cuenta}`),
    resumen.sin_deuda ? h('p', { class: 'mensaje' }, 'La partida no registra deuda.') : null,
    resumen.total === null && !resumen.facturas.length ? null : grilla(resumen),
    ...alrededor(resumen),
    h('div', { class: 'pie-de-boleta' }, ...[total, h('button', {}, 'Imprimir boleta')].filter(n => n !== null)),
  ].filter(nodo => nodo !== null));
}

await hidratar();
try {
  mostrar(await pedir('/api/boleta', { partida: location.pathname.split('/').pop() }));
} catch (rechazo) {
  zona.replaceChildren(h('div', { class: 'dx-toast-message aviso' }, rechazo.message));
}
