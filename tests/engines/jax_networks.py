"""Small networks that the tests of the JAX engine share, and what two engines are compared by."""

import numpy as np
from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Clamp,
    Edges,
    Network,
    NeuronModel,
    OneToOne,
    Population,
    Probability,
    Projection,
    Recorder,
    SynapticRule,
    Uniform,
    modulator,
    parameter,
    post,
    pre,
)
from neurosim.circuits.celegans_swimmer import SwimmerCircuit
from neurosim.engines.recordings import Spikes
from neurosim.model.parts import External
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import GainAdaptation, Oja, PairSTDP, SynapticScaling
from neurosim.synapses import Graded, Pulse, ScaledPulse


class JaxNoisy(NeuronModel):
    """A noisy unit with a random threshold: every kind of draw, and a reset that reads one."""

    tau = parameter(20 * ms, "time constant")
    equations = "dx/dt = (1.2 - x)/tau + 0.3*xi*tau**-0.5 : 1"
    threshold = "x > 1 + 0.1*rand()"
    reset = "x = 0.1*randn()"
    method = "euler"


class JaxOscillator(NeuronModel):
    """A rotation, integrated by the fourth-order Runge-Kutta method."""

    omega = parameter(50 * Hz, "frequency")
    equations = """
    dx/dt = omega*y : 1
    dy/dt = omega*(0.1*tanh(I) - x) : 1
    I : 1 (input)
    """
    method = "rk4"
    output = "x"
    initial = {"x": 1.0}


class JaxConductance(NeuronModel):
    """Leaky integrate-and-fire with a conductance, an adaptive threshold, and no closed form."""

    tau = parameter(20 * ms, "membrane time constant")
    tau_g = parameter(5 * ms, "time constant of the conductance")
    tau_a = parameter(100 * ms, "time constant of adaptation")
    rest = parameter(3 * ms, "refractory period", low=0 * second)
    equations = """
    dv/dt = (-v + g*(2 - v) + I)/tau : 1 (unless refractory)
    dg/dt = -g/tau_g : 1
    da/dt = -a/tau_a : 1
    I : 1 (input)
    """
    threshold = "v > 1 + a"
    reset = "v = 0; a += 0.2"
    refractory = "rest"
    method = "exponential_euler"


class JaxSubspace(SynapticRule):
    """Oja's subspace rule: dW/dt = eta * (y @ x.T - y @ y.T @ W)."""

    eta = parameter(2 / second, "learning rate")
    clock = "continuous"
    x, y = pre.activity, post.activity
    dW = "eta * (y @ x.T - y @ y.T @ W)"


class JaxRewarded(SynapticRule):
    """A rule that a modulator gates: dw/dt = eta * r * x * y."""

    eta = parameter(0.5 / second, "learning rate")
    r = modulator("reward", "reward")
    clock = "continuous"
    x, y = pre.activity, post.activity
    dw = "eta * r * x * y"


def rate_network(plastic: bool = True) -> Network:
    """Dense rate units with individual time constants, driven by two signals, and what rules they have."""
    n, rng = 12, np.random.default_rng(0)
    rules = (Oja(eta=1 / second), SynapticScaling()) if plastic else ()
    tau = rng.uniform(10, 30, n) * ms
    return Network("rate", 1 * ms).add(
        Population("x", 2, Signal()),
        Population("a", n, LeakyRate(tau=tau, bias=0.1), rules=GainAdaptation() if plastic else ()),
        Projection("input", "x", "a", Graded(), AllToAll(), rng.normal(size=(n, 2))),
        Projection("rec", "a", "a", Graded(), AllToAll(), 0.3 * rng.normal(size=(n, n)), rules=rules),
        Recorder("a", "r"),
        Recorder("a", "output", every=3, indices=(1, 4)),
        Recorder("rec", "w", every=7),
    )


def sparse_network() -> Network:
    """Sparse links between rate units of other methods, a modulated rule, clamps of a state and of an output."""
    rng = np.random.default_rng(1)
    return Network("sparse", 1 * ms).add(
        Population("x", 3, Signal()),
        Population("reward", 1, Signal()),
        Population("o", 6, JaxOscillator(), {"y": rng.normal(size=6)}),
        Population("a", 9, LeakyRate(transfer="relu")),
        Projection("input", "x", "o", Graded(), Probability(0.6), Uniform(-1, 1)),
        Projection("link", "o", "a", Graded(), Probability(0.5), Uniform(-1, 1), rules=JaxRewarded()),
        Projection("one", "o", "o", Graded(), OneToOne(), -0.1),
        Clamp("a", "r", 0.5, indices=(2, 3), start=20 * ms, stop=60 * ms),
        Clamp("a", "r", 0.25, indices=(4,), start=30 * ms),
        Clamp("o", "output", -1.0, indices=(0,), start=10 * ms, stop=30 * ms),
        Recorder("o", "x"),
        Recorder("a", "r"),
        Recorder("link", "w"),
    )


