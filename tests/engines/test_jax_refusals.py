"""What the JAX engine refuses before the run, by name."""

import numpy as np
import pytest
from brian2 import ms

from neurosim import (
    AllToAll,
    Edges,
    Network,
    NeuronModel,
    Population,
    Projection,
    SynapseModel,
    SynapticRule,
    pre,
    simulate,
)
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.engines.jax import compile_functions
from neurosim.errors import DescriptionError, EngineRefusal
from neurosim.model.parameters import option, parameter
from neurosim.neurons import SpikeTrain


class JaxTarget(NeuronModel):
    """Two variables that spikes act on."""

    equations = """
    v : 1 (state)
    u : 1 (state)
    """
    threshold = "v > 10"
    reset = "v = 0"


class JaxAttracting(SynapseModel):
    """Moves the target's variable towards 1 by the weight, which depends on the order of spikes."""

    port = option("v", "variable of the target")
    on_pre = "{port}_post += w * (1 - {port}_post)"


class JaxSetting(SynapseModel):
    """Overwrites the target's variable: the last spike wins."""

    port = option("v", "variable of the target")
    on_pre = "{port}_post = w"


class JaxReading(SynapseModel):
    """Adds to a variable what the source holds, which other spikes of the step may have changed."""

    port = option("v", "variable of the target")
    on_pre = "{port}_post += w * v_pre"


class JaxPulse(SynapseModel):
    """Adds the weight."""

    port = option("v", "variable of the target")
    on_pre = "{port}_post += w"


class JaxMixed(SynapticRule):
    """A trace per presynaptic neuron that a weight changes: another value for every synapse."""

    tau = parameter(20 * ms, "time constant")
    clock = "spike"
    x = pre.trace("dx/dt = -x/tau")
    on_pre = "x += w"


def network(synapse, source: str = "s", **options) -> Network:
    train = SpikeTrain(times=[1.0, 1.0] * ms, ids=[0.0, 1.0])
    return Network("refused", 1 * ms).add(
        Population("s", 2, train),
        Population("t", 2, JaxTarget()),
        Projection("p", source, "t", synapse, options.pop("connect", AllToAll()), 0.5, **options),
    )


def test_an_external_is_refused_with_an_engine_that_can():
    with pytest.raises(EngineRefusal, match=r"external 'body'.*engine 'fused'"):
        simulate(SwimmerCircuit(n_joints=2).network(), "jax")


def test_pure_functions_leave_an_external_to_the_caller():
    functions = compile_functions(SwimmerCircuit(n_joints=2).network())
    state, outputs = functions.step({}, functions.init(), {"angle": np.array([0.5, -0.5])})
    assert outputs["torque"].shape == (2,)
    np.testing.assert_allclose(state["angle.value"], [0.5, -0.5])


@pytest.mark.parametrize(
    ("synapse", "source"), [(JaxAttracting(), "s"), (JaxSetting(), "s"), (JaxReading(), "t")]
)
def test_what_depends_on_the_order_of_edges_is_refused(synapse, source):
    with pytest.raises(EngineRefusal, match=r"projection 'p'.*order.*engine 'fused'"):
        simulate(network(synapse, source), "jax")
    with pytest.raises(EngineRefusal, match="order"):
        compile_functions(network(synapse, source))


def test_a_trace_per_neuron_that_synapses_change_apart_is_refused():
    with pytest.raises(
        (EngineRefusal, DescriptionError), match=r"differs from synapse to synapse|synapse.variable"
    ):
        simulate(network(JaxPulse(), "s", rules=JaxMixed()), "jax")


def test_the_same_between_two_populations_is_not():
    one, other = (simulate(network(JaxReading(port="u"), "t"), engine) for engine in ("fused", "jax"))
    for simulation in (one, other):
        simulation.set("t.v", [11.0, 12.0])
        simulation.step()
    np.testing.assert_array_equal(one.get("t.u"), other.get("t.u"))
    assert other.get("t.u")[0] == 0.5 * 23.0


def test_a_delay_for_every_edge_runs():
    simulation = simulate(network(JaxPulse(), delay=[0.0, 2.0] * ms, connect=Edges((0, 1), (0, 1))), "jax")
    simulation.run(3 * ms)
    np.testing.assert_array_equal(simulation.get("t.v"), [0.5, 0.0])
    simulation.run(1 * ms)
    np.testing.assert_array_equal(simulation.get("t.v"), [0.5, 0.5])
