import { alrededor, h, hidratar, pedir, previo } from '/_sandbox/sandbox.js';

const zona = document.getElementById('gestion');

function formulario() {
  const campo = h('input', { id: 'searchUf', maxlength: 6 });
  const boton = h('button', { id: 'btn-searchUf', onclick: () => buscar(campo.value) }, 'Buscar');
  zona.replaceChildren(h('input', { type: 'hidden', id: 'tkPayment', value: 'sandbox' }), campo, boton);
}

async function buscar(uf) {
  const rueda = h('div', { id: 'cargando', class: 'ocupado' }, 'Buscando');
  zona.append(rueda);
  try {
    const datos = await pedir('/inc_gestionDeuda.php', { uf, tu: 'C', token: 'sandbox', actions: 'get-deuda' });
    if (previo(datos, zona)) return;
    const resultado = h('div', { id: 'gd-resultado' });
    resultado.innerHTML = datos.datosHtmlDeuda;
    zona.replaceChildren(resultado, ...alrededor(datos).filter(nodo => nodo !== null));
  } catch (rechazo) {
    zona.append(h('div', { class: 'gd-error aviso' }, rechazo.message));
  } finally {
    rueda.remove();
  }
}

await hidratar();
formulario();