def spiking_network() -> Network:
    """Integrate-and-fire units with delays, refractoriness and STDP, on sparse and on dense links."""
    return Network("spiking", 0.1 * ms).add(
        Population("p", 20, Poisson(rate=150 * Hz)),
        Population("e", 10, LIF(), {"v": Uniform(-60 * mV, -50 * mV)}),
        Population("i", 4, LIF(), {"v": Uniform(-60 * mV, -50 * mV)}),
        Projection(
            "in", "p", "e", ScaledPulse(quantum=6 * mV), Probability(0.5), 0.5, 1.5 * ms, rules=PairSTDP()
        ),
        Projection("ee", "e", "e", ScaledPulse(quantum=1 * mV), AllToAll(), 0.5, 0.8 * ms, rules=PairSTDP()),
        Projection("pi", "p", "i", Pulse(port="v"), AllToAll(), 0.7 * mV),
        Projection("ie", "i", "e", Pulse(port="g_i"), AllToAll(), -2 * mV),
        Recorder("e"),
        Recorder("i", indices=(1, 3)),
        Recorder("e", "v"),
        Recorder("ee", "w", every=50),
        Recorder("in", "w", every=50),
    )


def noisy_network() -> Network:
    """Every random draw, a delay for every edge, rules that read the activity of spiking units, a state clamp."""
    return Network("noisy", 0.5 * ms).add(
        Population("n", 8, JaxNoisy()),
        Population("c", 6, JaxConductance()),
        Projection(
            "nc",
            "n",
            "c",
            ScaledPulse(port="g", quantum=0.5),
            Probability(0.7),
            0.5,
            delay=Uniform(0 * ms, 6 * ms),
            rules=PairSTDP(),
        ),
        Projection(
            "cc",
            "c",
            "c",
            ScaledPulse(port="g", quantum=0.05),
            Edges((0, 1, 2, 3), (1, 2, 3, 0)),
            0.5,
            rules=SynapticScaling(),
        ),
        Clamp("c", "v", 0.3, indices=(5,), start=20 * ms, stop=100 * ms),
        Recorder("n"),
        Recorder("c"),
        Recorder("n", "x"),
        Recorder("c", "v"),
        Recorder("nc", "w", every=20),
        Recorder("cc", "w", every=20),
    )


def swimmer_network() -> Network:
    """The C. elegans circuit with its body taken away: the angles come in as a signal."""
    whole = SwimmerCircuit(commands=True).network(record=("b", "muscle", "torque"))
    return Network(whole.name, whole.dt).add(*(p for p in whole.parts() if not isinstance(p, External)))


def drive(network: Network, steps: int) -> dict[str, np.ndarray]:
    """Random values for every signal population, shape (steps, size)."""
    rng = np.random.default_rng(5)
    signals = [p for p in network.populations.values() if isinstance(p.model, Signal)]
    return {p.name: rng.normal(size=(steps, p.size)) for p in signals}


def run(simulation, steps: int):
    """Run a simulation with random inputs for a number of steps and return it."""
    simulation.run(steps * simulation.dt * second, drive(simulation.equations.network, steps))
    return simulation


def same(one, other, rtol: float = 1e-9) -> int:
    """Assert that two simulations have the same recordings and states; return the number of spikes."""
    spikes = 0
    for key, first in one.recordings().items():
        second_ = other.recordings()[key]
        np.testing.assert_array_equal(first.steps, second_.steps, err_msg=key)
        if isinstance(first, Spikes):
            np.testing.assert_array_equal(first.ids, second_.ids, err_msg=key)
            spikes += len(first.ids)
        else:
            np.testing.assert_array_equal(first.indices, second_.indices)
            close(first.values, second_.values, rtol, key)
    for part in (*one.equations.populations.values(), *one.equations.projections.values()):
        for name in part.states:
            key = f"{part.name}.{name}"
            close(np.asarray(one.get(key)), np.asarray(other.get(key)), rtol, key)
    return spikes


def close(one, other, rtol: float, key: str = "") -> None:
    """Assert that two arrays agree to rtol, or to rtol/1000 of their largest value."""
    largest = max(np.abs(one).max(initial=0), 1e-300)
    np.testing.assert_allclose(other, one, rtol=rtol, atol=1e-3 * rtol * largest, err_msg=key)
