"""Weights that nothing changes are held once, and arrivals find room: what users see does not depend on it."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, volt

from neurosim import Network, Normal, Population, Probability, Projection, Recorder, Uniform, simulate
from neurosim.model.connectivity import delay_order
from neurosim.neurons import LIF, Poisson
from neurosim.rules import PairSTDP
from neurosim.synapses import Pulse


def network(rules=(), rate=200 * Hz, delay=None):
    return Network("shared", dt=0.1 * ms).add(
        Population("a", 30, Poisson(rate=rate)),
        Population("b", 20, LIF()),
        Projection(
            "p",
            "a",
            "b",
            Pulse(),
            Probability(0.5),
            Normal(1 * mV, 0.1 * mV),
            delay=Uniform(0 * ms, 3 * ms) if delay is None else delay,
            rules=rules,
        ),
        Recorder("b"),
    )


@pytest.mark.parametrize("engine", ["fused", pytest.param("fused-float32", marks=pytest.mark.slow)])
def test_weights_that_nothing_changes_are_those_of_the_description(engine):
    core = simulate(network(), engine=engine, seed=1).core
    assert np.shares_memory(core.storage.arrays["p__w"], core.equations.projections["p"].states["w"])
    assert "p__w" not in core.storage.changing
    learning = simulate(network(rules=PairSTDP(w_max=2 * mV)), engine=engine, seed=1).core
    assert "p__w" in learning.storage.changing
    assert not np.shares_memory(
        learning.storage.arrays["p__w"], learning.equations.projections["p"].states["w"]
    )


def test_what_is_set_counts_and_leaves_the_description_alone():
    first, second = (simulate(network(), seed=1) for _ in range(2))
    drawn = np.array(first.get("p.w"))
    first.set("p.w", 0 * mV)
    first.run(50 * ms)
    assert not np.any(first.get("p.w"))
    assert np.array_equal(first.core.equations.projections["p"].states["w"], second.core.get("p", "w"))
    kept = second.state()
    first.restore(kept)
    assert np.array_equal(first.get("p.w"), drawn)
    first.run(20 * ms)
    first.set("p.w", 2 * drawn * volt)
    first.reset()
    assert np.array_equal(first.get("p.w"), 2 * drawn)


def test_weights_and_delays_of_both_precisions_are_the_same_draws():
    double, single = (simulate(network(), engine=engine, seed=1) for engine in ("fused", "fused-float32"))
    assert np.array_equal(
        np.asarray(double.get("p.w"), np.float32), np.asarray(single.get("p.w"), np.float32)
    )
    assert np.array_equal(double.delays("p"), single.delays("p"))


@pytest.mark.slow
def test_lists_of_arrivals_grow_while_spikes_are_on_their_way():
    # So many spikes that the lists run out of the room with which they begin.
    simulation = simulate(network(rate=9000 * Hz), seed=1)
    before = simulation.core.storage.arrays["p___edge"].shape[1]
    simulation.run(20 * ms)
    assert simulation.core.storage.arrays["p___edge"].shape[1] > before
    reference = simulate(network(rate=9000 * Hz), engine="brian2", seed=1)
    reference.run(20 * ms)
    ours, theirs = (s.recordings()["b.spikes"] for s in (simulation, reference))
    assert ours.ids.size > 20 and np.array_equal(ours.ids, theirs.ids)
    assert np.array_equal(ours.steps, theirs.steps)


@pytest.mark.parametrize("sources", [1, 7])
@pytest.mark.parametrize("drawn_in_order", [True, False])
def test_edges_are_sorted_by_source_then_delay_then_target(sources, drawn_in_order):
    rng = np.random.default_rng(3)
    pre, post = rng.integers(0, sources, 500), rng.integers(0, 9, 500)
    if drawn_in_order:
        place = np.lexsort((post, pre))
        pre, post = pre[place], post[place]
    steps = rng.integers(0, 12, 500).astype(np.uint8)
    first = np.concatenate([[0], np.bincount(pre, minlength=sources).cumsum()])
    assert np.array_equal(delay_order(first, pre, post, steps), np.lexsort((post, steps, pre)))
