"""Spikes in the fused engine, against hand-computed steps: refractoriness, delays, order of a step, rings."""

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import (
    AllToAll,
    Edges,
    Network,
    NeuronModel,
    OneToOne,
    Population,
    Projection,
    Recorder,
    SynapticRule,
    parameter,
    post,
    pre,
    simulate,
)
from neurosim.errors import DescriptionError
from neurosim.neurons import LIF, Poisson, SpikeTrain
from neurosim.synapses import Pulse


class Sink(NeuronModel):
    """Two accumulators: `held` is not written while refractory, `free` always; it spikes when `held` exceeds 10."""

    tau_ref = parameter(3 * ms, "refractory period")
    slope = parameter(0.0 / second, "drift of both")
    equations = """
    dheld/dt = slope : 1 (unless refractory)
    dfree/dt = slope : 1
    """
    threshold = "held > 10"
    reset = "held = 0"
    refractory = "tau_ref"


def train(*steps, unit=0, size=1):
    """A source whose one unit spikes at the given steps of 1 ms."""
    return Population("s", size, SpikeTrain(times=np.array(steps) * ms, ids=np.full(len(steps), unit)))


def values(simulation, key):
    return simulation.recordings()[key].values[:, 0]


def sink(*parts, dt=1 * ms, **model):
    """A network with a sink and recorders of its two variables and its spikes."""
    recorders = (Recorder("a", "held"), Recorder("a", "free"), Recorder("a"))
    return Network("n", dt).add(Population("a", 1, Sink(**model)), *parts, *recorders)


def pulse(port, weight=1.0, delay=0, name=None):
    return Projection(name or port, "s", "a", Pulse(port=port), AllToAll(), weight, delay=delay * ms)


@pytest.mark.parametrize(("tau_ref", "steps"), [(0, 1), (0.4, 1), (1, 1), (1.99, 1), (2, 2), (5, 5)])
def test_refractory_units_are_held_for_an_exact_number_of_steps(tau_ref, steps):
    # The drift takes `held` beyond 10 in step 10: the sample at step 11 is the first after the spike.
    simulation = simulate(sink(tau_ref=tau_ref * ms, slope=1001 / second))
    simulation.run(30 * ms)
    spikes = simulation.recordings()["a.spikes"].steps
    assert spikes[0] == 9 and np.all(np.diff(spikes) == 10 + steps - 1)
    held, free = values(simulation, "a.held"), values(simulation, "a.free")
    assert np.count_nonzero(held[10:20] == 0) == steps
    np.testing.assert_allclose(free, np.arange(30) * 1.001)


def test_what_arrives_while_refractory_is_dropped_from_held_variables_alone():
    # One pulse of 11 in step 2 makes a spike in step 3; pulses of 1 arrive in every later step.
    parts = (
        train(2, *range(3, 12)),
        Population("k", 1, SpikeTrain(times=[2] * ms, ids=[0])),
        pulse("free"),
        Projection("kick", "k", "a", Pulse(port="held"), AllToAll(), 11.0),
        pulse("held"),
    )
    simulation = simulate(sink(*parts, tau_ref=4 * ms))
    simulation.run(12 * ms)
    assert simulation.recordings()["a.spikes"].steps.tolist() == [3]
    # Step 3 is that of the spike: held from then on; steps 4, 5, 6 are refractory; the pulse of step 7 counts again.
    assert values(simulation, "a.held").tolist() == [0, 0, 0, 12, 0, 0, 0, 0, 1, 2, 3, 4]
    assert values(simulation, "a.free").tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_period_of_three_steps_is_three_steps_although_the_division_says_less():
    assert 0.3e-3 / 0.1e-3 < 3
    simulation = simulate(sink(dt=0.1 * ms, tau_ref=0.3 * ms, slope=10010 / second))
    simulation.run(3 * ms)
    assert np.all(np.diff(simulation.recordings()["a.spikes"].steps) == 10 + 2)


class Firing(Sink):
    """Spikes at every step in which it is not refractory, and keeps its state."""

    reset = "free += 1"


