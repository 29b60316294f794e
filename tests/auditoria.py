"""`make auditar`: what is known against the locked dependencies, by pip-audit and PyPI.

A vulnerability that auditoria.toml does not accept fails; a PyPI that does not tell (no network, a mirror with files
only) is said, and fails nothing.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RAIZ = Path(__file__).resolve().parent.parent
PIP_AUDIT = ["tool", "run", "pip-audit==2.10.1", "-s", "pypi", "--no-deps", "--disable-pip", "--format", "json"]
PLAZO_S = 180


def juzgar(informe: Mapping[str, Any], aceptadas: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and what to say of a report of pip-audit."""
    vistas = [d for d in informe["dependencies"] if "vulns" in d]
    if not vistas:
        return 0, "No se auditó ninguna dependencia: PyPI no dice aquí qué vulnerabilidades tienen."
    halladas = {(d["name"], v["id"]): {v["id"], *v.get("aliases", ())} for d in vistas for v in d["vulns"]}
    malas = [f"{nombre}: {clave}" for (nombre, clave), nombres in halladas.items() if not nombres & set(aceptadas)]
    de_mas = set(aceptadas) - {nombre for nombres in halladas.values() for nombre in nombres}
    dicho = [f"{len(vistas)} de {len(informe['dependencies'])} dependencias auditadas.", *sorted(malas)]
    if de_mas:
        dicho.append(f"Ya no hace falta aceptar: {', '.join(sorted(de_mas))}.")
    return (1 if malas else 0), "\n".join(dicho)


def auditar() -> tuple[int, str]:
    """Run pip-audit over uv.lock."""
    uv = shutil.which("uv") or str(RAIZ / ".venv-uv" / "bin" / "uv")
    aceptadas = tomllib.loads((RAIZ / "auditoria.toml").read_text(encoding="utf-8"))["aceptadas"]
    exportar = [uv, "export", "--frozen", "--no-hashes", "--no-dev", "--no-emit-project", "--quiet"]
    try:
        pedidos = subprocess.run(exportar, cwd=RAIZ, capture_output=True, text=True, timeout=PLAZO_S, check=True)
        orden = [uv, *PIP_AUDIT, "-r", "/dev/stdin"]
        hecho = subprocess.run(
            orden, input=pedidos.stdout, capture_output=True, text=True, timeout=PLAZO_S, check=False
        )
        informe = json.loads(hecho.stdout)
    except (OSError, subprocess.SubprocessError) as error:
        return 0, f"No se pudo auditar: {error}"
    except json.JSONDecodeError:
        ultima = hecho.stderr.strip().splitlines()[-1:] or ["pip-audit no dijo nada"]
        return 0, f"No se pudo auditar: {ultima[0][:300]}"
    return juzgar(informe, aceptadas)


if __name__ == "__main__":
    codigo, dicho = auditar()
    print(dicho)
    sys.exit(codigo)
