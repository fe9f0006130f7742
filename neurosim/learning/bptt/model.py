"""What is trained: parameters by name, what comes of them, and what they are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jax import Array

Parameters = dict[str, Array]


def _free(parameters: Parameters) -> Parameters:
    return parameters


def unexplained(name: str) -> str:
    """Return the reason for no gradient where nothing more is known."""
    return "the losses do not depend on it, or only through steps, rounding or comparisons: leave it out of `trainable`"


@dataclass(frozen=True)
class Model:
    """Parameters by name, and a differentiable function of them.

    Arguments: initial, from a seed (integer) to all parameters by name, arrays of any shape;
    outcome(parameters, batch, key), what comes of a batch, any pytree: pure, of JAX arrays; key, of its random numbers;
    trainable, names of the parameters that are trained, all of them if empty;
    project, from trained parameters to the nearest allowed ones, applied after each update;
    dtype, 'float32' or 'float64', of the parameters;
    explain, from the name of a parameter that no gradient reaches to the reason, for messages.
    """

    initial: Callable[[int], Mapping[str, Any]]
    outcome: Callable[[Parameters, Any, Array], Any]
    trainable: tuple[str, ...] = ()
    project: Callable[[Parameters], Parameters] = _free
    dtype: str = "float32"
    explain: Callable[[str], str] = unexplained
