"""What a synapse with equations cannot do is rejected in one line that says where and what to write."""

from __future__ import annotations

import pytest
from brian2 import ms, mV

from neurosim import (
    AllToAll,
    Network,
    Population,
    Projection,
    Recorder,
    SynapseModel,
    option,
    parameter,
    simulate,
)
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.neurons import LIF, Signal, SpikeTrain
from neurosim.synapses import GABAB, NMDA, AlphaConductance, AlphaCurrent, FilteredGraded

TRAIN = SpikeTrain(times=[1] * ms, ids=[0])


def compiled(
    synapse, weight=1 * mV, *, source=TRAIN, delay=0 * ms, dendritic=None, recorded=(), engine="fused"
):
    network = Network("kept", dt=0.1 * ms).add(
        Population("source", 1, source),
        Population("target", 1, LIF()),
        Projection(
            "p", "source", "target", synapse, AllToAll(), weight, delay=delay, dendritic_delay=dendritic
        ),
        *(Recorder("p", name) for name in recorded),
    )
    return simulate(network, engine)


def alpha(**facts):
    """Return an AlphaCurrent with other facts."""
    return type("Changed", (AlphaCurrent,), {"__doc__": "Changed.", "__module__": __name__, **facts})()


@pytest.mark.parametrize("engine", ["fused", "brian2", "jax"])
@pytest.mark.parametrize(
    ("synapse", "options", "message"),
    [
        (AlphaCurrent(port="g_e"), {}, "'target' has no input 'g_e' to send a current to: known: I"),
        (AlphaCurrent(), {"weight": 1.0}, "'w' has no unit where V is needed"),
        (AlphaCurrent(), {"source": Signal()}, "'source' does not spike"),
        (AlphaCurrent(), {"recorded": ["z"]}, "no such variable: known: current, spikes, x, y"),
        (AlphaConductance(), {"weight": 1.0}, "dv/dt is not linear .* use method 'exponential_euler'"),
        (NMDA(), {"weight": 1.0, "dendritic": 1 * ms}, "has no dendritic_delay"),
        (NMDA(), {"weight": 1.0, "source": Signal()}, "'source' does not spike"),
        (GABAB(), {"weight": 1 * mV}, "has the unit V\\^2 where V is needed"),
        (FilteredGraded(), {}, "'source' has no graded output"),
        (
            type("Wrong", (NMDA,), {"on_pre": "x += alpha", "__module__": __name__})(),
            {},
            "on_pre, 'x .= alpha'",
        ),
        (alpha(method="exakt"), {}, "method 'exakt': did you mean 'exact'"),
        (
            alpha(equations="dx/dt = y : {unit}\ndy/dt = -y/tau : {unit}"),
            {},
            "dx/dt: 'y' has the unit V where",
        ),
        (alpha(current="x*x"), {}, "current: 'x\\*x' has the unit V\\^2 where V is needed"),
        (alpha(current="q"), {}, "current: unknown name 'q'"),
        (alpha(on_pre="z += w"), {}, "writes 'z', which is no state of the synapse: known: x, y"),
        (alpha(initial={"z": 0.0}), {}, "initial 'z' is not a state: known: x, y"),
        (alpha(initial={"x": "q"}), {}, "initial x: known: tau"),
        (
            alpha(equations="dx/dt = y : {unit} (unless refractory)\ny : {unit} (state)"),
            {},
            "do not rest: remove",
        ),
        (
            alpha(equations="dx/dt = y : {unit}\ny : {unit} (input)"),
            {},
            "'y' is \\(input\\), which a synapse has not",
        ),
        (alpha(tau=parameter([5, 6] * ms, "two")), {}, "'tau' must be one number for the whole projection"),
        (alpha(equations="dcurrent/dt = -current/tau : {unit}"), {}, "the name 'current' is reserved"),
    ],
)
def test_descriptions_that_do_not_fit(synapse, options, message, engine):
    with pytest.raises(NeurosimError, match=message) as refused:
        compiled(synapse, engine=engine, **options)
    assert "__" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"equations": "dx/dt = -x/s : 1", "current": "x", "graded": "x"}, "give current, .* or graded"),
        ({"equations": "dx/dt = -x/s : 1", "on_pre": "x += w"}, "give current, .* or graded"),
        ({"equations": "dx/dt = -x/s : 1", "current": "x"}, "nothing reaches its states: give on_pre"),
        ({"current": "x", "on_pre": "x += w"}, "current has no effect without equations"),
        ({"method": "rk4", "on_pre": "{port}_post += w"}, "method has no effect without equations"),
        ({"initial": {"x": 1.0}, "graded": "w"}, "initial has no effect without equations"),
        ({"graded": "w", "on_pre": "{port}_post += w"}, "on_pre and graded, but no equations"),
    ],
)
def test_facts_that_do_not_go_together(facts, message):
    with pytest.raises(NeurosimError, match=message):
        type("Wrong", (SynapseModel,), {"__module__": __name__, "port": option("I", "input"), **facts})


@pytest.mark.parametrize("engine", ["fused", "brian2"])
def test_an_exact_step_needs_linear_equations(engine):
    squared = alpha(
        equations="dx/dt = -x**2/tau/size : {unit}\ndy/dt = -y/tau : {unit}", size=parameter(1 * mV, "scale")
    )
    with pytest.raises(
        NeurosimError, match="'p', Changed: .*(dx/dt is not linear|'exact' does not apply to x)"
    ):
        compiled(squared, engine=engine)


def test_the_weight_enters_a_current_by_its_events():
    facts = {
        "port": option("I", "input"),
        "tau": parameter(2 * ms, "decay"),
        "equations": "dx/dt = -x/tau : {unit}",
        "on_pre": "x += w",
        "current": "w*x",
    }
    with pytest.raises(
        DescriptionError, match="current reads w, .* the weight enters by on_pre, such as 'x \\+= w'"
    ):
        type("WeightedCurrent", (SynapseModel,), facts)
