"""Machine code of numba, kept in sealed files.

Numba keeps machine code in files beside the source that it reads without a look at who wrote them, by a format that may
run what it reads, and needs a folder that can be written. Here only content whose digest fits reaches that format.
"""

from __future__ import annotations

import inspect
import pickle
import platform
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps

from neurosim.cache.files import folder, key, load, store

KIND = "machine"
_PLAIN = (bool, int, float, str, tuple, np.generic)


def jit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator as of `numba.njit`, without the interpreter's lock, whose machine code is kept in the cache.

    Arguments:
        options: those of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        made: Any = numba.njit(nogil=True, **options)(function)
        if hasattr(made, "py_func"):
            made._cache = MachineCode(function, sorted(options.items()))
        return made

    return decorate


_rebuild: Any = CompileResult._rebuild
_dumps: Any = dumps


class MachineCode(_Cache):
    """What numba asks for the machine code of a function, and gives it to."""

    def __init__(self, function: Callable[..., Any], options: Any = ()) -> None:
        self._function = function
        self._options = repr(options)
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(folder())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for a signature, or None."""
        target_context.refresh()
        if not self._enabled:
            return None
        content = load(KIND, self._name(sig, target_context.codegen()))
        if content is None:
            return None
        # Numba's own format, in a file that only this user can have written.
        return _rebuild(target_context, *pickle.loads(content))  # noqa: S301

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keep the machine code for a signature, unless it holds addresses of this process."""
        if self._enabled and not cres.library.has_dynamic_globals and not cres.lifted:
            store(KIND, self._name(sig, cres.codegen), _dumps(cres._reduce()))

    def enable(self) -> None:
        """Use the cache."""
        self._enabled = True

    def disable(self) -> None:
        """Do without the cache."""
        self._enabled = False

    def flush(self) -> None:
        """Forget nothing: other content has another name."""

    def _name(self, sig: Any, codegen: Any) -> str:
        function = self._function
        about = [function.__module__, function.__qualname__, self._options, repr(sig)]
        machine = [str(part) for part in codegen.magic_tuple()]
        return key(about, list(machine), sorted(set(dependencies(function))), versions())


def dependencies(function: Callable[..., Any], seen: set[int] | None = None) -> Iterator[str]:
    """Yield the text of the modules of a function and of the compiled functions that it calls, and plain globals."""
    seen = set() if seen is None else seen
    plain: Any = getattr(function, "py_func", function)
    if id(plain) in seen:
        return
    seen.add(id(plain))
    yield module_text(plain)
    yield repr((plain.__code__.co_code, plain.__code__.co_consts))
    for name in plain.__code__.co_names:
        value = plain.__globals__.get(name)
        if isinstance(value, Dispatcher):
            yield from dependencies(value, seen)
        elif isinstance(value, _PLAIN):
            yield f"{name} = {value!r}"


def module_text(function: Callable[..., Any]) -> str:
    """Return the text of the module of a function, or what there is of one that was typed in by hand."""
    plain: Any = getattr(function, "py_func", function)
    text = _text(sys.modules[plain.__module__])
    return text or repr((plain.__code__.co_code, plain.__code__.co_consts, plain.__code__.co_names))


@cache
def _text(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        return ""


@cache
def versions() -> list[str]:
    """Return what machine code depends on beside its source: the versions of compilers, and the processor."""
    cpu = [llvmlite.binding.get_host_cpu_name(), str(llvmlite.binding.get_host_cpu_features().flatten())]
    return [numba.__version__, np.__version__, platform.python_version(), platform.machine(), *cpu]
