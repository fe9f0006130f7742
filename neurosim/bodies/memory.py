"""Arrays in compiled code by their addresses, which a body hands over as its handles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic


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
