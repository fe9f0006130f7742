"""Poisson neurons whose rate follows a signal in time."""

from brian2 import Hz, second

from neurosim.model.neuron import NeuronModel
from neurosim.model.parameters import parameter
from neurosim.model.timed import TimedSignal


class TimedPoisson(NeuronModel):
    """Spikes at a rate that is a signal in time, the same for all neurons or one for each.

    P(spike in a step) = rate(t) * dt;  rate (Hz), dt time step (s). The variance of the counts lacks the fraction
    rate * dt of a Poisson process. `VariablePoisson` is for a rate that is set or follows other neurons.
    """

    rate = parameter(TimedSignal([10.0] * Hz, 1 * second), "rate over time", low=0 * Hz)
    threshold = "rand() < rate(t)*dt"
