"""From a network's description to its expanded form."""

from __future__ import annotations

from neurosim.engines.expand_clamps import expand_clamps
from neurosim.engines.expand_population import expand_population
from neurosim.engines.expand_projection import expand_projection
from neurosim.engines.expanded import Expanded, Unit
from neurosim.errors import DescriptionError
from neurosim.model.network import Network


def expand(network: Network, seed: int = 0) -> Expanded:
    """Return the network written out, with edges and initial values drawn from the streams of `seed`.

    Raises DescriptionError on whatever does not fit: units, names, shapes, delays, signals that a rule lacks.
    """
    units: dict[str, Unit] = {
        name: expand_population(p, network, seed) for name, p in network.populations.items()
    }
    units, clamps = expand_clamps(network, units, seed)
    links = {name: expand_projection(p, network, units, seed) for name, p in network.projections.items()}
    expanded = Expanded(network, seed, units, links, clamps)
    _check_recorders(expanded)
    _check_externals(expanded)
    return expanded


def _check_recorders(expanded: Expanded) -> None:
    for recorder in expanded.network.recorders:
        unit, link = expanded.units.get(recorder.target), expanded.links.get(recorder.target)
        if recorder.variable == "spikes":
            if unit is None or not unit.spiking:
                raise DescriptionError(
                    f"recorder of '{recorder.key}': '{recorder.target}' does not spike: record a state"
                )
            continue
        known = (
            {*unit.states, *unit.definitions, *unit.ports}
            if unit
            else {*link.states, *link.traces}
            if link
            else set()
        )
        size = unit.size if unit else link.pre.size if link else 0
        if recorder.variable not in known:
            raise DescriptionError(
                f"recorder of '{recorder.key}': no such variable: choose from {sorted(known)}"
            )
        if link is not None and recorder.variable in link.traces:
            held = link.traces[recorder.variable]
            size = expanded.units[link.source if held.place == "pre" else link.target].size
        if recorder.indices and (min(recorder.indices) < 0 or max(recorder.indices) >= size):
            raise DescriptionError(
                f"recorder of '{recorder.key}': an index lies outside 0..{size - 1}: correct it"
            )


def _check_externals(expanded: Expanded) -> None:
    for external in expanded.network.externals.values():
        for read in external.reads:
            population, _, variable = read.partition(".")
            unit = expanded.units.get(population)
            if unit is None or variable not in {*unit.states, *unit.definitions}:
                raise DescriptionError(
                    f"external '{external.name}' reads '{read}', which is not there: correct the name"
                )
        for target in external.writes:
            if "value" not in expanded.units[target].states:
                raise DescriptionError(
                    f"external '{external.name}' writes '{target}', which is not a Signal: make it one"
                )
