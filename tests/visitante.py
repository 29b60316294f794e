"""A browser without JavaScript that visits the panel: cookies, links, forms with their token."""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

import httpx

import api
from models.api_key import Alcance, crear_clave


class Visitante:
    """Visits the app of this process, without following redirections."""

    def __init__(self, base_url: str = "http://consultas") -> None:
        self.base_url = base_url
        self.galletitas = httpx.Cookies()
        self.cabeceras: dict[str, str] = {}
        self.clave_id = ""

    def pedir(self, metodo: str, ruta: str, **opciones: Any) -> httpx.Response:
        """One request, with the cookies of those before it."""
        return asyncio.run(self._pedir(metodo, ruta, opciones))

    async def _pedir(self, metodo: str, ruta: str, opciones: dict[str, Any]) -> httpx.Response:
        transporte = httpx.ASGITransport(api.app, raise_app_exceptions=False)
        opciones["headers"] = {**self.cabeceras, **opciones.get("headers", {})}
        async with httpx.AsyncClient(
            transport=transporte, base_url=self.base_url, cookies=self.galletitas, timeout=30
        ) as cliente:
            respuesta = await cliente.request(metodo, ruta, **opciones)
            self.galletitas = cliente.cookies
        return respuesta

    def entrar(self, *alcances: Alcance) -> "Visitante":
        """Come in with a new key; without alcances, one that administers."""
        clave, texto = crear_clave(f"visita {id(self)}", alcances or [Alcance.ADMINISTRAR])
        self.clave_id = clave.id
        respuesta = self.enviar("/panel/entrar", {"clave": texto}, desde="/panel/entrar")
        assert respuesta.status_code == 303, respuesta.text
        return self

    def ver(self, ruta: str, estado: int = 200) -> str:
        """The page at an address."""
        respuesta = self.pedir("GET", ruta)
        assert respuesta.status_code == estado, f"{ruta}: {respuesta.status_code} {respuesta.headers.get('location')}"
        return respuesta.text

    def csrf(self, ruta: str) -> str:
        """The token of the forms of a page; empty where it has none."""
        hallado = re.search(r'name="csrf" value="([^"]+)"', self.pedir("GET", ruta).text)
        return hallado[1] if hallado else ""

    def enviar(self, ruta: str, datos: dict[str, Any] | None = None, *, desde: str = "/panel/claves") -> httpx.Response:
        """Send a form, with the token of the page it stands on."""
        campos = {"csrf": self.csrf(desde), **(datos or {})}
        cabeceras = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.pedir("POST", ruta, content=urlencode(campos), headers=cabeceras)
