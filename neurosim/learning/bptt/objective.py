"""What is minimised: terms, losses as weighted sums of them, and which loss teaches which parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.losses import Term
from neurosim.learning.bptt.model import Parameters
from neurosim.registry import suggest


@dataclass(frozen=True)
class Objective:
    """Losses, weighted sums of terms, and the share that each loss has in the gradient of each parameter.

    loss = sum over terms of weight * term;  gradient of parameter p = sum over losses of mix[p, loss] * d loss/dp.
    Arguments: terms, functions (outcome, batch) -> scalar by name;
    losses, weights of terms by name of the loss; without any, one loss 'loss' with every weight 1;
    mix, by names of parameters ('left*' for all that begin so; the first pattern that fits counts), the shares of
    losses, those not named 0; without any, every parameter descends the sum of all losses.
    A weight or share is a number, or one per seed of the training.
    Raises UnknownNameError on a term or loss that does not exist, UsageError when there are no terms.
    """

    terms: Mapping[str, Term]
    losses: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)
    mix: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.terms:
            raise UsageError(
                "Objective.terms: there are none: give a function (outcome, batch) -> scalar by name"
            )
        if not self.losses:
            object.__setattr__(self, "losses", {"loss": dict.fromkeys(self.terms, 1.0)})
        for loss, weights in self.losses.items():
            _known(f"loss '{loss}': term", weights, self.terms)
        for pattern, shares in self.mix.items():
            _known(f"mix of '{pattern}': loss", shares, self.losses)

    @property
    def taught(self) -> tuple[str, ...]:
        """The losses that teach a parameter; the others are only measured."""
        named = {loss for shares in self.mix.values() for loss in shares}
        return tuple(loss for loss in self.losses if not self.mix or loss in named)

    @property
    def taught_index(self) -> np.ndarray:
        """The places of the losses that teach among all losses."""
        return np.array([list(self.losses).index(name) for name in self.taught])

    def weights(self, seeds: int, changed: Mapping[str, Mapping[str, ArrayLike]] | None = None) -> np.ndarray:
        """Return the weights of terms in losses (seeds, losses, terms).

        Arguments: changed, weights of some terms that count in the place of those of the objective, by loss.
        """
        changed = changed or {}
        for loss, given in changed.items():
            _known("loss", [loss], self.losses)
            _known(f"loss '{loss}': term", given, self.terms)
        rows = [
            _row(f"loss '{n}'", {**weights, **changed.get(n, {})}, self.terms, seeds)
            for n, weights in self.losses.items()
        ]
        return np.stack(rows, axis=1)

    def shares(self, names: Sequence[str], seeds: int) -> dict[str, np.ndarray]:
        """Return the shares of the losses that teach (seeds, losses) by name of the parameter.

        Raises UnknownNameError for a pattern that fits no parameter, UsageError for a parameter that none fits.
        """
        patterns = self.mix or {"*": dict.fromkeys(self.losses, 1.0)}
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UnknownNameError(f"mix of '{pattern}': no such parameter: {suggest(pattern, names)}")
        found = {}
        for name in names:
            fitting = [p for p in patterns if fnmatchcase(name, p)]
            if not fitting:
                raise UsageError(f"mix: no pattern fits parameter '{name}': give it shares, or add '*'")
            found[name] = _row(f"mix of '{fitting[0]}'", patterns[fitting[0]], self.taught, seeds)
        return found

    def measure(self, outcome: Any, batch: Any) -> Array:
        """Return the values of all terms (terms,)."""
        return jnp.stack([term(outcome, batch) for term in self.terms.values()])

    def gradient(
        self,
        terms: Callable[[Parameters], tuple[Array, Any]],
        trained: Parameters,
        weights: Array,
        shares: Mapping[str, Array],
    ) -> tuple[Parameters, Array, Any]:
        """Return (gradient by name, values of all terms, what else `terms` returned).

        Arguments: terms, from parameters to (values of all terms, anything); weights (losses, terms); shares (losses
        that teach,) by name. One pass backward per loss that teaches, one in all where nothing is mixed.
        """
        index = self.taught_index

        def losses(trained: Parameters) -> tuple[Array, tuple[Array, Any]]:
            found, more = terms(trained)
            taught = (weights @ found)[index]
            return (taught if self.mix else taught.sum()), (found, more)

        if not self.mix:
            slopes, (found, more) = jax.grad(losses, has_aux=True)(trained)
            return slopes, found, more
        slopes, (found, more) = jax.jacrev(losses, has_aux=True)(trained)
        mixed = {name: jnp.tensordot(shares[name], slope, 1) for name, slope in slopes.items()}
        return mixed, found, more


def _known(what: str, names: Iterable[str], known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"{what} '{name}': {suggest(name, known)}")


def _row(what: str, given: Mapping[str, ArrayLike], names: Any, seeds: int) -> np.ndarray:
    """Return numbers by name as (seeds, names), 0 for those that are not given."""
    found = np.zeros((seeds, len(names)))
    for column, name in enumerate(names):
        value = np.asarray(given.get(name, 0.0), float)
        if value.shape not in {(), (seeds,)} or not np.isfinite(value).all():
            raise UsageError(
                f"{what}: '{name}' = {value.tolist()}: give one finite number, or one per seed ({seeds})"
            )
        found[:, column] = value
    return found