@pytest.mark.parametrize(
    ("tau_ref", "held"), [(0, [11, 11, 11, 11]), (2, [11, 11, 11, 11]), (1, [11, 11, 11, 11])]
)
def test_what_arrives_in_the_step_of_a_spike_is_dropped_even_without_a_refractory_period(tau_ref, held):
    network = Network("n", 1 * ms).add(
        train(*range(4)),
        Population("a", 1, Firing(tau_ref=tau_ref * ms), initial={"held": 11.0}),
        pulse("held"),
        Recorder("a", "held"),
        Recorder("a"),
    )
    simulation = simulate(network)
    simulation.run(4 * ms)
    assert values(simulation, "a.held").tolist() == held
    assert np.all(np.diff(simulation.recordings()["a.spikes"].steps) == max(tau_ref, 1))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact", "euler", "exponential_euler", "rk2", "rk4"])
def test_every_method_holds_what_is_refractory_and_moves_the_rest(method):
    facts = {
        "equations": "dheld/dt = (2*g + c - held)/tau : 1 (unless refractory)\ndg/dt = (held/2 - g)/tau : 1",
        "threshold": "held > 1",
        "reset": "held = 0",
        "method": method,
        "tau": parameter(10 * ms, "time constant"),
        "c": parameter(0.1, "a second term, so that the slope does not cancel"),
    }
    model = type("Held", (Sink,), facts, abstract=True)(tau_ref=4 * ms)
    network = Network("n", 1 * ms).add(
        Population("a", 1, model, initial={"held": 0.99, "g": 0.8}), Recorder("a", "held"), Recorder("a", "g")
    )
    simulation = simulate(network)
    simulation.run(8 * ms)
    held, g = values(simulation, "a.held"), values(simulation, "a.g")
    # A spike in step 0; steps 1, 2 and 3 are refractory.
    assert held[0] == 0.99 and np.all(held[1:5] == 0) and np.all(held[5:] > 0)
    factor = {"euler": 0.9, "rk2": 0.905, "rk4": np.polyval([1 / 24, 1 / 6, 1 / 2, 1, 1], -0.1)}
    np.testing.assert_allclose(g[2:5] / g[1:4], factor.get(method, np.exp(-0.1)), rtol=1e-12)


def test_spikes_of_a_step_are_in_the_order_of_their_units_whichever_way_they_are_gone_through():
    periods = np.random.default_rng(3).integers(2, 20, 300)  # in steps; more units than two blocks of 128
    network = Network("n", 1 * ms).add(
        Population("a", 300, Sink(slope=10.5 / periods / ms, tau_ref=0 * ms)), Recorder("a")
    )
    simulation = simulate(network)
    simulation.run(40 * ms)
    found = simulation.recordings()["a.spikes"]
    expected = [(step, unit) for step in range(40) for unit in range(300) if (step + 1) % periods[unit] == 0]
    assert list(zip(found.steps.tolist(), found.ids.tolist(), strict=True)) == expected


@pytest.mark.parametrize("delay", [0, 1, 5])
def test_a_pulse_arrives_in_the_step_of_its_delay(delay):
    simulation = simulate(sink(train(3), pulse("free", 7.0, delay)))
    simulation.run(12 * ms)
    # Delivered in step 3 + delay, after that step's sample.
    assert values(simulation, "a.free").tolist() == [0] * (4 + delay) + [7.0] * (8 - delay)


def test_a_delay_that_does_not_fit_into_memory_is_refused():
    with pytest.raises(
        DescriptionError, match="projection 'free': delay: .* do not fit into memory: lower it"
    ):
        simulate(sink(train(3), pulse("free", 7.0, 1e10)))


