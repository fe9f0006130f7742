"""Many Poisson inputs of a neuron, drawn as one number by an operation: closed forms, and Brian2's `PoissonInput`."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV

import neurosim as ns

ENGINES = ["fused", *(pytest.param(e, marks=pytest.mark.slow) for e in ("brian2", "jax"))]
SIZE, TAU, WEIGHT = 2000, 10.0, 0.1  # neurons, ms, mV


class Receiver(ns.NeuronModel):
    """Leaky neuron that counts what arrives. dv/dt = -v/tau;  v (V), tau (s), rate of an input (Hz), n number (1)."""

    tau = ns.parameter(TAU * ms, "membrane time constant", low=0 * ms)
    rate = ns.parameter(10 * Hz, "rate of each input", low=0 * Hz)
    level = ns.parameter(1e3 * mV, "threshold")
    equations = """
    dv/dt = -v/tau : volt
    n : 1
    crossings : 1
    """
    threshold = "v > level"
    reset = "v -= level; crossings += 1"
    method = "exact"


def simulation(number, engine="fused", dt=0.1 * ms, **values):
    return ns.simulate(
        ns.Network("inputs", dt=dt).add(
            ns.Population("cells", SIZE, Receiver(**values)),
            ns.Operation("cells", f"n = {number}\nv += n*{WEIGHT}*mV", every=dt),
        ),
        engine,
        seed=1,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mean", [0.25, 1, 5, 400])
def test_numbers_in_a_step_have_the_mean_and_the_variance_of_poisson_trains(engine, mean):
    run = simulation("poisson(1000*rate*dt)", engine, rate=mean * 10 * Hz)
    found = []
    for _ in range(10):
        run.step()
        found.append(np.array(run.get("cells.n")))
    numbers = np.array(found)
    assert np.array_equal(numbers, numbers.round()) and numbers.max() > 1
    # Standard errors: sqrt(mean/N) of a mean, sqrt((mean + 2 mean**2)/N) of a variance.
    assert abs(numbers.mean() - mean) < 4 * np.sqrt(mean / numbers.size)
    assert abs(numbers.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / numbers.size)
    assert abs(np.corrcoef(numbers[0], numbers[1])[0, 1]) < 4 / np.sqrt(SIZE)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("number", "share"), [("poisson(1000*rate*dt)", 1.0), ("binomial(1000, rate*dt)", 0.999)]
)
def test_a_membrane_has_the_moments_of_filtered_trains(engine, number, share):
    run = simulation(number, engine)
    run.run(100 * ms)
    v = np.asarray(run.get("cells.v")) / 1e-3
    # A jump of w*n at the start of each step, then a decay by d: the sums of d**k and d**2k over all jumps.
    d = np.exp(-0.1 / TAU)
    mean, variance = WEIGHT * d / (1 - d), WEIGHT**2 * share * d**2 / (1 - d**2)
    assert abs(v.mean() - mean) < 4 * np.sqrt(variance / SIZE)
    assert v.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / SIZE))


def test_a_rate_that_is_set_counts_from_then_on():
    run = simulation("poisson(1000*rate*dt)")
    run.step()
    run.set("cells.rate", 0 * Hz)
    assert np.any(run.get("cells.n"))
    run.step()
    assert not np.any(run.get("cells.n"))


class Followed(ns.NeuronModel):
    """Counts inputs whose rate is a signal. n number (1), rate of all (Hz)."""

    course = ns.parameter(ns.TimedSignal([5e3, 0] * Hz, 1 * ms), "rate of all inputs")
    equations = "rate = course(t) : Hz\nn : 1"


def test_a_rate_may_be_a_signal():
    run = ns.simulate(
        ns.Network("followed", dt=1 * ms).add(
            ns.Population("cells", SIZE, Followed()), ns.Operation("cells", "n += poisson(rate*dt)", 1 * ms)
        )
    )
    run.run(3 * ms)
    assert np.asarray(run.get("cells.n")).mean() == pytest.approx(5, abs=4 * np.sqrt(5 / SIZE))


def test_moments_and_rates_are_those_of_brian2s_poisson_input():
    run = simulation("binomial(1000, rate*dt)", level=11 * mV)
    numpy = b2.codegen.runtime.numpy_rt.NumpyCodeObject
    group = b2.NeuronGroup(
        SIZE,
        "dv/dt = -v/(10*ms) : volt\ncrossings : 1",
        threshold="v > 11*mV",
        reset="v -= 11*mV; crossings += 1",
        method="exact",
        codeobj_class=numpy,
        clock=b2.Clock(0.1 * ms),
        namespace={"mV": mV, "ms": ms},
    )
    drive = b2.PoissonInput(group, "v", 1000, 10 * Hz, WEIGHT * mV)
    drive.codeobj_class = numpy
    b2.seed(1)
    network = b2.Network(group, drive)
    found = []
    for last in (30, 60):
        network.run(last * ms - network.t)
        run.run(30 * ms)
        # Brian2 adds at the end of a step what an operation adds at the start of the next, before decay and threshold.
        theirs = np.asarray(group.v) / 1e-3 * np.exp(-0.1 / TAU)
        theirs = np.where(theirs > 11, theirs - 11, theirs)
        found.append((theirs, np.asarray(run.get("cells.v")) / 1e-3))
    for theirs, ours in found:
        spread = theirs.std() * np.sqrt(2 / SIZE)
        assert abs(theirs.mean() - ours.mean()) < 4 * spread
        assert ours.var() == pytest.approx(theirs.var(), rel=6 * np.sqrt(2 / SIZE))
    theirs, ours = np.asarray(group.crossings), np.asarray(run.get("cells.crossings"))
    assert theirs.sum() > 500
    assert abs(theirs.mean() - ours.mean()) < 4 * np.sqrt((theirs.var() + ours.var()) / SIZE)
