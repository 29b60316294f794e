"""Changes a module of a process that is not ours before anybody imports a name of it; for a sitecustomize."""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

Cambio = Callable[[ModuleType], None]


class _Cargador(importlib.abc.Loader):
    """Runs the module, then changes it."""

    def __init__(self, original: importlib.abc.Loader, cambiar: Cambio) -> None:
        self._original = original
        self._cambiar = cambiar

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._original.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._original.exec_module(module)
        self._cambiar(module)


class _Buscador(importlib.abc.MetaPathFinder):
    """Finds the named modules as everybody else would, and gives them our loader."""

    def __init__(self, cambios: Mapping[str, Cambio]) -> None:
        self._cambios = cambios

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._cambios:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.loader is not None
        spec.loader = _Cargador(spec.loader, self._cambios[fullname])
        return spec


def al_importar(cambios: Mapping[str, Cambio]) -> None:
    """Call the function of each of these modules once it has run, and before its importer goes on."""
    sys.meta_path.insert(0, _Buscador(cambios))
