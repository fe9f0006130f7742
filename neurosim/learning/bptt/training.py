"""What training came to, and its way to a file and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from neurosim.errors import UsageError
from neurosim.learning.bptt.steps import Carry


@dataclass(frozen=True)
class Names:
    """Names of what is counted: terms, losses, and trained parameters."""

    terms: tuple[str, ...]
    losses: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Training:
    """A training so far; everything has seeds first if it was given several.

    Fields: step, number of steps done; names; seeds (seeds,); varied, what `vary` gave, by name; weights, of terms in
    losses (seeds, losses, terms); carry, all that the next step depends on; rows (steps, seeds, terms + parameters);
    best, the parameters that did best in validation; least, their validation loss (seeds,); waited, measurements since
    (seeds,); ended, the step after which validation ended a seed's training, or -1 (seeds,); measured (measurements,
    seeds, losses), of validation; several, whether seeds are an axis of results.
    """

    step: int
    names: Names
    seeds: np.ndarray
    varied: Mapping[str, np.ndarray]
    weights: np.ndarray
    carry: Carry
    rows: np.ndarray
    best: Mapping[str, np.ndarray]
    least: np.ndarray
    waited: np.ndarray
    ended: np.ndarray
    measured: np.ndarray
    several: bool

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The trained parameters by name: the best in validation if there was one, otherwise the last."""
        chosen = self.best if len(self.measured) else self.carry.parameters
        return {name: self._seen(np.asarray(value)) for name, value in chosen.items()}

    @property
    def last(self) -> dict[str, np.ndarray]:
        """The trained parameters by name after the last step."""
        return {name: self._seen(np.asarray(value)) for name, value in self.carry.parameters.items()}

    @property
    def terms(self) -> dict[str, np.ndarray]:
        """The value of each term at each step, before its update (steps,)."""
        return self._columns(self.names.terms, self.rows)

    @property
    def losses(self) -> dict[str, np.ndarray]:
        """The value of each loss at each step, before its update (steps,)."""
        terms = self.rows[..., None, : len(self.names.terms)]
        return self._columns(self.names.losses, (self.weights * terms).sum(-1))

    @property
    def gradient_norms(self) -> dict[str, np.ndarray]:
        """The norm of the gradient of each parameter at each step, before clipping (steps,)."""
        return self._columns(self.names.parameters, self.rows[..., len(self.names.terms) :])

    @property
    def validation(self) -> dict[str, np.ndarray]:
        """The value of each loss in each measurement on the validation batch (measurements,)."""
        return self._columns(self.names.losses, self.measured)

    @property
    def stopped(self) -> np.ndarray:
        """The step after which validation ended the training, or -1."""
        return self._seen(self.ended)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays by name, for `neurosim.store.write_state`."""
        leaves = jax.tree.leaves(self.carry.optimiser)
        return {
            "step": np.array(self.step),
            "several": np.array(self.several),
            **{name: np.asarray(getattr(self, name)) for name in _PLAIN},
            **{f"carry/{name}": np.asarray(getattr(self.carry, name)) for name in _FLAGS},
            **{f"vary/{name}": np.asarray(v) for name, v in self.varied.items()},
            **{f"best/{name}": np.asarray(v) for name, v in self.best.items()},
            **{f"parameters/{name}": np.asarray(v) for name, v in self.carry.parameters.items()},
            **{f"optimiser/{number}": np.asarray(leaf) for number, leaf in enumerate(leaves)},
        }

    def _columns(self, names: tuple[str, ...], values: np.ndarray) -> dict[str, np.ndarray]:
        return {name: self._seen(values[..., column].T) for column, name in enumerate(names)}

    def _seen(self, value: np.ndarray) -> np.ndarray:
        return value if self.several else value[0]


_PLAIN = ("seeds", "weights", "rows", "least", "waited", "ended", "measured")
_FLAGS = ("first", "failed", "broken", "stopped")


def restored(arrays: Mapping[str, Any], like: Training) -> Training:
    """Return the training that `arrays` describe.

    Arguments: arrays, from `Training.arrays`; like, a training at step 0 of the trainer that is to go on.
    Raises UsageError when the arrays are those of another training.
    """
    expected = like.arrays()
    if strange := sorted(expected.keys() ^ arrays.keys()):
        which = "missing" if strange[0] in expected else "not of this training"
        raise UsageError(f"checkpoint: '{strange[0]}' is {which}")
    for name, other in expected.items():
        one = arrays[name]
        axis = 1 if name in ("rows", "measured") else 0
        if np.shape(one)[axis:] != other.shape[axis:] or np.asarray(one).dtype != other.dtype:
            raise UsageError(
                f"checkpoint: '{name}' has shape {np.shape(one)}, this training has {other.shape}: it is another's"
            )
    if not np.array_equal(arrays["weights"], like.weights):
        raise UsageError(
            "checkpoint: its losses have other weights of terms than this training: it is another's"
        )
    leaves, shape = jax.tree.flatten(like.carry.optimiser)
    optimiser = jax.tree.unflatten(shape, [arrays[f"optimiser/{n}"] for n in range(len(leaves))])
    parameters = {name: arrays[f"parameters/{name}"] for name in like.names.parameters}
    flags = {name: np.asarray(arrays[f"carry/{name}"]) for name in _FLAGS}
    return Training(
        step=int(arrays["step"]),
        names=like.names,
        varied={name: arrays[f"vary/{name}"] for name in like.varied},
        carry=Carry(parameters, optimiser, **flags),  # type: ignore[arg-type]
        best={name: arrays[f"best/{name}"] for name in like.best},
        several=bool(arrays["several"]),
        **{name: np.asarray(arrays[name]) for name in _PLAIN},
    )