def test_pulses_of_one_source_with_different_delays():
    parts = [pulse("free", 10.0**k, delay, f"p{k}") for k, delay in enumerate((0, 2, 2, 7))]
    simulation = simulate(sink(train(1, 2, 6), *parts))
    simulation.run(16 * ms)
    arrivals = np.zeros(17)
    for step in (1, 2, 6):
        for k, delay in enumerate((0, 2, 2, 7)):
            arrivals[step + delay + 1] += 10**k
    assert values(simulation, "a.free").tolist() == np.cumsum(arrivals)[:16].tolist()


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 3)), max_size=80, unique=True),
    st.lists(st.integers(0, 12), min_size=12, max_size=12),
    st.integers(0, 12),
    st.integers(1, 40),
)
def test_every_spike_arrives_once_however_the_ring_turns_and_the_run_is_split(spikes, delays, delay, split):
    steps, ids = np.array(spikes or np.zeros((0, 2)), dtype=int).T
    weights = 1.0 + np.arange(12.0).reshape(3, 4)
    network = Network("n", 1 * ms).add(
        Population("s", 4, SpikeTrain(times=steps * ms, ids=ids)),
        Population("a", 3, Sink(tau_ref=0 * ms)),
        Projection("each", "s", "a", Pulse(port="free"), AllToAll(), weights, delay=np.array(delays) * ms),
        Projection("one", "s", "a", Pulse(port="free"), Edges((0, 3), (2, 2)), 100.0, delay=delay * ms),
        Recorder("a", "free"),
    )
    expected = np.zeros((61, 3))
    for step, source in zip(steps, ids, strict=True):
        for target in range(3):
            # Delays are in the order (source, target), weights are (target, source).
            expected[min(step + delays[source * 3 + target] + 1, 60), target] += weights[target, source]
        if source in (0, 3):
            expected[min(step + delay + 1, 60), 2] += 100.0
    simulation = simulate(network)
    simulation.run(split * ms)
    simulation.run((60 - split) * ms)
    found = simulation.recordings()["a.free"].values
    assert np.array_equal(found, np.cumsum(expected, axis=0)[:60])


def test_lists_of_arrivals_grow_when_every_unit_spikes_in_every_step_and_are_made_anew_from_a_state():
    steps, ids = (x.ravel() for x in np.mgrid[0:40, 0:4])
    delays, weights = np.arange(12) * 3, 1.0 + np.arange(12.0).reshape(3, 4)
    network = Network("n", 1 * ms).add(
        Population("s", 4, SpikeTrain(times=steps * ms, ids=ids)),
        Population("a", 3, Sink(tau_ref=0 * ms)),
        Projection("each", "s", "a", Pulse(port="free"), AllToAll(), weights, delay=delays * ms),
        Recorder("a", "free"),
    )
    simulation = simulate(network)
    before = simulation.core.storage.arrays["each___edge"].size
    simulation.run(31 * ms)
    assert simulation.core.storage.arrays["each___edge"].size > before
    other = simulate(network)
    other.restore(simulation.state())
    expected = np.zeros((81, 3))
    for source, target in np.ndindex(4, 3):
        delay = delays[source * 3 + target]
        expected[delay + 1 : delay + 41, target] += weights[target, source]
    for each in (simulation, other):
        each.run(49 * ms)
    found = simulation.recordings()["a.free"].values
    assert np.array_equal(found, np.cumsum(expected, axis=0)[:80])
    assert np.array_equal(other.recordings()["a.free"].values, found[31:])
    simulation.reset()
    simulation.run(80 * ms)
    assert np.array_equal(simulation.recordings()["a.free"].values, found)


class Order(SynapticRule):
    """Writes down who came first: on_pre doubles and adds, on_post triples."""

    clock = "spike"
    x = pre.trace("dx/dt = -x/(1e9*tau)")
    y = post.trace("dy/dt = -y/(1e9*tau)")
    tau = parameter(1 * second, "time constant, in effect endless")
    on_pre = "w = 2*w + y; x += 1"
    on_post = "w = 3*w + x; y += 1"


def plastic(weight, delay=0):
    return Projection("p", "s", "a", Pulse(port="held"), AllToAll(), weight, delay=delay * ms, rules=Order())


def test_a_step_delivers_then_learns_from_source_then_from_target_then_resets():
    # Step 0: the pulse of w = 11 is delivered to `held` before on_pre makes w = 2*11 + 0 = 22.
    # Step 1: `held` = 11 > 10: a spike. The source spikes too: its pulse is dropped (spike step);
    #         on_pre: w = 2*22 + 0 = 44, x = 2; on_post: w = 3*44 + 2 = 134, y = 1; reset: held = 0.
    simulation = simulate(sink(train(0, 1), plastic(11.0), Recorder("p", "w"), tau_ref=0 * ms))
    simulation.run(3 * ms)
    assert values(simulation, "a.held").tolist() == [0, 11, 0]
    np.testing.assert_allclose(values(simulation, "p.w"), [11, 22, 134], rtol=1e-8)
    np.testing.assert_allclose(simulation.get("p.order_x"), 2, rtol=1e-8)
    np.testing.assert_allclose(simulation.get("p.order_y"), 1, rtol=1e-8)


