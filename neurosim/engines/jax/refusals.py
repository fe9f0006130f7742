"""What the JAX engine cannot do, said before the run: blocks whose result depends on the order of edges or spikes."""

from __future__ import annotations

from collections.abc import Iterator

from neurosim.compiler.equations.forms import ProjectionEquations
from neurosim.compiler.schedule.program import Block, Program
from neurosim.engines.jax.edges import level_of
from neurosim.model.expressions import Statement, names_in

OWN = {"deliver": "pre", "on_pre": "pre", "on_post": "post", "graded": "pre"}


def external_reasons(program: Program) -> Iterator[str]:
    """Yield a reason for every external, which is a compiled function that JAX cannot call."""
    for name in program.equations.network.externals:
        yield f"external '{name}' is a compiled function, which runs outside JAX: engine 'fused' can run it"


def reasons(program: Program) -> Iterator[str]:
    """Yield what cannot be worked out on all edges at once as on one after the other, or recorded."""
    for probe in program.equations.probes:
        if probe.spikes and probe.target in program.equations.projections:
            yield (
                f"recorder of '{probe.key}': spikes that arrive at connections are not recorded in JAX: record the "
                "spikes of the source, or use engine 'fused'"
            )
    for block in program.blocks:
        if block.kind in OWN:
            yield from _in_block(program.equations.projections[block.owner], block)


def _in_block(projection: ProjectionEquations, block: Block) -> Iterator[str]:
    own = OWN[block.kind]
    for line in block.statements:
        level = level_of(projection, line.target)
        if level == own and block.kind != "graded":
            yield from _per_spike(projection, line, own, block.path is None)
        elif level != "edge" and line.op not in ("+=", "-="):
            yield (
                f"projection '{projection.name}': '{line}' depends on the order of its edges: engine 'fused' can run it"
            )
        if (
            level in ("pre", "post")
            and line.target not in projection.traces
            and _read_elsewhere(projection, block, line, own)
        ):
            yield (
                f"projection '{projection.name}': '{line}' changes what other edges read in the same step, so their "
                "order matters: engine 'fused' can run it"
            )


def _per_spike(projection: ProjectionEquations, line: Statement, own: str, apart: bool) -> Iterator[str]:
    mixed = [
        name for name in sorted(names_in(line.expression)) if level_of(projection, name) not in (own, "run")
    ]
    if mixed:
        yield (
            f"projection '{projection.name}': '{line}' changes a variable per {own}synaptic neuron by '{mixed[0]}', "
            "which differs from synapse to synapse: use synapse.variable"
        )
    elif apart and projection.delays is not None and own == "pre":
        yield (
            f"projection '{projection.name}': '{line}' acts once per spike, which arrives many times: "
            "use synapse.variable"
        )


def _read_elsewhere(projection: ProjectionEquations, block: Block, line: Statement, own: str) -> bool:
    """Return whether a variable of a population that one edge or spike writes is read for another one."""
    written = projection.refs.get(line.target)
    names = frozenset().union(*(names_in(s.expression) for s in block.statements))
    read = (projection.refs[name] for name in names & projection.refs.keys())
    return written is not None and any(
        (ref.owner, ref.name) == (written.owner, written.name) and not ref.end == written.end == own
        for ref in read
        if not ref.modulator
    )
