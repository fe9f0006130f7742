"""Examples of Brian2's gallery with noise: samples of both sides have the same mean and the same spread."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

from neurosim import NeuronModel, OneToOne, Population, Probability, Projection, Recorder, parameter
from neurosim.neurons import LIF, Poisson
from neurosim.synapses import Pulse
from tests.gallery.pairs import ours, same_mean, theirs


def counts(simulation, name, size):
    return np.bincount(simulation.recordings()[f"{name}.spikes"].ids, minlength=size)


def test_ornstein_uhlenbeck():
    class GalleryNoise(NeuronModel):
        equations = "dx/dt = -x/(10*ms) + 0.5*sqrt(2/(10*ms))*xi : 1"
        method = "euler"

    simulation = ours(Population("x", 2000, GalleryNoise()), duration=40 * ms, dt=0.5 * ms)
    b2.seed(1)
    group = b2.NeuronGroup(2000, "dx/dt = -x/tau + sigma*sqrt(2/tau)*xi : 1", method="euler",
                           namespace={"tau": 10 * ms, "sigma": 0.5})  # fmt: skip
    theirs(group, duration=40 * ms, dt=0.5 * ms)
    same_mean(simulation.get("x.x"), group.x[:])
    assert abs(np.std(simulation.get("x.x")) - 0.5) < 0.05


@pytest.mark.slow
def test_stochastic_odes():
    class GalleryGrowth(NeuronModel):
        equations = "dx/dt = 2*x/second + x*xi/sqrt(second) : 1"
        method = "milstein"
        initial = {"x": 1.0}

    simulation = ours(Population("x", 4000, GalleryGrowth()), duration=1 * second, dt=5 * ms)
    b2.seed(1)
    group = b2.NeuronGroup(4000, "dx/dt = mu*x + sigma*x*xi : 1", method="milstein",
                           namespace={"mu": 2 / second, "sigma": 1 * second**-0.5})  # fmt: skip
    group.x = 1
    theirs(group, duration=1 * second, dt=5 * ms)
    same_mean(np.log(simulation.get("x.x")), np.log(group.x[:]))


@pytest.mark.slow
def test_non_reliability():
    class GalleryNoisy(NeuronModel):
        tau_ref = parameter(5 * ms, "refractory period")
        equations = "dx/dt = (1.1 - x)/(20*ms) + 0.1*sqrt(2/(20*ms))*xi : 1 (unless refractory)"
        threshold = "x > 1"
        reset = "x = 0"
        refractory = "tau_ref"
        method = "euler"

    simulation = ours(
        Population("cell", 400, GalleryNoisy()), Recorder("cell"), duration=400 * ms, dt=0.5 * ms
    )
    b2.seed(1)
    group = b2.NeuronGroup(
        400,
        "dx/dt = (1.1 - x)/tau + 0.1*sqrt(2/tau)*xi : 1 (unless refractory)",
        threshold="x > 1",
        reset="x = 0",
        refractory=5 * ms,
        method="euler",
        namespace={"tau": 20 * ms},
    )
    monitor = b2.SpikeMonitor(group)
    theirs(group, monitor, duration=400 * ms, dt=0.5 * ms)
    same_mean(counts(simulation, "cell", 400), monitor.count[:])


@pytest.mark.slow
def test_brunel_hakim_1999():
    class GalleryInhibitory(NeuronModel):
        tau_ref = parameter(2 * ms, "refractory period")
        equations = "dv/dt = (25*mV - v + 1*mV*sqrt(20*ms)*xi)/(20*ms) : volt (unless refractory)"
        threshold = "v > 20*mV"
        reset = "v = 10*mV"
        refractory = "tau_ref"
        method = "euler"
        initial = {"v": 10 * mV}

    means = []
    for seed in range(3):
        simulation = ours(
            Population("cell", 500, GalleryInhibitory()),
            Projection("r", "cell", "cell", Pulse(port="v"), Probability(0.2), -1 * mV, 2 * ms),
            Recorder("cell"),
            duration=300 * ms,
            seed=seed,
        )
        b2.start_scope()
        b2.seed(seed)
        group = b2.NeuronGroup(
            500,
            "dv/dt = (25*mV - v + sigma*sqrt(tau)*xi)/tau : volt (unless refractory)",
            threshold="v > 20*mV",
            reset="v = 10*mV",
            refractory=2 * ms,
            method="euler",
            namespace={"tau": 20 * ms, "sigma": 1 * mV},
        )
        group.v = 10 * mV
        synapses = b2.Synapses(group, group, on_pre="v -= 1*mV", delay=2 * ms)
        synapses.connect(p=0.2)
        monitor = b2.SpikeMonitor(group)
        theirs(group, synapses, monitor, duration=300 * ms)
        means.append((counts(simulation, "cell", 500).mean(), np.mean(monitor.count)))
    seen, known = np.array(means).T
    assert known.min() > 1
    # Neurons of one network are not independent: what is compared is the mean rate of whole networks.
    assert (
        abs(seen.mean() - known.mean())
        < 4 * np.hypot(seen.std(ddof=1), known.std(ddof=1)) / np.sqrt(3) + 0.02 * known.mean()
    )


@pytest.mark.slow
def test_poisson_input_of_a_threshold_unit():
    simulation = ours(
        Population("input", 400, Poisson(rate=800 * Hz)),
        Population("cell", 400, LIF(E_L=0 * mV, v_threshold=10 * mV, v_reset=0 * mV, tau_ref=2 * ms)),
        Projection("p", "input", "cell", Pulse(port="v"), OneToOne(), 0.7 * mV),
        Recorder("cell"),
        duration=300 * ms,
    )
    b2.seed(1)
    source = b2.PoissonGroup(400, 800 * Hz)
    group = b2.NeuronGroup(
        400, "dv/dt = -v/(20*ms) : volt (unless refractory)", threshold="v > 10*mV", reset="v = 0*mV",
        refractory=2 * ms, method="exact",
    )  # fmt: skip
    synapses = b2.Synapses(source, group, on_pre="v += 0.7*mV")
    synapses.connect(j="i")
    monitor = b2.SpikeMonitor(group)
    theirs(source, group, synapses, monitor, duration=300 * ms)
    same_mean(counts(simulation, "cell", 400), monitor.count[:])
