"""Random numbers in synaptic rules: those of the stream (seed, projection, purpose) at (step, edge) on every engine."""

import numpy as np
import pytest
from brian2 import ms, mV, second

from neurosim import (
    AllToAll,
    Network,
    Probability,
    Projection,
    SynapticRule,
    parameter,
    pre,
    simulate,
    synapse,
)
from neurosim.errors import DescriptionError
from neurosim.rng import stream_key
from neurosim.rng.draws import normal, uniform
from neurosim.synapses import ScaledPulse
from neurosim.testing import imposed_population
from tests.references import BOTH

PULSE = ScaledPulse(quantum=0 * mV)


class DrawingWalk(SynapticRule):
    """A weight that wanders: two streams at presynaptic spikes, one at postsynaptic ones."""

    n = synapse.variable("n")
    clock = "spike"
    on_pre = "w += rand() - 0.5*rand(); n += 1"
    on_post = "w += randn()"


class DrawingRelease(SynapticRule):
    """A pulse that is passed on with the probability p."""

    p = parameter(0.5, "probability of release")
    clock = "spike"
    efficacy = "w * int(rand() < p)"


def network(connect, delay=0 * ms, rules=None, quantum=0 * mV):
    """Return 3 sources that spike at 2, 3, 4 and at 9 ms, and 4 targets that spike at 6 ms."""
    times, ids = np.array([2, 3, 4, 9, 9, 9]) * ms, np.array([0, 1, 2, 0, 1, 2])
    return Network("draws", 1 * ms).add(
        *imposed_population("a", 3, times, ids, 1 * ms),
        *imposed_population("b", 4, np.full(4, 6) * ms, np.arange(4), 1 * ms),
        Projection(
            "p", "a", "b", ScaledPulse(quantum=quantum), connect, 0.0, delay, rules=rules or DrawingWalk()
        ),
    )


@pytest.mark.parametrize(
    ("engine", "connect", "delay"),
    [
        pytest.param("fused", AllToAll(), 2, marks=pytest.mark.slow),
        ("fused", Probability(0.6), 1),
        ("fused", AllToAll(), "many"),
        pytest.param("brian2", AllToAll(), 2, marks=pytest.mark.slow),
        ("brian2", AllToAll(), "many"),
        ("jax", AllToAll(), "many"),
    ],
)
def test_every_event_draws_the_number_of_its_step_and_edge(engine, connect, delay):
    delays = np.array([0, 1, 2, 1] * 3) if delay == "many" else np.full(12, delay)
    simulation = simulate(network(connect, (delays if delay == "many" else delay) * ms), engine, seed=7)
    simulation.run(13 * ms)
    keys = [
        stream_key(7, "p", f"drawing_walk_{name}") for name in ("rand_draw_0", "rand_draw_1", "randn_draw_2")
    ]
    pre_ = simulation.equations.projections["p"].pre
    known = []
    for edge, i in enumerate(pre_):
        # Edges of one source are sorted by their delay.
        late = np.sort(delays.reshape(3, 4)[i])[np.flatnonzero(pre_ == i).tolist().index(edge)]
        late = late if delay == "many" else delay
        arrivals = [int(step + late) for step in (2 + i, 9)]
        known.append(
            sum(uniform(keys[0], s, edge) - 0.5 * uniform(keys[1], s, edge) for s in arrivals)
            + normal(keys[2], 6, edge)
        )
    np.testing.assert_allclose(simulation.read("p", "w"), known, rtol=1e-13)
    np.testing.assert_array_equal(simulation.get("p.drawing_walk_n"), 2)


def test_another_seed_and_another_projection_draw_other_numbers():
    runs = [simulate(network(AllToAll()), seed=seed) for seed in (0, 1)]
    for simulation in runs:
        simulation.run(10 * ms)
    assert not np.any(runs[0].get("p.w") == runs[1].get("p.w"))


@pytest.mark.parametrize("engine", BOTH)
def test_release_is_as_likely_as_the_rule_says_and_the_same_on_both_engines(engine):
    n, rule = 2000, DrawingRelease(p=0.3)
    net = Network("release", 1 * ms).add(
        *imposed_population("a", 1, [2] * ms, np.zeros(1), 1 * ms),
        *imposed_population("b", n, [9] * ms, np.zeros(1), 1 * ms),
        Projection("p", "a", "b", ScaledPulse(quantum=1 * mV), AllToAll(), 1.0, rules=rule),
    )
    simulation = simulate(net, engine, seed=3)
    simulation.run(3 * ms)
    passed = np.array(simulation.get("b.g_e")) > 0
    key = stream_key(3, "p", "drawing_release_rand_draw_0")
    np.testing.assert_array_equal(passed, [uniform(key, 2, edge) < 0.3 for edge in range(n)])
    assert abs(passed.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / n)


class DrawingDrift(SynapticRule):
    """Noise where there is no event."""

    rate = parameter(1 / second, "rate")
    dw = "rate * randn()"


class DrawingTrace(SynapticRule):
    """Noise in the course of a trace."""

    rate = parameter(1 / second, "rate")
    x = pre.trace("dx/dt = rate * rand()")
    clock = "spike"
    on_pre = "w += x"


class DrawingPerNeuron(SynapticRule):
    """A trace per neuron that changes by what differs from synapse to synapse."""

    rate = parameter(1 / second, "rate")
    x = pre.trace("dx/dt = -x*rate")
    clock = "spike"
    on_pre = "x += rand()"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (DrawingDrift(), r"DrawingDrift on projection 'p', dw: random numbers belong to events: draw them in on_pre"),
        (DrawingTrace(), r"DrawingTrace on projection 'p', dx/dt: random numbers belong to events"),
        (DrawingPerNeuron(), r"projection 'p': 'drawing_per_neuron_x' .* differs from synapse to synapse"),
    ],
)  # fmt: skip
def test_random_numbers_out_of_place_are_refused(rule, message):
    with pytest.raises(DescriptionError, match=message) as caught:
        simulate(network(AllToAll(), rules=rule))
    assert "\n" not in str(caught.value)
