import { alrededor, h, hidratar, pedir, previo } from '/_sandbox/sandbox.js';

const root = document.getElementById('root');
const CAMPO = 'procedimiento_de_pago.accountIdentifierInput.clientNumber.input';

function paso(titulo, contenido, seguir) {
  const boton = h('button', { type: 'button', disabled: true, onclick: seguir }, 'Siguiente');
  root.replaceChildren(h('h3', {}, titulo), ...contenido, boton);
  return boton;
}

function bienvenida() {
  root.replaceChildren(h('h3', {}, '¿Cómo querés continuar?'),
    h('div', { role: 'button' }, 'Ingresá con tu usuario'),
    h('div', { role: 'button', onclick: tipo }, 'Consultá y pagá sin registrarte'));
}

function tipo() {
  let elegido = null;
  const opcion = (texto, destino) => h('div', { role: 'radio', onclick: () => {
    elegido = destino;
    boton.disabled = false;
  } }, texto);
  const opciones = [opcion('N° de medidor', bienvenida), opcion('N° de cuenta', numero)];
  const boton = paso('¿Con qué dato querés buscar?', opciones, () => elegido());
}

function numero() {
  const campo = h('input', { type: 'text', 'data-testid': CAMPO, oninput: () => { boton.disabled = !campo.value; } });
  const boton = paso('Ingresá tu N° de cuenta', [campo], () => llamar('/identify', campo.value, domicilio));
}

function domicilio(datos) {
  const boton = paso('¿Es éste tu domicilio?', [
    h('p', {}, datos.domicilio), h('p', { class: 'styles_account__p4' }, `N° ${datos.cuenta} -`),
  ], () => llamar('/balance', datos.cuenta, saldos));
  boton.disabled = false;
}

async function llamar(ruta, cuenta, mostrar) {
  const indicador = h('div', { class: 'styles_loader__x1 ocupado', role: 'progressbar' }, 'Buscando tus datos');
  root.querySelector('.aviso')?.remove();
  root.append(indicador);
  try {
    const datos = await pedir(`/api/v1/accounts${ruta}`, { client_number: cuenta });
    mostrar(datos);
  } catch (rechazo) {
    root.append(h('div', { role: 'alert', class: 'aviso' }, rechazo.message));
  } finally {
    indicador.remove();
  }
}

// The amount as that portal writes it: units in an h2, cents in the div after it.
function concepto(rotulo, importe) {
  const coma = importe.lastIndexOf(',');
  return h('div', { class: 'styles_amount__k2' }, h('h4', {}, rotulo), h('h2', {}, importe.slice(0, coma)),
    h('div', {}, importe.slice(coma)));
}

function saldos(datos) {
  if (previo(datos, root)) return;
  const en_blanco = datos.totales.length === 0 && datos.facturas.length === 0;
  root.replaceChildren(
    h('p', { class: 'styles_account__q7' }, `N° ${datos.cuenta} - ${datos.domicilio}`),
    h('section', { 'data-testid': 'saldos' },
      datos.totales.map(total => concepto('Saldo Total', total)),
      en_blanco ? null : [concepto('Factura Actual', datos.actual), concepto('Saldo Vencido', datos.vencido)],
      datos.a_favor === null ? null : concepto('Saldo a Favor', datos.a_favor),
      datos.vencimiento === '' ? null : h('p', { class: 'styles_due__v1' }, `Vence el ${datos.vencimiento}`)),
    h('section', {}, datos.facturas.filter(f => f.codigo === 'PP').map(f => h('p', {},
      `Plan de pagos ${f.nro_factura}: ${f.importe}, no incluido en tu saldo`))),
    ...alrededor(datos).filter(nodo => nodo !== null),
    datos.segundo === null ? '' : h('p', {}, `Segundo vencimiento: ${datos.segundo}`),
  );
}

await hidratar();
bienvenida();
