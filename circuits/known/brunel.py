"""Sparse networks of excitatory and inhibitory neurons with delta synapses, in four regimes."""

from __future__ import annotations

from neurosim.errors import DescriptionError
from neurosim.model.connectivity import InDegree
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.units import ms, mV
from neurosim.model.values import Uniform
from neurosim.synapses import Pulse

REGIMES = {
    "synchronous regular": (3.0, 2.0),
    "fast oscillation": (6.0, 4.0),
    "asynchronous irregular": (5.0, 2.0),
    "slow oscillation": (4.5, 0.9),
}
"""The regimes of figure 8, and their (g, nu_ext/nu_thr)."""


class DiffusionIF(NeuronModel):
    """Leaky integrate-and-fire neuron whose external input is white noise, the limit of many weak Poisson inputs.

    tau dv/dt = -v + mu + sigma*sqrt(tau)*xi, constant while refractory; a spike when v > theta, then v = v_reset.
    v membrane potential (V), mu, sigma mean and deviation of the external input (V), xi white noise.
    Source: Brunel 2000, J. Comput. Neurosci. 8:183, doi:10.1023/A:1008925309027.
    """

    tau = parameter(20 * ms, "membrane time constant", low=0 * ms)
    mu = parameter(20 * mV, "mean of the external input")
    sigma = parameter(1.4 * mV, "deviation of the external input", low=0 * mV)
    theta = parameter(20 * mV, "threshold")
    v_reset = parameter(10 * mV, "potential after a spike")
    tau_ref = parameter(2 * ms, "refractory period", low=0 * ms)
    equations = "dv/dt = (mu - v + sigma*sqrt(tau)*xi)/tau : volt (unless refractory)"
    threshold = "v > theta"
    reset = "v = v_reset"
    refractory = "tau_ref"
    method = "euler"


def brunel(regime: str = "asynchronous irregular", excitatory: int = 10_000) -> Network:
    """Return the network of figure 8 of Brunel 2000, in one of its regimes.

    Arguments:
        regime: one of the names in `REGIMES`, which state g and nu_ext/nu_thr.
        excitatory: number of excitatory neurons; there are a quarter as many inhibitory ones.

    Every neuron has inputs from a tenth of each kind, of J and -g*J with a delay of 1.5 ms; J is 0.1 mV for 10,000
    excitatory neurons, and otherwise such that the mean input is the same. The external spikes, J each at a rate of
    nu_ext/nu_thr * theta/(J*tau), are replaced by white noise of their mean and variance.
    The network has the population 'cells', the excitatory neurons first, and records its spikes.
    Raises DescriptionError for a regime that is not known.
    Source: Brunel 2000, J. Comput. Neurosci. 8:183, doi:10.1023/A:1008925309027.
    """
    if regime not in REGIMES:
        raise DescriptionError(f"brunel: regime = {regime!r} is not known: take one of {', '.join(REGIMES)}")
    g, rate = REGIMES[regime]
    inhibitory, weight = excitatory // 4, 0.1 * mV * 10_000 / excitatory
    mean = rate * 20 * mV
    model = DiffusionIF(mu=mean, sigma=(mean * weight) ** 0.5)
    cells = Population("cells", excitatory + inhibitory, model, {"v": Uniform(0 * mV, 20 * mV)})
    return Network("brunel", dt=0.1 * ms).add(
        cells,
        *(
            Projection(name, source, "cells", Pulse(port="v"), InDegree(size // 10), w, 1.5 * ms)
            for name, source, size, w in (
                ("excitation", cells[:excitatory], excitatory, weight),
                ("inhibition", cells[excitatory:], inhibitory, -g * weight),
            )
        ),
        Recorder("cells"),
    )
