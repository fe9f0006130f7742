"""Connections that come and go in a run: engines agree, spikes in flight, state, storage, what is refused."""

import json

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Clamp,
    Edges,
    Network,
    Population,
    Probability,
    Projection,
    Recorder,
    StructuralRule,
    Uniform,
    from_json,
    parameter,
    simulate,
    synapse,
    to_json,
)
from neurosim.compiler.equations.network import network_equations
from neurosim.errors import DescriptionError, NeurosimError, SignalMissing
from neurosim.neurons import LIF, GradedUnit, LeakyRate, Poisson, Signal, SpikeTrain
from neurosim.rules import SET, DeepR, Hebb, HomeostaticRewiring, PairSTDP, RigL, SynapticElements
from neurosim.store import read_state, write_state
from neurosim.synapses import Graded, Pulse, ScaledPulse

ENGINES = ["fused", "brian2", "jax"]
FIRST = ["fused", *(pytest.param(name, marks=pytest.mark.slow) for name in ("brian2", "jax"))]
"""Where agreement of the engines is tested elsewhere."""


def spiking(*rules, weight=0.5, connect=None, delay=1 * ms):
    return Network("spiking").add(
        Population("drive", 20, Poisson(rate=400 * Hz)),
        Population("a", 20, LIF(), {"v": Uniform(-60 * mV, -50 * mV)}),
        Population("b", 6, LIF()),
        Projection("in", "drive", "a", Pulse(), Probability(0.2), 3 * mV),
        Projection(
            "p", "a", "b", ScaledPulse(quantum=4 * mV), connect or AllToAll(), weight, delay, rules=rules
        ),
        Recorder("a"),
        Recorder("b"),
        Recorder("p", "mask", every=50),
        Recorder("p", "w", every=50),
    )


SPARSE = (PairSTDP(), SET(interval=5 * ms, density=0.4))


@pytest.fixture(scope="module")
def finished():
    """Return the sparse network after 100 ms on each engine."""
    simulations = {
        engine: simulate(spiking(*SPARSE, weight=Uniform(0.2, 0.8)), engine, seed=2) for engine in ENGINES
    }
    for simulation in simulations.values():
        simulation.run(100 * ms)
    return simulations


