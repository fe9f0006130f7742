"""States: of which simulation they are, what is rejected, what engines share, and files of whole simulations."""

import subprocess
import sys

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import (
    AllToAll,
    Bounds,
    Edges,
    Network,
    NeuronModel,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    Uniform,
    parameter,
    post,
    simulate,
)
from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError, EngineRefusal, ResultFileError, RunFailed
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal, SpikeTrain, SquareWave
from neurosim.rules import PairSTDP
from neurosim.store import read_state, write_state
from neurosim.synapses import Graded, Pulse
from tests.engines.test_interrupts import assert_same, content
from tests.engines.trust_networks import ENGINES, busy
from tests.references import EACH

INPUT = {"u": [0.3, 0.6]}
NOW = 48
"""A step at which spikes are on their way."""


@pytest.fixture(scope="module")
def states():
    """A state of each engine after NOW steps, and the simulation that it is of."""
    made = {}
    for engine in ENGINES:
        simulation = simulate(busy(), engine, seed=3)
        simulation.run(NOW * 0.5 * ms, INPUT)
        made[engine] = simulation, simulation.state()
    return made


def test_states_of_all_engines_have_the_same_keys_and_values(states):
    common = {e: {n for n in s if not n.startswith(ENGINES)} for e, (_, s) in states.items()}
    assert common["brian2"] == common["fused"] == common["jax"]
    for engine in ("brian2", "jax"):
        for name in common[engine]:
            np.testing.assert_allclose(
                np.asarray(states[engine][1][name], float),
                np.asarray(states["fused"][1][name], float),
                rtol=1e-9,
                atol=1e-14,
                err_msg=name,
            )
    assert states["fused"][1]["spikes/s/ids"].size > 0 and states["fused"][1]["refractory/a"].max() > -1000


@pytest.mark.parametrize(("source", "target"), [(a, b) for a in ENGINES for b in ENGINES])
def test_a_state_of_one_engine_continues_on_another(states, source, target):
    simulation, state = states[target]
    simulation.restore(states[source][1])
    assert simulation.now == NOW
    simulation.run(30 * ms, INPUT)
    whole = states["fused"][0]
    whole.restore(states["fused"][1])
    whole.run(30 * ms, INPUT)
    assert simulation.recordings()["a.spikes"].ids.tolist() == whole.recordings()["a.spikes"].ids.tolist()
    np.testing.assert_allclose(simulation.get("sa.w"), whole.get("sa.w"), rtol=1e-9)
    if source == target:
        first = content(simulation)
        simulation.restore(state)
        simulation.run(30 * ms, INPUT)
        assert_same(first, content(simulation))


@pytest.mark.parametrize(
    ("network", "seed", "complaint"),
    [
        (lambda: busy(), 4, "of another seed"),
        (lambda: busy(tau=21 * ms), 3, "of another network"),
        (lambda: busy("other"), 3, "of another network"),
    ],
)
def test_a_state_of_another_simulation_is_rejected_and_changes_nothing(states, network, seed, complaint):
    other = simulate(network(), "fused", seed=seed)
    before = other.state()
    with pytest.raises(
        ResultFileError, match=f"state: it is {complaint}: restore a state of this network, or take"
    ):
        other.restore(states["fused"][1])
    assert_same(before, other.state())


def test_named_values_of_another_simulation_are_taken_over_on_purpose(states):
    other = simulate(busy(tau=21 * ms), "fused", seed=3)
    state = {**states["fused"][1], "parameter/k": np.array([0.1, -0.2])}
    other.take_over(state, "sa.w", "k")
    np.testing.assert_array_equal(np.asarray(other.get("sa.w")), state["sa.w"])
    assert other.get("k").tolist() == [0.1, -0.2] and other.get("rr.w").tolist() == [0.1, -0.2]
    with pytest.raises(DescriptionError, match=r"take_over: the state has no 'sa.x': give one of its names"):
        other.take_over(state, "sa.x")
    with pytest.raises(DescriptionError, match=r"sa\.w: a value of shape \(3,\)"):
        other.take_over({"sa.w": np.zeros(3)}, "sa.w")


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_states_are_rejected(states, engine):
    simulation, state = states[engine]
    simulation.restore(state)

    def spoilt(name, value):
        return {**state, name: value}

    source = state["source/s"]
    past, long, negative = source.copy(), source.copy(), source.copy()
    past[4:], long[1], negative[0] = 0, 10_000, -1
    for name, value in (
        ("a.v", np.full(6, np.nan)),
        ("a.v", np.zeros(6, dtype=complex)),
        ("step", np.array(-1)),
        ("spikes/s/ids", state["spikes/s/ids"] + 100),
        ("spikes/s/steps", state["spikes/s/steps"] - 20),
        ("spikes/s/ids", state["spikes/s/ids"][:-1]),
        ("source/s", past),
        ("source/s", long),
        ("source/s", negative),
        ("more", np.zeros(1)),
        ("set/a.nothing", np.zeros(1)),
    ):
        with pytest.raises(ResultFileError, match="^state: '.*: restore a state of this network$"):
            simulation.restore(spoilt(name, value))
    assert_same({n: v for n, v in simulation.state().items()}, state)


