"""Evolution strategy: ascend a return that has no gradient, by mirrored perturbations of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosim.errors import DescriptionError, RunFailed
from neurosim.rng import stream_key
from neurosim.rng.draws import fill_normal

Vector = NDArray[np.float64]
Evaluate = Callable[[Vector, int], ArrayLike]
"""What is trained: (candidates [P, n], epoch) -> returns [P], to be maximised."""


@dataclass(frozen=True, eq=False)
class EvolutionState:
    """Everything the next epoch depends on, as arrays: a run stopped and resumed from it gives the same bits.

    Fields: parameters, moment1, moment2, vectors [n]: the centre of the population and Adam's two moments;
    epoch, number of epochs done; key, of the random stream.
    Raises DescriptionError when the vectors are not finite or not of one length.
    """

    parameters: Vector
    moment1: Vector
    moment2: Vector
    epoch: int
    key: np.uint64

    def __post_init__(self) -> None:
        for name in ("parameters", "moment1", "moment2"):
            vector = getattr(self, name)
            if vector.ndim != 1 or vector.size != self.parameters.size or not np.all(np.isfinite(vector)):
                raise DescriptionError(
                    f"EvolutionState.{name}: must be a vector of finite numbers, one per parameter"
                )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state as a dict of arrays, for a checkpoint."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> EvolutionState:
        """Return the state that `arrays` described; raises DescriptionError when a name is missing."""
        missing = [name for name in cls.__dataclass_fields__ if name not in arrays]
        if missing:
            raise DescriptionError(
                f"evolution state: no '{missing[0]}' in the checkpoint; save all of arrays()"
            )
        theta, moment1, moment2 = (
            np.array(arrays[f], dtype=float) for f in ("parameters", "moment1", "moment2")
        )
        return cls(theta, moment1, moment2, epoch=int(arrays["epoch"]), key=np.uint64(arrays["key"]))


@dataclass(frozen=True, eq=False)
class EpochRecord:
    """What one epoch measured: `mean`, `sd` and `best` are of the population's returns.

    Fields: epoch, counted from 0; parameters [n], the centre of the population that was measured; steps, the
    environment steps used so far; state, after the epoch's update.
    """

    epoch: int
    mean: float
    sd: float
    best: float
    parameters: Vector
    steps: int
    state: EvolutionState


@dataclass(frozen=True)
class EvolutionStrategy:
    """Mirrored, rank-based evolution strategy with Adam.

    Candidates theta + e_j and theta - e_j, e_j ~ N(0, sigma**2 I), j = 1 ... P/2.
    g = clip(-(1 / (P sigma)) sum_j r_j (candidate_j - theta), -clip, clip) + decay theta; theta by Adam on g.
    r_j is the rank of the return of candidate j among all P, centred and scaled to [-0.5, 0.5].
    Arguments (all without unit): population, P, even; sigma, of the perturbations; learning_rate; decay, of
    the weights; clip, bound on each element of the estimate; beta1, beta2, epsilon, of Adam.
    Raises DescriptionError when an argument is out of range.
    Source: Salimans, Ho, Chen, Sidor and Sutskever 2017, arXiv:1703.03864; Adam: Kingma and Ba 2015,
    arXiv:1412.6980.
    """

    population: int = 16
    sigma: float = 0.1
    learning_rate: float = 0.05
    decay: float = 0.005
    clip: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        wanted = {
            "population": (self.population >= 2 and self.population % 2 == 0, "even and at least 2"),
            "sigma": (0 < self.sigma < np.inf, "positive"),
            "learning_rate": (0 < self.learning_rate < np.inf, "positive"),
            "decay": (0 <= self.decay < np.inf, "zero or positive"),
            "clip": (self.clip > 0, "positive"),
            "beta1": (0 <= self.beta1 < 1, "in [0, 1)"),
            "beta2": (0 <= self.beta2 < 1, "in [0, 1)"),
            "epsilon": (0 < self.epsilon < np.inf, "positive"),
        }
        for name, (fine, range_) in wanted.items():
            if not fine:
                raise DescriptionError(f"EvolutionStrategy.{name} = {getattr(self, name)}: must be {range_}")

    def start(self, parameters: ArrayLike, seed: SupportsIndex) -> EvolutionState:
        """Return the state before the first epoch.

        Arguments: parameters [n], the first centre; seed, integer >= 0.
        Raises DescriptionError when the parameters are not a vector of finite numbers.
        """
        theta = np.array(parameters, dtype=float)
        zero = np.zeros_like(theta)
        return EvolutionState(theta, zero, zero, epoch=0, key=stream_key(seed, "", "evolution"))

    def ask(self, state: EvolutionState) -> Vector:
        """Return the candidates [P, n] of the next epoch; candidate j + P/2 mirrors candidate j."""
        noise = np.empty((self.population // 2, state.parameters.size))
        fill_normal(state.key, state.epoch, noise.reshape(-1))
        noise *= self.sigma
        return np.concatenate([state.parameters + noise, state.parameters - noise])

    def tell(self, state: EvolutionState, candidates: Vector, returns: ArrayLike) -> EvolutionState:
        """Return the state after the update by the returns of the candidates.

        Arguments: state and candidates [P, n], as given to and by `ask`; returns [P], larger is better.
        Raises DescriptionError on a wrong shape, RunFailed on a return that is not finite.
        """
        g = self.gradient(state, candidates, returns) + self.decay * state.parameters
        epoch = state.epoch + 1
        moment1 = self.beta1 * state.moment1 + (1 - self.beta1) * g
        moment2 = self.beta2 * state.moment2 + (1 - self.beta2) * g**2
        unbiased1, unbiased2 = moment1 / (1 - self.beta1**epoch), moment2 / (1 - self.beta2**epoch)
        step = self.learning_rate * unbiased1 / (np.sqrt(unbiased2) + self.epsilon)
        return replace(
            state, parameters=state.parameters - step, moment1=moment1, moment2=moment2, epoch=epoch
        )

    def gradient(self, state: EvolutionState, candidates: Vector, returns: ArrayLike) -> Vector:
        """Return the clipped estimate [n] of the gradient of the loss (minus the return), without decay.

        Arguments and errors: as of `tell`.
        """
        values = self._checked(state, candidates, returns)
        # Summed in order: the bits of a matrix product may depend on the number of threads.
        total = np.sum(centred_ranks(values)[:, None] * (candidates - state.parameters), axis=0)
        return np.clip(-total / (self.population * self.sigma), -self.clip, self.clip)

    def run(
        self, evaluate: Evaluate, state: EvolutionState, epochs: int, steps_per_candidate: int = 1
    ) -> Iterator[EpochRecord]:
        """Yield one record per epoch until `epochs` are done in all, those done before `state` included.

        Arguments: evaluate, see `Evaluate`, a pure function, however it shares the work; state, from `start`
        or an earlier record; epochs, in all; steps_per_candidate, environment steps of one evaluation.
        Raises as `tell` does.
        """
        while state.epoch < epochs:
            epoch, parameters = state.epoch, state.parameters
            candidates = self.ask(state)
            returns = np.asarray(evaluate(candidates, epoch), dtype=float)
            state = self.tell(state, candidates, returns)
            steps = state.epoch * self.population * steps_per_candidate
            yield EpochRecord(
                epoch,
                float(returns.mean()),
                float(returns.std()),
                float(returns.max()),
                parameters,
                steps,
                state,
            )

    def _checked(self, state: EvolutionState, candidates: Vector, returns: ArrayLike) -> Vector:
        values = np.asarray(returns, dtype=float)
        where = f"evolution, epoch {state.epoch}"
        shapes = (self.population, state.parameters.size), (self.population,)
        if (candidates.shape, values.shape) != shapes:
            raise DescriptionError(
                f"{where}: candidates and returns have shapes {candidates.shape} and {values.shape}, "
                f"must have {shapes[0]} and {shapes[1]}"
            )
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise RunFailed(
                f"{where}: candidate {bad[0]} returned {values[bad[0]]}; every return must be finite"
            )
        return values


def centred_ranks(values: Vector) -> Vector:
    """Return the ranks of the values [P], P >= 2, scaled to [-0.5, 0.5]; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts + 1) / 2
    return mean_rank[inverse] / (values.size - 1) - 0.5
