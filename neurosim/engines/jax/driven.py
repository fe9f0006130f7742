"""Weights that are activity: for each edge the output of the neuron that drives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jax import Array

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.engines.jax.strides import Stride, stride


def layout(driver: np.ndarray) -> Stride | int | None:
    """Return how the drivers of edges follow each other, or None if neither way.

    A stride, or, of a matrix whose columns are taken one after the other, its number of columns. JAX's scatter, the
    gradient of a gathering, goes through indices one by one, while those of slices and transpositions do not.
    """
    found = stride(driver)
    columns = int(driver[1]) if driver.size > 1 else 0
    if found is not None or columns < 2 or driver.size % columns:
        return found
    turned = np.arange(driver.size).reshape(-1, columns).T.ravel()
    return columns if np.array_equal(driver, turned) else None


def gathered(outputs: Array, projection: ProjectionEquations, values: Mapping[str, Any]) -> Array:
    """Return the output that drives each edge, (edges,) or (edges, trials)."""
    assert projection.driver is not None
    found = layout(projection.driver)
    if isinstance(found, Stride):
        return found.taken(outputs)
    if found is None:
        return outputs[values[f"{projection.name}/driver"]]
    taken = outputs[: projection.driver.size]
    turned: Array = taken.reshape(-1, found, *taken.shape[1:]).swapaxes(0, 1)
    return turned.reshape(taken.shape)
