"""MuJoCo's C functions and arrays, for compiled loops that run without the interpreter.

A model or data structure is passed as its address (`_address` of the Python object), an array as the address of its
first element. Numba's cache of a function that calls these does not notice a change in this file: touch the caller's
file too.
Source: Todorov, Erez & Tassa 2012, doi:10.1109/IROS.2012.6386109.
"""

from __future__ import annotations

import sys
from typing import Any

import llvmlite.binding
import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

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


def _address_to_pointer(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.int64), generate


_pointer: Any = intrinsic(_address_to_pointer)


@njit(nogil=True)
def view(address: int, size: int) -> Any:
    """Return the float64 array of `size` elements that begins at `address`, without a copy (compiled code only)."""
    return carray(_pointer(address), size, np.float64)


def address_of(array: np.ndarray) -> int:
    """Return the address of the first element of a contiguous float64 array.

    Raises TypeError for another type or layout, which compiled code would misread.
    """
    if array.dtype != np.float64 or not array.flags.c_contiguous:
        raise TypeError(
            f"address_of: the array is {array.dtype}, strides {array.strides}; give contiguous float64"
        )
    return int(array.ctypes.data)
