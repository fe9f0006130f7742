"""The base of neuron models: equations, threshold and reset as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import brian2
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    EQUATIONS,
    FLOAT,
    PARAMETER,
    SUBEXPRESSION,
    EquationError,
    ParseException,
    SingleEquation,
)

from neurosim.errors import DescriptionError
from neurosim.model.divisors import check_divisors
from neurosim.model.expressions import GROUPED, check_expression, check_length, check_operands
from neurosim.model.facts import check_facts
from neurosim.model.parameters import Described, Option, Parameter
from neurosim.model.registries import enter, neurons
from neurosim.model.timed import TimedSignal
from neurosim.model.units import known_units
from neurosim.registry import suggest

METHODS = ("exact", "exponential_euler", "euler", "rk2", "rk4", "heun", "milstein", "euler_maruyama")
# Sympy evaluates what consists of numbers alone as it reads it.
_UNREADABLE = (
    *(EquationError, SyntaxError, ValueError, TypeError, KeyError),
    *(ArithmeticError, AttributeError, NotImplementedError, RecursionError),
)
_FLAGS = {
    DIFFERENTIAL_EQUATION: [{"unless refractory"}],
    SUBEXPRESSION: [],
    PARAMETER: [{"input"}, {"state"}, {"constant"}, {"shared"}, {"constant", "shared"}],
}


_EVENT = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
_MAP = re.compile(r"^[ \t]*([A-Za-z]\w*)'[ \t]*=(.+?):([^:#\n(]+)(?:\(map\))?[ \t]*(?=#|$)", re.MULTILINE)


class NeuronModel(Described):
    """A model of a neuron, in Brian2's equation language.

    Facts of a class, all of them text but `initial`:
        equations: lines `dv/dt = ... : unit`, `x = ... : unit`, `I : unit (input)` for a port whose input is summed at
            each step, `n : unit` or `n : unit (state)` for a variable that only events and users change,
            `k : unit (constant)` for one that no event changes, with a value for each neuron, and
            `k : unit (shared)` for one with one value for all, and `x' = ... : unit (map)` for one that takes a new
            value in every step, whatever dt is; `{option}` is replaced by the chosen text. Functions over groups of
            `n` neurons that follow one another: group_sum(x, n), group_max(x, n), and batch_mean(x, n), also over the
            trials of a batch, on engine 'jax' alone; 0 is one group of all.
        threshold: a condition.
        reset: statements; `x = ...` of a name that is not declared is a variable of the statements alone.
        refractory: the name of a parameter in seconds, or a condition that ends the refractory state, which a spike
            begins, in the first step in which it is false. `lastspike`, the time of the last spike, may be read
            wherever the model writes equations, `not_refractory` in dx/dt, threshold and reset.
        events: conditions by the name of what happens where they are true, such as `{"burst": "v > v_high"}`; they are
            compared in every step after the threshold. Projections, rules and recorders name the event as
            "cells.burst" in the place of the population, and answer to it as to spikes.
        on_event: statements at an event, by its name, run after the resets.
        method: one of exact, exponential_euler, euler, rk2, rk4, heun; with white noise one of euler, euler_maruyama,
            heun, milstein.
        output: the variable that graded synapses read and whose value is the activity of the neuron.
        initial: values of state variables at the start, by name (a number, a quantity, or the name of a parameter).
    """

    equations: ClassVar[str] = ""
    threshold: ClassVar[str | None] = None
    reset: ClassVar[str] = ""
    refractory: ClassVar[str | None] = None
    method: ClassVar[str] = "exact"
    output: ClassVar[str | None] = None
    initial: ClassVar[Mapping[str, Any]] = {}
    texts: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    events: ClassVar[Mapping[str, str]] = {}
    on_event: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not abstract:
            check_facts(cls, "neuron model", (Parameter, Option))
            enter(neurons, cls)

    def _check_values(self) -> None:
        name = type(self).__name__
        if self.reset and not self.spiking:
            raise DescriptionError(f"{name}.reset needs a threshold: give one, or remove reset")
        for event in self.on_event:
            if event not in self.events:
                raise DescriptionError(
                    f"{name}.on_event '{event}': no such event: {suggest(event, self.events)}"
                )
        for event in self.events:
            if event in {*self.parameters, *self.parsed(), "spike", "spikes"} or not _EVENT.fullmatch(event):
                raise DescriptionError(
                    f"{name}.events '{event}': the name is taken or is none: use letters and digits, and no name of a "
                    "variable"
                )
        check_divisors(lambda: {**texts_of(self.parsed()), **self.maps()}, self.values(), type(self).__name__)

    @property
    def spiking(self) -> bool:
        """Whether neurons of this model emit spikes."""
        return self.threshold is not None

    def parsed(self) -> brian2.Equations:
        """Return the checked Brian2 equations, options filled in, maps as states; raises DescriptionError."""
        return parse_equations(_MAP.sub(r"\1 : \3 (state)", self._filled()), type(self).__name__, self.calls)

    @property
    def signals(self) -> dict[str, TimedSignal]:
        """The signals in time that its equations read, by name."""
        return {n: v for n, v in self.values().items() if isinstance(v, TimedSignal)}

    @property
    def calls(self) -> frozenset[str]:
        """The functions that its equations may call beside those of all equations."""
        return frozenset((*GROUPED, *self.signals))

    def maps(self) -> dict[str, str]:
        """Return the value that each map gives a state in a step; raises DescriptionError."""
        found = {match[1]: match[2] for match in _MAP.finditer(self._filled())}
        for name, text in found.items():
            check_expression(text, f"{type(self).__name__}.equations, {name}'", self.calls)
        return found

    def _filled(self) -> str:
        chosen = {k: self.texts.get(k, {}).get(v, v) for k, v in self.chosen().items()}
        return fill(self.equations, chosen)


_HEAD = re.compile(r"\s*(d\w+/dt|[A-Za-z]\w*)\s*(?:=(?!=)|:)")
_NO_UNIT = re.compile(r"refers to '(\w+)', but this is not a base unit")


def texts_of(equations: brian2.Equations) -> dict[str, str]:
    """Return the expressions of equations by what they define, such as 'dv/dt'."""
    return {
        f"d{name}/dt" if equation.type == DIFFERENTIAL_EQUATION else f"'{name}'": equation.expr.code
        for name, equation in equations.items()
        if equation.expr is not None
    }


def fill(text: str, chosen: Mapping[str, str]) -> str:
    """Replace `{name}` by the chosen text."""

    def choice(match: re.Match[str]) -> str:
        if match[1] not in chosen:
            raise DescriptionError(f"'{{{match[1]}}}' in the equations: {suggest(match[1], chosen)}")
        return chosen[match[1]]

    return re.sub(r"\{(\w+)\}", choice, text)


@lru_cache(maxsize=256)
def parse_equations(text: str, where: str, more: frozenset[str] = frozenset()) -> brian2.Equations:
    """Return Brian2 equations after checking length, grammar and flags; raises DescriptionError.

    Arguments: text; where, for messages; more, functions that may be called beside those of all equations.
    """
    check_length(text, where)
    _check_units(text, where)
    # Before Brian2 sees them: it evaluates expressions as it reads them, however large.
    for name, expression in _expressions(text, where):
        tree = check_expression(expression, f"{where}.equations, '{name}'", more)
        check_operands(tree, f"{where}.equations, '{name}'")
    try:
        equations = brian2.Equations(text)
    except _UNREADABLE as error:
        raise _refused(where, error) from None
    for name, equation in equations.items():
        _check_flags(name, equation, where)
    return equations


def _check_units(text: str, where: str) -> None:
    """Reject an equation without a unit, which Brian2 reads as if it went on in the next line."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    heads = [k for k, line in enumerate(lines) if _HEAD.match(line)]
    for begin, end in zip(heads, [*heads, len(lines)][1:], strict=True):
        match = _HEAD.match(lines[begin])
        if match and ":" not in "".join(lines[begin:end]):
            raise DescriptionError(
                f"{where}.equations: {match[1]} has no unit: end the line with ': volt', or ': 1' for a number"
            )


