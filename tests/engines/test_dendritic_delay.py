"""Delays between the synapse and the target: when spikes act there, and when those of the target reach the synapse."""

import numpy as np
import pytest
from brian2 import Network as BrianNetwork
from brian2 import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, prefs

from neurosim import (
    AllToAll,
    Edges,
    Network,
    NeuronModel,
    OneToOne,
    Population,
    Projection,
    Recorder,
    from_json,
    simulate,
    to_json,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, SpikeTrain
from neurosim.rules import CoincidentSTDP, PairSTDP, TsodyksMarkram
from neurosim.synapses import Pulse

ENGINES = ("fused", "brian2", "jax")
PRE = np.array([10, 30, 42, 60, 75, 91, 110, 133])
POST = np.array([12, 28, 45, 61, 70, 96, 111, 120, 134])
TAU, A_PLUS, A_MINUS, W_MAX = 20.0, 0.05, 0.06, 1.0


def trains(delay, dendritic, rule, connect=None):
    spikes = [SpikeTrain(times=t * ms, ids=0 * t) for t in (PRE, POST)]
    return Network("pair", dt=1 * ms).add(
        Population("pre", 1, spikes[0]),
        Population("post", 1, spikes[1]),
        Projection(
            "s",
            "pre",
            "post",
            Pulse(),
            connect or OneToOne(),
            0.5,
            delay * ms,
            rules=rule,
            dendritic_delay=dendritic * ms,
        ),
    )


def event_by_event(axonal, dendritic, coincident):
    """Return the weight after the spikes, each taken at the time at which the synapse knows of it."""
    events = sorted(
        [(t + axonal, "pre") for t in PRE] + [(t + dendritic, "post") for t in POST], key=lambda e: e[0]
    )
    w, pre, post = 0.5, [], []
    for at in sorted({t for t, _ in events}):
        here = [kind for t, kind in events if t == at]
        if "pre" in here:
            w = np.clip(w - A_MINUS * sum(np.exp((t - at) / TAU) for t in post), 0, W_MAX)
        if "post" in here:
            pairs = sum(np.exp((t - at) / TAU) for t in pre) + (coincident and "pre" in here)
            w = np.clip(w + A_PLUS * pairs, 0, W_MAX)
        pre += [at] * ("pre" in here)
        post += [at] * ("post" in here)
    return w


@pytest.mark.parametrize(
    ("rule", "engine"),
    [
        (PairSTDP, "fused"),
        (CoincidentSTDP, "fused"),
        pytest.param(PairSTDP, "brian2", marks=pytest.mark.slow),
        (PairSTDP, "jax"),
    ],
)
def test_synapses_pair_spikes_when_they_reach_them(rule, engine):
    given = {"tau_pre": TAU * ms, "tau_post": TAU * ms, "a_plus": A_PLUS, "a_minus": A_MINUS}
    found = {}
    delays = ((0, 0), (0, 1), (0, 5), (2, 3), (1, 1)) if engine == "fused" else ((2, 3),)
    for axonal, dendritic in delays:
        simulation = simulate(trains(axonal, dendritic, rule(**given)), engine=engine)
        simulation.run(150 * ms)
        found[axonal, dendritic] = simulation.get("s.w")[0]
        expected = event_by_event(axonal, dendritic, rule is PairSTDP)
        assert found[axonal, dendritic] == pytest.approx(expected, rel=1e-12)
    if engine != "fused":
        return
    # What counts is the difference of the two delays.
    assert found[0, 0] == pytest.approx(found[1, 1], rel=1e-12)
    assert len({round(w, 6) for w in found.values()}) == 3


def random_network(delay, dendritic=3 * ms, dt=0.5 * ms):
    rng = np.random.default_rng(2)
    times = np.concatenate([rng.choice(200, 25, replace=False) for _ in range(6)]) * 0.5 * ms
    pre, post = np.divmod(rng.permutation(24)[:15], 4)
    rule = PairSTDP(w_max=8 * mV, a_plus=0.1, a_minus=0.12)
    return Network("random", dt=dt).add(
        Population("pre", 6, SpikeTrain(times=times, ids=np.repeat(range(6), 25))),
        Population("cells", 4, LIF(tau_ref=1 * ms)),
        Projection(
            "s",
            "pre",
            "cells",
            Pulse(),
            Edges(pre, post),
            6 * mV,
            delay,
            rules=rule,
            dendritic_delay=dendritic,
        ),
        Projection("r", "cells", "cells", Pulse(), AllToAll(), 1 * mV, 1 * ms, dendritic_delay=2 * ms),
        Recorder("cells"),
    )


DELAYS = (2 * ms, np.arange(15) % 4 * ms)


@pytest.mark.slow
@pytest.mark.parametrize("delay", DELAYS, ids=["one", "each"])
def test_engines_agree_and_runs_continue(delay):
    results = {}
    for engine in ENGINES:
        simulation = simulate(random_network(delay), engine=engine)
        simulation.run(120 * ms)
        spikes = simulation.recordings()["cells.spikes"]
        results[engine] = simulation.get("s.w"), np.rint(spikes.times / ms * 2), spikes.ids
        # A state holds what is on its way in the dendrite, and any engine continues from it.
        first = simulate(random_network(delay), engine=engine)
        first.run(61 * ms)
        second = simulate(random_network(delay), engine="brian2" if engine == "fused" else "fused")
        second.restore(first.state())
        second.run(59 * ms)
        np.testing.assert_allclose(second.get("s.w"), results[engine][0], rtol=1e-12)
    for w, times, ids in results.values():
        np.testing.assert_allclose(w, results["brian2"][0], rtol=1e-12)
        assert np.array_equal(times, results["brian2"][1]) and np.array_equal(ids, results["brian2"][2])
    assert len(results["fused"][2]) > 20


def test_it_is_what_pathways_with_delays_do_in_brian2():
    before = prefs.codegen.target, defaultclock.dt
    prefs.codegen.target, defaultclock.dt = "numpy", 0.1 * ms
    try:
        source = SpikeGeneratorGroup(1, [0] * len(PRE), PRE * ms)
        driver = SpikeGeneratorGroup(1, [0] * len(POST), POST * ms)
        cell = NeuronGroup(
            1, "dv/dt = -v/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact"
        )
        plastic = Synapses(
            source,
            cell,
            "w : 1\ndx/dt = -x/(20*ms) : 1 (event-driven)\ndy/dt = -y/(20*ms) : 1 (event-driven)",
            on_pre={"deliver": "v_post += w*mV", "learn": "w = clip(w - 0.06*y, 0, 1); x += 1"},
            on_post={"back": "w = clip(w + 0.05*x, 0, 1); y += 1"},
            delay={"deliver": 7 * ms, "learn": 2 * ms, "back": 5 * ms},
        )
        plastic.deliver.order, plastic.learn.order, plastic.back.order = 0, 1, 2
        plastic.connect()
        plastic.w = 0.5
        force = Synapses(driver, cell, on_pre="v_post += 11*mV", delay=0 * ms)
        force.connect()
        monitor = SpikeMonitor(cell)
        network = BrianNetwork(source, driver, cell, plastic, force, monitor)
        network.run(150 * ms)
        expected = plastic.w[0]
    finally:
        prefs.codegen.target, defaultclock.dt = before

    class BareCell(NeuronModel):
        """Leaky integrator."""

        equations = "dv/dt = -v/(10*ms) : volt"
        threshold = "v > 10*mV"
        reset = "v = 0*mV"

    cells = BareCell()
    rule = PairSTDP(a_plus=0.05, a_minus=0.06, w_max=1 * mV)
    network = Network("same", dt=0.1 * ms).add(
        Population("pre", 1, SpikeTrain(times=PRE * ms, ids=0 * PRE)),
        Population("driver", 1, SpikeTrain(times=POST * ms, ids=0 * POST)),
        Population("cell", 1, cells),
        Projection(
            "s",
            "pre",
            "cell",
            Pulse(port="v"),
            OneToOne(),
            0.5 * mV,
            2 * ms,
            rules=rule,
            dendritic_delay=5 * ms,
        ),
        Projection("force", "driver", "cell", Pulse(port="v"), OneToOne(), 11 * mV),
        Recorder("cell"),
    )
    simulation = simulate(network)
    simulation.run(150 * ms)
    assert simulation.get("s.w")[0] / mV == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(
        np.rint(
            simulation.recordings()["cell.spikes"].times / ms,
        ),
        np.rint(monitor.t / ms),
    )


@pytest.mark.slow
def test_descriptions_keep_it():
    network = random_network(2 * ms)
    again = from_json(to_json(network))
    assert again.projections["s"].dendritic_delay == 3 * ms
    assert "delay 2. ms and 3. ms dendritic" in str(network)
    assert simulate(network).delays("s")[0] == 5 * ms
    plain = Projection("s", "a", "b", Pulse(), AllToAll(), 1 * mV)
    assert (
        "dendritic_delay"
        not in to_json(Network("n").add(Population("a", 1, LIF()), Population("b", 1, LIF()), plain))[
            "parts"
        ][2]
    )


def test_what_has_no_dendritic_delay_says_so():
    with pytest.raises(DescriptionError, match="dendritic_delay = -1. ms is negative"):
        trains(0, -1, ())
    with pytest.raises(DescriptionError, match="dendritic_delay"):
        Projection("s", "a", "b", Pulse(), AllToAll(), 1 * mV, dendritic_delay=[1, 2] * ms)
    with pytest.raises(DescriptionError, match="efficacy is what a spike finds on arrival"):
        simulate(
            Network("n", dt=1 * ms).add(
                Population("a", 1, LIF()),
                Population("b", 1, LIF()),
                Projection(
                    "s", "a", "b", Pulse(), AllToAll(), 1 * mV, rules=TsodyksMarkram(), dendritic_delay=1 * ms
                ),
            )
        )
