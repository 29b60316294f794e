import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const contenido = document.getElementById('content');
const boton = (texto, onclick, extra = {}) => h('button', { type: 'button', onclick, ...extra }, texto);

function inicio() {
  contenido.replaceChildren(boton('INICIÁ SESIÓN', () => {}), boton('REGISTRATE', () => {}),
    boton('HACÉ TUS GESTIONES SIN REGISTRARTE', formulario),
    h('p', {}, 'Podés ver el total del saldo y pagar tus facturas'));
}

function formulario() {
  const campo = placeholder => h('input', { type: 'text', placeholder, oninput: revisar });
  const [cuenta, email, otra] = ['Número de cuenta', 'Email', 'Confirmar Email'].map(campo);
  const confirmar = boton('CONFIRMAR', () => llamar('/api/identificar', cuenta.value, corroborar), { disabled: true });
  function revisar() { confirmar.disabled = !cuenta.value || !email.value || email.value !== otra.value; }
  contenido.replaceChildren(cuenta, email, otra, confirmar);
}

async function llamar(ruta, cuenta, mostrar) {
  const indicador = h('div', { class: 'sapUiLocalBusyIndicator ocupado' }, 'Un instante');
  contenido.append(indicador);
  try {
    mostrar(await pedir(ruta, { cuenta }));
  } catch (rechazo) {
    contenido.append(h('div', { role: 'alertdialog', class: 'aviso' }, rechazo.message));
  } finally {
    indicador.remove();
  }
}

const elemento = (rotulo, valor) => valor === null ? null : h('div', { class: 'sapUiFormElement' },
  h('span', { class: 'sapMLabel' }, rotulo), h('span', { class: 'sapMText' }, valor));

function corroborar({ cuenta, titular, domicilio }) {
  const velo = h('div', { class: 'velo' }, h('div', { role: 'dialog', 'aria-modal': 'true' },
    h('h3', {}, 'Corroborá que estos datos son los que aparecen en la factura.'),
    elemento('CUENTA', cuenta), elemento('TITULARIDAD DEL SERVICIO', titular), elemento('DOMICILIO', domicilio),
    boton('CANCELAR', () => velo.remove()),
    boton('CONTINUAR', () => { velo.remove(); llamar('/api/saldo', cuenta, saldo); })));
  document.body.append(velo);
}

function saldo(datos) {
  if (previo(datos, contenido)) return;
  const filas = datos.facturas.map(f => [f.nro_factura, f.periodo, f.vencimiento,
    f.codigo === 'PP' ? 'Plan de pagos' : 'Impaga', f.importe]);
  const pagada = datos.pagada === null ? [] : [['0000-0000', '02/2026', '11/03/2026', 'Pagada', datos.pagada]];
  const con_detalle = datos.total !== null || filas.length > 0;
  contenido.replaceChildren(
    h('section', { class: 'sapUiForm' },
      elemento('CUENTA', datos.cuenta), elemento('TITULARIDAD DEL SERVICIO', datos.titular),
      elemento('SALDO TOTAL', datos.total), elemento('SALDO A FAVOR', datos.a_favor),
      elemento('SEGUNDO VENCIMIENTO', datos.segundo)),
    datos.sin_deuda ? h('p', { class: 'sapMMsgStrip' }, 'La cuenta no registra deuda.') : '',
    con_detalle || pagada.length
      ? tabla({ id: '__table0-listUl' }, ['Factura', 'Período', 'Vencimiento', 'Estado', 'Importe'], [...pagada, ...filas]) : '',
    ...alrededor(datos).filter(nodo => nodo !== null),
    boton('VOLVER', inicio),
  );
}

await hidratar();
inicio();
