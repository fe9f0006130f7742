"""Weight normalisation keeps its sum on any projection, beside any rule, and decides what a Hebbian rule ends with."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Bounds,
    Network,
    Population,
    Probability,
    Projection,
    Recorder,
    SynapticRule,
    Uniform,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.engines.simulation import Simulation
from neurosim.model.connectivity import Connectivity
from neurosim.neurons import LIF, GradedUnit, Poisson, Signal
from neurosim.rng import generator
from neurosim.rules import (
    Hebb,
    OutgoingNormalisationL2,
    PairSTDP,
    SubtractiveNormalisation,
    WeightNormalisation,
    WeightNormalisationL2,
)
from neurosim.synapses import Graded, ScaledPulse
from tests.references import BOTH
from tests.rules.pca_runs import DT, directions, linear_units, samples

ENGINES = (*BOTH, "jax")
TARGET = 2.0
RULES = {
    "l1": WeightNormalisation(target=TARGET),
    "l2": WeightNormalisationL2(target=TARGET),
    "subtract": SubtractiveNormalisation(target=TARGET),
    "outgoing": OutgoingNormalisationL2(target=TARGET),
}


class HebbAtPresentations(SynapticRule):
    """w += eta * x * y after a presentation;  x, y activity (1), eta rate (1).

    Source: none, the plain rule in another clock.
    """

    eta = parameter(0.01, "learning rate per presentation")
    clock = "sample"
    x, y = pre.activity, post.activity
    dw = "eta * x * y"


class HebbMatrixAtPresentations(HebbAtPresentations):
    """The same as a matrix."""

    dw = None
    dW = "eta * y @ x.T"


class NotAboveHalf(SynapticRule):
    """w = min(w, 0.5) after every change.

    Source: none.
    """

    then = Bounds("-inf", 0.5)


class NotBelowNought(SynapticRule):
    """w = max(w, 0) after every change.

    Source: none.
    """

    then = Bounds(0.0, "inf")


def normalised(name: str, w: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return a matrix (targets, sources) after the rule, worked out by hand; there, which connections exist."""
    if name == "subtract":
        excess = (w.sum(axis=1, keepdims=True) - TARGET) / there.sum(axis=1, keepdims=True)
        return np.where(there, w - excess, 0.0)
    if name == "outgoing":
        length = np.sqrt((w**2).sum(axis=0))
        return np.where(length > 0, w * TARGET / np.where(length > 0, length, 1), 0.0)
    size = np.abs(w).sum(axis=1) if name == "l1" else np.sqrt((w**2).sum(axis=1))
    return w * TARGET / size[:, None]


