"""What users pass to a simulation, checked against its network: names, inputs, values and their bounds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from neurosim.compiler.equations.bounds import check_limits
from neurosim.compiler.equations.forms import NetworkEquations, ProjectionEquations
from neurosim.compiler.equations.names import SECOND
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.chosen import positions, split
from neurosim.model.parts import Population, Projection
from neurosim.model.units import Dimension, in_si, scalar_in_si
from neurosim.registry import suggest


def whole_steps(duration: Any, dt: float, what: str = "run") -> int:
    """Return a duration (s) in steps; raises DescriptionError if it is negative or no whole number of them."""
    seconds = scalar_in_si(duration, SECOND, f"{what}: duration")
    steps = round(seconds / dt)
    if seconds < 0:
        raise DescriptionError(f"{what}: duration {duration} is negative: give a time from 0")
    if abs(steps * dt - seconds) > 1e-6 * dt:
        raise DescriptionError(
            f"{what}: duration {duration} is not a whole number of steps of {dt} s: change it"
        )
    return steps


def text(name: Any) -> str:
    """Return a name; raises DescriptionError if it is none."""
    if not isinstance(name, str):
        raise DescriptionError(f"{type(name).__name__} is no name: give 'population.variable' as text")
    return name


def chosen(name: Any) -> tuple[str, str]:
    """Return 'owner.variable' without the indices in its brackets, and these."""
    owner, dot, variable = text(name).partition(".")
    whole, indices = split(owner)
    return f"{whole}{dot}{variable}", indices


def by_name(inputs: Any) -> Mapping[str, Any]:
    """Return inputs by population; raises DescriptionError if they are none."""
    if not isinstance(inputs, Mapping):
        raise DescriptionError(
            f"inputs are of type {type(inputs).__name__}: give values by the names of Signal populations, "
            "as {'input': values}"
        )
    return inputs


def rows(equations: NetworkEquations, inputs: Mapping[str, Any] | None, steps: int) -> dict[str, np.ndarray]:
    """Return inputs in SI units, one row per step; raises UnknownNameError, DescriptionError."""
    given = by_name({} if inputs is None else inputs)
    require_columns(equations, given)
    found = {name: _input(equations, name, value, steps) for name, value in given.items()}
    return {n: np.broadcast_to(si, (steps, equations.inputs[n][0])) for n, si in found.items()}


def patterns(equations: NetworkEquations, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return patterns in SI units, of shape (batch, size); raises UnknownNameError, DescriptionError."""
    given = by_name(inputs)
    require_columns(equations, given)
    return {n: np.atleast_2d(_input(equations, n, value)) for n, value in given.items()}


def require_columns(equations: NetworkEquations, inputs: Mapping[str, Any]) -> None:
    """Refuse inputs without the columns that clamps read; raises DescriptionError."""
    for name, (width, _) in equations.columns.items():
        if name not in inputs:
            raise DescriptionError(
                f"Column '{name}' of a clamp is missing: give inputs['{name}'], ({width},) or (steps, {width})"
            )


def _input(equations: NetworkEquations, name: str, value: Any, count: int | None = None) -> np.ndarray:
    """Return the values of an input in SI units, (size,) or (count, size); count, None for any number."""
    if name not in equations.inputs:
        raise UnknownNameError(
            f"input '{name}' is not a Signal population: {suggest(name, equations.inputs)}"
        )
    size, dimension = equations.inputs[name]
    si = in_si(value, dimension, f"input '{name}'")
    if (
        si.ndim > 2
        or (si.ndim and si.shape[-1] != size)
        or (si.ndim == 2 and count not in (None, si.shape[0]))
    ):
        raise DescriptionError(
            f"input '{name}' has the shape {si.shape}: give ({size},) or "
            f"({'patterns' if count is None else count}, {size})"
        )
    return si


def projection(equations: NetworkEquations, name: str) -> ProjectionEquations:
    """Return a projection by name; raises UnknownNameError."""
    if name not in equations.projections:
        raise UnknownNameError(f"no projection '{name}': {suggest(name, equations.projections)}")
    return equations.projections[name]


def variable(
    equations: NetworkEquations, name: str, others: Collection[str] = ()
) -> tuple[str, str, Dimension]:
    """Return (owner, variable, dimension) of 'owner.variable'; raises UnknownNameError. others, names it could be."""
    owner, _, variable = name.partition(".")
    known: Mapping[str, Any] = {**equations.populations, **equations.projections}
    if owner not in known:
        raise UnknownNameError(f"'{name}': nothing is named '{owner}': {suggest(owner, {*known, *others})}")
    found = known[owner]
    driver = getattr(found, "driver", None)
    if variable == "w" and driver is not None:
        ref = found.refs["w"]
        raise DescriptionError(f"'{name}' is driven by '{ref.owner}': read or clamp '{ref.owner}.output'")
    variables = {
        *found.constants,
        *found.states,
        *getattr(found, "traces", ()),
        *getattr(found, "definitions", ()),
        *getattr(found, "ports", ()),
        *getattr(found, "kept", ()),
    }
    population = equations.populations.get(owner)
    if population is not None and population.source is not None and variable in population.source.parameters:
        raise DescriptionError(
            f"'{name}' is fixed with the description of a spike source: use VariablePoisson for a rate that changes"
        )
    if population is not None and variable in population.signals:
        raise DescriptionError(
            f"'{name}' is a signal in time: set it to a TimedSignal, or record a variable that reads it"
        )
    if variable not in variables:
        raise UnknownNameError(
            f"'{name}': '{owner}' has no variable '{variable}': {suggest(variable, variables)}"
        )
    return *equations.home(owner, variable), found.dimensions[variable]


