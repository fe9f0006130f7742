"""Poisson neurons whose rate can be set during a run, or follows a signal."""

from brian2 import Hz

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter


class VariablePoisson(NeuronModel):
    """Spikes at a rate that may change: set by `set`, by a clamp, or by graded synapses onto its input.

    P(spike in a step) = (rate + I) * dt, no spike where that is negative.
    rate (Hz), `base` at the start, I summed input (Hz), dt time step (s). The variance of the counts lacks the
    fraction rate * dt of a Poisson process. `Poisson` costs less where the rate is constant.
    """

    base = parameter(0 * Hz, "rate at the start", low=0 * Hz)
    equations = """
    rate : Hz (state)
    I : Hz (input)
    """
    threshold = "rand() < (rate + I)*dt"
    initial = {"rate": "base"}