@pytest.mark.parametrize("engine", EACH)
def test_a_saved_simulation_continues_with_the_same_bits(tmp_path, engine):
    simulation = simulate(busy(), engine, seed=3)
    simulation.set("a.tau_ref", 4 * ms)
    simulation.run(10 * ms, INPUT)
    simulation.save(tmp_path / "kept.h5")
    simulation.run(10 * ms, INPUT)
    again = Simulation.load(tmp_path / "kept.h5")
    assert (again.engine, again.now) == (engine, 20) and again.recordings()["a.v"].steps[-1] == 18
    again.run(10 * ms, INPUT)
    assert_same(content(simulation), content(again))


def test_a_file_that_holds_no_simulation_is_rejected(tmp_path):
    write_state(tmp_path / "state.h5", {"a": np.zeros(3)})
    with pytest.raises(ResultFileError, match="holds no simulation that this version can load"):
        Simulation.load(tmp_path / "state.h5")
    with pytest.raises(ResultFileError, match="no such file"):
        Simulation.load(tmp_path / "nothing.h5")


def test_flipped_bytes_in_a_saved_simulation_are_seen(tmp_path):
    simulation = simulate(busy(), "fused", seed=3)
    simulation.save(tmp_path / "kept.h5")
    content, rng = (tmp_path / "kept.h5").read_bytes(), np.random.default_rng(0)
    for at in rng.integers(len(content), size=40):
        damaged = bytearray(content)
        damaged[at] ^= 1 << rng.integers(8)
        (tmp_path / "damaged.h5").write_bytes(damaged)
        with pytest.raises(ResultFileError):
            read_state(tmp_path / "damaged.h5")


# Engines agree whatever was asked of them ------------------------------------------------------------------------

ACTIONS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 25)),
    st.tuples(st.just("step"), st.just(0)),
    st.tuples(st.just("set a.tau_ref"), st.sampled_from([0.5, 2.0, 6.0])),
    st.tuples(st.just("set a.tau_m"), st.sampled_from([8.0, 25.0])),
    st.tuples(st.just("set sa.pair_stdp_tau_pre"), st.sampled_from([5.0, 40.0])),
    st.tuples(st.just("set sa.w"), st.floats(0, 8)),
    st.tuples(st.just("set a.v"), st.floats(-70, -52)),
    st.tuples(st.just("set k"), st.floats(-1, 1)),
    st.tuples(st.just("reset"), st.just(0)),
    st.tuples(st.just("keep"), st.just(0)),
    st.tuples(st.just("restore"), st.just(0)),
)
UNITS = {"a.tau_ref": ms, "a.tau_m": ms, "sa.pair_stdp_tau_pre": ms, "sa.w": mV, "a.v": mV, "k": 1}


def played(simulation, actions):
    """Do what is asked for, and return spikes and what was recorded since the last reset or restore."""
    kept = None
    simulation.reset()
    for action, value in actions:
        if action == "run":
            simulation.run(value * 0.5 * ms, INPUT)
        elif action == "step":
            simulation.step(INPUT)
        elif action.startswith("set "):
            name = action.removeprefix("set ")
            simulation.set(name, value * UNITS[name])
        elif action == "reset":
            simulation.reset()
        elif action == "keep":
            kept = simulation.state()
        elif kept is not None:
            simulation.restore(kept)
    simulation.run(10 * ms, INPUT)
    return simulation


