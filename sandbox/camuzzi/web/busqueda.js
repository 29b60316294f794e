import { alrededor, h, hidratar, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const raiz = document.getElementById('raiz');

function formulario() {
  const campo = h('input', { name: 'numeroCuenta', maxlength: 17, oninput: revisar });
  const boton = h('button', { disabled: true, onclick: () => buscar(campo.value) }, 'Buscar');
  function revisar() { boton.disabled = !/^\d{17}$/.test(campo.value); }
  raiz.replaceChildren(h('label', {}, 'Cuenta unificada', campo), boton);
}

async function buscar(NumeroCuenta) {
  const barra = h('mat-progress-bar', { class: 'ocupado' }, 'Buscando');
  raiz.append(barra);
  try {
    mostrar(await pedir('/api/Suministro/GetForBusquedaByNumeroCuenta', { NumeroCuenta, conDeuda: true }));
  } catch (rechazo) {
    raiz.append(h('mat-error', { class: 'aviso', style: 'display: block' }, rechazo.message));
  } finally {
    barra.remove();
  }
}

const estado = factura => factura.MOSTRARLIQ2 === 'N' ? 'No exigible' : factura.factura_vencida ? 'Vencida' : 'A vencer';
const dato = (rotulo, valor) => h('div', {}, h('dt', {}, rotulo), h('dd', {}, valor));

function mostrar(suministro) {
  if (previo(suministro, raiz)) return;
  const filas = suministro.Facturas.map(f => [f.NumeroFactura, f.texto1, f.fecha_vencimiento, estado(f), f.importe]);
  raiz.replaceChildren(h('app-resultado', {}, ...[
    h('dl', {}, ...[
      dato('Cuenta unificada', suministro.cuenta),
      dato('Estado', 'Suministro activo'),
      suministro.total === null ? null : dato('Total a pagar', suministro.total),
    ].filter(nodo => nodo !== null)),
    suministro.sin_deuda ? h('p', {}, 'El suministro no posee facturas pendientes de pago.') : null,
    suministro.total !== null || filas.length
      ? tabla({}, ['Factura', 'Período', 'Vencimiento', 'Estado', 'Importe'], filas) : null,
  ].filter(nodo => nodo !== null)), ...alrededor(suministro).filter(nodo => nodo !== null));
}

await hidratar();
formulario();
