"""Subgroups as ends of projections and targets of recorders and clamps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.chosen import positions, split
from neurosim.model.clamp import Clamp
from neurosim.model.connectivity import Connectivity, Pairs, check_kind
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.values import Ends
from neurosim.registry import suggest


@dataclass(frozen=True)
class Subgroups(Connectivity):
    """A connectivity between some of the neurons of two populations; within a subgroup neurons count from 0.

    A projection whose source or target is a name with indices has it.

    Arguments:
        connect: which pairs of the subgroups are connected.
        sources, targets: which neurons these are, as '0:80', '::2' or '1, 4, 7'; '' for all.
    """

    connect: Connectivity
    sources: str = ""
    targets: str = ""

    @property
    def kind(self) -> str:
        """What it is in a few words."""
        chosen = " to ".join(f"[{part}]" if part else "all" for part in (self.sources, self.targets))
        return f"{self.connect.kind} from {chosen}"

    @property
    def complete(self) -> bool:
        """Whether all pairs of the subgroups are connected."""
        return self.connect.complete

    def __post_init__(self) -> None:
        check_kind(self.connect, "Subgroups")
        if type(self.connect).shared is not Connectivity.shared:
            raise DescriptionError(
                f"{self.connect.kind} shares weights among the neurons of an image: connect whole populations by it"
            )

    def sizes(self, sources: int, targets: int) -> tuple[int, int]:
        """Return the numbers of neurons in the subgroups."""
        chosen = self._chosen(sources, targets, self.kind)
        return chosen[0].size, chosen[1].size

    def within(self, ends: Ends) -> Ends:
        """Return connections by places in the subgroups."""
        places = []
        for chosen, size, given in zip(self._chosen(*ends[2:], self.kind), ends[2:], ends[:2], strict=True):
            place = np.zeros(size, dtype=np.int32)
            place[chosen] = np.arange(chosen.size)
            places.append(place[given])
        return places[0], places[1], *self.sizes(*ends[2:])

    def between(self, same: bool) -> Connectivity:
        """Return what is drawn between a population and itself, or else another."""
        return replace(self, connect=self.connect.between(same))

    def pairs(self, sources: int, targets: int, rng: np.random.Generator, where: str) -> Pairs:
        """Return the pairs that are drawn between the subgroups."""
        chosen = self._chosen(sources, targets, where)
        connect = self.connect
        if not connect.autapses and not np.array_equal(*chosen):
            if np.intersect1d(*chosen).size:
                raise DescriptionError(
                    f"{where}: {connect.kind} without autapses between subgroups that overlap: make them equal or "
                    "apart, or use Where"
                )
            connect = connect.between(False)
        pre, post = connect.pairs(chosen[0].size, chosen[1].size, rng, where)
        return chosen[0][pre], chosen[1][post]

    def _chosen(self, sources: int, targets: int, where: str) -> tuple[np.ndarray, np.ndarray]:
        return positions(self.sources, sources, where), positions(self.targets, targets, where)


def _with_events(projection: Projection, populations: Mapping[str, Population]) -> Projection:
    """Return a projection whose ends are populations, with the events that they named."""
    found = dict(projection.events or {})
    ends = {"pre": projection.source, "post": projection.target}
    for end, given in ends.items():
        named, chosen = split(given)
        owner, dot, event = named.partition(".")
        if dot and owner in populations:
            found[end], ends[end] = event, f"{owner}[{chosen}]" if chosen else owner
    for end, event in found.items():
        owner = split(ends.get(end, ""))[0]
        known = populations[owner].model.events if owner in populations else {}
        if event not in known:
            raise UnknownNameError(
                f"projection '{projection.name}': '{owner or end}' has no event '{event}': {suggest(event, known)}"
            )
    return replace(projection, source=ends["pre"], target=ends["post"], events=found or None)


def resolved(part: Any, populations: Mapping[str, Population]) -> Any:
    """Return a part of a network with names of populations in the place of those of subgroups.

    Arguments:
        part: of a network.
        populations: those of the network, by name.
    """
    if isinstance(part, Projection):
        part = _with_events(part, populations)
        (source, pre), (target, post) = split(part.source), split(part.target)
        if not (pre or post) or not {source, target} <= populations.keys():
            return part
        for owner, chosen in ((source, pre), (target, post)):
            positions(chosen, populations[owner].size, f"projection '{part.name}'")
        return replace(part, source=source, target=target, connect=Subgroups(part.connect, pre, post))
    if isinstance(part, Recorder | Clamp):
        target, chosen = split(part.target)
        whole, _, _ = target.partition(".")
        if not chosen or whole not in populations:
            return part
        where = f"{type(part).__name__.lower()} of '{part.target}.{part.variable}'"
        if part.indices is not None or (isinstance(part, Clamp) and part.direction is not None):
            raise DescriptionError(f"{where}: its target has indices already: give these alone")
        found = positions(chosen, populations[whole].size, where)
        return replace(part, target=target, indices=tuple(found.tolist()))
    return part
