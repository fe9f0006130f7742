"""Generated programs as modules in the cache folder, where numba keeps their machine code for the next run."""

from __future__ import annotations

import importlib.util
import inspect
import pickle  # only the name of an error
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
from numba.core.registry import cpu_target

from neurosim.compiler.cache import folder, key, write

# Numba imports a large part of itself at the first call of any function: here it does so with the other imports.
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()

_LOADING = Lock()


def compiled(source: str, uses: Iterable[Callable[..., Any]]) -> ModuleType:
    """Return a generated module, whose functions are compiled at their first call or loaded from the cache.

    Arguments: source, text of the module; uses, functions whose modules it depends on: their text is part of the key.
    """
    texts = sorted(_module_text(function) for function in uses)
    name = "neurosim_program_" + key(source, texts, _platform())
    # Two threads that compile the same network must not see a module that is still being executed.
    with _LOADING:
        return sys.modules.get(name) or _load(name, source)


def call(module: ModuleType, function: str, *arguments: Any) -> Any:
    """Return what a function of a generated module returns; machine code that is damaged on disk is made anew."""
    try:
        return getattr(module, function)(*arguments)
    except (EOFError, pickle.UnpicklingError):
        # Raised before the function runs, by numba as it loads machine code.
        with _LOADING:
            _make_anew(module)
        return getattr(module, function)(*arguments)


def _load(name: str, source: str) -> ModuleType:
    path = folder("programs") / f"{name}.py"
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


def _make_anew(module: ModuleType) -> None:
    path, spec = Path(str(module.__file__)), module.__spec__
    for damaged in path.parent.glob(f"__pycache__/{path.stem}.*.nb[ic]"):
        damaged.unlink(missing_ok=True)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(module)


def _module_text(function: Callable[..., Any]) -> str:
    plain: Any = getattr(function, "py_func", function)
    try:
        return inspect.getsource(sys.modules[plain.__module__])
    except (OSError, TypeError):  # typed in by hand
        return repr((plain.__code__.co_code, plain.__code__.co_consts, plain.__code__.co_names))


def _platform() -> list[str]:
    cpu = [llvmlite.binding.get_host_cpu_name(), str(llvmlite.binding.get_host_cpu_features().flatten())]
    return [numba.__version__, np.__version__, platform.python_version(), platform.machine(), *cpu]
