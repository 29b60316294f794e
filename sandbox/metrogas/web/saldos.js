import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const MAIN = 'container-ovWebAbierta---Main--';
const contenido = document.getElementById('content');
const ocupado = () => h('div', { class: 'sapUiLocalBusyIndicator ocupado' }, 'Buscando');

function formulario() {
  const campo = h('input', { id: `${MAIN}inputCustNumId-inner`, type: 'text', maxlength: 11, oninput: revisar });
  const boton = h('button', { id: `${MAIN}idButtonSearch`, disabled: true, onclick: () => buscar(campo.value) },
    h('span', { id: `${MAIN}idButtonSearch-inner` }, 'Buscar'));
  function revisar() { boton.disabled = !/^\d{11}$/.test(campo.value); }
  contenido.replaceChildren(h('h3', {}, 'Ingresá tu número de cliente'), campo, boton);
}

async function buscar(accountId) {
  const indicador = ocupado();
  contenido.append(indicador);
  try {
    mostrar(await pedir('/OvServiceHub/api/v1/M360/publicbilling/r2', { accountId, relation: 'FD', captcha2: 'x' }));
  } catch (rechazo) {
    contenido.append(h('div', { role: 'alertdialog', class: 'aviso' }, rechazo.message));
  } finally {
    indicador.remove();
  }
}

function mostrar({ info, deudas }) {
  if (previo(info, contenido)) return;
  const frase = texto => h('span', { class: 'sapMObjectNumberText' }, texto);
  const filas = deudas.items.map(i => [i.codigo, i.nro_factura, i.periodo, i.vencimiento, i.importe]);
  const detalle = tabla({ id: '__xmlview0--idTableDebts-listUl' },
    ['Código', 'N° de factura', 'Período', 'Vencimiento', 'Monto'], filas);
  contenido.replaceChildren(
    h('p', { id: `${MAIN}textCuenta`, class: 'sapMText' }, `N° de cliente: ${info.cuenta}`),
    ...[
      info.sin_deuda ? frase('No registra deuda') : null,
      info.total === null ? null : frase(`Deuda Total: ${info.total}`),
      info.a_favor === null ? null : h('p', { class: 'sapMMsgStrip' }, `Tenés un saldo a favor de ${info.a_favor}`),
      info.total !== null || filas.length ? detalle : null,
      info.segundo === null ? null : h('p', {}, `Segundo vencimiento: ${info.segundo}`),
    ].filter(nodo => nodo !== null),
    ...alrededor(info).filter(nodo => nodo !== null),
    h('button', { onclick: formulario }, 'Nueva consulta'),
  );
}

await hidratar();
formulario();
