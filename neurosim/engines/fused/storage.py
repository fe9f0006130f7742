"""The arrays and numbers of a running fused program, under the names that the printed program uses.

owner__variable is a variable of the description; owner___name, with three underscores, is the engine's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from neurosim.compiler.equations.forms import NetworkEquations, PopulationEquations, ProjectionEquations
from neurosim.compiler.equations.names import part_of
from neurosim.compiler.equations.timed import Timed
from neurosim.compiler.schedule.exact import propagate
from neurosim.compiler.schedule.program import Program, Propagator, sum_of
from neurosim.engines.core import LONG_AGO
from neurosim.engines.externals import ExternalFunction
from neurosim.engines.fused.aligned import aligned
from neurosim.engines.fused.rewrites import scaled_traces
from neurosim.model.convolution import Kernel
from neurosim.rng import stream_key


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

    def value(self, name: str) -> np.ndarray:
        """Return an array, or a number as one without axes."""
        return self.arrays[name] if name in self.arrays else np.asarray(self.numbers[name])

    @property
    def real(self) -> str:
        """The type that numbers in the text of a program need, empty for float64."""
        return "" if self.dtype == np.float64 else f"np.{self.dtype.name}"

    def variable(self, name: str, value: np.ndarray) -> None:
        """Add a variable of the model."""
        self.state(name, np.asarray(value, dtype=self.dtype))

    def shared(self, name: str, value: np.ndarray) -> None:
        """Add a variable that no step changes: that of the description, where the type is the same, until it is set."""
        self.arrays[name] = np.asarray(value, dtype=self.dtype).view()
        self.arrays[name].flags.writeable = False

    def own(self, name: str) -> np.ndarray:
        """Return an array that may be written; a shared one is copied first."""
        if not self.arrays[name].flags.writeable:
            self.arrays[name] = aligned(self.arrays[name])
        return self.arrays[name]

    def signal(self, head: str, timed: Timed) -> None:
        """Add a signal in time; where its values are of the type of all others they are not copied."""
        self.arrays[f"{head}_values"] = np.ascontiguousarray(timed.values, dtype=self.dtype)
        self.numbers |= {f"{head}_first": timed.first, f"{head}_every": timed.every}

    def trace(self, name: str, value: np.ndarray) -> None:
        """Add a trace of a rule."""
        self.variable(name, value)
        if name in self.scaled:
            self.state(f"{name}___factor", np.ones(1, dtype=self.dtype))

    def state(self, name: str, value: np.ndarray) -> None:
        """Add an array that belongs to the state."""
        self.arrays[name] = aligned(value)
        self.changing.append(name)

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
    storage, equations = Storage(np.dtype(dtype), scaled_traces(program)), program.equations
    storage.numbers["dt"] = storage.dtype.type(equations.network.step)
    for population in equations.populations.values():
        _population(storage, population, program, equations)
    for projection in equations.projections.values():
        _projection(storage, projection, program, equations)
    _sums(storage, program)
    for number, clamp in enumerate(equations.clamps):
        storage.arrays[f"clamp{number}___index"] = clamp.indices.astype(np.int64)
        storage.arrays[f"clamp{number}___value"] = clamp.value
        storage.numbers |= {f"clamp{number}___start": clamp.start, f"clamp{number}___stop": clamp.stop}
        if clamp.basis is not None:
            storage.arrays[f"clamp{number}___basis"] = np.ascontiguousarray(clamp.basis)
    for name, (width, _) in equations.columns.items():
        storage.arrays[f"{name}___rows"] = np.zeros((0, width))
    for name, external in externals.items():
        storage.arrays[f"{name}___handles"] = np.ascontiguousarray(external.handles)
        storage.arrays[f"{name}___in"] = np.zeros(external.n_inputs)
        storage.arrays[f"{name}___out"] = external.output_values.copy()
        for target, output in equations.network.externals[name].writes.items():
            storage.numbers[f"{target}___from"] = external.outputs[output].start
    coefficients(storage, program)
    return storage


def _sums(storage: Storage, program: Program) -> None:
    """Add the arrays in which the changes of presentations are summed."""
    for owner, name in program.sums:
        like = storage.arrays[f"{owner}__{name}"]
        storage.state(f"{owner}__{sum_of(name)}", np.zeros_like(like))


def coefficients(storage: Storage, program: Program) -> None:
    """Work out the coefficients of exact steps from the current constants."""
    for propagator in program.propagators:
        _coefficients(storage, propagator, program.equations)
    for population in program.equations.populations.values():
        _means(storage, population, program.equations.network.step)


def _means(storage: Storage, population: PopulationEquations, step: float) -> None:
    """Work out the means of Poisson numbers, in double precision."""
    for key, draw in population.draws.items():
        if draw.kind == "poisson":
            values = {"dt": step, **storage.values(population.name, population.constants)}
            mean, name = draw.mean_from(values, f"'{population.name}'"), f"{population.name}___{key}_mean"
            if mean.ndim:
                storage.arrays[name] = aligned(mean)
            else:
                storage.numbers[name] = float(mean)


def _coefficients(storage: Storage, propagator: Propagator, equations: NetworkEquations) -> None:
    values = storage.values(propagator.owner, equations.part(propagator.owner).constants)
    step = equations.network.step
    p, q, c = propagate(propagator.linear, values, step, propagator.frozen, propagator.owner)
    states = propagator.linear.states
    head = f"{propagator.owner}__{propagator.prefix}"
    for i, to in enumerate(states):
        storage.constant(part_of(f"{head}c", to), c[..., i])
        for j, source in enumerate(states):
            storage.constant(part_of(f"{head}P", to, source), p[..., i, j])
            storage.constant(part_of(f"{head}Q", to, source), q[..., i, j])


def _population(
    storage: Storage, population: PopulationEquations, program: Program, equations: NetworkEquations
) -> None:
    name, n = population.name, population.size
    storage.numbers[f"{name}___size"] = n
    for number, regular in enumerate(population.operations):
        head = f"{name}___operation{number}"
        storage.numbers |= {f"{head}_first": regular.first, f"{head}_every": regular.every}
    for key, value in population.constants.items():
        storage.constant(f"{name}__{key}", value)
    for key, value in population.states.items():
        storage.variable(f"{name}__{key}", value)
    for key in (*population.ports, *program.stored[name]):
        storage.variable(f"{name}__{key}", np.zeros(n))
    for key, draw in population.draws.items():
        if draw.timed is not None:
            storage.signal(f"{name}___{key}", draw.timed)
        storage.arrays[f"{name}__{key}"] = aligned(np.zeros(n, dtype=storage.dtype))
        storage.numbers[f"{name}___{key}_key"] = stream_key(equations.seed, name, draw.stream)
    for (owner, key), depth in equations.remembered.items():
        if owner == name:
            storage.variable(f"{name}__{key}___past", np.zeros((1 << depth.bit_length(), n)))
    if population.spiking:
        # A power of two, so that the row of a step is found without a division.
        rows = 1 << equations.flights.get(name, 0).bit_length()
        storage.state(f"{name}___ring", np.zeros((rows, n), dtype=np.int32))
        storage.state(f"{name}___count", np.zeros(rows, dtype=np.int64))
    if population.refractory is not None:
        # Counted from an origin (`FusedCore.set_step`), in 32 bits: half the memory traffic of whole step numbers.
        storage.state(f"{name}___held", np.full(n, LONG_AGO, dtype=np.int32))
        storage.arrays[f"{name}___rest"] = aligned(np.ones(n, dtype=np.int32))
    if population.source is not None:
        real, integer = population.source.pack(n, equations.network.step, equations.seed, name)
        storage.arrays[f"{name}___real"] = real
        storage.state(f"{name}___integer", integer)
        storage.numbers[f"{name}___key"] = stream_key(equations.seed, name, "spikes")
    if "value" in population.states:
        storage.arrays[f"{name}___rows"] = np.zeros((0, n))


def _kernel(storage: Storage, name: str, kernel: Kernel) -> None:
    """Add the place in the weights of each edge and, of each position, the inputs and the neurons of its features."""
    positions, features = np.arange(kernel.positions)[:, None], np.arange(kernel.features)
    storage.arrays[f"{name}___kernel"] = kernel.index.astype(np.uint64)
    storage.arrays[f"{name}___pre_at"] = kernel.patch.astype(np.int64)
    storage.arrays[f"{name}___post_at"] = features * kernel.positions + positions
    storage.numbers |= {f"{name}___inputs": kernel.inputs, f"{name}___features": kernel.features}


def _changed(program: Program, projection: ProjectionEquations) -> frozenset[str]:
    """Return the variables of a projection that steps, presentations or updates of connections change."""
    if projection.plasticity or projection.plasticity.structure is not None:
        return frozenset(projection.states)
    blocks = (block.writes for block in program.blocks if block.owner == projection.name)
    held = [clamp.variable for clamp in program.equations.clamps if clamp.owner == projection.name]
    return frozenset(held).union(*blocks)


def _projection(
    storage: Storage, projection: ProjectionEquations, program: Program, equations: NetworkEquations
) -> None:
    name = projection.name
    sources, targets = (
        equations.populations[projection.source].size,
        equations.populations[projection.target].size,
    )
    for key, value in projection.constants.items():
        storage.constant(f"{name}__{key}", value)
    changed = _changed(program, projection)
    for key, value in projection.states.items():
        if key in changed:
            storage.variable(f"{name}__{key}", value)
        else:
            storage.shared(f"{name}__{key}", value)
    for key, trace in projection.traces.items():
        size = {"pre": sources, "post": targets, "edge": projection.size}[trace.level]
        storage.trace(f"{name}__{key}", np.full(size, trace.initial, dtype=float))
    sizes = {"pre": sources, "post": targets, "edge": projection.size}
    for key in projection.late:
        level = projection.late_level(key)
        storage.arrays[f"{name}__{key}"] = aligned(np.zeros(sizes[level], dtype=storage.dtype))
    for key, total in projection.totals.items():
        size = {"pre": sources, "post": targets}[total.level]
        storage.arrays[f"{name}__{key}"] = aligned(np.zeros(size, dtype=storage.dtype))
    for key, draw in projection.draws.items():
        storage.numbers[f"{name}___{key}_key"] = stream_key(equations.seed, name, draw.stream)
    storage.numbers |= {
        f"{name}___delay": projection.delay,
        f"{name}___dendritic": projection.dendritic,
        f"{name}___whole_delay": projection.whole_delay,
        **{f"{name}___{path.name}_delay": path.delay for path in projection.paths},
    }
    if projection.driver is not None:
        storage.arrays[f"{name}___driver"] = projection.driver.view(np.uint64)
    if projection.kernel is not None:
        _kernel(storage, name, projection.kernel)
    if projection.dense:
        return
    # Without a sign, as an index that might be negative costs a test at every edge.
    storage.arrays[f"{name}___first"] = projection.edges.first.view(np.uint64)
    storage.arrays[f"{name}___post"] = projection.post.view(np.uint32)
    if projection.delays is not None:
        arriving = [b for b in program.blocks if b.owner == name and b.kind in ("deliver", "on_pre")]
        read = frozenset().union(*(block.reads for block in arriving)) & projection.refs.keys()
        if any(projection.refs[name].end == "pre" for name in read):
            storage.arrays[f"{name}___pre"] = projection.pre.view(np.uint32)
        storage.arrays[f"{name}___delays"] = projection.delays
        storage.numbers[f"{name}___most"] = int(np.bincount(projection.delays).max(initial=0))
    if projection.plasticity.events("post"):
        # Keys of 16 bits are sorted in linear time.
        order = np.argsort(projection.post.astype(np.min_scalar_type(targets)), kind="stable").astype(
            np.uint32
        )
        begins = np.append(0, np.bincount(projection.post, minlength=targets).cumsum())
        storage.arrays[f"{name}___tfirst"] = begins.view(np.uint64)
        storage.arrays[f"{name}___tedge"] = order
        storage.arrays[f"{name}___tpre"] = projection.pre[order].view(np.uint32)
