"""What structural rules change between steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, ProjectionEquations
from neurosim.compiler.equations.masks import equal_rules, rule_of, structured, whole_steps
from neurosim.model.evaluate import evaluate
from neurosim.model.expressions import names_in
from neurosim.model.structural import GRADIENT, StructuralRule, updated
from neurosim.model.units import quantity
from neurosim.rng import generator


class Memory(Protocol):
    """A simulation, as far as structural rules need it."""

    equations: NetworkEquations
    dt: float

    @property
    def now(self) -> int:
        """Number of steps taken."""

    def read(self, owner: str, name: str) -> np.ndarray:
        """Return a variable in SI units."""

    def write(self, owner: str, name: str, value: np.ndarray) -> None:
        """Set a variable in SI units."""


def needs_gradient(equations: NetworkEquations) -> Iterator[str]:
    """Yield a reason for every rule that needs the gradient of a loss, which a run does not have."""
    for projection in structured(equations):
        rule = rule_of(projection)
        for name in (n for n, variable in rule.gradients.items() if variable == GRADIENT):
            yield (
                f"{type(rule).__name__} on projection '{projection.name}' needs the gradient of a loss, which only "
                "training on engine 'jax' supplies: train it, or name a variable that a rule keeps per synapse as its "
                f"'{name}'"
            )


# Updates -------------------------------------------------------------------------------------------------------------


def present_rules(memory: Memory) -> dict[str, StructuralRule]:
    """Return the structural rule of each projection with the values that its parameters have now."""
    found = {}
    for projection in structured(memory.equations):
        rule = rule_of(projection)
        names = {name: f"{rule.prefix}_{name}" for name in rule.parameters}
        now = {
            n: quantity(memory.read(projection.name, f), projection.dimensions[f]) for n, f in names.items()
        }
        found[projection.name] = type(rule)(**now, **rule.chosen())
    return found


def _interval(rule: StructuralRule, name: str, dt: float) -> int:
    return whole_steps(float(rule.interval), dt, f"{type(rule).__name__} on projection '{name}': interval")


def steps_to_update(memory: Memory) -> int:
    """Return the number of steps up to the next update."""
    rules = present_rules(memory)
    intervals = [_interval(rule, name, memory.dt) for name, rule in rules.items()]
    return min(interval - memory.now % interval for interval in intervals)


def update(memory: Memory) -> None:
    """Apply the structural rules whose interval ends with the last step."""
    rules = present_rules(memory)
    intervals = {name: _interval(rule, name, memory.dt) for name, rule in rules.items()}
    due = {name: rule for name, rule in rules.items() if memory.now % intervals[name] == 0}
    for rule, names in updated_as_one(due):
        apply(memory, rule, names, memory.now // intervals[names[0]])


def updated_as_one(rules: Mapping[str, StructuralRule]) -> list[tuple[StructuralRule, list[str]]]:
    """Return rules with the projections on which they act as one; rules, by projection."""
    groups = equal_rules({name: rule for name, rule in rules.items() if rule.together})
    groups += [[name] for name, rule in rules.items() if not rule.together]
    return [(rules[names[0]], names) for names in groups]


def apply(memory: Memory, rule: StructuralRule, names: list[str], t: int) -> None:
    """Apply update t of a rule to projections as one."""
    _Update(memory, [memory.equations.projections[name] for name in names]).apply(rule, t)


@dataclass
class _Update:
    """One update of projections whose rule acts on them as one; arrays over edges follow their order."""

    memory: Memory
    projections: list[ProjectionEquations]

    def apply(self, rule: StructuralRule, t: int) -> None:
        names = " ".join(projection.name for projection in self.projections)
        rng = generator(self.memory.equations.seed, f"{names} {type(rule).__name__} {t}")
        before = self.joined(self.memory.read(projection.name, "mask") for projection in self.projections)
        w = self.joined(self.memory.read(projection.name, "w") for projection in self.projections)
        mask, w, changed = updated(rule, before > 0.5, w, self.signal(), t, rng)
        ends = np.cumsum([projection.size for projection in self.projections])[:-1]
        parts = [np.split(values, ends) for values in (mask, w, changed)]
        for projection, own_mask, own_w, own_changed in zip(self.projections, *parts, strict=True):
            self.write(projection, own_mask, own_w, own_changed)

    def write(
        self, projection: ProjectionEquations, mask: np.ndarray, w: np.ndarray, changed: np.ndarray
    ) -> None:
        self.memory.write(projection.name, "mask", mask.astype(float))
        self.memory.write(projection.name, "w", w)
        for name in projection.states.keys() - {"mask", "w"}:
            # What rules keep per synapse begins anew with a connection.
            fresh = np.where(changed, projection.states[name], self.memory.read(projection.name, name))
            self.memory.write(projection.name, name, fresh)

    def joined(self, parts: Iterable[np.ndarray]) -> np.ndarray:
        return np.concatenate(
            [np.broadcast_to(p, (k.size,)) for p, k in zip(parts, self.projections, strict=True)]
        )

    def signal(self) -> dict[str, np.ndarray]:
        populations = self.memory.equations.populations
        first = dict(
            zip(
                populations,
                np.cumsum([0, *(population.size for population in populations.values())]),
                strict=False,
            )
        )
        found = {
            "layer": self.joined(np.array(number) for number in range(len(self.projections))),
            "pre": self.joined(
                projection.pre.astype(np.int64) + first[projection.source] for projection in self.projections
            ),
            "post": self.joined(
                projection.post.astype(np.int64) + first[projection.target] for projection in self.projections
            ),
            "initial": self.joined(
                projection.structure.initial for projection in self.projections if projection.structure
            ),
        }
        rule = rule_of(self.projections[0])
        for name in (*rule.signals, *rule.traces, *rule.modulators, *rule.gradients):
            found[name] = self.joined(self.seen(projection, name) for projection in self.projections)
        return found

    def seen(self, projection: ProjectionEquations, name: str) -> np.ndarray:
        assert projection.structure is not None
        text = projection.structure.seen[name]
        return np.asarray(evaluate(text, {n: self.value(projection, n) for n in names_in(text)}), dtype=float)

    def value(self, projection: ProjectionEquations, name: str) -> np.ndarray:
        """Return a variable of a projection, its ends or a modulator as values at edges."""
        if name == GRADIENT:
            return self.memory.read(projection.name, GRADIENT)
        index: dict[str, Any] = {"pre": projection.pre, "post": projection.post, "one": 0}
        index["each"] = index["post"]
        if name in projection.traces:
            level, value = projection.traces[name].level, self.memory.read(projection.name, name)
            return value[index[level]] if level in index else value
        if name in {*projection.states, *projection.constants}:
            return self.memory.read(projection.name, name)
        ref = projection.refs[name]
        value = self.memory.read(ref.owner, ref.name)
        return value[index[ref.end]] if value.ndim else value
