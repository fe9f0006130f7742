"""Arrays, numbers and functions by their addresses, for compiled code that works on any number of them.

The part of a call is a row of words (int64), in which a function finds its arrays (address, then the length of each
axis) and its numbers (the bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

ARGUMENTS = (types.int64, types.int64, types.int32, types.int64, types.int64, types.float64)
"""Types of the arguments of such a function: part, step, step from the origin of rests, row, steps, share."""
WORD = ir.IntType(64)
_cgutils: Any = cgutils
_populate: Any = arrayobj.populate_array


def address(array: np.ndarray) -> int:
    """Return where the elements of an array are, which has to live as long as this is used."""
    return int(array.__array_interface__["data"][0])


def _view(context: Any, builder: Any, made: Any, data: Any, shape: Sequence[Any]) -> Any:
    """Return the array of a type and shape whose elements are at a pointer."""
    array = context.make_array(made)(context, builder)
    item = WORD(context.get_abi_sizeof(context.get_data_type(made.dtype)))
    strides = [item]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.bitcast(data, array.data.type)
    _populate(
        array, data, _cgutils.pack_array(builder, shape), _cgutils.pack_array(builder, strides), item, None
    )
    return array._getvalue()


def _vector(typing_context: Any, address: Any, size: Any, item: Any) -> Any:
    made = types.Array(item, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = builder.inttoptr(arguments[0], _cgutils.voidptr_t)
        return _view(context, builder, made, data, [arguments[1]])

    return made(types.int64, types.int64, item), generate


def _words(builder: Any, part: Any, at: Any) -> Any:
    """Return a pointer to a word of a part."""
    return builder.gep(builder.inttoptr(part, WORD.as_pointer()), [at])


def _held(dimensions: int) -> Any:
    def typed(typing_context: Any, part: Any, at: Any, item: Any) -> Any:
        made = types.Array(item.dtype, dimensions, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            words = _words(builder, *arguments[:2])
            address, *shape = (builder.load(builder.gep(words, [WORD(w)])) for w in range(dimensions + 1))
            data = builder.inttoptr(address, _cgutils.voidptr_t)
            return _view(context, builder, made, data, shape)

        return made(types.int64, types.int64, item), generate

    return typed


def _number(typing_context: Any, part: Any, at: Any, item: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(item.dtype).as_pointer()
        return builder.load(builder.bitcast(_words(builder, *arguments[:2]), kind))

    return item.dtype(types.int64, types.int64, item), generate


def _matrix(typing_context: Any, array: Any, rows: Any, columns: Any) -> Any:
    made = types.Array(array.dtype, 2, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flat = context.make_array(array)(context, builder, arguments[0])
        return _view(context, builder, made, flat.data, arguments[1:])

    return made(array, types.int64, types.int64), generate


def _call(
    typing_context: Any, function: Any, part: Any, k: Any, now: Any, row: Any, steps: Any, share: Any
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        convention = context.call_conv
        kind = convention.get_function_type(types.int64, ARGUMENTS)
        pointer = builder.inttoptr(arguments[0], kind.as_pointer())
        status, found = convention.call_function(builder, pointer, types.int64, ARGUMENTS, arguments[1:])
        with _cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return found

    return types.int64(types.int64, *ARGUMENTS), generate


def _made(typed: Any, doc: str) -> Any:
    made = intrinsic(typed)
    made.__doc__ = doc
    return made


vector = _made(_vector, "Return the array of a number of elements, of the type of `item`, at an address.")
array = _made(_held(1), "Return the array of one axis that a part holds from word `at` on; item, its dtype.")
grid = _made(_held(2), "Return the array of two axes that a part holds from word `at` on; item, its dtype.")
number = _made(_number, "Return the number that a part holds in word `at`; item, its dtype.")
matrix = _made(_matrix, "Return an array of one axis as one of `rows` and `columns`.")
call = _made(
    _call,
    "Call the function at an address; return 0, or the number of steps after which it lacks room. It may raise.",
)
