// What the simulated portals share: building nodes, hydration, look-ups and the screens that interrupt them.
import { HIDRATACION_MS } from '/_sandbox/latencias.js';

export const BASE = '/' + location.pathname.split('/')[1];
export const pausa = ms => new Promise(sigue => setTimeout(sigue, ms));
const nunca = () => new Promise(() => {});

export function h(etiqueta, atributos = {}, ...hijos) {
  const nodo = document.createElement(etiqueta);
  for (const [nombre, valor] of Object.entries(atributos)) {
    if (nombre.startsWith('on')) nodo.addEventListener(nombre.slice(2), valor);
    else if (valor !== false && valor !== null) nodo.setAttribute(nombre, valor === true ? '' : valor);
  }
  nodo.append(...hijos.flat().filter(hijo => hijo !== null && hijo !== undefined));
  return nodo;
}

// A page's controls come some time after its load.
export async function hidratar() {
  const pedida = new URLSearchParams(location.search).get('hidratacion_ms');
  await pausa(pedida === null ? HIDRATACION_MS : Number(pedida));
}

export class Rechazo extends Error {
  constructor(texto, estado) { super(texto); this.estado = estado; }
}

// POST and get JSON. Throws Rechazo with the portal's sentence; an interrupting screen never returns.
export async function pedir(ruta, cuerpo, cabeceras = {}) {
  let respuesta, datos;
  try {
    respuesta = await fetch(BASE + ruta, {
      method: 'POST', body: JSON.stringify(cuerpo), headers: { 'Content-Type': 'application/json', ...cabeceras },
    });
    datos = respuesta.headers.get('content-type')?.includes('json') ? await respuesta.json() : {};
  } catch {
    throw new Rechazo('No pudimos completar la operación. Revisá tu conexión.', 0);
  }
  if (respuesta.status === 403) { location.href = `${BASE}/verificacion`; await nunca(); }
  if (datos.pantalla !== undefined) { interrumpir(datos.pantalla); await nunca(); }
  if (datos.error !== undefined) throw new Rechazo(datos.error, respuesta.status);
  if (!respuesta.ok) throw new Rechazo('Ocurrió un error inesperado. Intentá más tarde.', respuesta.status);
  return datos;
}

const CARTELES = {
  captcha: ['Verifique que es un ser humano', 'Elija todas las imágenes con semáforos.'],
  datos: ['Actualizá tus datos para continuar', 'Necesitamos confirmar tu teléfono y tu domicilio.'],
  'segundo-factor': ['Ingresá el código de verificación', 'Lo enviamos al teléfono que termina en 42.'],
};

function interrumpir(pantalla) {
  if (!(pantalla in CARTELES)) { location.href = `${BASE}/${pantalla}`; return; }
  const [titulo, texto] = CARTELES[pantalla];
  const campo = pantalla === 'captcha' ? null : h('input', { type: 'text' });
  document.body.append(h('div', { class: 'velo' },
    h('div', { role: 'dialog', 'aria-modal': 'true' }, h('h2', {}, titulo), h('p', {}, texto), campo)));
}

// What a result page does before showing anything: hang, eat memory, open dialogs and windows, or look different from
// what scrapers know.
export function previo(resumen, zona) {
  while (resumen.colgada);
  for (const acopio = []; resumen.come_memoria;) acopio.push(new Array(1e6).fill(Math.random()));
  if (resumen.dialogos) {
    alert('¡Bajá nuestra app!'); confirm('¿No registra deuda?'); prompt('Total: $ 0,00');
    for (let n = 0; n < 20; n++) open(location.href);
  }
  if (!resumen.rediseno) return false;
  zona.replaceChildren(h('article', { class: 'mi-saldo-2' }, h('small', {}, `Cuenta ${resumen.cuenta}`),
    h('strong', {}, 'Total adeudado'), h('em', {}, resumen.total), h('ul', {},
      resumen.facturas.map(f => h('li', {}, `${f.periodo}: ${f.importe} (vence ${f.vencimiento})`)))));
  return true;
}

// Things around the amount that are not what is owed.
export function alrededor(resumen) {
  const pagada = resumen.pagada === null ? null
    : h('section', {}, h('h5', {}, 'Última factura'), h('p', {}, `Pagada el 12/05/2026: ${resumen.pagada}`));
  const senuelos = !resumen.senuelos ? null : h('section', {},
    h('p', {}, 'Cargo fijo $ 999.999,99 · Promoción: pagá $ 1,00 menos con débito automático en 2026'),
    h('p', {}, '¿Cómo sé si mi cuenta no registra deuda? Si hay un error, escribinos. Saldo Total: ver arriba.'));
  return [pagada, senuelos];
}

export function tabla(atributos, titulos, filas) {
  return h('table', atributos, h('thead', {}, h('tr', {}, titulos.map(t => h('th', {}, t)))),
    h('tbody', {}, filas.map(celdas => h('tr', {}, celdas.map(celda => h('td', {}, celda))))));
}
