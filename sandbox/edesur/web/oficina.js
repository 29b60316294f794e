import { alrededor, h, hidratar, pausa, pedir, previo, tabla } from '/_sandbox/sandbox.js';

const raiz = document.querySelector('app-root');
const ocupado = () => h('div', { class: 'spinner ocupado', role: 'progressbar' }, 'Cargando');

function login() {
  const email = h('input', { type: 'email', oninput: revisar });
  const clave = h('input', { type: 'password', oninput: revisar });
  const boton = h('button', { type: 'button', disabled: true, onclick: entrar }, 'Ingresar');
  function revisar() { boton.disabled = !email.value.includes('@') || !clave.value; }
  async function entrar() {
    try {
      oficina(await pedir('/api/Usuario/LoginAsync', { email: email.value, password: clave.value }));
    } catch (rechazo) {
      raiz.append(h('div', { role: 'alert', class: 'aviso' }, rechazo.message));
    }
  }
  raiz.replaceChildren(h('h3', {}, 'Ingresá a tu oficina virtual'), email, clave, boton);
}

function oficina({ token, suministros }) {
  const panel = h('section', { class: 'estado' });
  const rotulo = h('button', { type: 'button', class: 'elegido', onclick: () => lista.classList.toggle('oculto') });
  const lista = h('ul', { role: 'listbox', class: 'oculto' }, suministros.map(s => h('li', { role: 'option',
    onclick: () => elegir(s, true) }, `N° ${s}`)));
  async function elegir(suministro, elegido) {
    lista.classList.add('oculto');
    rotulo.textContent = `Suministro N° ${suministro}`;
    await consultar(panel, token, suministro, elegido);
  }
  raiz.replaceChildren(h('selector-account', {}, h('p', { class: 'cantidad' }, `Mis suministros (${suministros.length})`),
    rotulo, lista), panel);
  elegir(suministros[0], false);
  carteles();
}

// Several pop-ups, one after another, each over the whole page.
async function carteles() {
  for (const [titulo, boton] of [['Sumate a la factura digital', 'No volver a mostrar'], ['Novedades', 'Entendido']]) {
    await new Promise(cerrar => {
      const velo = h('div', { class: 'velo' }, h('div', { role: 'dialog' }, h('h3', {}, titulo),
        h('button', { type: 'button', onclick: () => { velo.remove(); cerrar(); } }, boton)));
      document.body.append(velo);
    });
    await pausa(60);
  }
}

let turno = 0;

async function consultar(panel, token, suministro, elegido) {
  const mio = ++turno;
  panel.replaceChildren(ocupado());
  let nodos;
  try {
    const datos = await pedir('/api/PlanPagos/GetDeudaAsync', { suministro, elegido }, { Authorization: `Bearer ${token}` });
    if (mio !== turno) return;
    if (previo(datos, panel)) return;
    nodos = estado(datos);
  } catch (rechazo) {
    if (mio !== turno) return;
    nodos = rechazo.estado !== 401 ? [h('div', { role: 'alert', class: 'aviso' }, rechazo.message)] : [
      h('p', { class: 'sin-datos' }, 'No pudimos obtener tu estado de cuenta.'),
      h('button', { type: 'button', onclick: () => consultar(panel, token, suministro, elegido) }, 'Reintentar')];
  }
  panel.replaceChildren(...nodos);
}

function dato(rotulo, valor) {
  return valor === null || valor === '' ? null : h('div', { class: 'dato' }, h('h3', {}, rotulo), h('p', {}, valor));
}

function estado(datos) {
  const filas = datos.facturas.map(f => [f.periodo, f.codigo === 'PP' ? 'Plan de pagos' : 'Factura', f.vencimiento, f.importe]);
  const con_detalle = datos.total !== null || filas.length > 0;
  return [
    h('h2', {}, 'Estado de cuenta'),
    dato('N° de suministro', datos.cuenta),
    dato('TOTAL A PAGAR', datos.total),
    datos.sin_deuda ? h('p', { class: 'al-dia' }, 'Al día de la fecha, su cuenta no posee deuda.') : null,
    dato('SALDO A FAVOR', datos.a_favor),
    dato('TOTAL FACTURA', filas.length ? datos.actual : null),
    dato('1er Vencimiento', datos.vencimiento),
    dato('2do Vencimiento', datos.segundo),
    con_detalle ? tabla({ class: 'deuda' }, ['Período', 'Tipo', 'Vencimiento', 'Importe'], filas) : null,
    ...alrededor(datos),
  ].filter(nodo => nodo !== null);
}

await hidratar();
login();
