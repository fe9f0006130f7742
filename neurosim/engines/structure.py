"""What structural rules change between steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from neurosim.compiler.equations.forms import Expanded, Link
from neurosim.compiler.equations.masks import equal_rules, rule_of, structured, whole_steps
from neurosim.compiler.equations.names import OF
from neurosim.compiler.evaluate import evaluate
from neurosim.model.expressions import names_in
from neurosim.model.structural import GRADIENT, StructuralRule, updated
from neurosim.model.units import quantity
from neurosim.rng import generator


class Memory(Protocol):
    """A simulation, as far as structural rules need it."""

    expanded: Expanded
    dt: float

    @property
    def now(self) -> int:
        """Number of steps taken."""

    def _read(self, owner: str, name: str) -> np.ndarray: ...

    def _write(self, owner: str, name: str, value: np.ndarray) -> None: ...


def needs_gradient(expanded: Expanded) -> Iterator[str]:
    """Yield a reason for every rule that needs the gradient of a loss, which a run does not have."""
    for link in structured(expanded):
        rule = rule_of(link)
        for name in (n for n, variable in rule.gradients.items() if variable == GRADIENT):
            yield (
                f"{type(rule).__name__} on projection '{link.name}' needs the gradient of a loss, which only training "
                f"on engine 'jax' supplies: train it, or name a variable that a rule keeps per synapse as its '{name}'"
            )


# The start -----------------------------------------------------------------------------------------------------------


# Updates -------------------------------------------------------------------------------------------------------------


def present_rules(memory: Memory) -> dict[str, StructuralRule]:
    """Return the structural rule of each projection with the values that its parameters have now."""
    found = {}
    for link in structured(memory.expanded):
        rule = rule_of(link)
        names = {name: f"{rule.prefix}_{name}" for name in rule.parameters}
        now = {n: quantity(memory._read(link.name, f), link.dimensions[f]) for n, f in names.items()}
        found[link.name] = type(rule)(**now, **rule.chosen())
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
    _Update(memory, [memory.expanded.links[name] for name in names]).apply(rule, t)


@dataclass
class _Update:
    """One update of links whose rule acts on them as one; arrays over their edges stand in the order of the links."""

    memory: Memory
    links: list[Link]

    def apply(self, rule: StructuralRule, t: int) -> None:
        names = " ".join(link.name for link in self.links)
        rng = generator(self.memory.expanded.seed, f"{names} {type(rule).__name__} {t}")
        before = self.joined(self.memory._read(link.name, "mask") for link in self.links)
        w = self.joined(self.memory._read(link.name, "w") for link in self.links)
        mask, w, changed = updated(rule, before > 0.5, w, self.signal(), t, rng)
        ends = np.cumsum([link.size for link in self.links])[:-1]
        parts = [np.split(values, ends) for values in (mask, w, changed)]
        for link, own_mask, own_w, own_changed in zip(self.links, *parts, strict=True):
            self.write(link, own_mask, own_w, own_changed)

    def write(self, link: Link, mask: np.ndarray, w: np.ndarray, changed: np.ndarray) -> None:
        self.memory._write(link.name, "mask", mask.astype(float))
        self.memory._write(link.name, "w", w)
        for name in link.states.keys() - {"mask", "w"}:
            # What rules keep per synapse begins anew with a connection.
            fresh = np.where(changed, link.states[name], self.memory._read(link.name, name))
            self.memory._write(link.name, name, fresh)

    def joined(self, parts: Iterable[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.broadcast_to(p, (k.size,)) for p, k in zip(parts, self.links, strict=True)])

    def signal(self) -> dict[str, np.ndarray]:
        units = self.memory.expanded.units
        first = dict(zip(units, np.cumsum([0, *(unit.size for unit in units.values())]), strict=False))
        found = {
            "layer": self.joined(np.array(number) for number in range(len(self.links))),
            "pre": self.joined(link.pre.astype(np.int64) + first[link.source] for link in self.links),
            "post": self.joined(link.post.astype(np.int64) + first[link.target] for link in self.links),
            "initial": self.joined(link.structure.initial for link in self.links if link.structure),
        }
        rule = rule_of(self.links[0])
        for name in (*rule.signals, *rule.traces, *rule.modulators, *rule.gradients):
            found[name] = self.joined(self.seen(link, name) for link in self.links)
        return found

    def seen(self, link: Link, name: str) -> np.ndarray:
        assert link.structure is not None
        text = link.structure.seen[name]
        return np.asarray(evaluate(text, {n: self.value(link, n) for n in names_in(text)}), dtype=float)

    def value(self, link: Link, name: str) -> np.ndarray:
        """Return a variable of a link, its ends or a modulator as values at edges."""
        if name == GRADIENT:
            return self.memory._read(link.name, GRADIENT)
        if OF in name:
            variable, _, population = name.partition(OF)
            value = self.memory._read(population, variable)
            return value[link.post] if name in link.each else value[0]
        index = {"pre": link.pre, "post": link.post}
        if name in link.traces:
            place, value = link.traces[name].place, self.memory._read(link.name, name)
            return value[index[place]] if place in index else value
        if name in {*link.states, *link.constants}:
            return self.memory._read(link.name, name)
        variable, _, end = name.rpartition("_")
        owner = link.source if end == "pre" else link.target
        value = self.memory._read(owner, variable)
        return value[index[end]] if value.ndim else value