def check_sequences(simulations, actions):
    # A weight per projection makes all spikes certain; each sequence starts from the description.
    for simulation in simulations.values():
        simulation._set.clear()
        simulation.take_over(BASE, "a.tau_ref", "a.tau_m", "sa.pair_stdp_tau_pre", "k")
        simulation._set.clear()
        played(simulation, actions)
    fused = simulations["fused"]
    for simulation in simulations.values():
        assert simulation.now == fused.now
        for population in ("s", "a"):
            one, other = (s.recordings()[f"{population}.spikes"] for s in (simulation, fused))
            assert one.steps.tolist() == other.steps.tolist() and one.ids.tolist() == other.ids.tolist()
        for name in ("sa.w", "a.v", "r.output", "sa.pair_stdp_x", "rr.w"):
            one, other = (np.asarray(s.get(name), dtype=float) for s in (simulation, fused))
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12, err_msg=name)


BASE = {
    "a.tau_ref": np.array(0.002),
    "a.tau_m": np.array(0.02),
    "sa.pair_stdp_tau_pre": np.array(0.02),
    "parameter/k": np.array([0.5, -0.5]),
}


@settings(max_examples=6, deadline=None)
@given(st.lists(ACTIONS, max_size=8))
def test_sequences_of_requests_agree_on_all_engines(states, actions):
    check_sequences({engine: simulation for engine, (simulation, _) in states.items()}, actions)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(ACTIONS, max_size=12))
def test_two_hundred_sequences_of_requests_agree_on_all_engines(states, actions):
    check_sequences({engine: simulation for engine, (simulation, _) in states.items()}, actions)


# What `set` keeps ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_that_gives_no_finite_step_is_rejected(states, engine):
    simulation, state = states[engine]
    simulation.restore(state)
    with pytest.raises(DescriptionError):
        simulation.set("a.tau_m", 0 * ms)
    assert simulation.get("a.tau_m") == 20 * ms


@pytest.mark.parametrize("engine", ENGINES)
def test_bounds_of_rules_hold_after_every_set(states, engine):
    simulation, state = states[engine]
    simulation.restore(state)
    w = np.asarray(simulation.get("sa.w")) * 1e3
    for name, value, complaint in (
        ("sa.w", 9 * mV, r"set 'sa\.w': weights from .* violate the bounds \[0, 0\.008\]"),
        ("sa.w", -1 * mV, "violate the bounds"),
        (
            "sa.pair_stdp_w_max",
            0.9 * w.max() * mV,
            r"set 'sa\.pair_stdp_w_max': weights from .* violate the bounds",
        ),
        ("sa.pair_stdp_w_max", -1 * mV, "."),
        ("aa.w", np.nan * mV, "finite"),
    ):
        with pytest.raises(DescriptionError, match=complaint):
            simulation.set(name, value)
    simulation.set("sa.pair_stdp_w_max", 10 * mV)
    simulation.set("sa.w", 9 * mV)
    simulation.restore(state)


# The order of connections ----------------------------------------------------------------------------------------


def unordered(*more, delay=0 * ms):
    return Network("n", 0.5 * ms).add(
        Population("s", 3, SpikeTrain(times=[1, 2, 3] * ms, ids=[0, 1, 2])),
        Population("a", 2, LIF()),
        Projection(
            "p",
            "s",
            "a",
            Pulse(),
            Edges((2, 0, 1, 0), (0, 1, 1, 0)),
            [1, 2, 3, 4] * mV,
            delay,
            rules=PairSTDP(w_max=9 * mV),
        ),
        *more,
    )


@pytest.mark.parametrize("engine", EACH)
@pytest.mark.parametrize("delay", [pytest.param(0 * ms, marks=pytest.mark.slow), [3, 0.5, 2, 1] * ms])
def test_values_of_connections_keep_the_order_in_which_they_were_given(engine, delay):
    network = unordered(Recorder("p", "w"), delay=delay)
    simulation = simulate(network, engine)
    assert [edge.tolist() for edge in simulation.edges("p")] == [[2, 0, 1, 0], [0, 1, 1, 0]]
    assert np.asarray(simulation.get("p.w")).tolist() == pytest.approx([1e-3, 2e-3, 3e-3, 4e-3])
    assert simulation.state()["p.w"].tolist() == pytest.approx([1e-3, 2e-3, 3e-3, 4e-3])
    simulation.set("p.w", [5, 6, 7, 8] * mV)
    assert np.asarray(simulation.get("p.w")).tolist() == pytest.approx([5e-3, 6e-3, 7e-3, 8e-3])
    simulation.run(1 * ms)
    np.testing.assert_allclose(simulation.recordings()["p.w"].values[0], [5e-3, 6e-3, 7e-3, 8e-3])
    other = simulate(unordered(Recorder("p", "w", indices=(3, 0)), delay=delay), engine)
    other.restore(simulation.state())
    other.run(1 * ms)
    record = other.recordings()["p.w"]
    np.testing.assert_allclose(record.values[0], [8e-3, 5e-3])
    assert record.indices.tolist() == [3, 0]


