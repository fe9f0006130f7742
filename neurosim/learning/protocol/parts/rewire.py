"""Connections that come and go in training: structural rules between steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations
from neurosim.compiler.equations.masks import structured
from neurosim.compiler.equations.network import network_equations
from neurosim.engines.structure import apply, present_rules, updated_as_one
from neurosim.errors import UnknownNameError, UsageError
from neurosim.learning.bptt.model import Parameters
from neurosim.learning.protocol.now import Now
from neurosim.learning.protocol.part import Part
from neurosim.learning.protocol.training import Training
from neurosim.model.network import Network
from neurosim.model.structural import GRADIENT, StructuralRule
from neurosim.registry import suggest

if TYPE_CHECKING:
    from neurosim.learning.protocol.assembly import Assembly
    from neurosim.learning.protocol.learner import Learner


class Rewire(Part):
    """Applies the structural rules of a network between steps.

    Between updates the masks are held: no gradient reaches a connection that is not there, and its weight is 0. Every
    `every` steps, which stand for the interval of the rules, each rule is applied to the weights, with the gradient of
    what descends on the next batch, dense: as if all connections were there. What other parts keep for a connection
    that is dropped or grown, such as a momentum, becomes 0.
    Arguments: network, of which the learner's model is; every, steps between two updates, never by itself if None: then
    `updated` is called where a protocol says so.
    Raises UsageError if no projection has a structural rule, one has but its weights are not trained, or every < 1.
    """

    def __init__(self, network: Network, every: int | None) -> None:
        self.network, self.every = network, every
        self._drawn: dict[int, NetworkEquations] = {}
        if every is not None and every < 1:
            raise UsageError(f"Rewire.every = {every}: must be at least 1")
        if not self._projections:
            raise UsageError(f"network '{network.name}': no projection has a structural rule: give it one")

    def step(self, now: Now, state: Any) -> tuple[Parameters, Any]:
        """Change nothing within a step."""
        return {}, state

    def vary(self, learner: Assembly, seeds: np.ndarray) -> dict[str, np.ndarray]:
        """Return the masks at the start."""
        trained = learner.model.trainable
        for name in self._projections:
            if trained and f"{name}.w" not in trained:
                raise UsageError(
                    f"projection '{name}' has a structural rule, but '{name}.w' is not trained: name it"
                )
        projections = [self._equations(int(seed)).projections for seed in seeds]
        return {
            f"{n}.mask": np.stack([own[n].states["mask"] for own in projections]) for n in self._projections
        }

    def between(self, learner: Learner, training: Training) -> Training:
        """Return the training with its connections after one update, the number `step // every`."""
        assert self.every is not None
        return self.updated(learner, training, training.step // self.every)

    def updated(
        self,
        learner: Learner,
        training: Training,
        number: int = 0,
        rules: Mapping[str, StructuralRule] | None = None,
    ) -> Training:
        """Return the training with its connections after one update: a branch, if the old one is continued too.

        Arguments: number, of the update, which some rules and all draws depend on; rules, by projection, in the place
        of those that the network declares, and only on these. Raises UnknownNameError for another projection.
        """
        for name in rules or {}:
            if name not in self._projections:
                raise UnknownNameError(f"Rewire: projection '{name}': {suggest(name, self._projections)}")
        dense = {
            f"{name}.mask": np.ones_like(training.varied[f"{name}.mask"][0]) for name in self._projections
        }
        gradient = learner.gradient(training, dense)
        weights = {n: np.array(v) for n, v in training.carry.parameters.items()}
        masks = {n: np.array(v, dtype=float) for n, v in training.varied.items()}
        begun: dict[str, np.ndarray] = {}
        for row, seed in enumerate(training.seeds):
            memory = _Memory(self._equations(int(seed)), row, weights, masks, gradient)
            before = {name: masks[f"{name}.mask"][row].copy() for name in self._projections}
            for rule, names in updated_as_one(present_rules(memory) if rules is None else rules):
                apply(memory, rule, names, number)
            for name, old in before.items():
                kept = begun.setdefault(f"{name}.w", np.ones_like(masks[f"{name}.mask"]))
                kept[row] = old * masks[f"{name}.mask"][row]
        states = jax.tree_util.tree_map_with_path(
            lambda path, x: _kept(path, x, begun), training.carry.states
        )
        carry = training.carry._replace(parameters=dict[str, Any](weights), states=states)
        return replace(training, varied=masks, carry=carry)

    def masks(self, training: Training) -> dict[str, np.ndarray]:
        """Return which connections are there (bool), by projection, with seeds first if there are several."""
        found = {name: training.varied[f"{name}.mask"] > 0.5 for name in self._projections}
        return {name: mask if training.several else mask[0] for name, mask in found.items()}

    @cached_property
    def _projections(self) -> list[str]:
        return [projection.name for projection in structured(network_equations(self.network))]

    def _equations(self, seed: int) -> NetworkEquations:
        if seed not in self._drawn:
            self._drawn[seed] = network_equations(self.network, seed)
        return self._drawn[seed]


def _kept(path: tuple[Any, ...], leaf: Any, kept: dict[str, np.ndarray]) -> Any:
    """Return what a part keeps for a parameter, 0 where a connection began or ended."""
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
