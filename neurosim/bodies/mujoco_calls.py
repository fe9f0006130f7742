"""MuJoCo's C functions, for compiled loops that run without the interpreter.

A model or data structure is passed as its address (`_address` of the Python object), an array as in
`neurosim.bodies.memory`. Numba's cache of a function that calls these does not notice a change in this file: touch the
caller's file too.
Source: Todorov, Erez & Tassa 2012, doi:10.1109/IROS.2012.6386109.
"""

from __future__ import annotations

import sys
from typing import Any

import llvmlite.binding
from numba import types

from neurosim.extras import optional

with optional():
    import mujoco

# The Python bindings depend on the very library that made their objects; loading them exposes its symbols whatever the
# name and place of the library (Linux, macOS, pip, conda).
llvmlite.binding.load_library_permanently(sys.modules[mujoco.mj_step.__module__].__file__)
if not llvmlite.binding.address_of_symbol("mj_step"):
    raise ImportError(
        f"mujoco {mujoco.__version__}: its C function mj_step is not found; reinstall mujoco from PyPI"
    )


def _c_function(name: str, *arguments: types.Type) -> Any:
    return types.ExternalFunction(name, types.void(*arguments))


_model, _data, _array, _int = types.int64, types.int64, types.int64, types.int32
mj_step = _c_function("mj_step", _model, _data)
mj_step1 = _c_function("mj_step1", _model, _data)
mj_step2 = _c_function("mj_step2", _model, _data)
mj_forward = _c_function("mj_forward", _model, _data)
# (model, data, object type, object id, result: angular then linear velocity (6), 1 for the local frame)
mj_object_velocity = _c_function("mj_objectVelocity", _model, _data, _int, _int, _array, _int)