# Values that are not finite --------------------------------------------------------------------------------------


class FadingState(NeuronModel):
    """A unit whose output log(x) is not a number once x has fallen below 0, which it does after 137 steps."""

    rate = parameter(1 * Hz, "rate")
    equations = "dx/dt = -rate : 1\ny = log(x) : 1"
    initial = {"x": 0.1365}
    method = "euler"
    output = "y"


class Bursting(NeuronModel):
    """A unit that leaves every bound in a few steps once time has come to 0.2 s."""

    rate = parameter(1e4 * Hz, "rate")
    start = parameter(200.5 * ms, "when it leaves")
    equations = "dx/dt = rate*x**3*int(t > start) : 1"
    initial = {"x": 10.0}
    method = "euler"


def one_by_one(simulation, steps):
    for _ in range(steps):
        simulation.step()


@pytest.mark.parametrize("engine", EACH)
@pytest.mark.parametrize(("model", "name"), [(FadingState, "x.output"), (Bursting, "x.x")])
def test_what_is_not_finite_is_reported_at_the_step_at_which_it_arises(engine, model, name):
    network = Network("n", 1 * ms).add(Population("x", 2, model()), Recorder("x", "x"))
    simulation, steps = simulate(network, engine), simulate(network, engine)
    with pytest.raises(RunFailed, match=rf"'{name}' is not finite at index 0 after step (\d+) ") as found:
        simulation.run(500 * ms)
    with pytest.raises(RunFailed) as at_last:
        one_by_one(steps, 500)
    assert str(found.value) == str(at_last.value) and simulation.now == steps.now < 500
    assert simulation.recordings()["x.x"].steps.tolist() == list(range(simulation.now))
    assert f"after step {simulation.now - 1} " in str(found.value)
    if model is FadingState:
        assert simulation.now == 137


# What is set is where a reset starts -----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", EACH)
def test_a_reset_keeps_every_kind_of_value_that_was_set_and_no_other(engine):
    network = Network("n", 0.5 * ms).add(
        Population("s", 3, Poisson(rate=200 * Hz)),
        Population("a", 2, LIF(), initial={"v": Uniform(-60 * mV, -50 * mV)}),
        Projection("one", "s", "a", Pulse(), AllToAll(), 3 * mV),
        Projection("each", "s", "a", Pulse(), AllToAll(), Uniform(2 * mV, 3 * mV)),
        Projection("plastic", "s", "a", Pulse(), AllToAll(), 3 * mV, rules=PairSTDP(w_max=9 * mV)),
    )
    simulation = simulate(network, engine, seed=1)
    described = {n: np.asarray(simulation.get(n)) for n in ("one.w", "each.w", "plastic.w", "a.v", "a.tau_m")}
    simulation.run(100 * ms)
    simulation.reset()
    for name, value in described.items():
        np.testing.assert_array_equal(np.asarray(simulation.get(name)), value)
    given = {
        "one.w": 4 * mV,
        "each.w": [1, 2, 3, 4, 5, 6] * mV,
        "plastic.w": 5 * mV,
        "a.v": -55 * mV,
        "a.tau_m": 9 * ms,
    }
    for name, value in given.items():
        simulation.set(name, value)
    simulation.run(100 * ms)
    assert not np.allclose(np.asarray(simulation.get("plastic.w")), 5e-3)
    simulation.reset()
    for name, value in given.items():
        expected = np.broadcast_to(np.asarray(value), np.shape(described[name]))
        np.testing.assert_allclose(np.asarray(simulation.get(name)), expected)


# Small -----------------------------------------------------------------------------------------------------------