def _check_flags(name: str, equation: SingleEquation, where: str) -> None:
    flags, allowed = set(equation.flags), _FLAGS[equation.type]
    if flags and flags not in allowed:
        known = " or ".join(f"({', '.join(sorted(one))})" for one in allowed)
        raise DescriptionError(
            f"{where}.equations, '{name}': the flags ({', '.join(sorted(flags))}) are not known here: "
            + (f"write {known}, or none" if known else "remove them")
        )
    if equation.var_type != FLOAT:
        raise DescriptionError(
            f"{where}.equations, '{name}': variables are real numbers, not of the type {equation.var_type}: write ': 1'"
        )


def _expressions(text: str, where: str) -> list[tuple[str, str]]:
    """Return name and expression of each equation, by Brian2's grammar alone."""
    try:
        lines = EQUATIONS.parse_string(text, parse_all=True)
    except ParseException as error:
        raise _refused(where, error) from None
    return [(line["identifier"], line["expression"]) for line in lines if "expression" in line]


def _refused(where: str, error: Exception) -> DescriptionError:
    # Brian2 says which equation is concerned and, from 2.11 on only in the cause, what is wrong with it.
    reason = " ".join(f"{error} {error.__cause__ or ''}".split())
    if match := _NO_UNIT.search(reason):
        return DescriptionError(
            f"{where}.equations: unknown unit '{match[1]}': {suggest(match[1], known_units())}"
        )
    return DescriptionError(f"{where}.equations: {reason[:200]}: correct the equations")
