"""Connections that come and go: which of the possible ones exist at the start of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurosim.compiler.equations.forms import NetworkEquations, PopulationEquations, ProjectionEquations
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


def structured(equations: NetworkEquations) -> list[ProjectionEquations]:
    """Return the projections whose connections a rule changes."""
    return [projection for projection in equations.projections.values() if projection.structure is not None]


def rule_of(projection: ProjectionEquations) -> StructuralRule:
    """Return the structural rule of a projection that has one."""
    assert projection.structure is not None
    return projection.structure.rule


def with_masks(
    projections: Mapping[str, ProjectionEquations], populations: Mapping[str, PopulationEquations], seed: int
) -> dict[str, ProjectionEquations]:
    """Return the projections with the connections that are there at the start drawn, and weights of the others at 0."""
    found = dict(projections)
    own = [projection for projection in projections.values() if projection.structure is not None]
    for group in equal_rules({projection.name: rule_of(projection) for projection in own}):
        members = [projections[name] for name in group]
        shapes = [
            (populations[projection.source].size, populations[projection.target].size)
            for projection in members
        ]
        places = [projection.size for projection in members]
        density = float(rule_of(members[0]).density)
        for projection, share in zip(members, erk_densities(shapes, places, density), strict=True):
            every = np.ones(projection.size, dtype=bool)
            mask = at_random(
                every, round(share * projection.size), generator(seed, f"{projection.name} mask")
            )
            kept = {"mask": mask.astype(float), "w": np.where(mask, projection.states["w"], 0.0)}
            variables = replace(projection.variables, states={**projection.states, **kept})
            found[projection.name] = replace(projection, variables=variables)
    return found


def equal_rules(rules: Mapping[str, StructuralRule]) -> list[list[str]]:
    """Return the names of those that have an equal rule, together."""
    groups: dict[str, list[str]] = {}
    for name, rule in rules.items():
        groups.setdefault(repr(rule), []).append(name)
    return list(groups.values())
