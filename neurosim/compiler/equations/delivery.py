"""What the synapse of a projection does to its target, written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from neurosim.compiler.equations.forms import Delivery, End, PopulationEquations, Ref, Wiring
from neurosim.compiler.equations.names import part_of, renamed, renamed_statements
from neurosim.compiler.equations.paths import delays_named, path_of
from neurosim.compiler.equations.scope import Scope
from neurosim.compiler.equations.synapses import input_advice
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, check_expression, names_in, substitute
from neurosim.model.network import Network
from neurosim.model.parts import Projection
from neurosim.model.synapse import SynapseModel
from neurosim.registry import suggest


def read_synapse(
    projection: Projection,
    network: Network,
    ends: Mapping[End, PopulationEquations],
    scope: Scope,
    wiring: Wiring,
) -> Delivery:
    """Return what the synapse does to its target, its parameters declared in the scope.

    Arguments: network; ends, the populations at 'pre' and 'post'; wiring, for its delays.
    Raises DescriptionError on a port that the target has not, and a source or delay that does not fit.
    """
    synapse, target, where = projection.synapse, ends["post"], scope.where
    names = {"w": "w"} | {
        f"{ref.name}_{ref.end}": name for name, ref in scope.refs.items() if not ref.modulator
    }
    if synapse.equations:
        own = _kept(projection, ends[synapse.end], scope)
        _check_new(own, names, synapse, where)
        names |= own
    else:
        own = {}
        delays = delays_named(synapse.pathways)
        for name, value in ((n, v) for n, v in synapse.values().items() if n not in delays):
            _check_new([name], names, synapse, where)
            scope.parameter(name, value, None, synapse.parameters[name])
            names[name] = name
    if not synapse.equations:
        facts = (synapse.on_pre, synapse.graded, *(p.statements for p in synapse.pathways.values()))
        texts = " ".join(synapse.filled(text) for text in facts if text)
        names |= scope.units(texts, names)
    if target.source is not None and (synapse.on_pre or synapse.pathways) and not synapse.equations:
        # Its spikes are given, as in a protocol of STDP: rules see them, and nothing is delivered.
        if not projection.rules:
            raise DescriptionError(
                f"{where}: '{target.name}' is a spike source, which takes no input: remove it"
            )
        return Delivery()
    port = target.fed(synapse.port)
    if port not in {*target.ports, *target.states}:
        known = [*target.ports, *target.derivatives]
        raise DescriptionError(f"{where}: '{target.name}' has no port '{port}': {suggest(port, known)}")
    if synapse.graded is not None:
        return _graded(projection, synapse.filled(synapse.graded), names, ends, scope, wiring)
    found = Delivery(late=any(rule.passes == "after" for rule in projection.rules))
    if synapse.on_pre is not None:
        if not ends["pre"].spiking and projection.event("pre") is None:
            raise DescriptionError(f"{where}: '{projection.source}' does not spike: use a graded synapse")
        found = replace(
            found, spike=_pulse(projection, synapse.filled(synapse.on_pre), names, own, ends, scope)
        )
    paths = []
    for name, pathway in synapse.pathways.items():
        statements = _pulse(projection, synapse.filled(pathway.statements), names, own, ends, scope)
        title = f"{where}, {type(synapse).__name__}.{name}"
        paths.append(
            path_of(
                f"deliver_{name}",
                pathway,
                statements,
                synapse.values(),
                projection,
                network,
                ends,
                wiring,
                title,
                True,
            )
        )
    return replace(found, paths=tuple(paths))


def drawn(statements: Iterable[Statement], scope: Scope) -> list[Statement]:
    """Return statements with random numbers replaced by names that hold one draw per step."""
    return [replace(s, expression=scope.drawn(s.expression)) for s in statements]


def _check_new(own: Iterable[str], names: Mapping[str, str], synapse: SynapseModel, where: str) -> None:
    for name in own:
        if name in names:
            raise DescriptionError(
                f"{where}: '{name}' of {type(synapse).__name__} is a variable of its populations too: rename it"
            )


def _kept(projection: Projection, home: PopulationEquations, scope: Scope) -> dict[str, str]:
    """Refer to what the synapse keeps at a population; return its names there by those in the synapse model."""
    synapse = projection.synapse
    found = {}
    for name, dim in home.dimensions.items():
        own, _, of = name.partition("__of__")
        if of == projection.name:
            scope.refer(own, Ref(home.name, name, synapse.end), dim)
            found[own] = part_of(name, synapse.end)
    return found


def _pulse(
    projection: Projection,
    text: str,
    names: Mapping[str, str],
    own: Mapping[str, str],
    ends: Mapping[End, PopulationEquations],
    scope: Scope,
) -> tuple[Statement, ...]:
    """Return what a presynaptic spike delivers, to states of the synapse (`own`) or to the port, times its gain."""
    port, target, where = projection.synapse.port, ends["post"], scope.where
    if own:
        states = [name for name, here in own.items() if here.removesuffix("__post") in target.states]
        own_statements = renamed_statements(text, names, states, where, "state of the synapse")
        return tuple(drawn(own_statements, scope))
    if target.fed(port) in target.ports:
        raise DescriptionError(
            f"{where}: '{port}' takes graded input, not spikes: choose a state such as g_e"
        )
    writable = [f"{name}_{end}" for end, population in ends.items() for name in population.states]
    statements = drawn(renamed_statements(text, names, writable, where, "state"), scope)
    gains = target.gains.get(port, ())
    if gains:
        scale = " * ".join(part_of(gain, "post") for gain in gains)
        statements = [
            Statement(s.target, s.op, f"{scale} * ({s.expression})")
            if s.target == part_of(port, "post")
            else s
            for s in statements
        ]
    return tuple(statements)


def _graded(
    projection: Projection,
    text: str,
    names: Mapping[str, str],
    ends: Mapping[End, PopulationEquations],
    scope: Scope,
    wiring: Wiring,
) -> Delivery:
    """Return the sum over presynaptic outputs, as they were when they left."""
    target, where = ends["post"], scope.where
    port = target.fed(projection.synapse.port)
    if port not in target.ports:
        parsed = target.described.model.parsed()
        raise DescriptionError(
            f"{where}: '{port}' of '{target.name}' is not an input, which a graded synapse needs: "
            f"{input_advice(port, parsed, [*target.ports])}"
        )
    check_expression(text, where)
    if "output_pre" in names_in(text) and not ends["pre"].graded:
        raise DescriptionError(f"{where}: '{projection.source}' has no graded output: use a pulse synapse")
    if wiring.dendritic:
        raise DescriptionError(
            f"{where}: a graded synapse has no dendritic_delay: give the whole delay as delay"
        )
    written = renamed(text, names, where)
    if wiring.delay and wiring.delays is not None and not wiring.delays.all():
        raise DescriptionError(
            f"{where}: a graded synapse with several delays has one of 0 steps: give at least one, or two projections"
        )
    if wiring.delay:
        read = (name for name in names_in(written) & scope.refs.keys() if scope.refs[name].end == "pre")
        moving = [name for name in sorted(read) if scope.refs[name].name not in ends["pre"].constants]
        written = substitute(written, {name: scope.late(name) for name in moving})
    return Delivery(port=port, graded=scope.drawn(written))
