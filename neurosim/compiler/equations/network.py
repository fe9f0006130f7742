"""From a network's description to its expanded form."""

from __future__ import annotations

from neurosim.compiler.equations.clamps import expand_clamps
from neurosim.compiler.equations.forms import Expanded, Unit
from neurosim.compiler.equations.masks import with_masks
from neurosim.compiler.equations.population import expand_population
from neurosim.compiler.equations.projection import expand_projection
from neurosim.errors import DescriptionError
from neurosim.model.network import Network
from neurosim.registry import suggest


def expand(network: Network, seed: int = 0) -> Expanded:
    """Return the network written out, with edges and initial values drawn from the streams of `seed`.

    Raises DescriptionError on whatever does not fit: units, names, shapes, delays, signals that a rule lacks.
    """
    units: dict[str, Unit] = {
        name: expand_population(p, network, seed) for name, p in network.populations.items()
    }
    units, clamps = expand_clamps(network, units, seed)
    links = {name: expand_projection(p, network, units, seed) for name, p in network.projections.items()}
    expanded = Expanded(network, seed, units, with_masks(links, units, seed), clamps)
    _check_recorders(expanded)
    _check_externals(expanded)
    return expanded


def _check_recorders(expanded: Expanded) -> None:
    for recorder in expanded.network.recorders:
        where, sizes = f"recorder of '{recorder.key}'", _recordable(expanded, recorder.target)
        if recorder.variable == "spikes" and "spikes" not in sizes:
            raise DescriptionError(f"{where}: '{recorder.target}' does not spike: record a state")
        if recorder.variable not in sizes:
            raise DescriptionError(f"{where}: no such variable: {suggest(recorder.variable, sizes)}")
        size = sizes[recorder.variable]
        if recorder.indices and (min(recorder.indices) < 0 or max(recorder.indices) >= size):
            raise DescriptionError(f"{where}: an index lies outside 0..{size - 1}: correct it")


def _recordable(expanded: Expanded, target: str) -> dict[str, int]:
    """Return what can be recorded of a population or projection, with the number of values."""
    if target in expanded.units:
        unit = expanded.units[target]
        names = [*unit.states, *unit.definitions, *unit.ports, *(["spikes"] if unit.spiking else [])]
        return dict.fromkeys(names, unit.size)
    link = expanded.links[target]
    edges = link.size
    sizes = {"pre": expanded.units[link.source].size, "post": expanded.units[link.target].size, "edge": edges}
    return {**dict.fromkeys(link.states, edges), **{n: sizes[t.place] for n, t in link.traces.items()}}


def _check_externals(expanded: Expanded) -> None:
    written: set[str] = set()
    for external in expanded.network.externals.values():
        for read in external.reads:
            population, _, variable = read.partition(".")
            unit = expanded.units.get(population)
            if unit is None or variable not in {*unit.states, *unit.definitions}:
                raise DescriptionError(
                    f"external '{external.name}' reads '{read}', which is not there: correct the name"
                )
        for target in external.writes:
            if target in written:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', as another does: remove one"
                )
            written.add(target)
            if "value" not in expanded.units[target].states:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', which is not a Signal: make it one"
                )
