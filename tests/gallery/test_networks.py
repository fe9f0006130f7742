"""Examples of Brian2's gallery with connections: the same pairs, weights and delays on both sides, the same spikes."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, nS, second, uS

from neurosim import (
    AllToAll,
    Computed,
    Edges,
    NeuronModel,
    OneToOne,
    Population,
    Projection,
    Recorder,
    SynapseModel,
    Where,
    option,
    parameter,
)
from neurosim.neurons import LIF, ConductanceLIF, Izhikevich, PhaseOscillator, Signal, SpikeTrain, TraubMiles
from neurosim.synapses import AlphaCurrent, Graded, PhaseCoupling, Pulse
from tests.gallery.pairs import ours, same, same_spikes, spikes, theirs


def drawn(seed, sources, targets, probability):
    """Return the pairs (pre, post) of a random matrix."""
    return np.nonzero(np.random.default_rng(seed).random((sources, targets)) < probability)


def recurrent(model, weights, starts):
    """Return a balanced network of 80 and 20 neurons; theirs is `brian2_recurrent` of the same pairs."""
    parts = [
        Population("E", 80, model, {name: value[:80] for name, value in starts.items()}),
        Population("I", 20, model, {name: value[80:] for name, value in starts.items()}),
        Recorder("E"),
        Recorder("I"),
    ]
    for source, first, size, port in (("E", 0, 80, "g_e"), ("I", 80, 20, "g_i")):
        for target, low, high in (("E", 0, 80), ("I", 80, 100)):
            pre, post = drawn(first, size, 100, 0.2)
            kept = (post >= low) & (post < high)
            pairs = Edges(pre[kept].tolist(), (post[kept] - low).tolist())
            weight = weights[source]
            parts.append(Projection(f"{source}{target}", source, target, Pulse(port=port), pairs, weight))
    return parts


def brian2_recurrent(group, weights, ports):
    """Return the synapses of `recurrent` in Brian2, from the group's first 80 neurons and from the rest."""
    found = []
    for source, first, size in (("E", 0, 80), ("I", 80, 20)):
        pre, post = drawn(first, size, 100, 0.2)
        synapses = b2.Synapses(
            group, group, on_pre=f"{ports[source]} += jump", namespace={"jump": weights[source]}
        )
        synapses.connect(i=pre + first, j=post)
        found.append(synapses)
    return found


def both_recurrent(model, group, weights, starts, names, ports, duration):
    """Check that a balanced network has the same spikes on both sides."""
    simulation = ours(*recurrent(model, weights, starts), duration=duration)
    for name, value in starts.items():
        setattr(group, names.get(name, name), value)
    parts = [b2.SpikeMonitor(group[:80]), b2.SpikeMonitor(group[80:])]
    theirs(group, *brian2_recurrent(group, weights, ports), *parts, duration=duration)
    for name, monitor in zip("EI", parts, strict=True):
        same_spikes(simulation, name, monitor, at_least=30)


@pytest.mark.slow
def test_cuba():
    v = np.random.default_rng(1).uniform(-60, -50, 100) * mV
    group = b2.NeuronGroup(
        100,
        """
        dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
        dge/dt = -ge/(5*ms) : volt
        dgi/dt = -gi/(10*ms) : volt
        """,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="exact",
    )
    weights = {"E": 4 * mV, "I": -20 * mV}
    both_recurrent(LIF(), group, weights, {"v": v}, {}, {"E": "ge", "I": "gi"}, 150 * ms)


@pytest.mark.slow
def test_stimberg_et_al_2018_example_1_coba():
    v, g = np.random.default_rng(1).uniform(-60, -50, 100) * mV, np.full(100, 0.6)
    group = b2.NeuronGroup(
        100,
        """
        dv/dt = (-60*mV - v - ge*v + gi*(-80*mV - v))/(20*ms) : volt (unless refractory)
        dge/dt = -ge/(5*ms) : 1
        dgi/dt = -gi/(10*ms) : 1
        """,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="exponential_euler",
    )
    starts, names = {"v": v, "g_e": g}, {"g_e": "ge"}
    weights = {"E": 0.3, "I": 1.0}
    both_recurrent(ConductanceLIF(), group, weights, starts, names, {"E": "ge", "I": "gi"}, 150 * ms)


