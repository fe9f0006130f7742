"""Refractoriness by condition, `lastspike` and `not_refractory`, and variables that statements define."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Network as BrianNetwork
from brian2 import ms

from neurosim import (
    AllToAll,
    Network,
    NeuronModel,
    Population,
    Projection,
    Recorder,
    SynapseModel,
    SynapticRule,
    option,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, SpikeTrain
from neurosim.synapses import Pulse
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
EQUATIONS = """
    dv/dt = (1.5 + sin(2*pi*50*Hz*t + phase) - v)/(5*ms) : 1
    du/dt = (int(not_refractory) - u)/(10*ms) : 1 (unless refractory)
    ds/dt = int(t - lastspike < 4*ms)/(10*ms) - s/(20*ms) : 1
    phase : 1
"""
THRESHOLD, RESET, REFRACTORY = (
    "v > 1.6",
    "old = u; u = 0.3*v; s += old; old = old + 1; s += 0.01*old",
    "v > 1.2",
)


class CountedCrossings(NeuronModel):
    """Neuron that counts how often v crosses a threshold, again once it has fallen below another."""

    equations, threshold, reset, refractory = EQUATIONS, THRESHOLD, RESET, REFRACTORY
    method = "euler"


def crossings():
    return Network("crossings", dt=0.1 * ms).add(
        Population("cells", 5, CountedCrossings(), {"phase": np.arange(5.0)}),
        Population("kick", 1, SpikeTrain(times=np.arange(1, 60, 2.5) * ms, ids=np.zeros(24))),
        Projection("k", "kick", "cells", Pulse(port="u"), AllToAll(), 0.2),
        Recorder("cells"),
        *(Recorder("cells", name) for name in "vus"),
    )


@pytest.mark.slow
def test_they_are_those_of_brian2():
    before = b2.prefs.codegen.target, b2.defaultclock.dt
    b2.prefs.codegen.target, b2.defaultclock.dt = "numpy", 0.1 * ms
    try:
        cells = b2.NeuronGroup(
            5, EQUATIONS, threshold=THRESHOLD, reset=RESET, refractory=REFRACTORY, method="euler"
        )
        cells.phase = np.arange(5)
        kick = b2.SpikeGeneratorGroup(1, np.zeros(24, int), np.arange(1, 60, 2.5) * ms)
        kicks = b2.Synapses(kick, cells, on_pre="u_post += 0.2")
        kicks.connect()
        spikes, states = b2.SpikeMonitor(cells), b2.StateMonitor(cells, ["v", "u", "s"], record=True)
        BrianNetwork(cells, kick, kicks, spikes, states).run(60 * ms)
    finally:
        b2.prefs.codegen.target, b2.defaultclock.dt = before
    for engine in ENGINES:
        simulation = simulate(crossings(), engine=engine)
        simulation.run(33 * ms)
        state = simulation.state()
        simulation.run(27 * ms)
        found = simulation.recordings()
        own = found["cells.spikes"]
        assert np.array_equal(np.rint(own.times / (0.1 * ms)), np.rint(spikes.t / (0.1 * ms)))
        assert np.array_equal(own.ids, spikes.i) and len(own.ids) == 14
        for name in "vus":
            np.testing.assert_allclose(
                found[f"cells.{name}"].values, getattr(states, name).T, rtol=1e-9, atol=1e-12
            )
        other = simulate(crossings(), engine="brian2" if engine == "fused" else "fused")
        other.restore(state)
        other.run(27 * ms)
        np.testing.assert_allclose(other.get("cells.s"), simulation.get("cells.s"), rtol=1e-9)


class Halves(SynapseModel):
    """Synapse that passes on half of its weight, twice.

    At a spike g_e += w/2, twice;  w weight (V).
    """

    port = option("g_e", "variable of the target")
    on_pre = "half = w/2; {port}_post += half; {port}_post += half"


class Remembers(SynapticRule):
    """Depression by what the postsynaptic trace was before a spike.

    dy/dt = -y/tau, c a count (1);  at a presynaptic spike old = y, c += 1, w -= a*old;  w weight.
    """

    tau = parameter(10 * ms, "window", low=0 * ms)
    a = parameter(0.1, "depression")
    clock = "spike"
    y = post.trace("dy/dt = -y/tau")
    x = pre.trace("dx/dt = -x/tau")
    on_pre = "old = y + x; w -= a*w*old; x += 1"
    on_post = "y += 1"


@pytest.mark.parametrize("engine", EACH)
def test_statements_of_synapses_and_rules_define_variables(engine):
    times = np.array([2.0, 5, 9, 20])
    network = Network("locals", dt=1 * ms).add(
        Population("a", 1, SpikeTrain(times=times * ms, ids=0 * times)),
        Population("b", 1, LIF()),
        Projection("s", "a", "b", Halves(), AllToAll(), 2.0 * b2.mV, rules=Remembers()),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(2 * ms)
    simulation.run(1 * ms)
    assert simulation.get("b.g_e")[0] / b2.mV == pytest.approx(2.0)
    simulation.run(27 * ms)
    w = 2.0
    for k in range(4):
        w -= 0.1 * w * np.exp(-(times[k] - times[:k]) / 10).sum()
    assert simulation.get("s.w")[0] / b2.mV == pytest.approx(w, rel=1e-12)


def test_what_cannot_be_read_says_so():
    class NeverRests(NeuronModel):
        """Flag without refractoriness."""

        equations = "dv/dt = -v/(10*ms) : 1 (unless refractory)"
        threshold = "v > 1"

    with pytest.raises(
        DescriptionError, match=r"'v' is \(unless refractory\), but the model has no refractory"
    ):
        simulate(Network("n", dt=1 * ms).add(Population("a", 1, NeverRests())))

    class DefinedByRest(CountedCrossings):
        """Definition by rest."""

        equations = EQUATIONS + "    free = int(not_refractory) : 1"

    with pytest.raises(DescriptionError, match="'free': not_refractory belongs into"):
        simulate(Network("n", dt=1 * ms).add(Population("a", 1, DefinedByRest())))

    class RestsByNumber(CountedCrossings):
        """No condition."""

        refractory = "v + 1"

    with pytest.raises(DescriptionError, match="'v \\+ 1' is not a condition"):
        simulate(Network("n", dt=1 * ms).add(Population("a", 1, RestsByNumber())))

    class RemembersLate(Remembers):
        """Reads a local too late."""

        on_pre = "old = y; x += 1; w -= a*w*old"

    with pytest.raises(DescriptionError, match="reads 'old' after a trace per neuron has changed"):
        simulate(
            Network("n", dt=1 * ms).add(
                Population("a", 1, LIF()),
                Population("b", 1, LIF()),
                Projection("s", "a", "b", Pulse(), AllToAll(), 2.0 * b2.mV, rules=RemembersLate()),
            )
        )
