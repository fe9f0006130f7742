"""Connections that come and go: which of the possible ones exist at the start of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurosim.compiler.equations.forms import Expanded, Link, Unit
from neurosim.errors import DescriptionError
from neurosim.model.selection import at_random, erk_densities
from neurosim.model.structural import StructuralRule
from neurosim.rng import generator


def whole_steps(seconds: float, dt: float, where: str) -> int:
    """Return a time in steps; raises DescriptionError if that is no whole number from 1."""
    steps = round(seconds / dt)
    if steps < 1 or abs(steps - seconds / dt) > 1e-6 * steps:
        raise DescriptionError(
            f"{where} of {seconds:g} s is no whole number (from 1) of steps of {dt:g} s: change it"
        )
    return steps


def structured(expanded: Expanded) -> list[Link]:
    """Return the links whose connections a rule changes."""
    return [link for link in expanded.links.values() if link.structure is not None]


def rule_of(link: Link) -> StructuralRule:
    """Return the structural rule of a link that has one."""
    assert link.structure is not None
    return link.structure.rule


def with_masks(links: Mapping[str, Link], units: Mapping[str, Unit], seed: int) -> dict[str, Link]:
    """Return the links with the connections that are there at the start drawn, and weights of the others at 0."""
    found = dict(links)
    own = [link for link in links.values() if link.structure is not None]
    for group in equal_rules({link.name: rule_of(link) for link in own}):
        members = [links[name] for name in group]
        shapes = [(units[link.source].size, units[link.target].size) for link in members]
        places = [link.size for link in members]
        density = float(rule_of(members[0]).density)
        for link, share in zip(members, erk_densities(shapes, places, density), strict=True):
            every = np.ones(link.size, dtype=bool)
            mask = at_random(every, round(share * link.size), generator(seed, f"{link.name} mask"))
            kept = {"mask": mask.astype(float), "w": np.where(mask, link.states["w"], 0.0)}
            found[link.name] = replace(link, states={**link.states, **kept})
    return found


def equal_rules(rules: Mapping[str, StructuralRule]) -> list[list[str]]:
    """Return the names of those that have an equal rule, together."""
    groups: dict[str, list[str]] = {}
    for name, rule in rules.items():
        groups.setdefault(repr(rule), []).append(name)
    return list(groups.values())
