"""Single and double precision: JAX computes in 64 bits only where that is asked for, and nothing global is changed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import numpy as np

from neurosim.errors import DescriptionError, UsageError

DTYPES = ("float32", "float64")


def named(dtype: Any) -> str:
    """Return the name of a dtype; raises DescriptionError if it is not single or double precision."""
    name = np.dtype(dtype).name
    if name not in DTYPES:
        raise DescriptionError(f"dtype {name}: programs compute in {' or '.join(DTYPES)}: give one of these")
    return name


def precision(dtype: str) -> AbstractContextManager[Any]:
    """Return a context in which JAX keeps arrays of a dtype as they are."""
    return jax.enable_x64(True) if dtype == "float64" else nullcontext()


def check(dtype: str) -> None:
    """Refuse to compute in double precision where JAX would cut numbers down to single precision in silence."""
    config: Any = jax.config
    if dtype == "float64" and not config.jax_enable_x64:
        raise UsageError("a float64 program in 32-bit JAX: call it inside `with jax.enable_x64(True):`")