def as_matrix(simulation: Simulation, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights, which connections exist) of a projection onto 4 units, shape (4, 10), 0 where there is none."""
    pre_ids, post_ids = simulation.edges(name)
    w, there = np.zeros((4, 10)), np.zeros((4, 10), dtype=bool)
    w[post_ids, pre_ids], there[post_ids, pre_ids] = simulation.get(f"{name}.w"), True
    return w, there


def layers(connect: Connectivity, *rules: SynapticRule) -> Network:
    """Return ten inputs onto four linear units for each rule of normalisation, which follows other rules."""
    made = Network("layers", DT).add(Population("x", 10, Signal()))
    for name, rule in RULES.items():
        made.add(
            Population(f"y_{name}", 4, GradedUnit(transfer="identity")),
            Projection(name, "x", f"y_{name}", Graded(), connect, Uniform(-0.4, 0.4), rules=(*rules, rule)),
        )
    return made


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("connect", [AllToAll(), Probability(0.6)], ids=["dense", "sparse"])
def test_a_run_is_hebb_and_then_the_norm_sample_by_sample(engine, connect):
    x = samples(0, 50)
    simulation = simulate(layers(connect, Hebb(eta=0.01 / second)), engine, seed=3)
    start = {name: as_matrix(simulation, name) for name in RULES}
    simulation.run(50 * DT, {"x": x})
    for name, (w, there) in start.items():
        for sample in x:
            w = normalised(name, np.where(there, w + 0.01 * np.outer(w @ sample, sample), 0.0), there)
        np.testing.assert_allclose(as_matrix(simulation, name)[0], w, rtol=1e-9, atol=1e-13)
        kept = {"l1": np.abs(w).sum(axis=1), "l2": np.sqrt((w**2).sum(axis=1)), "subtract": w.sum(axis=1)}
        kept["outgoing"] = np.sqrt((w**2).sum(axis=0))[there.any(axis=0)]
        np.testing.assert_allclose(kept[name], TARGET, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "rule"),
    [
        ("fused", HebbAtPresentations()),
        pytest.param("brian2", HebbAtPresentations(), marks=pytest.mark.slow),
        ("jax", HebbAtPresentations()),
        ("fused", HebbMatrixAtPresentations()),
        ("jax", HebbMatrixAtPresentations()),
    ],
)
def test_beside_a_rule_of_presentations_it_follows_each_change(engine, rule):
    simulation = simulate(layers(AllToAll(), rule, NotAboveHalf()), engine)
    x = samples(1, 40)
    start = {name: as_matrix(simulation, name) for name in RULES}
    for batch in x.reshape(10, 4, 10):
        simulation.present({"x": batch}, DT)
    for name, (w, there) in start.items():
        for batch in x.reshape(10, 4, 10):
            w = w + 0.01 * (w @ batch.T) @ batch / 4
            w = normalised(name, np.minimum(w, 0.5), there)
        np.testing.assert_allclose(as_matrix(simulation, name)[0], w, rtol=1e-10, atol=1e-14)


def test_ratios_or_differences_are_kept_to_the_machines_precision_and_weights_of_zero_stay():
    simulation = simulate(layers(AllToAll()))
    before = {name: as_matrix(simulation, name)[0] for name in RULES}
    simulation.run(3 * DT, {"x": samples(0, 3)})
    for name, start in before.items():
        after = as_matrix(simulation, name)[0]
        assert np.abs(after - start).max() > 0.1
        kept = after - start if name == "subtract" else after / start
        kept = kept.T if name == "outgoing" else kept
        np.testing.assert_allclose(kept, np.broadcast_to(kept[:, :1], kept.shape), rtol=1e-12)
    for name in ("l1", "l2", "outgoing"):
        simulation.set(f"{name}.w", np.zeros(40))
    simulation.run(3 * DT, {"x": samples(0, 3)})
    for name in ("l1", "l2", "outgoing"):
        np.testing.assert_array_equal(simulation.get(f"{name}.w"), np.zeros(40))


@pytest.mark.slow
@pytest.mark.parametrize("engine", BOTH)
def test_beside_spike_timing_the_sum_is_kept_in_every_step(engine):
    rules = (PairSTDP(a_plus=0.05, w_max=4 * mV), WeightNormalisation(target=12 * mV))
    network = Network("spikes", 0.5 * ms).add(
        Population("x", 20, Poisson(rate=80 * Hz)),
        Population("y", 3, LIF(E_L=-55 * mV)),
        Projection("w", "x", "y", ScaledPulse(quantum=1.0), Probability(0.7), 0.6 * mV, rules=rules),
        Recorder("w", "w"),
        Recorder("x"),
        Recorder("y"),
    )
    simulation = simulate(network, engine, seed=1)
    simulation.run(1 * second)
    seen = simulation.recordings()
    spikes = [seen[f"{name}.spikes"].steps for name in ("x", "y")]
    assert 10 < spikes[1].size < 500
    # A recorder sees the weights after the spikes of the step before, which the norm of this step follows.
    quiet = np.setdiff1d(np.arange(100, 1999), np.concatenate(spikes))
    _, post_ids = simulation.edges("w")
    weights = seen["w.w"].values
    np.testing.assert_allclose(weights[quiet + 1] @ np.eye(3)[post_ids], 12e-3, rtol=1e-12)
    assert weights[-1].std() > 0.1e-3


# What a Hebbian rule ends with ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_hebb_with_the_l2_norm_finds_the_first_principal_direction(seed):
    # Derived: to first order in eta this is Oja's rule, so the same acceptance value of the project holds, .98.
    x = samples(seed)
    network = linear_units((Hebb(eta=5e-4 / second), WeightNormalisationL2()), 1, seed)
    simulation = simulate(network)
    simulation.run(len(x) * DT, {"x": x})
    w = np.asarray(simulation.get("w.w"))
    assert abs(w @ directions(x)[0]) > 0.98
    assert np.linalg.norm(w) == pytest.approx(1, rel=1e-12)


@pytest.mark.slow
def test_the_kind_of_norm_decides_between_graded_and_extreme_weights():
    # Miller and MacKay 1994: for positive correlations a multiplicative norm ends at the first eigenvector of C, and a
    # subtractive one with weights at their bounds. Inputs: one that all share, and one of their own.
    hebb, bounded = Hebb(eta=2e-3 / second), NotBelowNought()
    rules = {"graded": (WeightNormalisation(), bounded), "extreme": (SubtractiveNormalisation(), bounded)}
    network = Network("norms", DT).add(Population("x", 10, Signal()))
    for name, norm in rules.items():
        network.add(
            Population(f"y_{name}", 4, GradedUnit(transfer="identity")),
            Projection(
                name, "x", f"y_{name}", Graded(), AllToAll(), Uniform(0.05, 0.15), rules=(hebb, *norm)
            ),
        )
    for seed in range(3):
        rng = generator(seed, "inputs")
        x = rng.normal(size=(20_000, 1)) + rng.normal(size=(20_000, 10)) * np.linspace(0.4, 0.9, 10)
        simulation = simulate(network, seed=seed)
        simulation.run(len(x) * DT, {"x": x})
        first = np.abs(directions(x)[0])
        graded, extreme = (as_matrix(simulation, name)[0] for name in rules)
        np.testing.assert_allclose(graded, np.broadcast_to(first / first.sum(), graded.shape), atol=0.03)
        assert np.all(np.count_nonzero(extreme > 0.02, axis=1) <= 2)
        assert np.all(extreme.max(axis=1) > 0.7)
