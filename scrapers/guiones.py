"""The scripts that run inside a page, in a world of their own. Each is one JavaScript function.

A wait looks again when the document changes, at least 15 ms after it looked, and every 100 ms for what changes without
it: styles, other documents, time.
"""

from scrapers.secretos import SIGNOS

_VISIBLE = """
const visible = el => el.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})
    && el.getClientRects().length > 0;
const plano = texto => texto.normalize('NFC').replace(/\\s+/g, ' ').trim().toLowerCase();
const dice = (el, texto) => texto.startsWith('…')
    ? plano(el.textContent).endsWith(plano(texto.slice(1))) : plano(el.textContent) === plano(texto);
const buscar = selector => {
    const [css, texto] = selector.split(' >> ');
    return [...document.querySelectorAll(css)].find(el => visible(el) && (texto === undefined || dice(el, texto)));
};
"""

_ESPERA = f"""{_VISIBLE}
const pausa = ms => new Promise(sigue => setTimeout(sigue, ms));
const PRONTO = 15, TARDE = 100;
const cambio = async () => {{
    const desde = performance.now();
    await new Promise(sigue => {{
        const vigia = new MutationObserver(listo), reloj = setTimeout(listo, TARDE);
        function listo() {{ vigia.disconnect(); clearTimeout(reloj); sigue(); }}
        vigia.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
    }});
    const falta = PRONTO - (performance.now() - desde);
    if (falta > 0) await pausa(falta);
}};
"""

VISIBLE = f"selector => {{ {_VISIBLE} return buscar(selector) !== undefined; }}"

ESPERAR = f"""async (selectores, ms) => {{ {_ESPERA}
    const fin = performance.now() + ms;
    for (;;) {{
        const hallado = selectores.find(buscar);
        if (hallado !== undefined) return hallado;
        if (performance.now() > fin) return null;
        await cambio();
    }}
}}"""

ESCRIBIR = f"""async (selector, valor, ms) => {{ {_ESPERA}
    const fin = performance.now() + ms;
    for (;;) {{
        const el = buscar(selector);
        if (el !== undefined && !el.disabled && !el.readOnly) {{
            el.focus();
            el.value = valor;
            el.dispatchEvent(new InputEvent('input', {{bubbles: true, composed: true, data: valor}}));
            el.dispatchEvent(new Event('change', {{bubbles: true}}));
            await pausa(0);
            if (el.isConnected && el.value === valor) return true;
        }}
        if (performance.now() > fin) return false;
        await cambio();
    }}
}}"""

PULSAR = f"""async (selector, ms) => {{ {_ESPERA}
    const fin = performance.now() + ms;
    for (;;) {{
        let motivo = 'no está';
        const el = buscar(selector);
        if (el !== undefined) {{
            el.scrollIntoView({{block: 'center', inline: 'center'}});
            const caja = el.getBoundingClientRect();
            const encima = document.elementFromPoint(caja.x + caja.width / 2, caja.y + caja.height / 2);
            if (el.closest(':disabled, [aria-disabled="true"]') !== null) motivo = 'deshabilitado';
            else if (encima !== null && !el.contains(encima) && !encima.contains(el)) motivo = 'tapado';
            else {{ el.click(); return null; }}
        }}
        if (performance.now() > fin) return motivo;
        await cambio();
    }}
}}"""

FOTO = """selector => {
    const seVe = el => getComputedStyle(el).display === 'contents'
        || el.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
    const hallados = [...document.querySelectorAll(selector)];
    const raiz = hallados.find(seVe) ?? hallados[0];
    if (raiz === undefined) return null;
    const inerte = document.implementation.createHTMLDocument('');
    const omitidos = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'LINK', 'META', 'HEAD', 'IFRAME', 'OBJECT']);
    const copiar = nodo => {
        if (nodo.nodeType === Node.TEXT_NODE) return inerte.createTextNode(nodo.data);
        if (nodo.nodeType !== Node.ELEMENT_NODE || omitidos.has(nodo.tagName.toUpperCase())) return null;
        if (nodo !== document.documentElement && !seVe(nodo)) return null;
        const copia = inerte.createElement(nodo.localName);
        for (const {name, value} of nodo.attributes) {
            if (!name.startsWith('on') && name !== 'style') copia.setAttribute(name, value);
        }
        if (nodo.localName === 'input' && nodo.type !== 'password') copia.setAttribute('value', nodo.value);
        if (nodo.localName === 'select') {
            copia.textContent = nodo.selectedOptions[0]?.textContent ?? '';
            return copia;
        }
        for (const hijo of (nodo.shadowRoot ?? nodo).childNodes) {
            const copiado = copiar(hijo);
            if (copiado !== null) copia.append(copiado);
        }
        return copia;
    };
    const copia = copiar(raiz);
    return {html: copia === null ? '' : copia.outerHTML, url: location.href};
}"""

OCULTAR = f"""(patron, llano) => {{
    const SIGNOS = /[{SIGNOS}]/, MARCA = '•••';
    const entero = [new RegExp(patron, 'i'), new RegExp(patron, 'gi')];
    const breve = [new RegExp(llano || '(?!)', 'i'), new RegExp(llano || '(?!)', 'gi')];
    const de = texto => SIGNOS.test(texto) ? entero : breve;
    const dice = texto => de(texto)[0].test(texto);
    let cambios = 0;
    const tapar = (antes, poner) => {{
        if (!dice(antes)) return;
        cambios += 1;
        poner(antes.replace(de(antes)[1], MARCA));
    }};
    const recorrer = raiz => {{
        const textos = document.createTreeWalker(raiz, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
        while (textos.nextNode()) tapar(textos.currentNode.data, limpio => {{ textos.currentNode.data = limpio; }});
        const elementos = [...raiz.querySelectorAll('*')].reverse();
        for (const el of elementos) {{
            if (el.shadowRoot) recorrer(el.shadowRoot);
            for (const {{name, value}} of [...el.attributes]) tapar(value, limpio => el.setAttribute(name, limpio));
            if (el.localName !== 'input' && el.localName !== 'textarea') continue;
            tapar(el.value, () => {{ el.value = MARCA; }});
            if (el.type === 'password') el.value = MARCA;
        }}
        if (!dice((raiz.documentElement ?? raiz).textContent)) return;
        for (const el of elementos) tapar(el.textContent, () => {{ el.textContent = MARCA; }});
    }};
    recorrer(document);
    return cambios;
}}"""
"""Masks what matches in texts, attributes and fields, and every password; what elements say together, in the smallest
that holds it. Returns in how many places: 0 when all is masked already."""

RECORTE = f"""texto => {{ {_VISIBLE}
    const liso = t => t.normalize('NFC').replace(/\\s+/g, '');
    const buscado = liso(texto);
    let mejor = null;
    for (const el of document.querySelectorAll('body *')) {{
        if (!visible(el) || !liso(el.textContent).includes(buscado)) continue;
        if (mejor === null || mejor.contains(el)) mejor = el;
    }}
    if (mejor === null) return null;
    mejor.scrollIntoView({{block: 'center', inline: 'center'}});
    const {{x, y, width, height}} = mejor.getBoundingClientRect();
    return {{x, y, width, height}};
}}"""
"""The box, in its frame's window, of the smallest element that says `texto`."""
