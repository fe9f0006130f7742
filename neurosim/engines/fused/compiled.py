"""Generated programs as modules, whose machine code is kept for the next run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.abc import InspectLoader
from importlib.util import module_from_spec, spec_from_loader
from threading import Lock
from types import ModuleType
from typing import Any

from numba.core.registry import cpu_target

from neurosim.cache import key
from neurosim.cache.machine_code import module_text, versions

# Numba imports a large part of itself at the first call of any function: here it does so with the other imports.
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()

_LOADING = Lock()


def compiled(source: str, uses: Iterable[Callable[..., Any]]) -> ModuleType:
    """Return a generated module, whose functions are compiled at their first call or loaded from the cache.

    Arguments:
        source: text of the module.
        uses: functions whose modules it depends on: their text is part of its name.
    """
    name = "neurosim_program_" + key(source, sorted({module_text(function) for function in uses}), versions())
    # Two threads that compile the same network must not see a module that is still being executed.
    with _LOADING:
        return sys.modules.get(name) or _made(name, source)


class _Text(InspectLoader):
    """Loads a module from its text; lines of error messages are found in it too."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, fullname: str) -> str:
        """Return the text."""
        return self._text


def _made(name: str, source: str) -> ModuleType:
    loader = _Text(source)
    spec = spec_from_loader(name, loader, origin=f"<{name}>")
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module
