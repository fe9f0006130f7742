"""From a network's description to its expanded form."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.clamps import held_weights, require_columns, with_clamps
from neurosim.compiler.equations.forms import (
    HomeRecorder,
    NetworkEquations,
    PopulationEquations,
    ProjectionEquations,
    Ref,
)
from neurosim.compiler.equations.masks import with_masks
from neurosim.compiler.equations.population import population_equations
from neurosim.compiler.equations.projection import projection_equations
from neurosim.errors import DescriptionError
from neurosim.model.network import Network
from neurosim.model.parts import Recorder
from neurosim.registry import suggest


def network_equations(network: Network, seed: int = 0, dtype: DTypeLike = np.float64) -> NetworkEquations:
    """Return the network written out, with edges and initial values drawn from the streams of `seed`.

    Arguments: dtype, in which drawn weights are kept.

    Raises DescriptionError on whatever does not fit: units, names, shapes, delays, signals that a rule lacks.
    """
    populations: dict[str, PopulationEquations] = {
        name: population_equations(p, network, seed) for name, p in network.populations.items()
    }
    populations, clamps = with_clamps(network, populations, seed)
    projections = {
        name: projection_equations(p, network, populations, seed, dtype)
        for name, p in network.projections.items()
    }
    projections = with_masks(projections, populations, seed)
    clamps = (*clamps, *held_weights(network, projections, seed))
    require_columns(clamps, network)
    equations = NetworkEquations(
        network,
        seed,
        populations,
        projections,
        clamps,
        tuple(network.recorders),
    )
    _check_presentations(equations)
    _check_recorders(equations)
    _check_externals(equations)
    return replace(equations, recorders=tuple(_at_home(equations, r) for r in network.recorders))


def _at_home(equations: NetworkEquations, recorder: Recorder) -> Recorder:
    """Return a recorder of what holds the variable."""
    target, variable = equations.home(recorder.target, recorder.variable)
    if target == recorder.target:
        return _on_edges(equations, recorder)
    found = {**asdict(recorder), "target": target, "variable": variable}
    return HomeRecorder(**found, described=recorder.key)


def _on_edges(equations: NetworkEquations, recorder: Recorder) -> Recorder:
    """Return a recorder whose indices of connections follow the order of the edges."""
    projection = equations.projections.get(recorder.target)
    if projection is None or projection.order is None or recorder.indices is None or projection.kernel:
        return recorder
    if recorder.variable in projection.traces and projection.traces[recorder.variable].level != "edge":
        return recorder
    edges = np.argsort(projection.order)[list(recorder.indices)]
    return replace(recorder, indices=tuple(edges.tolist()))


def _check_presentations(equations: NetworkEquations) -> None:
    """Refuse delays of graded signals in a network that learns from presentations, which start afresh."""
    parts: list[PopulationEquations | ProjectionEquations] = [*equations.populations.values()]
    parts += equations.projections.values()
    learning = next((part.name for part in parts if part.presentation), None)
    for projection in equations.projections.values():
        if projection.late and learning:
            raise DescriptionError(
                f"projection '{projection.name}': its delayed signals would reach the next presentation, from which "
                f"rules of '{learning}' learn: set its delays to 0*ms"
            )


def _check_recorders(equations: NetworkEquations) -> None:
    for recorder in equations.network.recorders:
        where, sizes = f"recorder of '{recorder.key}'", _recordable(equations, recorder.target)
        if recorder.variable == "spikes" and "spikes" not in sizes:
            raise DescriptionError(f"{where}: '{recorder.target}' does not spike: record a state")
        if recorder.variable not in sizes:
            raise DescriptionError(f"{where}: no such variable: {suggest(recorder.variable, sizes)}")
        size = sizes[recorder.variable]
        if recorder.indices and (min(recorder.indices) < 0 or max(recorder.indices) >= size):
            raise DescriptionError(f"{where}: an index lies outside 0..{size - 1}: correct it")


def _recordable(equations: NetworkEquations, target: str) -> dict[str, int]:
    """Return what can be recorded of a population or projection, with the number of values."""
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
    sizes = {
        "pre": equations.populations[projection.source].size,
        "post": equations.populations[projection.target].size,
        "edge": edges,
    }
    return {
        **{n: v.size for n, v in projection.states.items()},
        **{n: sizes[t.level] for n, t in projection.traces.items()},
        **{n: sizes[ref.end] for n, ref in projection.kept.items() if _moves(equations, ref)},
    }


def _moves(equations: NetworkEquations, ref: Ref) -> bool:
    return ref.name not in equations.populations[ref.owner].constants


def _check_externals(equations: NetworkEquations) -> None:
    written: set[str] = set()
    for external in equations.network.externals.values():
        for read in external.reads:
            owner, _, variable = read.partition(".")
            population = equations.populations.get(owner)
            if population is None or variable not in {*population.states, *population.definitions}:
                raise DescriptionError(
                    f"external '{external.name}' reads '{read}', which is not there: correct the name"
                )
        for target in external.writes:
            if target in written:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', as another does: remove one"
                )
            written.add(target)
            if "value" not in equations.populations[target].states:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', which is not a Signal: make it one"
                )
