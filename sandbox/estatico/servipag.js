// The page of every empresa of the simulated Servipag: which one, says its own <app-root>.
import { BASE, Rechazo, h, hidratar, pausa, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const raiz = document.querySelector('app-root');
const { category, company, rotulo, patron } = raiz.dataset;
const QUERY = '/portal/bill/v3/query/';

function formulario() {
  const campo = h('input', { formcontrolname: 'identifier', maxlength: 17, oninput: revisar });
  const boton = h('button', { disabled: true, onclick: () => buscar(campo.value) }, 'Continuar');
  function revisar() { boton.disabled = !new RegExp(`^(${patron})$`).test(campo.value); }
  raiz.replaceChildren(h('label', {}, rotulo, campo), boton);
}

async function buscar(value) {
  const rueda = h('app-spinner', { class: 'ocupado' }, 'Buscando sus documentos');
  raiz.querySelector('.aviso')?.remove();
  raiz.append(rueda);
  const metaData = [{ name: 'identifier', value }];
  const bill = { company: { id: company }, category: { id: category }, type: 'standard', metaData };
  try {
    const { data } = await pedir(QUERY, { bill, queryId: '' });
    mostrar(await sondear(data));
  } catch (rechazo) {
    raiz.append(h('div', { role: 'alert', class: 'aviso' }, rechazo.message));
  } finally {
    rueda.remove();
  }
}

async function sondear({ queryId, cadaMs, plazoMs }) {
  for (const fin = performance.now() + plazoMs; performance.now() < fin; await pausa(cadaMs)) {
    const { data } = await (await fetch(`${BASE}${QUERY}${queryId}/lastcall/false`)).json();
    if (data[0].queryStatus === 1) return data[0];
  }
  throw new Rechazo('Búsqueda NO finalizada. Intente nuevamente en unos minutos.', 0);
}

const dato = (rotulo, valor) => h('div', {}, h('dt', {}, rotulo), h('dd', {}, valor));

function mostrar(hallado) {
  if (previo(hallado, raiz)) return;
  const filas = hallado.bills.map(b => [b.document, b.expirationDate, b.status, b.totalAmount]);
  raiz.replaceChildren(h('app-resultado', {},
    h('dl', {}, dato('Empresa', hallado.company), dato('Identificador', hallado.cuenta),
      dato('Dirección', hallado.domicilio), hallado.total === null ? null : dato('Total a pagar', hallado.total)),
    hallado.sin_deuda ? h('p', {}, 'No registra deudas pendientes de pago.') : null,
    hallado.total !== null || filas.length
      ? tabla({}, ['Documento', 'Vencimiento', 'Estado', 'Monto'], filas) : null), senuelos(hallado.senuelos));
}

// Things around the amount that are not what is owed.
function senuelos(hay) {
  return !hay ? '' : h('section', {},
    h('p', {}, 'Cargo fijo $ 999.999 · Pague en 2026 con descuento: Total a pagar desde $ 1'),
    h('p', {}, '¿Qué significa «No registra deudas pendientes de pago.»? Si ve un error, escríbanos.'));
}

await hidratar();
formulario();
