"""What the synapse of a projection does to its target, written out."""

from __future__ import annotations

from collections.abc import Mapping

from neurosim.compiler.equations.forms import Delivery, End, PopulationEquations
from neurosim.compiler.equations.names import part_of, renamed, renamed_statements
from neurosim.compiler.equations.scope import Scope
from neurosim.errors import DescriptionError
from neurosim.model.expressions import Statement, check_expression, names_in
from neurosim.model.parts import Projection
from neurosim.registry import suggest


def read_synapse(
    projection: Projection, ends: Mapping[End, PopulationEquations], scope: Scope, delay: int
) -> Delivery:
    """Return what the synapse does to its target, its parameters declared in the scope.

    Arguments: ends, the populations at 'pre' and 'post'; delay, in steps.
    Raises DescriptionError on a port that the target has not, and a source or delay that does not fit.
    """
    synapse, target, where = projection.synapse, ends["post"], scope.where
    names = {"w": "w"} | {
        f"{ref.name}_{ref.end}": name for name, ref in scope.refs.items() if not ref.modulator
    }
    for name, value in synapse.values().items():
        if name in names:
            raise DescriptionError(
                f"{where}: the parameter '{name}' of {type(synapse).__name__} is a variable of its "
                "populations too: rename it"
            )
        scope.constant(name, value)
        names[name] = name
    port = synapse.port
    if port not in {*target.ports, *target.states}:
        known = [*target.ports, *target.derivatives]
        raise DescriptionError(f"{where}: '{target.name}' has no port '{port}': {suggest(port, known)}")
    found = Delivery()
    if synapse.on_pre is not None:
        found = _pulse(projection, synapse.text(synapse.on_pre), names, ends, scope)
    if synapse.graded is not None:
        found = _graded(projection, synapse.text(synapse.graded), names, ends, where, delay)
    return found


def _pulse(
    projection: Projection,
    text: str,
    names: Mapping[str, str],
    ends: Mapping[End, PopulationEquations],
    scope: Scope,
) -> Delivery:
    """Return what a presynaptic spike delivers, times the gain of the port."""
    port, target, where = projection.synapse.port, ends["post"], scope.where
    if not ends["pre"].spiking:
        raise DescriptionError(f"{where}: '{projection.source}' does not spike: use a graded synapse")
    if port in target.ports:
        raise DescriptionError(
            f"{where}: '{port}' takes graded input, not spikes: choose a state such as g_e"
        )
    writable = [f"{name}_{end}" for end, population in ends.items() for name in population.states]
    statements = renamed_statements(text, names, writable, where, "state")
    gains = target.gains.get(port, ())
    if gains:
        scale = " * ".join(part_of(gain, "post") for gain in gains)
        statements = [
            Statement(s.target, s.op, f"{scale} * ({s.expression})")
            if s.target == part_of(port, "post")
            else s
            for s in statements
        ]
    return Delivery(spike=tuple(statements))


def _graded(
    projection: Projection,
    text: str,
    names: Mapping[str, str],
    ends: Mapping[End, PopulationEquations],
    where: str,
    delay: int,
) -> Delivery:
    """Return the sum over presynaptic outputs."""
    port, target = projection.synapse.port, ends["post"]
    if port not in target.ports:
        raise DescriptionError(f"{where}: '{port}' of '{target.name}' is not an input: choose {target.ports}")
    check_expression(text, where)
    if "output_pre" in names_in(text) and not ends["pre"].graded:
        raise DescriptionError(f"{where}: '{projection.source}' has no graded output: use a pulse synapse")
    if delay:
        raise DescriptionError(f"{where}: a graded synapse has no delay: set delay to 0*ms")
    return Delivery(port=port, graded=renamed(text, names, where))
