"""Networks in which rules meet given spike trains, shared by the tests of rules on spikes."""

import numpy as np
from brian2 import mV

from neurosim import Network, OneToOne, Population, Projection, simulate
from neurosim.neurons import Poisson
from neurosim.rng import generator
from neurosim.synapses import Pulse, ScaledPulse
from neurosim.testing import Imposed, imposed_population

PULSE = ScaledPulse(quantum=1 * mV)


def trains(lists):
    """Return (steps, ids) of one train of steps per unit."""
    return np.concatenate(lists), np.repeat(np.arange(len(lists)), [len(one) for one in lists])


def random_trains(seed, units, steps, spikes=15):
    """Return one train per unit of distinct steps from 1 on."""
    return [
        generator(seed, f"train {i}").choice(np.arange(1, steps), spikes, replace=False) for i in range(units)
    ]


def after_trains(pre, post, rules, dt, steps, weight, engine="fused"):
    """Return, by rule, the weights (SI) of synapses whose trains (lists of steps) met; rules of {name: rule}."""
    (a, a_ids), (b, b_ids) = trains(pre), trains(post)
    network = Network("pairs", dt).add(
        *imposed_population("a", len(pre), a * dt, a_ids, dt),
        *imposed_population("b", len(post), b * dt, b_ids, dt),
        *(Projection(n, "a", "b", PULSE, OneToOne(), weight, rules=r) for n, r in rules.items()),
    )
    simulation = simulate(network, engine)
    simulation.run(steps * dt)
    return {name: np.array(simulation.get(f"{name}.w"), dtype=float) for name in rules}


def poisson_pairs(n, pre, post, connect, weight, rules, dt):
    """Return a network of n Poisson trains onto n targets with independent Poisson spikes; rates (Hz)."""
    return Network("poisson_pairs", dt).add(
        Population("a", n, Poisson(rate=pre)),
        Population("b_train", n, Poisson(rate=post)),
        Population("b", n, Imposed()),
        Projection("kick", "b_train", "b", Pulse(port="kick"), OneToOne(), 1.0),
        Projection("p", "a", "b", PULSE, connect, weight, rules=rules),
    )