@pytest.mark.slow
def test_cobahh():
    rng = np.random.default_rng(1)
    starts = {"v": rng.uniform(-65, -55, 100) * mV, "g_e": rng.uniform(0, 30, 100) * nS}
    group = b2.NeuronGroup(
        100,
        """
        dv/dt = (gl*(El - v) + ge*(0*mV - v) + gi*(-80*mV - v)
                 - gna*(m*m*m)*h*(v - 50*mV) - gkd*(n*n*n*n)*(v + 90*mV))/(200*pF) : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dge/dt = -ge/(5*ms) : siemens
        dgi/dt = -gi/(10*ms) : siemens
        alpha_m = 0.32*(4*mV)/exprel((13*mV - v + VT)/(4*mV))/mV/ms : Hz
        beta_m = 0.28*(5*mV)/exprel((v - VT - 40*mV)/(5*mV))/mV/ms : Hz
        alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
        alpha_n = 0.032*(5*mV)/exprel((15*mV - v + VT)/(5*mV))/mV/ms : Hz
        beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
        """,
        threshold="v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace={"gl": 10 * nS, "El": -60 * mV, "gna": 20 * uS, "gkd": 6 * uS, "VT": -63 * mV},
    )
    group.h = 1
    weights, names = {"E": 12 * nS, "I": 67 * nS}, {"g_e": "ge"}
    both_recurrent(TraubMiles(), group, weights, starts, names, {"E": "ge", "I": "gi"}, 60 * ms)


def test_brunel_2000():
    times, ids = spikes(np.random.default_rng(2), 100, 2000, 0.15)
    pre, post = drawn(0, 100, 100, 0.1)
    weight = np.where(pre < 80, 0.5, -2.5) * mV
    simulation = ours(
        Population("noise", 100, SpikeTrain(times=times, ids=ids)),
        Population("cell", 100, LIF(E_L=0 * mV, v_threshold=20 * mV, v_reset=10 * mV, tau_ref=2 * ms)),
        Projection("drive", "noise", "cell", Pulse(port="v"), OneToOne(), 1 * mV),
        Projection(
            "r", "cell", "cell", Pulse(port="v"), Edges(pre.tolist(), post.tolist()), weight, 1.5 * ms
        ),
        Recorder("cell"),
        duration=200 * ms,
    )
    source = b2.SpikeGeneratorGroup(100, ids, times)
    group = b2.NeuronGroup(
        100,
        "dv/dt = -v/(20*ms) : volt (unless refractory)",
        threshold="v > 20*mV",
        reset="v = 10*mV",
        refractory=2 * ms,
        method="exact",
    )
    group.v = 10 * mV
    drive = b2.Synapses(source, group, on_pre="v += 1*mV")
    drive.connect(j="i")
    inner = b2.Synapses(group, group, "w : volt", on_pre="v += w", delay=1.5 * ms)
    inner.connect(i=pre, j=post)
    inner.w = weight
    monitor = b2.SpikeMonitor(group)
    theirs(source, group, drive, inner, monitor, duration=200 * ms)
    same_spikes(simulation, "cell", monitor, at_least=200)


def test_izhikevich_2003():
    rng = np.random.default_rng(3)
    r = rng.random(50)
    a, b = np.where(r < 0.8, 0.02, 0.02 + 0.08 * r), np.where(r < 0.8, 0.2, 0.25 - 0.05 * r)
    c, d = -65 + 15 * r**2, 8 - 6 * r**2
    weights, noise = rng.uniform(-1, 0.7, (50, 50)), 5 * rng.standard_normal((150, 50)) + 2
    cell = Izhikevich(a=a / ms, b=b / ms, c=c * mV, d=d * mV / ms)
    simulation = ours(
        Population("thalamus", 50, Signal()),
        Population("cell", 50, cell, {"v": -65 * mV, "u": -65 * b * mV / ms}),
        Projection("drive", "thalamus", "cell", Graded(), OneToOne(), 1 * mV / ms),
        Projection("r", "cell", "cell", Pulse(port="v"), AllToAll(), weights * mV),
        Recorder("cell"),
        duration=150 * ms,
        dt=0.5 * ms,
        inputs={"thalamus": np.repeat(noise, 2, axis=0)},
    )
    group = b2.NeuronGroup(
        50,
        """
        dv/dt = (0.04*v**2/mV + 5*v + 140*mV - u + I(t, i))/ms : volt
        du/dt = a*(b*v - u)/ms : volt
        a : 1
        b : 1
        c : volt
        d : volt
        """,
        threshold="v > 30*mV",
        reset="v = c; u += d",
        method="euler",
        namespace={"I": b2.TimedArray(noise * mV, dt=1 * ms)},
    )
    group.a, group.b, group.c, group.d, group.v, group.u = a, b, c * mV, d * mV, -65 * mV, -65 * b * mV
    synapses = b2.Synapses(group, group, "w : volt", on_pre="v += w")
    synapses.connect()
    synapses.w = weights[synapses.j[:], synapses.i[:]] * mV
    monitor = b2.SpikeMonitor(group)
    theirs(group, synapses, monitor, duration=150 * ms, dt=0.5 * ms)
    same_spikes(simulation, "cell", monitor, at_least=50)


