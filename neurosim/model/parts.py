"""The parts of a network: populations, projections, tied parameters, externals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from brian2 import Hz, ms, second

from neurosim.errors import DescriptionError, brief
from neurosim.model.chosen import in_brackets
from neurosim.model.connectivity import Connectivity, check_kind
from neurosim.model.neuron import NeuronModel
from neurosim.model.rule import NeuronRule, Rule, SynapticRule
from neurosim.model.synapse import SynapseModel
from neurosim.model.units import dimension_of, in_si, scalar_in_si
from neurosim.model.values import Value, indices, whole

_NAME = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
MAX_NAME = 100
"""Letters of a name: that of an array in a file joins two, and is limited."""


def check_name(name: Any, what: str) -> None:
    """Reject a name that is not an identifier, since names become variables of generated programs."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DescriptionError(
            f"{what} name {brief(name)}: use letters, digits and single underscores between them, a letter first"
        )
    if len(name) > MAX_NAME:
        raise DescriptionError(f"{what} name {brief(name)}: {len(name)} letters: use at most {MAX_NAME}")


def check_reference(value: Any, where: str) -> None:
    """Reject anything but a name where another part is named, such as that part itself."""
    if not isinstance(value, str):
        found = f"the {type(value).__name__} '{value.name}'" if hasattr(value, "name") else repr(value)
        raise DescriptionError(f"{where} is {found}: give a name, as text")


@dataclass(frozen=True)
class Population:
    """A group of neurons of one model.

    Arguments:
        name: its name.
        size: number of neurons.
        model: the neuron model, with its parameters.
        initial: values of state variables at the start, by name: a number, a quantity, an array of shape (size,), a
            distribution, or a text such as "E_L + rand()*(v_threshold - E_L)" that reads parameters of the model, the
            index i and the number N of neurons.
        rules: neuron rules.
        reference_rate (Hz): the rate at which the `activity` of a spiking population is 1.
        activity_window (s): time constant of the low-pass filter that turns spikes into `activity`.
        substeps: number of equal parts in which the model's equations take a step, while inputs are held; thresholds
            are compared at the end of the step.
    """

    name: str
    size: int
    model: NeuronModel
    initial: Mapping[str, Value] = field(default_factory=dict)
    rules: tuple[NeuronRule, ...] = ()
    reference_rate: Any = field(default_factory=lambda: 10.0 * Hz)
    activity_window: Any = field(default_factory=lambda: 100.0 * ms)
    substeps: int = 1
    __iter__: ClassVar[None] = None

    def __getitem__(self, index: Any) -> str:
        """Return the name of a subgroup, which stands for some neurons where a population is named.

        Arguments:
            index: a slice, or an array of indices or of truth values.
        """
        return f"{self.name}[{in_brackets(index, self.size, self.name)}]"

    def __post_init__(self) -> None:
        check_name(self.name, "population")
        where = f"population '{self.name}'"
        object.__setattr__(self, "rules", _rules(self.rules, NeuronRule, where))
        for count in ("size", "substeps"):
            object.__setattr__(self, count, from_one(getattr(self, count), f"{where}: {count}"))
        if not isinstance(self.model, NeuronModel):
            raise DescriptionError(f"{where}: model = {brief(self.model)}: give a neuron model, as LIF()")
        if not isinstance(self.initial, Mapping):
            raise DescriptionError(
                f"{where}: initial = {brief(self.initial)}: give values by the names of variables, as {{'v': value}}"
            )
        for name, unit in (("reference_rate", Hz), ("activity_window", second)):
            if scalar_in_si(getattr(self, name), unit.dim, f"{where}: {name}") <= 0:
                raise DescriptionError(f"{where}: {name} = {getattr(self, name)} is not positive: change it")


@dataclass(frozen=True)
class NamedParameter:
    """A weight shared by projections, by name.

    A sign constrains the value where it is used, not where it is stored: effective = max(value, 0) for +1, min(value,
    0) for -1.

    Arguments:
        name: its name.
        value: a number or a quantity, or an array of shape (n,).
        sign: +1, -1 or 0 (free).
    """

    name: str
    value: Value
    sign: int = 0

    def __post_init__(self) -> None:
        check_name(self.name, "named parameter")
        where = f"named parameter '{self.name}'"
        _check_sign(self.sign, where)
        if in_si(self.value, dimension_of(self.value, where), where).ndim > 1:
            raise DescriptionError(f"{where} is a matrix: give a number or a list of numbers")


@dataclass(frozen=True)
class Tied:
    """The weight of a projection taken from a named parameter: edge e has the weight parameter[index[e]].

    Arguments:
        parameter: name of the named parameter.
        index: element of the parameter for each edge, or one for all edges (the first if omitted).
    """

    parameter: str
    index: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        check_reference(self.parameter, "tied weight: parameter")
        where = f"weight tied to '{self.parameter}': index"
        object.__setattr__(self, "index", indices(np.atleast_1d(self.index), where))


