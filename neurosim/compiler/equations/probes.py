"""From recorders to what engines sample, checked against the network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, Probe, Ref
from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.chosen import positions, split
from neurosim.model.recorder import Recorder
from neurosim.registry import suggest

TRIGGER = "{}/trigger"
"""The name of the spikes that a reduction of a recorder waits for."""


STOP = "{}/stop"
"""The name of the samples of a condition that ends a run."""


def probes(equations: NetworkEquations) -> tuple[Probe, ...]:
    """Return what engines sample for the recorders; raises DescriptionError for what is not there."""
    found = [probe for recorder in equations.network.recorders for probe in _probes(equations, recorder)]
    stops = (
        Probe(STOP.format(name), population.name, variable, after=True)
        for population in equations.populations.values()
        for name, variable in population.stops.items()
    )
    return (*found, *stops)


def _probes(equations: NetworkEquations, recorder: Recorder) -> Iterator[Probe]:
    _check(equations, recorder)
    target, variable = equations.home(recorder.target, recorder.variable)
    chosen = recorder.indices
    if target == recorder.target:
        chosen = _on_edges(equations, recorder)
    yield Probe(recorder.key, target, variable, recorder.every, chosen, recorder.after, recorder.values)
    if recorder.trigger is not None:
        owner, indices = split(recorder.trigger)
        where = f"recorder of '{recorder.key}': the spikes of '{recorder.trigger}'"
        population = equations.populations.get(owner)
        if population is None:
            raise UnknownNameError(
                f"{where}: no population '{owner}': {suggest(owner, equations.populations)}"
            )
        if not population.spiking:
            raise DescriptionError(f"{where}: '{owner}' does not spike: name a population that does")
        found = tuple(positions(indices, population.size, where).tolist()) if indices else None
        yield Probe(TRIGGER.format(recorder.key), owner, "spikes", indices=found)


def _on_edges(equations: NetworkEquations, recorder: Recorder) -> tuple[int, ...] | None:
    """Return the indices of a recorder, those of connections in the order of the edges."""
    projection = equations.projections.get(recorder.target)
    if projection is None or projection.order is None or recorder.indices is None or projection.kernel:
        return recorder.indices
    if recorder.variable in projection.traces and projection.traces[recorder.variable].level != "edge":
        return recorder.indices
    edges = np.argsort(projection.order)[list(recorder.indices)]
    return tuple(edges.tolist())


def _check(equations: NetworkEquations, recorder: Recorder) -> None:
    where, sizes = f"recorder of '{recorder.key}'", _recordable(equations, recorder.target)
    if recorder.spikes and "spikes" not in sizes:
        raise DescriptionError(f"{where}: {_without_spikes(equations, recorder.target)}")
    if recorder.variable not in sizes:
        raise DescriptionError(f"{where}: no such variable: {suggest(recorder.variable, sizes)}")
    size = sizes[recorder.variable]
    if recorder.indices and (min(recorder.indices) < 0 or max(recorder.indices) >= size):
        raise DescriptionError(f"{where}: an index lies outside 0..{size - 1}: correct it")
    projection = equations.projections.get(recorder.target)
    known = {*sizes} - {"spikes"}
    if projection is not None:
        # A weight that nothing changes is a constant.
        known = {*known, *({"w"} & projection.constants.keys())} - projection.kept.keys()
    for name in recorder.values:
        if name not in known:
            raise DescriptionError(f"{where}: values: no such variable: {suggest(name, known)}")


def _without_spikes(equations: NetworkEquations, target: str) -> str:
    """Return why there are no spikes to record."""
    projection = equations.projections.get(target)
    if projection is None:
        return f"'{target}' does not spike: record a state"
    if projection.kernel is not None:
        return f"connections of '{target}' share their weights: record the spikes of '{projection.source}'"
    return f"no spikes pass '{target}', since '{projection.source}' does not spike: record a state"


def _recordable(equations: NetworkEquations, target: str) -> dict[str, int]:
    """Return what can be recorded of a population, an event or a projection, with the number of values."""
    if "." in target:
        return {"spikes": equations.populations[equations.home(target, "spikes")[0]].size}
    if target in equations.populations:
        population = equations.populations[target]
        names = [
            *population.states,
            *population.definitions,
            *population.ports,
            *(["spikes"] if population.spiking else []),
        ]
        return dict.fromkeys(names, population.size)
    projection = equations.projections[target]
    edges = projection.size
    passing = equations.populations[projection.sender("pre")].spiking and projection.kernel is None
    sizes = {
        "pre": equations.populations[projection.source].size,
        "post": equations.populations[projection.target].size,
        "edge": edges,
    }
    return {
        **{n: v.size for n, v in projection.states.items()},
        **{n: sizes[t.level] for n, t in projection.traces.items()},
        **{n: sizes[ref.end] for n, ref in projection.kept.items() if _moves(equations, ref)},
        **({"spikes": edges} if passing else {}),
    }


def _moves(equations: NetworkEquations, ref: Ref) -> bool:
    return ref.name not in equations.populations[ref.owner].constants