@pytest.mark.slow
def test_coupled_oscillators():
    rng = np.random.default_rng(4)
    theta, omega = rng.uniform(0, 2 * np.pi, 30), np.clip(0.5 + 0.5 * rng.standard_normal(30), 0, None)
    simulation = ours(
        Population("phase", 30, PhaseOscillator(frequency=omega / (2 * np.pi) * Hz), {"theta": theta}),
        Projection("coupling", "phase", "phase", PhaseCoupling(), AllToAll(), 2 / 30 / second),
        duration=1 * second,
        dt=2 * ms,
    )
    group = b2.NeuronGroup(
        30,
        "dTheta/dt = omega + 2*coupling/(30*second) : 1\nomega : Hz (constant)\ncoupling : 1",
        method="euler",
    )
    group.Theta, group.omega = theta, omega * Hz
    coupling = b2.Synapses(group, group, "coupling_post = sin(Theta_pre - Theta_post) : 1 (summed)")
    coupling.connect()
    theirs(group, coupling, duration=1 * second, dt=2 * ms)
    same(simulation.get("phase.theta"), group.Theta[:])


@pytest.mark.slow
def test_gapjunctions():
    class GalleryGapNeuron(NeuronModel):
        v_0 = parameter(1.0, "drive")
        equations = "dv/dt = (v_0 - v + I)/(10*ms) : 1\nI : 1 (input)"
        threshold = "v > 1"
        reset = "v = 0"
        method = "exponential_euler"

    class GalleryGap(SynapseModel):
        port = option("I", "input of the target")
        graded = "w * (v_pre - v_post)"

    drive = np.linspace(1.05, 1.3, 10)
    simulation = ours(
        Population("cell", 10, GalleryGapNeuron(v_0=drive)),
        Projection("gap", "cell", "cell", GalleryGap(), AllToAll(), 0.02),
        Recorder("cell"),
        duration=300 * ms,
    )
    group = b2.NeuronGroup(
        10,
        "dv/dt = (v0 - v + Igap)/(10*ms) : 1\nIgap : 1\nv0 : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exponential_euler",
    )
    group.v0 = drive
    gap = b2.Synapses(group, group, "w : 1\nIgap_post = w*(v_pre - v_post) : 1 (summed)")
    gap.connect()
    gap.w = 0.02
    monitor = b2.SpikeMonitor(group)
    theirs(group, gap, monitor, duration=300 * ms)
    same_spikes(simulation, "cell", monitor, at_least=50)


@pytest.mark.slow
def test_jeffress():
    class GalleryCoincidence(NeuronModel):
        equations = "dv/dt = -v/ms : 1"
        threshold = "v > 1"
        reset = "v = 0"
        method = "exact"

    # Two ears hear one sound, the second 0.4 ms later; delay lines of opposite direction lead to 30 neurons.
    times = np.sort(np.random.default_rng(5).choice(4000, 60, replace=False)) * 0.02 * ms
    both = np.concatenate([times / ms, times / ms + 0.4]) * ms
    ears = np.repeat([0, 1], 60)
    line = "(int(i == 0)*j + int(i == 1)*(N_post - 1 - j))*2*ms/(N_post - 1)"
    simulation = ours(
        Population("ear", 2, SpikeTrain(times=both, ids=ears)),
        Population("cell", 30, GalleryCoincidence()),
        Projection("line", "ear", "cell", Pulse(port="v"), AllToAll(), 0.6, delay=Computed(line)),
        Recorder("cell"),
        duration=82 * ms,
        dt=0.02 * ms,
    )
    source = b2.SpikeGeneratorGroup(2, ears, both, dt=0.02 * ms)
    group = b2.NeuronGroup(30, "dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0", method="exact")
    synapses = b2.Synapses(source, group, on_pre="v += 0.6")
    synapses.connect()
    synapses.delay["i == 0"] = "2*ms*j/(N_post - 1)"
    synapses.delay["i == 1"] = "2*ms*(N_post - 1 - j)/(N_post - 1)"
    monitor = b2.SpikeMonitor(group)
    theirs(source, group, synapses, monitor, duration=82 * ms, dt=0.02 * ms)
    same_spikes(simulation, "cell", monitor, at_least=30)
    counts = np.bincount(simulation.recordings()["cell.spikes"].ids, minlength=30)
    # The lines make up for the 0.4 ms where they differ by it: (2j - 29)/29*2 ms = 0.4 ms.
    assert abs(counts.argmax() - 17.4) < 2


