"""Signals in time: s(t) and s(t - d) against Brian2's TimedArray, on every engine, given at once or in pieces."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

import neurosim as ns
from neurosim.errors import DescriptionError, ResultFileError, UnknownNameError

ENGINES = ["fused", *(pytest.param(e, marks=pytest.mark.slow) for e in ("brian2", "jax"))]
RNG = np.random.default_rng(3)
SHARED, EACH = RNG.uniform(0, 30, 25) * mV, RNG.uniform(-4, 4, (40, 3)) * mV


class Heard(ns.NeuronModel):
    """Leaky neuron that hears one signal now and another late. dv/dt = (s(t) + u(t - late) - v)/tau; v, s, u (V)."""

    tau = ns.parameter(5 * ms, "membrane time constant", low=0 * ms)
    late = ns.parameter(0 * ms, "delay of u")
    s = ns.parameter(ns.TimedSignal([0.0] * mV, 1 * ms), "signal of all")
    u = ns.parameter(ns.TimedSignal([0.0] * mV, 1 * ms), "signal of each")
    equations = """
    dv/dt = (s(t) + heard - v)/tau : volt
    heard = u(t - late) : volt
    """
    threshold = "v > 10*mV + s(t - 1*ms)/10"
    reset = "v = u(t)"
    method = "exact"


def network(s=None, late=(0.4, 1.2, 0.0) * ms):
    s = ns.TimedSignal(SHARED, 2 * ms) if s is None else s
    model = Heard(s=s, u=ns.TimedSignal(EACH, 0.7 * ms), late=late)
    return ns.Network("timed").add(
        ns.Population("cells", 3, model),
        ns.Recorder("cells"),
        ns.Recorder("cells", "v"),
        ns.Recorder("cells", "heard"),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_signals_are_brian2s_timed_arrays(engine):
    simulation = ns.simulate(network(), engine)
    for steps in (7, 1, 592):
        simulation.run(steps * 0.1 * ms)
    shared, each = b2.TimedArray(SHARED, 2 * ms), b2.TimedArray(EACH, 0.7 * ms)
    group = b2.NeuronGroup(
        3,
        "dv/dt = (s_ + heard - v)/(5*ms) : volt\nheard : volt\ns_ : volt\nlate : second",
        threshold="v > 10*mV + shared(t - 1*ms)/10",
        reset="v = each(t, i)",
        method="exact",
        codeobj_class=b2.codegen.runtime.numpy_rt.NumpyCodeObject,
        clock=b2.Clock(0.1 * ms),
    )
    group.late = [0.4, 1.2, 0.0] * ms
    # A quarter of a step keeps the quotient t/dt off the edges, where it is rounded.
    text = "heard = each(t - late + 0.025*ms, i); s_ = shared(t + 0.025*ms)"
    group.run_regularly(text, codeobj_class=group.codeobj_class, when="start")
    spikes = b2.SpikeMonitor(group, codeobj_class=group.codeobj_class)
    seen = b2.StateMonitor(
        group, ("v", "heard"), True, codeobj_class=group.codeobj_class, when="before_groups"
    )
    b2.Network(group, spikes, seen).run(
        60 * ms, namespace={"shared": shared, "each": each, "mV": mV, "ms": ms}
    )
    found = simulation.recordings()
    np.testing.assert_allclose(found["cells.heard"].values.T, np.asarray(seen.heard), rtol=1e-12)
    assert len(found["cells.spikes"].ids) > 20 and np.array_equal(found["cells.spikes"].ids, spikes.i[:])
    np.testing.assert_allclose(found["cells.v"].values.T, np.asarray(seen.v), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_signal_in_pieces_is_the_whole(engine):
    whole = ns.simulate(network(late=0 * ms), engine)
    whole.run(50 * ms)
    pieces = ns.simulate(network(ns.TimedSignal(SHARED[:6], 2 * ms), 0 * ms), engine)
    pieces.run(10 * ms)
    # The next piece begins before its time, for what reads it late.
    for first in (5, 15):
        following = ns.TimedSignal(SHARED[first - 1 : first + 11], 2 * ms, start=(first - 1) * 2 * ms)
        pieces.set("cells.s", following)
        before = pieces.checkpoint()
        pieces.set("cells.s", ns.TimedSignal([0.0] * mV, 1 * ms))
        pieces.run(3 * ms)
        pieces.restore(before)
        pieces.run(20 * ms)
    for key in ("cells.v", "cells.heard"):
        assert np.array_equal(whole.recordings()[key].values, pieces.recordings()[key].values)
    assert np.array_equal(whole.recordings()["cells.spikes"].ids, pieces.recordings()["cells.spikes"].ids)
    with pytest.raises(ResultFileError, match=r"'signal/cells\.s' does not fit"):
        pieces.restore({**before, "signal/cells.s": np.zeros(3)})


def test_a_signal_is_described_and_checked(tmp_path):
    simulation = ns.simulate(network())
    simulation.run(3 * ms)
    simulation.save(tmp_path / "kept.h5")
    again = type(simulation).load(tmp_path / "kept.h5")
    for one in (simulation, again):
        one.run(20 * ms)
    assert np.array_equal(simulation.get("cells.v"), again.get("cells.v"))
    assert ns.to_json(ns.from_json(ns.to_json(network()))) == ns.to_json(network())
    assert np.array_equal(Heard(s=3 * mV).s.si, [0.003])
    with pytest.raises(DescriptionError, match="is a signal in time: set it to a TimedSignal"):
        simulation.get("cells.s")
    with pytest.raises(UnknownNameError, match=r"'cells\.v' is no signal in time"):
        simulation.set("cells.v", ns.TimedSignal([1.0] * mV, 1 * ms))
    for wrong, message in (
        (ns.TimedSignal([1.0], 1 * ms), "another unit than the one before"),
        (ns.TimedSignal(EACH[:, :2], 1 * ms), "2 columns for 3 neurons"),
        (ns.TimedSignal(EACH, 1 * ms), "3 columns, the one before 1"),
        (ns.TimedSignal([1.0] * mV, 0.25 * ms), "dt = .* is not a whole number of steps"),
    ):
        with pytest.raises(DescriptionError, match=message):
            simulation.set("cells.s", wrong)
    for wrong, message in (
        (lambda: ns.TimedSignal(np.zeros((2, 2, 2)), 1 * ms), r"values of shape \(2, 2, 2\)"),
        (lambda: ns.TimedSignal([1.0], 0 * ms), "dt = .* is not positive"),
        (lambda: ns.TimedSignal([1.0], 1 * ms, -1 * ms), "start = .* is negative"),
        (lambda: Heard(s=[1, 2] * mV), "s is an array: give a TimedSignal, or one number"),
        (lambda: Heard(s=ns.TimedSignal([1.0], 1 * ms)), "has the unit 1: give a signal in V"),
        (lambda: Heard(tau=ns.TimedSignal([1.0] * ms, 1 * ms)), "the equations read a number"),
    ):
        with pytest.raises(DescriptionError, match=message):
            wrong()

    class HeardWrongly(Heard):
        """Reads a signal at twice the time. dv/dt = (s(2*t) - v)/tau; v, s (V), tau (s)."""

        equations = "dv/dt = (s(2*t) - v)/tau : volt"
        threshold = "v > 10*mV"
        reset = "v = 0*mV"

    with pytest.raises(DescriptionError, match=r"'s\(2 \* t\)': a signal is read at t or some time before"):
        ns.simulate(ns.Network("wrong").add(ns.Population("cells", 1, HeardWrongly())))


def test_a_rate_that_follows_a_signal_or_an_expression_of_time_has_its_counts():
    class Timed(ns.NeuronModel):
        """Poisson neuron. P(spike in a step) = r(t)*(1 + sin(2*pi*t*f))*dt; r rate (Hz), f (Hz)."""

        r = ns.parameter(ns.TimedSignal([0.0] * Hz, 1 * ms), "rate", low=0 * Hz)
        f = ns.parameter(5 * Hz, "frequency of modulation")
        threshold = "rand() < r(t)*(1 + sin(2*pi*t*f))*dt"

    rates = np.array([10.0, 40.0, 0.0, 80.0]) * Hz
    network = ns.Network("timed").add(
        ns.Population("cells", 500, Timed(r=ns.TimedSignal(rates, 200 * ms))),
        ns.Recorder("cells", name="rate", reduce=ns.Rate(2000)),
        ns.Recorder("cells", name="fine", reduce=ns.Rate(500)),
    )
    simulation = ns.simulate(network, seed=2)
    simulation.run(0.8 * second)
    # Counts of Poisson processes: within five standard errors of the mean.
    found = simulation.recordings()["rate"].values[:, 0]
    np.testing.assert_array_less(np.abs(found - rates / Hz), 5 * np.sqrt(rates / Hz / (500 * 0.2)) + 1e-9)
    fine = simulation.recordings()["fine"].values[-4:, 0]
    expected = 80 * (1 + np.array([2, 2, -2, -2]) / np.pi)
    np.testing.assert_array_less(np.abs(fine - expected), 5 * np.sqrt(expected / (500 * 0.05)))
