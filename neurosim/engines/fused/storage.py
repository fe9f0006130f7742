"""The arrays and numbers of a running fused program, under the names that the printed program uses.

owner__variable is a variable of the description; owner___name, with three underscores, is the engine's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.forms import Expanded, Link, Unit
from neurosim.compiler.schedule.exact import propagate
from neurosim.compiler.schedule.program import Program, Propagator
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused.aligned import aligned
from neurosim.engines.fused.rewrites import scaled_traces
from neurosim.errors import DescriptionError
from neurosim.rng import stream_key

LONGEST_REST = 2**30


@dataclass
class Storage:
    """arrays, changed in place; numbers, scalars passed by value; changing, names of arrays that make up the state.

    scaled, traces that are held divided by a factor, with the name of the factor's decay per step: the trace x is
    `array * array___factor[0]`. dtype, of variables and constants.
    """

    dtype: np.dtype = field(default_factory=lambda: np.dtype(np.float64))
    scaled: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    changing: list[str] = field(default_factory=list)

    def constant(self, name: str, value: np.ndarray) -> None:
        """Add a constant: a number if it is 0-d, else an array."""
        if value.ndim:
            self.arrays[name] = aligned(np.asarray(value, dtype=self.dtype))
        else:
            self.numbers[name] = self.dtype.type(value)

    @property
    def real(self) -> str:
        """The type that numbers in the text of a program need, empty for float64."""
        return "" if self.dtype == np.float64 else f"np.{self.dtype.name}"

    def variable(self, name: str, value: np.ndarray) -> None:
        """Add a variable of the model."""
        self.state(name, np.asarray(value, dtype=self.dtype))

    def trace(self, name: str, value: np.ndarray) -> None:
        """Add a trace of a rule."""
        self.variable(name, value)
        if name in self.scaled:
            self.state(f"{name}___factor", np.ones(1, dtype=self.dtype))

    def state(self, name: str, value: np.ndarray) -> None:
        """Add an array that belongs to the state."""
        self.arrays[name] = aligned(value)
        self.changing.append(name)

    def owned(self, owner: str) -> list[str]:
        """Return the names of the arrays of an owner that belong to the state."""
        return [name for name in self.changing if name.startswith(f"{owner}__")]

    def values(self, owner: str, names: Mapping[str, object]) -> dict[str, np.ndarray]:
        """Return the current constants of an owner by their short names."""
        found = {}
        for name in names:
            full = f"{owner}__{name}"
            found[name] = self.arrays[full] if full in self.arrays else np.array(self.numbers[full])
        return found


def build(
    program: Program, externals: Mapping[str, ExternalFunction], dtype: DTypeLike = np.float64
) -> Storage:
    """Return the storage of a program in its initial state."""
    storage, expanded = Storage(np.dtype(dtype), scaled_traces(program)), program.expanded
    for unit in expanded.units.values():
        _unit(storage, unit, program, expanded)
    for link in expanded.links.values():
        _link(storage, link, program, expanded)
    _sums(storage, program)
    for number, clamp in enumerate(expanded.clamps):
        storage.arrays[f"clamp{number}___index"] = clamp.indices.astype(np.int64)
        storage.arrays[f"clamp{number}___value"] = clamp.value
        storage.numbers |= {f"clamp{number}___start": clamp.start, f"clamp{number}___stop": clamp.stop}
    for name, external in externals.items():
        storage.arrays[f"{name}___handles"] = external.handles
        storage.arrays[f"{name}___in"] = np.zeros(external.n_inputs)
        storage.arrays[f"{name}___out"] = external.output_values.copy()
        for target, output in expanded.network.externals[name].writes.items():
            storage.numbers[f"{target}___from"] = external.outputs[output].start
    coefficients(storage, program)
    return storage


def _sums(storage: Storage, program: Program) -> None:
    """Add the arrays in which the changes of presentations are summed."""
    for block in program.samples:
        if block.kind == "apply":
            for name in (n for n in block.writes if n.endswith("___sum")):
                like = storage.arrays[f"{block.owner}__{name.removesuffix('___sum')}"]
                storage.state(f"{block.owner}__{name}", np.zeros_like(like))


def reset(storage: Storage, program: Program) -> None:
    """Put every array of the state back to its initial value."""
    for unit in program.expanded.units.values():
        for name in storage.owned(unit.name):
            storage.arrays[name].fill(0)
        for key, value in unit.states.items():
            storage.arrays[f"{unit.name}__{key}"][:] = value
        if unit.source is not None:
            start = unit.source.pack(
                unit.size, program.expanded.network.step, program.expanded.seed, unit.name
            )[1]
            storage.arrays[f"{unit.name}___integer"][:] = start
    for link in program.expanded.links.values():
        for name in storage.owned(link.name):
            storage.arrays[name].fill(0)
        for key, value in link.states.items():
            storage.arrays[f"{link.name}__{key}"][:] = value
        for key, trace in link.traces.items():
            storage.arrays[f"{link.name}__{key}"].fill(trace.initial)
            if f"{link.name}__{key}" in storage.scaled:
                storage.arrays[f"{link.name}__{key}___factor"].fill(1.0)


def coefficients(storage: Storage, program: Program) -> None:
    """Work out the coefficients of exact steps from the current constants."""
    for propagator in program.propagators:
        _coefficients(storage, propagator, program.expanded)


def _coefficients(storage: Storage, propagator: Propagator, expanded: Expanded) -> None:
    part: Unit | Link = expanded.units.get(propagator.owner) or expanded.links[propagator.owner]
    values = storage.values(propagator.owner, part.constants)
    step = expanded.network.step
    p, q, c = propagate(propagator.linear, values, step, propagator.frozen, propagator.owner)
    states = propagator.linear.states
    head = f"{propagator.owner}__{propagator.prefix}"
    for i, to in enumerate(states):
        storage.constant(f"{head}c_{to}", c[..., i])
        for j, source in enumerate(states):
            storage.constant(f"{head}P_{to}_{source}", p[..., i, j])
            storage.constant(f"{head}Q_{to}_{source}", q[..., i, j])


def _unit(storage: Storage, unit: Unit, program: Program, expanded: Expanded) -> None:
    name, n = unit.name, unit.size
    storage.numbers[f"{name}___size"] = n
    for key, value in unit.constants.items():
        storage.constant(f"{name}__{key}", value)
    for key, value in unit.states.items():
        storage.variable(f"{name}__{key}", value)
    for key in (*unit.ports, *program.stored[name]):
        storage.variable(f"{name}__{key}", np.zeros(n))
    for key in unit.draws:
        storage.arrays[f"{name}__{key}"] = aligned(np.zeros(n, dtype=storage.dtype))
        storage.numbers[f"{name}___{key}_key"] = stream_key(expanded.seed, name, key)
    if unit.spiking:
        rows = 1 + max((k.delay for k in expanded.links.values() if k.source == name), default=0)
        storage.state(f"{name}___ring", np.zeros((rows, n), dtype=np.int32))
        storage.state(f"{name}___count", np.zeros(rows, dtype=np.int64))
    if unit.refractory is not None:
        # Counted from the first step of a call, in 32 bits: half the memory traffic of whole step numbers.
        storage.state(f"{name}___held", np.zeros(n, dtype=np.int32))
        storage.arrays[f"{name}___rest"] = aligned(np.zeros(n, dtype=np.int32))
        set_refractory_steps(storage, unit, expanded.network.step)
    if unit.source is not None:
        real, integer = unit.source.pack(n, expanded.network.step, expanded.seed, name)
        storage.arrays[f"{name}___real"] = real
        storage.state(f"{name}___integer", integer)
        storage.numbers[f"{name}___key"] = stream_key(expanded.seed, name, "spikes")
    if "value" in unit.states:
        storage.arrays[f"{name}___rows"] = np.zeros((0, n))


def set_refractory_steps(storage: Storage, unit: Unit, dt: float) -> None:
    """Work out for how many steps units stay refractory: the period in whole steps, as Brian2's `timestep` rounds."""
    period = storage.values(unit.name, {unit.refractory or "": None})[unit.refractory or ""]
    steps = np.floor(period / dt + 1e-3)
    if np.max(steps, initial=0) > LONGEST_REST:
        raise DescriptionError(
            f"'{unit.name}.{unit.refractory}': a unit may rest for {LONGEST_REST} steps at most: lower it, or raise dt"
        )
    storage.arrays[f"{unit.name}___rest"][:] = np.maximum(steps, 1)


