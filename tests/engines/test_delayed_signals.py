"""Delays of graded synapses, and of what rules read of the two ends of a synapse."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Edges,
    Network,
    OneToOne,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    parameter,
    post,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Signal, SpikeTrain
from neurosim.rules import Oja, SoftHebb
from neurosim.synapses import GABAB, Graded, Pulse
from tests.references import EACH

ENGINES = ("fused", "brian2", "jax")
RNG = np.random.default_rng(3)
INPUT = RNG.normal(size=(60, 3))
PRE, POST = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 0, 0, 1])
DELAYS = np.array([4, 1, 3, 2, 7])
WEIGHTS = np.array([0.5, -0.2, 0.7, 0.3, 0.4])


def feed(delay, model, rules=()):
    return Network("delayed", dt=1 * ms).add(
        Population("input", 3, Signal()),
        Population("cells", 2, model),
        Projection("p", "input", "cells", Graded(), Edges(PRE, POST), WEIGHTS, delay, rules=rules),
        Projection("r", "cells", "cells", Graded(), AllToAll(), [[0.1, -0.6], [0.5, 0.2]], 3 * ms),
        Recorder("cells", "output"),
    )


def stateless(steps):
    """Return the outputs of tanh units whose inputs come late, step by step; before the start nothing was sent."""
    out = np.zeros((len(INPUT), 2))
    for k in range(len(INPUT)):
        total = np.zeros(2)
        for w, i, j, d in zip(WEIGHTS, PRE, POST, np.broadcast_to(steps, 5), strict=True):
            total[j] += w * INPUT[k - d, i] if k >= d else 0
        if k >= 3:
            total += np.array([[0.1, -0.6], [0.5, 0.2]]) @ out[k - 3]
        out[k] = np.tanh(total)
    return out


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("delay", [5, DELAYS], ids=["one", "each"])
def test_graded_signals_arrive_after_their_delay(delay, engine):
    # The units have no dynamics: their delayed loop is none within a step.
    network = feed(delay * ms, GradedUnit(transfer="tanh"))
    simulation = simulate(network, engine=engine)
    simulation.run(60 * ms, {"input": INPUT})
    whole = simulation.recordings()["cells.output"].values
    np.testing.assert_allclose(whole, stateless(delay), rtol=1e-12, atol=1e-14)
    simulation.reset()
    simulation.run(31 * ms, {"input": INPUT[:31]})
    state = simulation.state()
    assert state["past/input.output"].shape == (np.max(delay), 3)
    again = simulate(network, engine="brian2" if engine == "fused" else "fused")
    again.restore(state)
    again.run(29 * ms, {"input": INPUT[31:]})
    np.testing.assert_allclose(again.recordings()["cells.output"].values, whole[31:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("engine", EACH)
def test_rules_see_the_source_as_it_arrives(engine):
    late = simulate(feed(4 * ms, LeakyRate(), Oja(eta=20 / second)), engine=engine)
    late.run(60 * ms, {"input": INPUT})
    shifted = simulate(feed(0 * ms, LeakyRate(), Oja(eta=20 / second)), engine=engine)
    shifted.run(60 * ms, {"input": np.concatenate([np.zeros((4, 3)), INPUT[:-4]])})
    np.testing.assert_allclose(late.get("p.w"), shifted.get("p.w"), rtol=1e-12)
    assert np.max(np.abs(late.get("p.w") - WEIGHTS)) > 0.01


class FollowsPotential(SynapticRule):
    """A weight that adds up the potential of the target, as it reaches the synapse.

    dw/dt = rate*(v - u), du/dt = (v - u)/tau;  w weight (V), v potential (V), u its mean (V).
    """

    rate = parameter(1 / second, "rate")
    tau = parameter(5 * ms, "time constant of the mean", low=0 * ms)
    clock = "continuous"
    v = post.variable("v")
    u = post.trace("du/dt = (v - u)/tau", initial=-70 * mV)
    dw = "rate*(v - u)"


def follow(dendritic, engine):
    network = Network("follow", dt=1 * ms).add(
        Population("source", 1, LIF(), {"v": -60 * mV}),
        Population("target", 1, LIF(), {"v": -55 * mV}),
        Projection(
            "s",
            "source",
            "target",
            Pulse(),
            OneToOne(),
            1 * mV,
            rules=FollowsPotential(),
            dendritic_delay=dendritic,
        ),
        Recorder("target", "v"),
        Recorder("s", "w"),
    )
    simulation = simulate(network, engine=engine)
    simulation.run(40 * ms)
    recorded = simulation.recordings()
    return recorded["target.v"].values[:, 0], recorded["s.w"].values[:, 0]


@pytest.mark.parametrize("engine", EACH)
def test_rules_see_the_target_a_dendritic_delay_later(engine):
    v, w = follow(6 * ms, engine)
    seen = np.concatenate([np.zeros(6), np.asarray(v)[:-6]])
    mean, expected = -0.07, 1e-3
    for k in range(40):
        assert w[k] == pytest.approx(expected, rel=1e-12)
        expected += 1e-3 * (seen[k] - mean)
        mean = seen[k] + (mean - seen[k]) * np.exp(-1 / 5)


@pytest.mark.slow
def test_states_of_synapses_that_sources_keep_come_late_too():
    def network(delay, shift):
        spikes = SpikeTrain(times=np.array([3.0, 11, 12, 30]) * ms + shift, ids=np.zeros(4))
        return Network("kept", dt=0.5 * ms).add(
            Population("a", 1, spikes),
            Population("b", 1, LIF()),
            Projection("s", "a", "b", GABAB(), OneToOne(), 1.0, delay),
            Recorder("b", "v"),
        )

    late, shifted = (simulate(network(*arguments)) for arguments in ((5 * ms, 0 * ms), (0 * ms, 5 * ms)))
    for simulation in (late, shifted):
        simulation.run(60 * ms)
    np.testing.assert_allclose(
        late.recordings()["b.v"].values, shifted.recordings()["b.v"].values, rtol=1e-12
    )


def test_where_signals_cannot_come_late():
    with pytest.raises(DescriptionError, match="has one of 0 steps"):
        simulate(feed([0, 1, 2, 3, 4] * ms, LeakyRate()))

    def learn(rule, **keywords):
        return Network("n", dt=1 * ms).add(
            Population("input", 2, Signal()),
            Population("cells", 2, LeakyRate()),
            Projection("p", "input", "cells", Graded(), AllToAll(), 0.3, 2 * ms, rules=rule, **keywords),
        )

    with pytest.raises(DescriptionError, match="its delayed signals would reach the next presentation"):
        simulate(learn(SoftHebb()))