@pytest.mark.slow
def test_nonlinear_synapses():
    class GallerySaturating(SynapseModel):
        port = option("I", "input of the target")
        equations = "dg/dt = (-10*g + 100*x*(1 - g))/second : 1\ndx/dt = -20*x/second : 1"
        method = "euler"
        jump = parameter(1.0, "transmitter per spike")
        on_pre = "x += jump"
        graded = "w * g"

    class GalleryLeaky(NeuronModel):
        equations = "dv/dt = (I - v)/(50*ms) : 1\nI : 1 (input)"
        method = "exact"

    times, ids = spikes(np.random.default_rng(6), 2, 2000, 0.003)
    simulation = ours(
        Population("first", 1, SpikeTrain(times=times[ids == 0], ids=ids[ids == 0])),
        Population("second", 1, SpikeTrain(times=times[ids == 1], ids=0 * ids[ids == 1])),
        Population("cell", 1, GalleryLeaky()),
        Projection("weak", "first", "cell", GallerySaturating(), AllToAll(), 1.0),
        Projection("strong", "second", "cell", GallerySaturating(jump=10), AllToAll(), 1.0),
        duration=200 * ms,
    )
    source = b2.SpikeGeneratorGroup(2, ids, times)
    group = b2.NeuronGroup(1, "dv/dt = (total - v)/(50*ms) : 1\ntotal : 1", method="exact")
    synapses = b2.Synapses(
        source,
        group,
        """
        dg/dt = -a*g + b*x*(1 - g) : 1 (clock-driven)
        dx/dt = -c*x : 1 (clock-driven)
        w : 1
        total_post = g : 1 (summed)
        """,
        on_pre="x += w",
        method="euler",
        namespace={"a": 10 * Hz, "b": 100 * Hz, "c": 20 * Hz},
    )
    synapses.connect()
    synapses.w = [1, 10]
    theirs(source, group, synapses, duration=200 * ms)
    same([simulation.get("weak.g")[0], simulation.get("strong.g")[0]], synapses.g[:])
    same(simulation.get("cell.v"), group.v[:], rtol=2e-3)  # they update g before the neuron, we after it


@pytest.mark.slow
def test_diesmann_et_al_1999():
    # A chain of ten groups of 30 neurons with alpha currents, started by a packet of spikes.
    alpha = AlphaCurrent(tau=0.325 * ms)
    cell = LIF(E_L=-70 * mV, v_threshold=-55 * mV, v_reset=-70 * mV, tau_m=10 * ms, tau_ref=1 * ms)
    packet = np.sort(np.random.default_rng(7).integers(20, 40, 30)) * 0.1 * ms
    simulation = ours(
        Population("start", 30, SpikeTrain(times=packet, ids=np.arange(30))),
        Population("cell", 300, cell),
        Projection("first", "start", "cell", alpha, Where("j < 30"), 14 * mV, 5 * ms),
        Projection("chain", "cell", "cell", alpha, Where("i//30 == j//30 - 1"), 14 * mV, 5 * ms),
        Recorder("cell"),
        duration=80 * ms,
    )
    source = b2.SpikeGeneratorGroup(30, np.arange(30), packet)
    group = b2.NeuronGroup(
        300,
        """
        dv/dt = (x - (v + 70*mV))/(10*ms) : volt (unless refractory)
        dx/dt = (e*y - x)/(0.325*ms) : volt
        dy/dt = -y/(0.325*ms) : volt
        """,
        threshold="v > -55*mV",
        reset="v = -70*mV",
        refractory=1 * ms,
        method="exact",
        namespace={"e": np.e},
    )
    group.v = -70 * mV
    inner = b2.Synapses(group, group, on_pre="y += 14*mV", delay=5 * ms)
    inner.connect("i//30 == j//30 - 1")
    first = b2.Synapses(source, group, on_pre="y += 14*mV", delay=5 * ms)
    first.connect("j < 30")
    monitor = b2.SpikeMonitor(group)
    theirs(source, group, inner, first, monitor, duration=80 * ms)
    seen, known = simulation.recordings()["cell.spikes"], np.asarray(monitor.t / ms)
    assert len(known) >= 300 and len(seen.ids) == len(known)
    # A current is held during a step here: a spike is at most one step away, at each of the groups before it.
    for k in range(10):
        mine, own = monitor.i[:] // 30 == k, seen.ids // 30 == k
        same(np.sort(seen.times[own] / ms), np.sort(known[mine]), rtol=0, atol=0.1 * (k + 1) + 1e-9)
