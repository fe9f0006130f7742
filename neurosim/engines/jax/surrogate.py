"""Spikes that gradients pass through: a surrogate for the derivative of the threshold, and of what a spike switches."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.engines.jax.arithmetic import spiking
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.evaluate import Table
from neurosim.registry import suggest

SHAPES: Mapping[str, Callable[[Any], Array]] = {
    "fast_sigmoid": lambda u: 1.0 / (1.0 + jnp.abs(u)) ** 2,
    "triangle": lambda u: jnp.maximum(0.0, 1.0 - jnp.abs(u)),
    "sigmoid": lambda u: jax.nn.sigmoid(u) * jax.nn.sigmoid(-u),
    "arctan": lambda u: 1.0 / (1.0 + (jnp.pi * u) ** 2),
    "boxcar": lambda u: jnp.where(jnp.abs(u) < 0.5, 1.0, 0.0),
}


@dataclass(frozen=True)
class Surrogate:
    """The derivative that is used for a spike in backward passes; the spike itself stays a step, 0 or 1.

    ds/dx = dampening/width * f((x - threshold)/width), with f(u) one of
    fast_sigmoid: 1/(1 + |u|)**2 (Zenke & Ganguli 2018, Neural Comput. 30:1514, doi:10.1162/neco_a_01086);
    triangle: max(0, 1 - |u|) (Bellec et al. 2020, Nat. Commun. 11:3625, doi:10.1038/s41467-020-17236-y, where
    dampening is 0.3 and width the threshold);
    sigmoid: s(u) (1 - s(u)), s(u) = 1/(1 + exp(-u)) (Zenke & Vogels 2021, Neural Comput. 33:899,
    doi:10.1162/neco_a_01367);
    arctan: 1/(1 + (pi u)**2) (Fang et al. 2021, ICCV, arXiv 2007.05785); boxcar: 1 for |u| < 1/2.
    Triangle, sigmoid, arctan and boxcar have the area `dampening`, fast_sigmoid twice that.

    Arguments: shape, a name from above; width, a positive number or quantity in the unit of what the threshold
    compares, such as 1*mV; dampening, a factor.
    Raises UnknownNameError on another shape, DescriptionError on a width that is not positive.
    """

    shape: str = "fast_sigmoid"
    width: Any = 1.0
    dampening: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise UnknownNameError(f"surrogate shape '{self.shape}': {suggest(self.shape, SHAPES)}")
        if not float(np.asarray(self.width)) > 0:
            raise DescriptionError(f"surrogate: width = {self.width} is not positive: give a positive one")

    def slope(self, distance: Any) -> Array:
        """Return ds/dx at a distance x - threshold (SI units)."""
        width = float(np.asarray(self.width))
        return self.dampening / width * SHAPES[self.shape](distance / width)

    def table(self, dtype: Any) -> Table:
        """Return the arithmetic of threshold conditions."""
        return spiking(self._step(operator.gt, dtype), self._step(operator.ge, dtype))

    def _step(self, compare: Callable[[Any, Any], Any], dtype: Any) -> Callable[[Any, Any], Array]:
        @jax.custom_jvp
        def step(x: Array, y: Array) -> Array:
            return compare(x, y).astype(dtype)

        @step.defjvp
        def _(values: tuple[Array, Array], changes: tuple[Array, Array]) -> tuple[Array, Array]:
            (x, y), (dx, dy) = values, changes
            spikes = step(x, y)
            return spikes, (self.slope(jnp.real(x - y)) * jnp.real(dx - dy)).astype(spikes.dtype)

        return lambda x, y: step(*jnp.broadcast_arrays(jnp.asarray(x, dtype), jnp.asarray(y, dtype)))


@jax.custom_jvp
def _switch(spikes: Array, new: Array, old: Array) -> Array:
    return jnp.where(spikes != 0, new, old)


@_switch.defjvp
def _(values: tuple[Array, Array, Array], changes: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    (spikes, new, old), (change, dnew, dold) = values, changes
    return _switch(spikes, new, old), jnp.where(spikes != 0, dnew, dold) + change * (new - old)


def switch(spikes: Array, new: Any, old: Array) -> Array:
    """Return `new` where there is a spike, else `old`: old + s (new - old) for gradients, exact in its value."""
    shape = jnp.broadcast_shapes(jnp.shape(spikes), jnp.shape(new), jnp.shape(old))
    dtype = jnp.result_type(new, old)
    new, old = (jnp.broadcast_to(jnp.asarray(a, dtype), shape) for a in (new, old))
    return _switch(jnp.broadcast_to(spikes, shape), new, old)
