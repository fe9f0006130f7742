"""How errors come back through the layers: by the weights ahead, by random ones, or by the signs of the weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from neurosim.experiments.continual_hlop.activity import LAYERS, Activity
from neurosim.experiments.continual_hlop.config import Config
from neurosim.experiments.continual_hlop.network import FEED
from neurosim.learning.bptt import Model
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol import Now
from neurosim.rng import generator


def returned(error: Any, slopes: Any, second: Any, third: Any) -> tuple[Any, Any, Any]:
    """Return the errors of the three layers (rows, targets): d2 = (d3 B3) f2', d1 = (d2 B2) f1'.

    Arguments: error, d3, of the outputs; slopes, f1' and f2', of the hidden layers (rows, neurons); second and third,
    matrices back, B2 and B3 (targets, sources), of the shape of the weights ahead, which they are in back-propagation.
    """
    middle = (error @ third) * slopes[1]
    return (middle @ second) * slopes[0], middle, error


def with_feedback(model: Model, config: Config) -> Model:
    """Return a model that also holds random weights back, 'back2' and 'back3', drawn like those ahead."""

    def initial(seed: int) -> dict[str, Any]:
        found = dict(model.initial(seed))
        for layer in (2, 3):
            size, shape = config.sizes[layer - 1], np.shape(found[f"w{layer}.w"])
            found[f"back{layer}"] = generator(seed, f"feedback {layer}").uniform(-1, 1, shape) / size**0.5
        return found

    def lived(parameters: Parameters, batch: Any, key: Array) -> tuple[Any, Any]:
        return model.live(
            {n: value for n, value in parameters.items() if not n.startswith("back")}, batch, key
        )

    def outcome(parameters: Parameters, batch: Any, key: Array) -> Any:
        return lived(parameters, batch, key)[0]

    return replace(model, initial=initial, outcome=outcome, lived=lived)


@dataclass(frozen=True)
class Feedback:
    """The change of weights by errors that come back layer by layer.

    Arguments: kind, 'exact' for the weights ahead, 'random' weights, which stay, or the 'sign' of those ahead over the
    root of the number of sources; projected, whether changes keep off what earlier tasks use; activity, by which errors
    and what meets them are read.
    Source: Lillicrap, Cownden, Tweed, Akerman 2016, Nat. Commun. 7:13276, doi:10.1038/ncomms13276 (random).
    """

    kind: str
    projected: bool
    activity: Activity

    def back(self, now: Now, layer: int) -> Array:
        """Return the weights by which errors leave a layer (targets, sources)."""
        name = f"w{layer}.w"
        ahead = now.model.matrix(name, now.before[name])
        if self.kind == "exact":
            return ahead
        if self.kind == "sign":
            return jnp.sign(ahead) / ahead.shape[1] ** 0.5
        return now.model.matrix(name, now.held[f"back{layer}"])

    def __call__(self, now: Now) -> dict[str, Array]:
        """Return the change of weights that is wished for, by name."""
        error, slopes, inputs = self.activity.rows(now)
        found = {}
        errors = returned(error, slopes, self.back(now, 2), self.back(now, 3))
        for name, layer, d, x in zip(FEED, LAYERS, errors, inputs, strict=True):
            change = -d.T @ x
            if self.projected:
                rows = now.model.matrix(f"kept{layer}_w.w", now.before[f"kept{layer}_w.w"])
                change = change - (change @ rows.T) @ rows
            found[f"{name}.w"] = now.model.flat(f"{name}.w", change)
        return found
