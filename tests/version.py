"""`make version`: whether everything that names the version says the same, and a tag of it too."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent
SEMVER = re.compile(r"\d+\.\d+\.\d+")


def discrepancias(raiz: Path, etiquetas: Sequence[str]) -> list[str]:
    """A sentence for each place that contradicts pyproject.toml, or these tags of git's."""
    version = tomllib.loads((raiz / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if not SEMVER.fullmatch(version):
        return [f"pyproject.toml dice {version}, que no es X.Y.Z."]
    paquetes = tomllib.loads((raiz / "uv.lock").read_text(encoding="utf-8"))["package"]
    [fijada] = [p["version"] for p in paquetes if p["name"] == "consultas"]
    malas = [] if fijada == version else [f"uv.lock dice {fijada} y pyproject.toml {version}: falta uv lock."]
    cambios = re.findall(r"^## \[(.+?)\](.*)$", (raiz / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if not cambios or cambios[0] != ("Unreleased", ""):
        malas.append("CHANGELOG.md no empieza con [Unreleased].")
    if etiquetas and not (len(cambios) > 1 and cambios[1][0] == version and _fecha(cambios[1][1])):
        malas.append(f"En CHANGELOG.md, después de [Unreleased] tiene que venir «## [{version}] - AAAA-MM-DD».")
    malas += [f"La etiqueta es {e} y pyproject.toml dice {version}." for e in etiquetas if e != f"v{version}"]
    return malas


def _fecha(resto: str) -> bool:
    return re.fullmatch(r" - \d{4}-\d{2}-\d{2}", resto) is not None


def main() -> int:
    """Judge this commit with its tags v*, or with those of the command line."""
    orden = ["git", "-C", str(RAIZ), "tag", "--points-at", "HEAD", "--list", "v*"]
    etiquetas = sys.argv[1:] or subprocess.run(orden, capture_output=True, text=True, check=True).stdout.split()
    malas = discrepancias(RAIZ, etiquetas)
    de_que = f" y su etiqueta, {etiquetas[0]}" if etiquetas else ""
    print("\n".join(malas) or f"Todo dice la misma versión{de_que}.")
    return 1 if malas else 0


if __name__ == "__main__":
    sys.exit(main())
