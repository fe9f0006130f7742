"""Generated programs as modules in the cache folder, where numba keeps their machine code for the next run."""

from __future__ import annotations

import importlib.util
import inspect
import platform
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import llvmlite.binding
import numba
import numpy as np

from neurosim.engines.cache import folder, key, write


_LOADING = Lock()


def compiled(source: str, uses: Iterable[Callable[..., Any]]) -> ModuleType:
    """Return a generated module, whose functions are compiled at their first call or loaded from the cache.

    Arguments: source, text of the module; uses, compiled functions that it calls, whose text is part of the key.
    """
    texts = sorted(_module_text(function) for function in uses)
    name = "neurosim_program_" + key(source, texts, _platform())
    # Two threads that compile the same network must not see a module that is still being executed.
    with _LOADING:
        module = sys.modules.get(name) or _load(name, source)
    return module


def _load(name: str, source: str) -> ModuleType:
    path = folder() / "programs" / f"{name}.py"
    try:
        whole = path.read_text() == source
    except (OSError, UnicodeDecodeError):
        whole = False
    if not whole:
        write(path, source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _module_text(function: Callable[..., Any]) -> str:
    plain = getattr(function, "py_func", function)
    file = inspect.getsourcefile(plain)
    return Path(file).read_text() if file else repr(plain)


def _platform() -> list[str]:
    cpu = [llvmlite.binding.get_host_cpu_name(), str(llvmlite.binding.get_host_cpu_features().flatten())]
    return [numba.__version__, np.__version__, platform.python_version(), platform.machine(), *cpu]