def test_a_rule_sees_source_spikes_when_they_arrive():
    simulation = simulate(sink(train(0, 1), plastic(11.0, delay=2), Recorder("p", "order_x"), tau_ref=0 * ms))
    simulation.run(5 * ms)
    np.testing.assert_allclose(values(simulation, "p.order_x"), [0, 0, 0, 1, 2], rtol=1e-8)


def test_traces_decay_exactly_and_are_recorded_and_read_as_they_are():
    class Fading(SynapticRule):
        tau = parameter(5 * ms, "time constant")
        clock = "spike"
        x = pre.trace("dx/dt = -x/tau")
        on_pre = "w += x; x += 1"

    projection = Projection("p", "s", "a", Pulse(port="free"), AllToAll(), 0.0, rules=Fading())
    simulation = simulate(sink(train(0, 5), projection, Recorder("p", "fading_x")))
    simulation.run(5000 * ms)
    k = np.arange(1, 5000)
    expected = np.exp(-(k - 1) / 5) + np.where(k > 5, np.exp(-(k - 6.0) / 5), 0)
    found = values(simulation, "p.fading_x")[1:]
    np.testing.assert_allclose(found[:1000], expected[:1000], rtol=1e-11)
    assert np.all((found[1000:] >= 0) & (found[1000:] < 1e-80))
    np.testing.assert_allclose(simulation.get("p.w")[0], np.exp(-1), rtol=1e-12)


def lif(drive_above, tau_ref):
    return LIF(E_L=(-50 + drive_above) * mV, v_reset=-60 * mV, tau_ref=tau_ref * ms)


def test_a_lif_fires_when_the_closed_form_says():
    simulation = simulate(Network("n").add(Population("a", 1, lif(10, 3)), Recorder("a")))
    simulation.run(200 * ms)
    # v passes -50 mV after 20 ms * ln(2) = 13.863 ms: in step 138, counted from 0; then after 3 ms held.
    steps = simulation.recordings()["a.spikes"].steps
    assert steps[0] == 138 and np.all(np.diff(steps) == 139 + 29)
    np.testing.assert_allclose(np.asarray(simulation.recordings()["a.spikes"].times[0]), 0.0138)


@pytest.fixture
def small_buffers(monkeypatch):
    from neurosim.engines.fused import core, recorder

    monkeypatch.setattr(recorder, "SPIKE_ROOM", 1)
    monkeypatch.setattr(core, "MOST", 7)


