import { alrededor, h, hidratar, pedir, previo, Rechazo, tabla } from '/_sandbox/sandbox.js';

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
    const datos = await pedir('/api/Suministro/GetForBusquedaByNumeroCuenta', { NumeroCuenta, conDeuda: true });
    if (!datos.SuministroExiste) throw new Rechazo('No encontramos un suministro con ese número de cuenta.', 200);
    mostrar(datos);
  } catch (rechazo) {
    raiz.append(h('mat-error', { class: 'aviso', style: 'display: block' }, rechazo.message));
  } finally {
    barra.remove();
  }
}

const estado = factura => factura.MOSTRARLIQ2 === 'N' ? 'No exigible' : factura.factura_vencida ? 'Vencida' : 'A vencer';
const pesos = importe => `$ ${importe}`;
const dato = (rotulo, valor) => h('div', {}, h('dt', {}, rotulo), h('dd', {}, valor));

function mostrar(resumen) {
  if (previo(resumen, raiz)) return;
  const [suministro] = resumen.Suministros;
  const filas = suministro.Facturas.map(f =>
    [f.NumeroFactura, f.texto1, f.fecha_vencimiento, estado(f), pesos(f.importe)]);
  raiz.replaceChildren(h('app-resultado', {}, ...[
    h('dl', {}, ...[
      dato('Cuenta unificada', suministro.CuentaUnificada),
      dato('Estado', suministro.EstadoDescripcion),
      resumen.total === null ? null : dato('Total a pagar', pesos(resumen.total)),
    ].filter(nodo => nodo !== null)),
    resumen.sin_deuda ? h('p', {}, 'El suministro no posee facturas pendientes de pago.') : null,
    resumen.total !== null || filas.length
      ? tabla({}, ['Factura', 'Período', 'Vencimiento', 'Estado', 'Importe'], filas) : null,
  ].filter(nodo => nodo !== null)), ...alrededor(resumen).filter(nodo => nodo !== null));
}

await hidratar();
formulario();
