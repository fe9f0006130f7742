"""Spikes of sources, drawn outside JAX by their compiled functions, as on every engine."""

from __future__ import annotations

import importlib

import numpy as np

from neurosim.compiler.schedule.program import Program
from neurosim.model.source import due
from neurosim.rng import stream_key


class Sources:
    """The spike sources of a network; `integer` is their state, by population."""

    def __init__(self, program: Program, seed: int) -> None:
        self.populations = {u.name: u for u in program.equations.populations.values() if u.source is not None}
        self.dt = program.equations.network.step
        self.seed = seed
        packs = {
            n: u.source.pack(u.size, self.dt, self.seed, n)
            for n, u in self.populations.items()
            if u.source is not None
        }
        self.real = {name: real for name, (real, _) in packs.items()}
        self.integer = {name: integer for name, (_, integer) in packs.items()}

    def rasters(self, first: int, steps: int) -> dict[str, np.ndarray]:
        """Return the spikes of the steps that follow `first`, by population, boolean, shape (steps, size)."""
        return {name: self._raster(name, first, steps) for name in self.populations}

    def _raster(self, name: str, first: int, steps: int) -> np.ndarray:
        population = self.populations[name]
        assert population.source is not None
        module, _, function = population.source.draw.partition(":")
        draw = getattr(importlib.import_module(module), function)
        key = stream_key(self.seed, name, "spikes")
        raster = np.zeros((steps, population.size), dtype=bool)
        for row in range(steps):
            raster[row, due(draw, first + row, key, self.real[name], self.integer[name], population.size)] = (
                True
            )
        return raster
