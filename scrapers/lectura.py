"""What a page showed a person at one moment: its visible DOM, to be read without a browser."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scrapers.dinero import normal
from scrapers.fallas import Codigo, Falla


class Nodo:
    """One element of a Lectura."""

    def __init__(self, nodo: LexborNode) -> None:
        self._nodo = nodo

    @property
    def texto(self) -> str:
        """Its text as a person reads it, white space collapsed; a space between child elements."""
        return normal(self._nodo.text(deep=True, separator=" "))

    @property
    def texto_pegado(self) -> str:
        """Its text with nothing put between child elements: `25.670` + `,00` is `25.670,00`."""
        return normal(self._nodo.text(deep=True, separator=""))

    def atributo(self, nombre: str) -> str | None:
        """The value of an attribute, or None."""
        return self._nodo.attributes.get(nombre)

    def todos(self, selector: str) -> list["Nodo"]:
        """The descendants that match, in the order of the page."""
        return [Nodo(n) for n in self._nodo.css(selector)]

    def quizas(self, selector: str) -> "Nodo | None":
        """The only match, or None where there is none. Raises Falla RESULTADO_AMBIGUO for several."""
        hallados = self.todos(selector)
        if len(hallados) > 1:
            raise Falla(Codigo.RESULTADO_AMBIGUO, detalle=f"{len(hallados)} veces {selector}")
        return hallados[0] if hallados else None

    def uno(self, selector: str) -> "Nodo":
        """The only match. Raises Falla PORTAL_CAMBIO for none, RESULTADO_AMBIGUO for several."""
        hallado = self.quizas(selector)
        if hallado is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"falta {selector}")
        return hallado

    def dato(self, selector: str, patron: str) -> str:
        """Group 1 of `patron`, which must be the whole text of the only match. Raises Falla as `uno` does."""
        texto = self.uno(selector).texto
        hallado = re.fullmatch(patron, texto)
        if hallado is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"{texto[:60]!r} en {selector}")
        return str(hallado[1])

    def rotulados(self, bloque: str, rotulo: str) -> dict[str, str]:
        """For each match of `bloque`, the text of its only `rotulo` and all that the bloque says after it.

        Raises Falla PORTAL_CAMBIO for a bloque that does not begin with its rotulo, RESULTADO_AMBIGUO for
        two with the same one.
        """
        hallados: dict[str, str] = {}
        for nodo in self.todos(bloque):
            titulo, todo = nodo.uno(rotulo).texto_pegado, nodo.texto_pegado
            if not titulo or not todo.startswith(titulo):
                raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"{bloque} no empieza con su rótulo")
            if titulo in hallados:
                raise Falla(Codigo.RESULTADO_AMBIGUO, detalle=f"dos veces «{titulo[:40]}»")
            hallados[titulo] = normal(todo[len(titulo) :])
        return hallados


class Lectura(Nodo):
    """The visible DOM of a page or frame: `html` as text, and where it came from."""

    def __init__(self, html: str, url: str = "") -> None:
        self.html = html
        self.url = url
        for etiqueta in ("body", "html"):
            if html.lstrip().startswith(f"<{etiqueta}") and not html.rstrip().endswith(f"</{etiqueta}>"):
                raise Falla(Codigo.PORTAL_CAMBIO, detalle="página cortada")
        raiz = LexborHTMLParser(html).root
        if raiz is None:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle="página vacía")
        super().__init__(raiz)

    def tabla(self, selector: str, columnas: tuple[str, ...]) -> list[dict[str, Nodo]]:
        """The body rows of the table at `selector`, each a mapping from column title to cell.

        The titles must be exactly `columnas`, in that order, and every row must have a cell for each:
        Falla PORTAL_CAMBIO otherwise, so that no value is read from under another title.
        """
        tabla = self.uno(selector)
        titulos = tuple(celda.texto for celda in tabla.todos("thead th"))
        if titulos != columnas:
            raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"columnas {titulos} en {selector}")
        filas = []
        for fila in tabla.todos("tbody tr"):
            celdas = fila.todos("td")
            if len(celdas) != len(columnas):
                raise Falla(Codigo.PORTAL_CAMBIO, detalle=f"fila de {len(celdas)} celdas en {selector}")
            filas.append(dict(zip(columnas, celdas, strict=True)))
        return filas
