"""A private Prometheus that scrapes one target, with our alert rules."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import requests
from servidores import Servidor, buscar_programa, puerto_libre

REGLAS = Path(__file__).resolve().parent.parent / "docs" / "prometheus" / "alertas.yml"


class Prometheus(Servidor):
    """Debian's Prometheus on loopback: scrapes `/metrics` of an address with a key, many times a second."""

    principal = "prometheus"
    senales = {}

    def __init__(self, blanco: str, clave: str) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{puerto_libre()}"
        trabajo = {
            "job_name": "consultas",
            "authorization": {"credentials": clave},
            "static_configs": [{"targets": [blanco.removeprefix("http://")]}],
        }
        config = {
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "500ms"},
            "rule_files": [str(REGLAS)],
            "scrape_configs": [trabajo],
        }
        (self.carpeta / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML

    def iniciar(self) -> Self:
        orden = [buscar_programa("/usr/bin/prometheus"), f"--config.file={self.carpeta}/prometheus.yml"]
        orden += [f"--storage.tsdb.path={self.datos}", f"--web.listen-address={self.url.removeprefix('http://')}"]
        self._lanzar("prometheus", orden)
        self._esperar(self._responde)
        return self

    def _responde(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/-/ready", timeout=5).ok
        return False

    def detener(self, modo: str = "fast") -> None:
        """Nothing: its data goes with its folder, and cerrar() kills it."""

    def pedir(self, ruta: str, **parametros: str) -> Any:
        """The `data` of an answer of its API."""
        respuesta = requests.get(f"{self.url}/api/v1/{ruta}", params=parametros, timeout=10).json()
        assert respuesta["status"] == "success", respuesta
        return respuesta["data"]

    def nombres(self) -> set[str]:
        """Every metric that it has seen."""
        return set(self.pedir("label/__name__/values"))
