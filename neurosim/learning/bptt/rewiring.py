"""Connections that come and go in training: structural rules between steps of gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.equations.masks import structured
from neurosim.compiler.equations.network import network_equations
from neurosim.engines.structure import apply, present_rules, updated_as_one
from neurosim.errors import UsageError
from neurosim.learning.bptt.trainer import Progress, Trainer
from neurosim.learning.bptt.training import Training
from neurosim.model.network import Network
from neurosim.model.structural import GRADIENT
from neurosim.store import write_state


@dataclass(frozen=True, eq=False)
class Rewiring:
    """Training of a network whose projections have structural rules.

    Between steps the masks are held: no gradient reaches a connection that is not there, and its weight is 0. Every
    `every` steps, which stand for the interval of the rules, each rule is applied to the weights, with the gradient of
    the objective on the next batch, dense: as if all connections were there. What the optimiser keeps for a connection
    that is dropped or grown, such as a momentum, becomes 0.
    Arguments: trainer, of the `network_model` of the network; network; every, steps between two updates.
    Raises UsageError if no projection has a structural rule, one has but its weights are not trained, or every < 1.
    """

    trainer: Trainer
    network: Network
    every: int
    _drawn: dict[int, NetworkEquations] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"Rewiring.every = {self.every}: must be at least 1")
        if not self._projections:
            raise UsageError(
                f"network '{self.network.name}': no projection has a structural rule: give it one"
            )
        trained = self.trainer.model.trainable
        for name in self._projections:
            if trained and f"{name}.w" not in trained:
                raise UsageError(
                    f"projection '{name}' has a structural rule, but '{name}.w' is not trained: name it"
                )

    @cached_property
    def _projections(self) -> list[str]:
        return [projection.name for projection in structured(network_equations(self.network))]

    def train(
        self,
        steps: int,
        seeds: int | Sequence[int] = 0,
        *,
        after: Training | None = None,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: str | Path | None = None,
    ) -> Training:
        """Return the training after `steps` steps, with an update after every `every` of them.

        Arguments, and what is raised: as of `Trainer.train`; a checkpoint is written after each update.
        """
        training = self.trainer.train(0, seeds, vary=self._masks(seeds)) if after is None else after
        while training.step < steps:
            before, target = training.step, (training.step // self.every + 1) * self.every
            training = self.trainer.train(min(steps, target), after=training, progress=progress)
            if training.step == before:
                break
            if training.step == target:
                training = self.update(training)
            if checkpoint is not None:
                write_state(checkpoint, training.arrays())
        return training

    def update(self, training: Training) -> Training:
        """Return the training with its connections after one update, the number `step // every`."""
        dense = {
            f"{name}.mask": np.ones_like(training.varied[f"{name}.mask"][0]) for name in self._projections
        }
        gradient = self.trainer.gradient(training, dense)
        weights = {n: np.array(v) for n, v in training.carry.parameters.items()}
        masks = {n: np.array(v, dtype=float) for n, v in training.varied.items()}
        begun: dict[str, np.ndarray] = {}
        for row, seed in enumerate(training.seeds):
            memory = _Memory(self._equations(int(seed)), row, weights, masks, gradient)
            before = {name: masks[f"{name}.mask"][row].copy() for name in self._projections}
            for rule, names in updated_as_one(present_rules(memory)):
                apply(memory, rule, names, training.step // self.every)
            for name, old in before.items():
                kept = begun.setdefault(f"{name}.w", np.ones_like(masks[f"{name}.mask"]))
                kept[row] = old * masks[f"{name}.mask"][row]
        optimiser = jax.tree_util.tree_map_with_path(
            lambda path, x: _kept(path, x, begun), training.carry.optimiser
        )
        carry = training.carry._replace(parameters=dict[str, Any](weights), optimiser=optimiser)
        return replace(training, varied=masks, carry=carry)

    def masks(self, training: Training) -> dict[str, np.ndarray]:
        """Return which connections are there (bool), by projection, with seeds first if there are several."""
        found = {name: training.varied[f"{name}.mask"] > 0.5 for name in self._projections}
        return {name: mask if training.several else mask[0] for name, mask in found.items()}

    def _masks(self, seeds: int | Sequence[int]) -> dict[str, np.ndarray]:
        projections = [self._equations(int(seed)).projections for seed in np.atleast_1d(seeds)]
        return {
            f"{n}.mask": np.stack([own[n].states["mask"] for own in projections]) for n in self._projections
        }

    def _equations(self, seed: int) -> NetworkEquations:
        if seed not in self._drawn:
            self._drawn[seed] = network_equations(self.network, seed)
        return self._drawn[seed]


def _kept(path: tuple[Any, ...], leaf: Any, kept: dict[str, np.ndarray]) -> Any:
    """Return what an optimiser keeps for a parameter, 0 where a connection began or ended."""
    names = [key.key for key in path if isinstance(key, jax.tree_util.DictKey)]
    name = next((name for name in names if name in kept), None)
    if name is None or np.shape(leaf) != kept[name].shape:
        return leaf
    return np.asarray(leaf) * kept[name].astype(np.asarray(leaf).dtype)


@dataclass
class _Memory:
    """The parameters of one seed, as structural rules read and write them."""

    equations: NetworkEquations
    row: int
    weights: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]
    gradient: dict[str, np.ndarray]
    dt: float = 1.0
    now: int = 0

    def read(self, owner: str, name: str) -> np.ndarray:
        if name == GRADIENT:
            return np.asarray(self.gradient[f"{owner}.w"][self.row], dtype=float)
        for values in (self.weights, self.masks):
            if f"{owner}.{name}" in values:
                return np.asarray(values[f"{owner}.{name}"][self.row], dtype=float)
        projection = self.equations.projections.get(owner)
        if projection is None or name not in projection.constants:
            raise UsageError(
                f"'{owner}.{name}' is a signal of a run, which training does not have: use another rule"
            )
        return projection.constants[name]

    def write(self, owner: str, name: str, value: np.ndarray) -> None:
        values = self.weights if f"{owner}.{name}" in self.weights else self.masks
        if f"{owner}.{name}" in values:
            values[f"{owner}.{name}"][self.row] = value