def elapse(storage: Storage, program: Program, steps: int) -> None:
    """Count refractory periods from the step that is `steps` later."""
    for unit in program.expanded.units.values():
        if unit.refractory is not None:
            until = storage.arrays[f"{unit.name}___held"]
            np.maximum(until - np.int32(steps), 0, out=until)


def _link(storage: Storage, link: Link, program: Program, expanded: Expanded) -> None:
    name = link.name
    sources, targets = expanded.units[link.source].size, expanded.units[link.target].size
    for key, value in link.constants.items():
        storage.constant(f"{name}__{key}", value)
    for key, value in link.states.items():
        storage.variable(f"{name}__{key}", value)
    for key, trace in link.traces.items():
        size = {"pre": sources, "post": targets, "edge": link.size}[trace.place]
        storage.trace(f"{name}__{key}", np.full(size, trace.initial))
    for key, total in link.totals.items():
        size = {"pre": sources, "post": targets}[total.place]
        storage.arrays[f"{name}__{key}"] = aligned(np.zeros(size, dtype=storage.dtype))
    for key in link.draws:
        storage.numbers[f"{name}___{key}_key"] = stream_key(expanded.seed, name, key)
    storage.numbers[f"{name}___delay"] = link.delay
    if link.dense:
        return
    # Without a sign, as an index that might be negative costs a test at every edge.
    storage.arrays[f"{name}___first"] = link.edges.first.view(np.uint64)
    storage.arrays[f"{name}___post"] = link.post.view(np.uint32)
    if link.delays is not None:
        arriving = [b for b in program.blocks if b.owner == name and b.kind in ("deliver", "on_pre")]
        if any(n.endswith("_pre") for block in arriving for n in block.reads):
            storage.arrays[f"{name}___pre"] = link.pre.view(np.uint32)
        storage.arrays[f"{name}___delays"] = link.delays.astype(np.min_scalar_type(link.delay))
        storage.numbers[f"{name}___edges"] = link.size
    if link.on_post:
        # Keys of 16 bits are sorted in linear time.
        order = np.argsort(link.post.astype(np.min_scalar_type(targets)), kind="stable").astype(np.uint32)
        begins = np.append(0, np.bincount(link.post, minlength=targets).cumsum())
        storage.arrays[f"{name}___tfirst"] = begins.view(np.uint64)
        storage.arrays[f"{name}___tedge"] = order
        storage.arrays[f"{name}___tpre"] = link.pre[order].view(np.uint32)
