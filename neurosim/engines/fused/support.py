"""Small compiled functions that generated programs call."""

from __future__ import annotations

import math
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurosim.cache import jit


@jit(inline="always")
def clip(x, low, high):  # type: ignore[no-untyped-def]
    """Return min(max(x, low), high), NaN where any of them is."""
    return min(max(x, low), high) if low == low and high == high else low + high


@jit(inline="always")
def sign(x):  # type: ignore[no-untyped-def]
    """Return -1.0, 0.0 or 1.0, or NaN of NaN."""
    return float((x > 0) - (x < 0)) if x == x else x


@jit(error_model="numpy")
def floor_divide(x, y):  # type: ignore[no-untyped-def]
    """Return the greatest whole number up to x/y; of a division by 0 what the division gives."""
    return x / y if y == 0 else x // y


@jit(error_model="numpy")
def remainder(x, y):  # type: ignore[no-untyped-def]
    """Return what is left of x after whole multiples of y, with the sign of y; NaN of a division by 0."""
    return math.nan if y == 0 else x % y


@jit()
def softplus(x):  # type: ignore[no-untyped-def]
    """Return log(1 + exp(x)), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@jit()
def exprel(x):  # type: ignore[no-untyped-def]
    """Return (exp(x) - 1)/x, 1 at 0."""
    if x > 717.0:  # as in scipy; the quotient is beyond the largest number
        return math.inf
    return 1.0 if abs(x) < 1e-16 else math.expm1(x) / x


@jit()
def diagonal(a):  # type: ignore[no-untyped-def]
    """Return the diagonal matrix of a column (n, 1), or the column of a matrix's diagonal."""
    if a.shape[1] == 1:
        full = np.zeros((a.shape[0], a.shape[0]), a.dtype)
        for i in range(a.shape[0]):
            full[i, i] = a[i, 0]
        return full
    column = np.zeros((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        column[i, 0] = a[i, i]
    return column


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the two cache lines from array[index] on, which need not exist; nothing waits for them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = context.make_array(array)(context, builder, arguments[0])
        first = builder.bitcast(builder.gep(place.data, [arguments[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        for line in range(2):
            address = builder.gep(first, [number(64 * line)])
            # To read, to be kept in every level of the cache, data.
            builder.call(ask, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, index), generate


@intrinsic
def wide_vectors(typing_context: Any) -> Any:
    """Let the function that calls it fill the widest vectors of the processor.

    LLVM halves them on Intel's processors, for the sake of the first with 512 bits, which slowed their clock for them.
    Later ones, known by VBMI2, do not. It is an attribute of the one function, so nothing else that numba compiles
    changes, and one that LLVM passes over where the processor has no such vectors.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if llvmlite.binding.get_host_cpu_features().get("avx512vbmi2", False):
            # llvmlite's own `add` knows no attributes with values.
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate
