"""Networks of the tests of interrupts, states and sequences of requests: small, plastic, with delays and noise."""

from brian2 import Hz, ms, mV, second

from neurosim import (
    AllToAll,
    Edges,
    NamedParameter,
    Network,
    Population,
    Probability,
    Projection,
    Recorder,
    Tied,
    Uniform,
)
from neurosim.neurons import LIF, LeakyRate, Poisson, Signal
from neurosim.rules import Oja, PairSTDP
from neurosim.synapses import Graded, Pulse

ENGINES = ("brian2", "fused", "jax")


def busy(seed_of_name="busy", tau=20 * ms):
    """Poisson input, delays, STDP, refractoriness, and a rate network with a tied weight that learns."""
    stdp = PairSTDP(w_max=8 * mV, a_plus=0.05, a_minus=0.04)
    return Network(seed_of_name, 0.5 * ms).add(
        Population("s", 6, Poisson(rate=150 * Hz)),
        Population("a", 6, LIF(tau_m=tau), initial={"v": Uniform(-60 * mV, -50 * mV)}),
        Population("u", 2, Signal()),
        Population("r", 2, LeakyRate()),
        NamedParameter("k", [0.5, -0.5]),
        Projection("sa", "s", "a", Pulse(), Probability(0.6), 4 * mV, delay=1.5 * ms, rules=stdp),
        Projection("aa", "a", "a", Pulse(port="g_i"), AllToAll(), -1 * mV, delay=Uniform(0 * ms, 3 * ms)),
        Projection("ur", "u", "r", Graded(), AllToAll(), 0.4, rules=Oja(eta=2 / second)),
        Projection("rr", "r", "r", Graded(), Edges((1, 0), (0, 1)), Tied("k", (0, 1))),
        Recorder("s"),
        Recorder("a"),
        Recorder("a", "v", every=3),
        Recorder("r", "output"),
        Recorder("sa", "w", every=5),
    )
