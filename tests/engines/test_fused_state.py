"""A simulation of the fused engine can be stopped, kept, gone on with, split, reset and shared between threads."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import (
    AllToAll,
    Clamp,
    NamedParameter,
    Network,
    NeuronModel,
    Normal,
    Population,
    Probability,
    Projection,
    Recorder,
    Tied,
    Uniform,
    parameter,
    simulate,
)
from neurosim.errors import ResultFileError
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP
from neurosim.synapses import Graded, Pulse


class Noisy(NeuronModel):
    """An Ornstein-Uhlenbeck process: mean mu, standard deviation sigma, correlation time tau."""

    tau = parameter(10 * ms, "correlation time")
    mu = parameter(0.5, "mean")
    sigma = parameter(2.0, "standard deviation")
    equations = "dx/dt = (mu - x)/tau + sigma*sqrt(2/tau)*xi : 1"
    method = "euler"
    output = "x"


class Chance(NeuronModel):
    """Draws uniform and normal numbers afresh in each step, and spikes by chance."""

    p = parameter(0.1, "probability of a spike")
    equations = "u = rand() : 1\nz = randn() : 1\nn : 1 (state)"
    threshold = "rand() < p"
    reset = "n += 1"


def lively(*more, w=4.0, rate=200, n=8, delay=3):
    """Some of everything: Poisson input, delays, STDP, refractoriness, noise, a rate population, clamps, ties."""
    stdp = PairSTDP(w_max=8 * mV)
    return Network("n", 0.5 * ms).add(
        Population("s", n, Poisson(rate=rate * Hz)),
        Population("a", n, LIF(), initial={"v": Uniform(-60 * mV, -50 * mV)}),
        Population("x", 3, Noisy()),
        Population("c", 2, Chance()),
        Population("u", 2, Signal()),
        Population("r", 2, LeakyRate(), rules=GainAdaptation()),
        NamedParameter("k", [0.5, -0.5]),
        Projection("sa", "s", "a", Pulse(), Probability(0.6), w * mV, delay=delay * ms, rules=stdp),
        Projection("aa", "a", "a", Pulse(port="g_i"), AllToAll(), -1 * mV, delay=Uniform(0 * ms, 6 * ms)),
        Projection("ca", "c", "a", Pulse(port="v"), AllToAll(), 0.5 * mV),
        Projection("xr", "x", "r", Graded(), AllToAll(), Normal(0, 0.5), rules=Oja()),
        Projection("ur", "u", "r", Graded(), AllToAll(), Tied("k", (0, 1, 1, 0))),
        Clamp("a", "g_e", 3 * mV, indices=(1,), start=10 * ms, stop=20 * ms),
        Clamp("r", "f", 0.2, indices=(0,), start=5 * ms, stop=25 * ms),
        Recorder("s"),
        Recorder("a"),
        Recorder("a", "v", every=3),
        Recorder("c"),
        Recorder("x", "x"),
        Recorder("r", "output"),
        Recorder("sa", "w", every=5),
        *more,
    )


INPUTS = np.sin(np.arange(240.0)).reshape(120, 2)


def run(simulation, start, stop):
    simulation.run((stop - start) * 0.5 * ms, {"u": INPUTS[start:stop]})


def recorded(*simulations):
    """Recordings of simulations that went on from each other, joined: bytes by name."""
    parts = [simulation.recordings() for simulation in simulations]
    joined = {}
    for key in parts[0]:
        for name in ("steps", "ids", "values"):
            if hasattr(parts[0][key], name):
                joined[f"{key} {name}"] = np.concatenate(
                    [getattr(part[key], name) for part in parts]
                ).tobytes()
    return joined


def as_bytes(state):
    return {name: np.asarray(value).tobytes() for name, value in state.items()}


@pytest.fixture(scope="module")
def whole():
    """A run of 120 steps that nothing stopped, by seed."""
    done = {}
    for seed in range(3):
        simulation = simulate(lively(), seed=seed)
        run(simulation, 0, 120)
        done[seed] = (recorded(simulation), as_bytes(simulation.state()))
    return done


def test_it_is_lively(whole):
    simulation = simulate(lively(), seed=0)
    run(simulation, 0, 120)
    found = simulation.recordings()
    assert (
        found["s.spikes"].ids.size > 50 and found["a.spikes"].ids.size > 20 and found["c.spikes"].ids.size > 5
    )
    w = found["sa.w"].values
    assert np.abs(w[-1] - w[0]).max() > 0.1e-3 and len({str(whole[seed]) for seed in whole}) == 3


@settings(max_examples=15)
@given(st.integers(0, 2), st.integers(0, 120))
def test_a_restored_state_goes_on_with_the_same_bits(whole, seed, at):
    first = simulate(lively(), seed=seed)
    run(first, 0, at)
    kept = {name: np.array(value) for name, value in first.state().items()}
    run(first, at, 120)  # what happens after the state was taken does not matter
    second = simulate(lively(), seed=seed)
    run(second, 0, 7)
    second.restore(kept)
    assert second.now == at and all(r.steps.size == 0 for r in second.recordings().values())
    run(second, at, 120)
    before = simulate(lively(), seed=seed)
    run(before, 0, at)
    assert (recorded(before, second), as_bytes(second.state())) == whole[seed]


@settings(max_examples=10)
@given(st.lists(st.integers(1, 119), unique=True, max_size=6))
def test_splitting_a_run_changes_nothing(whole, cuts):
    simulation = simulate(lively(), seed=1)
    edges = [0, *sorted(cuts), 120]
    for start, stop in pairwise(edges):
        run(simulation, start, stop)
    assert (recorded(simulation), as_bytes(simulation.state())) == whole[1]


def test_single_steps_are_a_run(whole):
    simulation = simulate(lively(), seed=2)
    for k in range(120):
        simulation.step({"u": INPUTS[k]})
    assert (recorded(simulation), as_bytes(simulation.state())) == whole[2]


def test_a_reset_is_a_new_beginning(whole):
    simulation = simulate(lively(), seed=0)
    run(simulation, 0, 77)
    simulation.reset()
    fresh = as_bytes(simulate(lively(), seed=0).state())
    assert simulation.now == 0 and as_bytes(simulation.state()) == fresh
    run(simulation, 0, 120)
    assert (recorded(simulation), as_bytes(simulation.state())) == whole[0]


def test_a_reset_keeps_what_was_set():
    simulation = simulate(lively(), seed=0)
    simulation.set("k", [2.0, 3.0])
    simulation.set("a.tau_e", 7 * ms)
    simulation.reset()
    assert simulation.get("k").tolist() == [2, 3] and simulation.get("ur.w").tolist() == [2, 3, 3, 2]
    assert simulation.get("a.tau_e") == 7 * ms


def test_a_state_holds_what_was_set():
    first = simulate(lively(), seed=0)
    first.set("k", [2.0, 3.0])
    first.set("a.tau_m", 7 * ms)
    first.set("a.tau_ref", 1 * ms)
    run(first, 0, 20)
    second = simulate(lively(), seed=0)
    second.restore(first.state())
    for simulation in (first, second):
        run(simulation, 20, 60)
    assert as_bytes(first.state()) == as_bytes(second.state()) and second.get("k").tolist() == [2, 3]


def test_what_goes_on_after_a_state_was_taken_does_not_change_it():
    simulation = simulate(lively(), seed=0)
    kept = simulation.state()
    before = as_bytes(kept)
    run(simulation, 0, 20)
    assert as_bytes(kept) == before != as_bytes(simulation.state())


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.pop("a.v"),
        lambda state: state.update(more=np.zeros(1)),
        lambda state: state.update({"a.v": np.zeros(3)}),
        lambda state: state.update({"a.v": np.array(["x"] * 8)}),
        lambda state: state.update(step=np.array("x")),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(damage):
    simulation = simulate(lively(), seed=0)
    run(simulation, 0, 20)
    before = as_bytes(simulation.state())
    state = simulation.state()
    run(simulation, 20, 30)
    after = as_bytes(simulation.state())
    damage(state)
    with pytest.raises(ResultFileError, match="^state: '.*restore a state of this network"):
        simulation.restore(state)
    assert as_bytes(simulation.state()) == after != before


def test_a_state_of_another_network_is_refused():
    other = simulate(lively(n=9), seed=0)
    with pytest.raises(ResultFileError, match="it is of another network: restore a state of this network"):
        simulate(lively(), seed=0).restore(other.state())


def test_threads_do_not_disturb_each_other(whole):
    def work(seed):
        simulation = simulate(lively(), seed=seed)
        for start in range(0, 120, 10):
            run(simulation, start, start + 10)
        return recorded(simulation), as_bytes(simulation.state())

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, [0, 1, 2, 0, 1, 2])) == [whole[seed] for seed in (0, 1, 2, 0, 1, 2)]


# Random numbers ---------------------------------------------------------------------------------------------


def test_white_noise_makes_an_ornstein_uhlenbeck_process():
    n, tau, dt = 2000, 0.01, 0.0005
    network = Network("n", dt * second).add(
        Population("x", n, Noisy(), initial={"x": Normal(0.5, 2.0)}), Recorder("x", "x", every=10)
    )
    simulation = simulate(network, seed=5)
    simulation.run(300 * ms)
    x = simulation.recordings()["x.x"].values
    # Of Euler's method: x -> a x + ..., a = 1 - dt/tau, so the variance is sigma^2 / (1 - dt/(2 tau)).
    a, variance = 1 - dt / tau, 4 / (1 - dt / (2 * tau))
    late = x[20:]
    independent = late.size * 5 / 60  # samples are 5 ms apart, correlated over 2 tau
    assert abs(late.mean() - 0.5) < 4 * np.sqrt(variance / independent)
    assert abs(late.var() / variance - 1) < 4 * np.sqrt(2 / independent)
    centred = late - late.mean()
    for lag in (1, 2, 4):
        correlation = (centred[lag:] * centred[:-lag]).mean() / centred.var()
        assert abs(correlation - a ** (10 * lag)) < 0.02


def test_draws_in_definitions_have_their_laws_and_are_independent():
    # A population of another name, so that its streams are its own.
    network = Network("n", 1 * ms).add(
        Population("c", 400, Chance()), Recorder("c", "u"), Recorder("c", "z"), Recorder("c")
    )
    simulation = simulate(network, seed=1)
    simulation.run(200 * ms)
    found = simulation.recordings()
    u, z = found["c.u"].values, found["c.z"].values
    sem = 1 / np.sqrt(u.size)
    assert u.min() >= 0 and u.max() < 1 and abs(u.mean() - 0.5) < 4 * 0.29 * sem
    assert abs(z.mean()) < 4 * sem and abs(z.var() - 1) < 4 * np.sqrt(2) * sem
    pairs = [(u, z), (u[1:], u[:-1]), (u[:, 1:], u[:, :-1]), (z[1:], z[:-1]), (z[:, 1:], z[:, :-1])]
    for one, other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 * sem
    spikes = found["c.spikes"].ids.size
    assert abs(spikes - 0.1 * u.size) < 4 * np.sqrt(0.09 * u.size)
    assert np.array_equal(simulation.get("c.n"), np.bincount(found["c.spikes"].ids, minlength=400))


@pytest.mark.slow
def test_random_numbers_do_not_depend_on_other_populations():
    def x_and_s(*more, seed=0):
        network = Network("n", 0.5 * ms).add(
            *more, Population("x", 3, Noisy()), Population("s", 4, Poisson(rate=300 * Hz))
        )
        simulation = simulate(network.add(Recorder("x", "x"), Recorder("s")), seed=seed)
        simulation.run(50 * ms)
        found = simulation.recordings()
        return found["x.x"].values.tobytes() + found["s.spikes"].ids.tobytes()

    alone = x_and_s()
    assert x_and_s(Population("b", 7, Noisy()), Population("p", 9, Poisson(rate=100 * Hz))) == alone
    assert x_and_s(seed=1) != alone


def test_refractory_periods_do_not_depend_on_where_they_are_counted_from(monkeypatch):
    whole, split = simulate(lively()), simulate(lively())
    whole.run(30 * ms)
    monkeypatch.setattr("neurosim.engines.fused.core.LONGEST", 3)
    split.core.most = split._pace = 4
    split.run(30 * ms)
    assert split.core._origin > 40 and whole.core._origin == 0
    one, other = whole.state(), split.state()
    assert one["refractory/a"].max() > 0
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def test_what_is_not_finite_is_found_wherever_it_is():
    core = simulate(lively()).core
    assert core.finite()
    for _, name in core._moving:
        array = core.storage.arrays[name]
        for value in (np.nan, np.inf, -np.inf):
            array[-1], before = value, array[-1]
            assert not core.finite()
            array[-1] = before
    assert core.finite()