def test_engines_have_the_same_masks_and_spikes(finished):
    first = finished["fused"].recordings()
    assert first["b.spikes"].ids.size > 20
    masks = first["p.mask"].values
    assert (np.diff(masks, axis=0) != 0).any(axis=1).sum() == 19 and set(masks.sum(axis=1)) == {48}
    assert not first["p.w"].values[masks == 0].any()
    for engine in ("brian2", "jax"):
        other = finished[engine].recordings()
        assert np.array_equal(masks, other["p.mask"].values)
        for key in ("a.spikes", "b.spikes"):
            assert np.array_equal(first[key].steps, other[key].steps)
            assert np.array_equal(first[key].ids, other[key].ids)
        assert np.allclose(first["p.w"].values, other["p.w"].values, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pieces", [(100,), (3, 4, 93), (50, 50), (0.1, 4.9, 5, 90)])
def test_a_run_in_pieces_is_the_run_at_once(finished, pieces):
    simulation = simulate(spiking(*SPARSE, weight=Uniform(0.2, 0.8)), seed=2)
    for piece in pieces:
        simulation.run(piece * ms)
    whole = finished["fused"].state()
    assert all(np.array_equal(value, whole[name]) for name, value in simulation.state().items())


def test_steps_and_progress_go_over_updates():
    simulation, seen = simulate(spiking(*SPARSE), seed=1), []
    simulation.run(12 * ms, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(50, 120), (100, 120), (120, 120)]
    for _ in range(30):
        simulation.step()
    whole = simulate(spiking(*SPARSE), seed=1)
    whole.run(15 * ms)
    assert np.array_equal(simulation.get("p.mask"), whole.get("p.mask"))
    simulation.reset()
    assert np.array_equal(simulation.get("p.mask"), simulate(spiking(*SPARSE), seed=1).get("p.mask"))
    simulation.run(15 * ms)
    assert np.array_equal(simulation.get("p.mask"), whole.get("p.mask"))


@pytest.mark.parametrize("engine", FIRST)
def test_a_checkpoint_between_updates_goes_on_with_the_same_bits(finished, engine, tmp_path):
    path = tmp_path / "state.h5"
    network = spiking(*SPARSE, weight=Uniform(0.2, 0.8))
    half = simulate(network, engine, seed=2)
    half.run(47.3 * ms)
    write_state(path, half.state())
    again = simulate(from_json(json.loads(json.dumps(to_json(network)))), engine, seed=2)
    again.restore(read_state(path))
    again.run(52.7 * ms)
    whole = finished[engine].state()
    assert all(np.array_equal(value, whole[name]) for name, value in again.state().items())


class Late(StructuralRule):
    """drop = edge t - 1 at update t. Source: none."""

    interval = parameter(1 * ms, "time between updates")
    density = parameter(1.0, "all at the start")

    def step(self, mask, w, signal, t, rng):
        return mask & (np.arange(mask.size) == t - 1), np.zeros_like(mask)


@pytest.mark.parametrize("engine", FIRST)
def test_spikes_that_arrive_where_a_connection_was_are_lost(engine):
    # Spikes of 0.5, 1.5 and 2.5 ms arrive 1 ms later; edge 0 is dropped at 1 ms and edge 1 at 2 ms, edge 2 at 3 ms.
    train = SpikeTrain(times=np.repeat([0.5, 1.5, 2.5], 3) * ms, ids=np.tile([0.0, 1.0, 2.0], 3))
    network = Network("flight").add(
        Population("a", 3, train),
        Population("b", 3, LIF(E_L=-60 * mV)),
        Projection("p", "a", "b", Pulse(), Edges([0, 1, 2], [0, 1, 2]), 1 * mV, 1 * ms, rules=Late()),
        Recorder("b", "g_e"),
    )
    simulation = simulate(network, engine)
    simulation.run(5 * ms)
    arrived = (np.diff(simulation.recordings()["b.g_e"].values, axis=0) > 0.5e-3).sum(axis=0)
    assert arrived.tolist() == [0, 1, 2]


@pytest.mark.parametrize("engine", FIRST)
def test_a_graded_sum_has_only_the_connections_that_are_there(engine):
    network = Network("graded", 1 * ms).add(
        Population("x", 3, Signal(), {"value": 1.0}),
        Population("y", 2, GradedUnit(transfer="identity")),
        Projection(
            "p", "x", "y", Graded(), AllToAll(), np.array([[1.0, 2, 4], [8, 16, 32]]), rules=SET(density=0.5)
        ),
    )
    simulation = simulate(network, engine)
    mask = np.array([[1, 0, 1], [0, 1, 0]])
    simulation.set("p.mask", mask.T.ravel())
    simulation.set("p.w", np.array([1.0, 8, 2, 16, 4, 32]))
    assert simulation.step()["y"].tolist() == [5, 16]
    with pytest.raises(DescriptionError, match=r"'p\.mask': a mask is 1 where there is a connection, else 0"):
        simulation.set("p.mask", 0.5)


class Blinking(StructuralRule):
    """drop, grow = the first edge in turn; e = time since it was made (s). Source: none."""

    interval = parameter(1 * ms, "time between updates")
    density = parameter(1.0, "all at the start")
    tau = parameter(1 * second, "unit of e")
    e = synapse.variable("de/dt = 1/tau")
    grown = "initial"

    def step(self, mask, w, signal, t, rng):
        first = np.arange(mask.size) == 0
        return mask & first, ~mask & first


@pytest.mark.parametrize("engine", ["fused", pytest.param("brian2", marks=pytest.mark.slow)])
def test_a_new_connection_begins_anew_in_all_that_is_kept_for_it(engine):
    network = Network("blinking", 0.5 * ms).add(
        Population("x", 2, Signal(), {"value": 1.0}),
        Population("y", 1, LeakyRate()),
        Projection("p", "x", "y", Graded(), AllToAll(), np.array([[0.3, 0.4]]), rules=(Hebb(), Blinking())),
    )
    simulation = simulate(network, engine)
    simulation.run(1.5 * ms)
    assert simulation.get("p.mask").tolist() == [0, 1]
    assert simulation.get("p.w")[0] == 0 and simulation.get("p.w")[1] > 0.4
    simulation.run(0.5 * ms)
    assert simulation.get("p.mask").tolist() == [1, 1] and simulation.get("p.w")[0] == 0.3
    simulation.run(0.5 * ms)
    assert np.allclose(simulation.get("p.blinking_e"), [0.5e-3, 2.5e-3], rtol=1e-9)
    assert simulation.get("p.w")[0] > 0.3


def test_parameters_of_a_rule_can_be_set_during_a_run():
    simulation = simulate(spiking(*SPARSE, weight=Uniform(0.2, 0.8)), seed=2)
    simulation.run(5 * ms)
    before = simulation.get("p.mask")
    simulation.set("p.set_zeta", 0.0)
    simulation.run(20 * ms)
    assert np.array_equal(simulation.get("p.mask"), before)
    simulation.set("p.set_zeta", 0.5)
    simulation.set("p.set_interval", 1 * ms)
    simulation.run(1 * ms)
    assert (simulation.get("p.mask") != before).sum() == 2 * 24
    simulation.set("p.set_interval", 0.05 * ms)
    with pytest.raises(
        DescriptionError, match=r"SET on projection 'p': interval of 5e-05 s is no whole number"
    ):
        simulation.run(1 * ms)


def test_connections_at_the_start_do_not_depend_on_other_parts():
    alone = network_equations(spiking(SET(density=0.3)), 4).projections["p"].states["mask"]
    other = Projection("q", "b", "a", Pulse(), AllToAll(), 1 * mV, rules=DeepR())
    beside = network_equations(spiking(SET(density=0.3)).add(other), 4).projections["p"].states["mask"]
    assert np.array_equal(alone, beside) and alone.sum() == 36
    assert not np.array_equal(
        alone, network_equations(spiking(SET(density=0.3)), 5).projections["p"].states["mask"]
    )


def test_projections_with_an_equal_rule_share_the_density_by_their_sizes():
    rule = SET(density=0.2)
    more = Projection("q", "b", "b", ScaledPulse(quantum=1 * mV), AllToAll(), 0.5, rules=rule)
    links = network_equations(spiking(rule).add(more), 0).projections
    p, q = (links[name].states["mask"] for name in "pq")
    # epsilon (20 + 6)/(20*6) and epsilon (6 + 6)/(6*6), of 156 edges a fifth.
    epsilon = 0.2 * 156 / (26 + 12)
    assert p.sum() == round(26 * epsilon) and q.sum() == round(12 * epsilon)


def test_the_summary_tells_of_the_rule_and_its_interval():
    line = next(line for line in str(spiking(*SPARSE)).splitlines() if "projection p" in line)
    assert line.endswith("+ PairSTDP + SET every 5. ms")


@pytest.mark.parametrize(
    ("make", "kind", "seen"),
    [
        (lambda: SET(zeta=1.2), DescriptionError, r"SET\.zeta = 1\.2 \(SI\) lies above its bound 1\.0"),
        (lambda: SET(density=-1), DescriptionError, r"SET\.density = -1 \(SI\) lies below its bound 0\.0"),
        (lambda: spiking(SET), DescriptionError, "is not a SynapticRule: give an instance"),
        (
            lambda: simulate(spiking(SET(interval=0.15 * ms))),
            DescriptionError,
            r"SET on projection 'p': interval of 0\.00015 s is no whole number \(from 1\) of steps of 0\.0001 s",
        ),
        (
            lambda: simulate(spiking(SET(interval=0 * ms))),
            DescriptionError,
            r"SET on projection 'p': interval of 0 s is no whole number",
        ),
        (
            lambda: simulate(spiking(SET(), DeepR())),
            DescriptionError,
            "DeepR on projection 'p': SET changes its connections already: keep one of the two",
        ),
        (
            lambda: simulate(spiking(HomeostaticRewiring())),
            SignalMissing,
            "HomeostaticRewiring on projection 'p': it needs 'synaptic_elements_axonal', which 'a' does not have",
        ),
        (
            lambda: simulate(spiking(RigL(g="w"))),
            SignalMissing,
            "RigL on projection 'p': g = 'w' is not kept per synapse by a rule",
        ),
        (
            lambda: simulate(spiking(RigL(g="pair_stdp_e"), PairSTDP())),
            SignalMissing,
            "RigL on projection 'p': g = 'pair_stdp_e' is not kept per synapse by a rule",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(make, kind, seen):
    with pytest.raises(kind, match=seen) as caught:
        make()
    assert isinstance(caught.value, NeurosimError) and "\n" not in str(caught.value)


# Homeostatic rewiring in a run ---------------------------------------------------------------------------------------


def held(calcium):
    """Return two populations whose calcium is held at a value."""
    elements = SynapticElements(nu_axonal=400 * Hz, nu_excitatory=400 * Hz, nu_inhibitory=400 * Hz)
    start = {f"synaptic_elements_{kind}": 4.0 for kind in ("axonal", "excitatory")}
    return Network("held").add(
        Population("a", 10, LIF(E_L=-60 * mV), start, elements),
        Population("b", 10, LIF(E_L=-60 * mV), start, elements),
        Projection("p", "a", "b", Pulse(), AllToAll(), 1 * mV, rules=HomeostaticRewiring(interval=1 * ms)),
        Clamp("a", "synaptic_elements_C", calcium),
        Clamp("b", "synaptic_elements_C", calcium),
        Recorder("p", "mask"),
        Recorder("a", "synaptic_elements_axonal"),
        Recorder("b", "synaptic_elements_excitatory"),
    )


@pytest.mark.parametrize("engine", FIRST[:2])
def test_above_the_set_point_synapses_fall_monotonically_to_none(engine):
    simulation = simulate(held(0.08), engine)
    simulation.run(20 * ms)
    counts = simulation.recordings()["p.mask"].values.sum(axis=1)
    assert counts[0] == 0 and counts.max() > 20
    falling = counts[np.argmax(counts) :]
    assert np.all(np.diff(falling) <= 0) and falling[-1] == 0 == simulation.get("p.mask").sum()


def test_degrees_follow_the_elements_after_every_update():
    simulation = simulate(held(0.03), seed=1)
    pre, post = simulation.edges("p")
    for _ in range(15):
        simulation.run(1 * ms)
        mask = simulation.get("p.mask") > 0.5
        out, into = np.bincount(pre[mask], minlength=10), np.bincount(post[mask], minlength=10)
        axonal = np.floor(simulation.get("a.synaptic_elements_axonal")).astype(int)
        dendritic = np.floor(simulation.get("b.synaptic_elements_excitatory")).astype(int)
        assert np.all(out <= axonal) and np.all(into <= dendritic)
        # All vacant elements are paired, unless every pair of them has its synapse already.
        vacant = np.outer(axonal - out, dendritic - into) > 0
        assert mask[vacant.ravel()].all()
    assert out.sum() > 60


@pytest.mark.parametrize("eta", [0.0, 0.01])
def test_growth_is_zero_at_both_set_points_and_largest_between_them(eta):
    rule = SynapticElements(eta=eta, epsilon=0.05, nu_axonal=1 * Hz)
    growth = rule.traces["axonal"].derivative
    from neurosim.model.evaluate import evaluate

    def at(calcium, elements=1.0):
        known = {name: float(value) for name, value in rule.values().items()}
        return float(evaluate(growth, {**known, "C": calcium, "axonal": np.array(elements)}))

    middle = (eta + 0.05) / 2
    assert abs(at(eta)) < 1e-12 and abs(at(0.05)) < 1e-12 and at(middle) == 1.0
    course = np.linspace(eta, 0.05, 101)[1:-1]
    values = [at(c) for c in course]
    assert min(values) > 0 and max(values) == 1.0
    assert at(0.06) < 0 and at(eta - 0.01) < 0 and at(5.0) == pytest.approx(-1.0)
    # No fewer than none.
    assert at(0.06, elements=0.0) == 0 and at(middle, elements=0.0) == 1.0


@pytest.mark.parametrize("engine", FIRST[:2])
def test_calcium_is_a_filtered_spike_train(engine):
    rule = SynapticElements(beta_Ca=0.01, tau_Ca=50 * ms)
    network = Network("one").add(Population("a", 1, LIF(E_L=-40 * mV), rules=rule), Recorder("a"))
    simulation = simulate(network, engine)
    simulation.run(200 * ms)
    times = np.asarray(simulation.recordings()["a.spikes"].times)
    wanted = 0.01 * np.exp(-(0.2 - times - 1e-4) / 0.05).sum()
    assert times.size > 5
    # Euler's method for C: relative error of order dt/tau.
    assert simulation.get("a.synaptic_elements_C")[0] == pytest.approx(wanted, rel=0.01)


def test_a_rate_population_has_no_elements():
    network = Network("rates").add(Population("a", 2, LeakyRate(), rules=SynapticElements()))
    with pytest.raises(SignalMissing, match="SynapticElements on population 'a': it needs spikes"):
        simulate(network)