def test_a_network_that_is_simulated_takes_no_more_parts():
    network = busy()
    simulation = simulate(network, "fused", seed=3)
    with pytest.raises(
        DescriptionError, match="network 'busy' is simulated already, which would not notice: add parts"
    ):
        network.add(Population("late", 1, LIF()))
    bigger = network.copy().add(Population("late", 1, LIF()))
    assert "late" in bigger.populations and "late" not in network.populations
    simulation.reset()


class Comparing(SynapticRule):
    """Grows where one neuron is more active than another."""

    eta = parameter(1 * Hz, "rate")
    clock = "continuous"
    dw = "eta * int(w > 0.5)"
    then = Bounds(0, 1)


class Bounded(SynapticRule):
    """Keeps the weight below a signal, which no engine can."""

    eta = parameter(1 * Hz, "rate")
    clock = "continuous"
    v = post.variable("v")
    dw = "eta * w"
    then = Bounds(0, "v")


def test_numba_without_its_compiler_is_named(monkeypatch):
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)
    with pytest.raises(
        EngineRefusal, match="engine 'fused' cannot run: .* NUMBA_DISABLE_JIT is set: unset it"
    ):
        simulate(busy(), "fused")


FORK = """
import os, sys
from brian2 import ms
from neurosim import simulate
from neurosim.errors import RunFailed
from tests.engines.trust_networks import busy
simulation = simulate(busy(), "jax")
simulation.run(1 * ms)
child = os.fork()
if child == 0:
    try:
        simulation.run(1 * ms)
    except RunFailed as error:
        print(error, flush=True)
        os._exit(7)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
def test_a_fork_after_jax_is_told_what_to_do():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 7 and "JAX was started before this process was forked" in done.stdout


# Long runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [*ENGINES, "jax-float32"])
def test_steps_are_counted_exactly_in_long_runs(engine):
    network = Network("n", 0.1 * ms).add(
        Population("a", 3, LIF(E_L=[-40, -45, -47] * mV)),
        Population("q", 1, SquareWave()),
        Population("b", 2, LIF()),
        Projection("p", "a", "b", Pulse(), AllToAll(), 9 * mV, delay=1 * ms),
        Recorder("a"),
        Recorder("b"),
        Recorder("q", "output"),
    )
    simulation = simulate(network, engine)

    def seen(first):
        simulation.reset()
        simulation.core.set_step(first)
        simulation.run(60 * ms)
        found = simulation.recordings()
        spikes = [(found[key].steps - first, found[key].ids) for key in ("a.spikes", "b.spikes")]
        return [*spikes[0], *spikes[1], found["q.output"].values]

    # Multiples of the period of the square wave, beyond 2**24 and up to a billion.
    expected = seen(0)
    assert expected[0].size > 3 and expected[2].size > 1
    for first in (60 * (2**24 // 60 + 1), 60 * (10**9 // 60)):
        for value, other in zip(expected, seen(first), strict=True):
            np.testing.assert_array_equal(value, other)


@pytest.mark.slow
def test_networks_without_states_and_conditions_in_arithmetic_run_on_every_engine():
    waves = Network("n", 1 * ms).add(Population("q", 2, SquareWave()))
    rates = Network("n", 1 * ms).add(
        Population("u", 2, Signal()),
        Population("r", 2, LeakyRate()),
        Projection("p", "u", "r", Graded(), AllToAll(), [[0.5, 0.6], [0.7, 0.4]], rules=Comparing()),
    )
    found = {}
    for engine in ENGINES:
        simulate(waves, engine).run(5 * ms)
        simulation = simulate(rates, engine)
        simulation.run(20 * ms)
        found[engine] = np.asarray(simulation.get("p.w"))
        # After 20 steps of 1 ms at 1/s, where the weight is above 0.5.
        np.testing.assert_allclose(found[engine], [0.5, 0.72, 0.62, 0.4], rtol=1e-12)


def test_a_bound_that_changes_during_a_run_is_rejected():
    network = Network("n", 1 * ms).add(
        Population("s", 2, Poisson()),
        Population("a", 2, LIF()),
        Projection("p", "s", "a", Pulse(), AllToAll(), 1 * mV, rules=Bounded()),
    )
    with pytest.raises(
        DescriptionError, match="bound 'v' changes during a run: give a parameter or a number"
    ):
        simulate(network, "fused")