def check_free(equations: NetworkEquations, owner: str, variable: str, name: str) -> None:
    """Refuse to set what follows from something else; raises DescriptionError."""
    population = equations.populations.get(owner)
    if population is not None and variable in population.ports:
        raise DescriptionError(
            f"'{name}' follows from other variables: feed it by a projection from a Signal"
        )
    if population is not None and variable in population.definitions:
        raise DescriptionError(f"'{name}' follows from other variables: set those, or use a Clamp")
    tied = None if population is not None else equations.projections[owner].tied
    if variable == "w" and tied is not None:
        raise DescriptionError(f"'{name}' is tied to '{tied.parameter}': set that")


def check_bounds(equations: NetworkEquations, owner: str, variable: str, si: np.ndarray, name: str) -> None:
    """Refuse a value (SI) beyond the declared bounds of a parameter, of another sign, or that no mask can have."""
    network = equations.network
    described = network.populations.get(owner) or network.projections[owner]
    model = described.model if isinstance(described, Population) else described.synapse
    declared = {
        f"{r.prefix}_{key}": parameter for r in described.rules for key, parameter in r.parameters.items()
    }
    declared |= model.parameters
    declared |= {
        ref.name: p.described.synapse.parameters[key]
        for p in equations.projections.values()
        for key, ref in p.kept.items()
        if ref.owner == owner and key in p.described.synapse.parameters
    }
    if variable in declared:
        declared[variable].check_bounds(si, name)
    if not isinstance(described, Projection):
        return
    if variable == "mask" and np.any((si != 0) & (si != 1)):
        raise DescriptionError(f"'{name}': a mask is 1 where there is a connection, else 0: correct it")
    if variable == "w" and np.any(si * described.sign < 0):
        raise DescriptionError(f"'{name}': weights must have the sign {described.sign:+d}: correct them")


def check_rules(
    equations: NetworkEquations,
    owner: str,
    variable: str,
    si: np.ndarray,
    read: Callable[[str, str], np.ndarray],
) -> None:
    """Refuse a value (SI) of a variable that rules bound, or of a bound, that leaves the variable beyond its bounds.

    Arguments: read, gives the present value of a variable of an owner.
    """
    found = equations.projections.get(owner)
    if found is None:
        return
    touched = [k for k in found.plasticity.limits if variable in (k.variable, k.low, k.high)]
    bounded = {limit.variable for limit in touched}
    limits = [limit for limit in found.plasticity.limits if limit.variable in bounded]
    if not limits:
        return
    constants = {n: read(owner, n) for limit in limits for n in (limit.low, limit.high)}
    values = {n: read(owner, n) for n in bounded}
    (constants if variable in constants else values)[variable] = si
    if found.structure is not None:
        there = read(owner, "mask") > 0.5
        values, constants = (
            {n: v[there] if v.shape == there.shape else v for n, v in held.items()}
            for held in (values, constants)
        )
    check_limits(limits, constants, values, f"set '{owner}.{variable}'", "")


def misshapen(
    equations: NetworkEquations, owner: str, variable: str, given: tuple[int, ...], shape: tuple[int, ...]
) -> str:
    """Return what is wrong with a value of another shape, and what to write."""
    if shape:
        return f"a value of shape {given} for one of shape {shape}: give one number or an array of that shape"
    if owner in equations.populations:
        size = equations.populations[owner].size
        model = type(equations.populations[owner].described.model).__name__
        advice = (
            f"describe the population with {size} values, as {model}({variable}=array), to set each of them"
        )
        return f"it is one number for all neurons, not an array of shape {given}: give one, or {advice}"
    return f"it is one number for the whole projection, not an array of shape {given}: give one"


# The order of connections ----------------------------------------------------------------------------------------


def width(equations: NetworkEquations, owner: str, variable: str) -> int:
    """Return how many values a variable of a population or projection has, if it does not have one for all."""
    if owner in equations.populations:
        return equations.populations[owner].size
    found = equations.projections[owner]
    if variable in found.kept:
        return equations.populations[found.kept[variable].owner].size
    level = found.traces[variable].level if variable in found.traces else "edge"
    ends = {"pre": found.source, "post": found.target}
    if variable in found.states:
        return found.states[variable].size
    return found.size if level == "edge" else equations.populations[ends[level]].size


def as_given(equations: NetworkEquations, owner: str, variable: str, held: np.ndarray) -> np.ndarray:
    """Return values (..., edges) in the order in which the description gives connections; others as they are."""
    order = _order(equations, owner, variable, held)
    if order is None:
        return held
    given = np.empty_like(held)
    given[..., order] = held
    return given


def as_held(equations: NetworkEquations, owner: str, variable: str, given: np.ndarray) -> np.ndarray:
    """Return values (..., edges) in the order of the edges; others as they are."""
    order = _order(equations, owner, variable, given)
    return given if order is None else given[..., order]


def place(
    equations: NetworkEquations, owner: str, variable: str, chosen: str, held: np.ndarray, name: str
) -> Any:
    """Return where in values as held those are that indices choose among them as given; `...` without indices."""
    if not chosen:
        return ...
    if not held.ndim:
        raise DescriptionError(f"{name}[{chosen}]: it is one number for all: leave the indices out")
    return as_given(equations, owner, variable, np.arange(held.size))[positions(chosen, held.size, name)]


def _order(equations: NetworkEquations, owner: str, variable: str, values: np.ndarray) -> np.ndarray | None:
    found = equations.projections.get(owner)
    if found is None or found.order is None or found.kernel or values.ndim == 0:
        return None
    per_neuron = variable in found.kept or (
        variable in found.traces and found.traces[variable].level != "edge"
    )
    return None if per_neuron else found.order