@pytest.mark.slow
def test_buffers_hold_every_spike_when_all_units_fire_at_every_step(small_buffers):
    # At 1000 Hz and 1 ms every unit spikes in every step.
    network = Network("n", 1 * ms).add(Population("s", 5, Poisson(rate=1000 * Hz)), Recorder("s"))
    simulation = simulate(network)
    for duration in (1, 50, 3):
        simulation.run(duration * ms)
    spikes = simulation.recordings()["s.spikes"]
    assert np.array_equal(spikes.steps, np.repeat(np.arange(54), 5))
    assert np.array_equal(spikes.ids, np.tile(np.arange(5), 54))
    assert simulation.step()["s"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("share", [1.0, 0.02])
@pytest.mark.parametrize("size", [1, 127, 128, 129, 1000])
def test_every_spike_is_found_in_whichever_block_of_units(size, share, small_buffers):
    above = np.random.default_rng(size).random(size) < share
    held = np.where(above, 11.0, 10.0)
    model = Firing(tau_ref=0 * ms)
    network = Network("n", 1 * ms).add(Population("a", size, model, initial={"held": held}), Recorder("a"))
    simulation = simulate(network)
    simulation.run(70 * ms)
    spikes = simulation.recordings()["a.spikes"]
    assert np.array_equal(spikes.steps, np.repeat(np.arange(70), above.sum()))
    assert np.array_equal(spikes.ids, np.tile(np.flatnonzero(above), 70))


def test_a_rest_of_more_steps_than_are_counted_is_refused():
    with pytest.raises(
        DescriptionError, match=r"'a\.tau_ref': a neuron may rest for 1073741824 steps at most"
    ):
        simulate(sink(tau_ref=1e7 * second))


def test_a_hundred_thousand_spikes_in_one_run_are_all_there():
    network = Network("n", 1 * ms).add(Population("s", 200, Poisson(rate=1000 * Hz)), Recorder("s"))
    simulation = simulate(network)
    simulation.run(1 * second)
    assert simulation.recordings()["s.spikes"].ids.size == 200_000


def test_spikes_of_some_units():
    network = Network("n", 1 * ms).add(
        Population("s", 5, Poisson(rate=1000 * Hz)), Recorder("s", indices=(3, 1))
    )
    simulation = simulate(network)
    simulation.run(3 * ms)
    assert simulation.recordings()["s.spikes"].ids.tolist() == [1, 3] * 3


def test_a_given_train_is_the_train_that_runs():
    times = np.array([0.0, 0.31, 0.29, 2.0, 0.3]) * ms
    ids = [1, 0, 1, 0, 2]
    simulation = simulate(
        Network("n").add(Population("s", 3, SpikeTrain(times=times, ids=ids)), Recorder("s"))
    )
    simulation.run(3 * ms)
    spikes = simulation.recordings()["s.spikes"]
    # Rounded to the nearest step of 0.1 ms.
    assert spikes.steps.tolist() == [0, 3, 3, 3, 20] and spikes.ids.tolist() == [1, 0, 1, 2, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"times": [1, 2] * ms, "ids": [0]}, "2 times and 1 ids"),
        ({"times": [1] * ms, "ids": [3]}, "ids holds 3, but the population has 2 neurons"),
        ({"times": [1, 1.01] * ms, "ids": [0, 0]}, "a unit spikes twice within one step"),
        ({"times": [-1] * ms, "ids": [0]}, "below its bound"),
        ({"times": [1] * ms, "ids": [0.5]}, "ids.* whole number"),
    ],
)
def test_wrong_trains_are_refused(values, message):
    with pytest.raises(DescriptionError, match=message):
        simulate(Network("n").add(Population("s", 2, SpikeTrain(**values))))


def test_a_rate_beyond_one_spike_per_step_is_refused():
    with pytest.raises(DescriptionError, match="s.rate = 10001.* more than one spike per step"):
        simulate(Network("n").add(Population("s", 2, Poisson(rate=[5, 10001] * Hz))))


def test_poisson_trains_have_their_rate_and_are_independent():
    rates = np.repeat([0.0, 10.0, 200.0], 50) * Hz
    network = Network("n", 1 * ms).add(Population("s", 150, Poisson(rate=rates)), Recorder("s"))
    simulation = simulate(network, seed=3)
    simulation.run(20 * second)
    spikes = simulation.recordings()["s.spikes"]
    counts = np.bincount(spikes.ids, minlength=150).reshape(3, 50)
    assert counts[0].sum() == 0
    for row, p in ((counts[1], 0.01), (counts[2], 0.2)):
        mean, sd = 20_000 * p, np.sqrt(20_000 * p * (1 - p))
        assert abs(row.mean() - mean) < 4 * sd / np.sqrt(50)
        assert 0.6 < row.std() / sd < 1.5
    raster = np.zeros((2, 20_000))
    for row, unit in enumerate((100, 101)):
        raster[row, spikes.steps[spikes.ids == unit]] = 1
    assert abs(np.corrcoef(raster)[0, 1]) < 4 / np.sqrt(20_000)


def test_one_to_one_delivers_to_the_partner():
    network = Network("n", 1 * ms).add(
        Population("s", 3, SpikeTrain(times=[0] * ms, ids=[1])),
        Population("a", 3, Sink()),
        Projection("p", "s", "a", Pulse(port="free"), OneToOne(), np.array([1.0, 2.0, 3.0])),
    )
    simulation = simulate(network)
    simulation.run(1 * ms)
    assert simulation.get("a.free").tolist() == [0, 2, 0]
