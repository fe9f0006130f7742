"""Pathways of their own through a projection: whose spikes or events they answer to, and after what delay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neurosim.compiler.equations.forms import End, Path, PopulationEquations, Wiring
from neurosim.compiler.equations.names import SECOND, event_population
from neurosim.errors import DescriptionError, SignalMissing, UnknownNameError
from neurosim.model.expressions import Statement
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.rule import Pathway
from neurosim.model.times import nearest_step
from neurosim.model.units import scalar_in_si
from neurosim.registry import suggest


def delays_named(pathways: Mapping[str, Pathway]) -> set[str]:
    """Return the names of the parameters that are delays of pathways: no constants, since they shape the program."""
    return {pathway.delay for pathway in pathways.values() if isinstance(pathway.delay, str)}


def path_of(
    name: str,
    pathway: Pathway,
    statements: Iterable[Statement],
    values: Mapping[str, Any],
    projection: Projection,
    network: Network,
    ends: Mapping[End, PopulationEquations],
    wiring: Wiring,
    where: str,
    delivers: bool,
) -> Path:
    """Return a pathway written out.

    Arguments: name, of the path; pathway, as described; statements, of it; values, of the parameters that its delay may
    name; projection, network, ends and wiring, where it leads; where, for messages; delivers, whether it reaches the
    target, so that without a delay of its own it takes the dendritic one too.
    Raises UnknownNameError, SignalMissing, DescriptionError for an event, spikes or a delay that do not exist.
    """
    end: End = "post" if pathway.place == "post" else "pre"
    population, event = ends[end], pathway.event or projection.event(end)
    known = population.described.model.events
    if event is not None and event not in known:
        raise UnknownNameError(
            f"{where}: '{population.name}' has no event '{event}': {suggest(event, known)}"
        )
    if event is None and not population.spiking:
        raise SignalMissing(f"{where}: '{population.name}' does not spike: name one of its events")
    return Path(
        name,
        end,
        event_population(population.name, event),
        _delay(pathway, end, values, network, wiring, where, delivers),
        tuple(statements),
    )


def _delay(
    pathway: Pathway,
    end: End,
    values: Mapping[str, Any],
    network: Network,
    wiring: Wiring,
    where: str,
    delivers: bool,
) -> int:
    given = pathway.delay
    if isinstance(given, str):
        if given not in values:
            raise UnknownNameError(f"{where}: delay '{given}' is no parameter: {suggest(given, values)}")
        given = values[given]
    if given is not None:
        seconds = scalar_in_si(given, SECOND, f"{where}: delay")
        if seconds < 0:
            raise DescriptionError(f"{where}: delay {given} is negative: give a time from 0")
        return int(nearest_step(seconds, network.step))
    if end == "post":
        return wiring.dendritic
    if wiring.delays is not None:
        raise DescriptionError(
            f"{where}: the projection has a delay for each connection: give the pathway a delay of its own"
        )
    return wiring.delay + (wiring.dendritic if delivers else 0)
