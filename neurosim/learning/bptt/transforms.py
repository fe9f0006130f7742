"""Steps for `optax.chain` that go by parameter; clipping by the norm of all together is `optax.clip_by_global_norm`."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import jax
import jax.numpy as jnp
import optax

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.registry import suggest


def clip_each(max_norm: float) -> optax.GradientTransformation:
    """Return a step that clips the gradient of each parameter by its own norm.

    g <- g min(1, max_norm/|g|), |g| over all entries of one parameter (what Keras calls clipnorm).
    Raises DescriptionError unless max_norm is above 0.
    """
    if not max_norm > 0:
        raise DescriptionError(f"clip_each: max_norm = {max_norm}: must be above 0")

    def clipped(gradient: Any) -> Any:
        norm = jnp.linalg.norm(gradient.ravel())
        return gradient * jnp.where(norm > max_norm, max_norm / jnp.where(norm > 0, norm, 1), 1)

    return optax.stateless(lambda updates, _: jax.tree.map(clipped, updates))


def scale_each(factors: Mapping[str, float]) -> optax.GradientTransformation:
    """Return a step that multiplies the changes of some parameters, for after the optimiser.

    A time constant of 20 ms is 0.02 in SI units: changes that suit a weight would overthrow it.
    Arguments: factors, by name ('*.tau' for all that end so; the first pattern that fits counts); others stay.
    Raises, when training starts, UnknownNameError for a pattern that fits no parameter.
    """

    def scaled(updates: dict[str, Any], _: Any) -> dict[str, Any]:
        for pattern in factors:
            if not any(fnmatchcase(name, pattern) for name in updates):
                raise UnknownNameError(
                    f"scale_each: '{pattern}': no such parameter: {suggest(pattern, updates)}"
                )
        return {name: value * _factor(factors, name) for name, value in updates.items()}

    return optax.stateless(scaled)


def anchored(strength: float) -> optax.GradientTransformation:
    """Return a step that adds to the gradient a pull towards the values with which training began.

    g <- g + strength (w - w_0), the gradient of strength |w - w_0|^2 / 2.
    Raises DescriptionError when strength is negative.
    """
    if not strength >= 0:
        raise DescriptionError(f"anchored: strength = {strength}: must not be negative")

    def update(gradient: Any, start: Any, parameters: Any = None) -> tuple[Any, Any]:
        return jax.tree.map(lambda g, w, w0: g + strength * (w - w0), gradient, parameters, start), start

    return optax.GradientTransformation(lambda parameters: parameters, update)


def _factor(factors: Mapping[str, float], name: str) -> float:
    return next((factor for pattern, factor in factors.items() if fnmatchcase(name, pattern)), 1.0)
