"""Arrays and numbers by their addresses, for compiled functions that work on any number of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from neurosim.cache import jit

WORD = ir.IntType(64)
_pack: Any = cgutils.pack_array
_populate: Any = arrayobj.populate_array


def place(array: np.ndarray) -> tuple[int, int]:
    """Return address and number of elements of an array, which has to live as long as they are used."""
    return array.ctypes.data, array.size


def _vector(typing_context: Any, address: Any, size: Any, item: Any) -> Any:
    """Return the array of `size` elements of the type `item`, or of that number, at an address (int64)."""
    made = types.Array(getattr(item, "dtype", item), 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(made)(context, builder)
        step = WORD(context.get_abi_sizeof(context.get_data_type(made.dtype)))
        data = builder.inttoptr(arguments[0], array.data.type)
        shape, strides = (_pack(builder, [length]) for length in (arguments[1], step))
        _populate(array, data, shape, strides, step, None)
        return array._getvalue()

    return made(types.int64, types.int64, item), generate


vector: Any = intrinsic(_vector)


@jit()
def finite(places, item):  # type: ignore[no-untyped-def]
    """Return whether all elements of arrays are finite.

    Arguments: places, address and number of elements of each (int64, shape (arrays, 2)); item, one element.
    """
    for a in range(len(places)):
        array = vector(places[a, 0], places[a, 1], item)
        other = False
        for i in range(array.size):
            other |= array[i] - array[i] != 0
        if other:
            return False
    return True