@dataclass(frozen=True)
class Driven:
    """The weight of a projection is activity: edge e has at each step the output of neuron index[e] of a population.

    Attention, gates, the second pathway of a quadratic neuron. The output has the unit of the weight.

    Arguments:
        population: name of a population with a graded output.
        index: its neuron for each edge, in the order (source, target), or one for all edges; by default (None) there
            are as many neurons as edges, one for each.
    """

    population: str
    index: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_reference(self.population, "driven weight: population")
        if self.index is not None:
            where = f"weight driven by '{self.population}': index"
            object.__setattr__(self, "index", indices(np.atleast_1d(self.index), where))


@dataclass(frozen=True)
class Projection:
    """Connections from a source population to a target population.

    Arguments:
        name: its name.
        source, target: names of populations, or of some of their neurons, such as "cells[:80]", or of their events,
            such as "cells.burst", which then take the place of the spikes of that end.
        synapse: what one connection does.
        connect: which pairs are connected.
        weight: a number or quantity, an array with one value per edge in the order (source, target), for all-to-all
            connections a matrix (targets, sources), a distribution, a text such as "exp(-abs(i - j)/5)*mV" (see
            `Computed`), Tied(name) or Driven(name).
        delay (s): axonal delay of spikes: one for the projection, an array with one per edge, or a distribution; each
            is rounded to the nearest step, halves up.
        sign: +1 or -1 if weights are constrained, 0 if they are free.
        rules: plasticity rules, applied in the given order.
        dendritic_delay (s): one for the projection, none by default: how long after it has passed the synapse a
            presynaptic spike acts on the target, and how long after it was emitted a postsynaptic spike reaches the
            synapse.
        events: the event that takes the place of the spikes of an end, 'pre' or 'post', by end; "cells.burst" as source
            or target says the same.
    """

    name: str
    source: str
    target: str
    synapse: SynapseModel
    connect: Connectivity
    weight: Value | Tied | Driven
    delay: Any = field(default_factory=lambda: 0.0 * second)
    sign: int = 0
    rules: tuple[SynapticRule, ...] = ()
    dendritic_delay: Any = None
    events: Mapping[str, str] | None = None

    def event(self, end: str) -> str | None:
        """Return the event of an end, 'pre' or 'post', that takes the place of spikes, or None."""
        return (self.events or {}).get(end)

    def __post_init__(self) -> None:
        check_name(self.name, "projection")
        for end in ("source", "target"):
            check_reference(getattr(self, end), f"projection '{self.name}': {end}")
        _check_sign(self.sign, f"projection '{self.name}'")
        object.__setattr__(self, "rules", _rules(self.rules, SynapticRule, f"projection '{self.name}'"))
        for attribute, kind in (("synapse", SynapseModel), ("connect", Connectivity)):
            given = getattr(self, attribute)
            if not isinstance(given, kind):
                raise DescriptionError(
                    f"projection '{self.name}': {attribute} = {brief(given)} is not a {kind.__name__}: give one"
                )
        check_kind(self.connect, f"projection '{self.name}'")
        if self.dendritic_delay is not None:
            where = f"projection '{self.name}': dendritic_delay"
            if scalar_in_si(self.dendritic_delay, second.dim, where) < 0:
                raise DescriptionError(f"{where} = {self.dendritic_delay} is negative: give a time from 0")


@dataclass(frozen=True)
class External:
    """A piece of the world in the loop, such as a body: a compiled function that is called once at the end of a step.

    The function itself is given when the network is compiled.

    Arguments:
        name: its name.
        reads: variables 'population.variable' that are passed to it, in this order.
        writes: signal populations that receive its named outputs, {population: output}.
    """

    name: str
    reads: tuple[str, ...]
    writes: Mapping[str, str]

    def __post_init__(self) -> None:
        check_name(self.name, "external")
        object.__setattr__(self, "reads", (self.reads,) if isinstance(self.reads, str) else tuple(self.reads))


def _rules(given: Any, kind: type[Rule], where: str) -> tuple[Any, ...]:
    """Return the rules as a tuple, rejecting anything but rules of this kind, and a class that occurs twice."""
    rules = tuple(given) if isinstance(given, tuple | list) else (given,)
    for rule in rules:
        if not isinstance(rule, kind):
            fit = "give an instance, as Oja()" if isinstance(rule, type) else f"put a {kind.__name__} here"
            raise DescriptionError(
                f"{where}: rules holds {brief(rule)}, which is not a {kind.__name__}: {fit}"
            )
    names = [type(rule).__name__ for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DescriptionError(
            f"{where}: rules holds {twice} twice: keep one, or make a subclass of another name"
        )
    return rules


def from_one(value: Any, where: str) -> int:
    """Return a whole number from 1; raises DescriptionError for anything else."""
    number = whole(value, where)
    if number < 1:
        raise DescriptionError(f"{where} = {brief(value)}: give a whole number from 1")
    return number


def _check_sign(sign: Any, where: str) -> None:
    if sign not in (-1, 0, 1):
        raise DescriptionError(f"{where}: sign = {brief(sign)}: give +1, -1 or 0 (free)")


def constrained(value: Any, sign: int) -> np.ndarray:
    """Return the effective value of a named parameter: max(value, 0) for sign +1, min(value, 0) for -1."""
    si = np.atleast_1d(np.array(value, dtype=np.float64))
    return np.maximum(si, 0.0) if sign > 0 else np.minimum(si, 0.0) if sign < 0 else si
