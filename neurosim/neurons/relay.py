"""A neuron that passes on the spikes that it receives."""

from neurosim.model.neuron import NeuronModel


class Relay(NeuronModel):
    """Passes on every spike that it receives, one in each step; none is lost.

    n += w at each spike that arrives, w = 1; a spike of its own where n >= 1, with n -= 1.
    n spikes to be passed on (1). A spike is passed on in the step after its arrival; of several that arrive in one
    step, the others follow in the next steps.
    """

    equations = "n : 1 (state)"
    threshold = "n > 0.5"
    reset = "n -= 1"
